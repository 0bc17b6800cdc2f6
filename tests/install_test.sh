# install_test.sh -- installs into an empty folder; a program finds the library there and runs.
set -u
build=${GD_BUILD:-build/ci}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; [ -f "$work/log" ] && tail -20 "$work/log"; exit 1; }

cmake --install "$build" --prefix "$work/root" >"$work/log" 2>&1 || fail "cmake --install"
lib=$(dirname "$(find "$work/root" -name libgdrun.so)")
[ -n "$lib" ] && [ -f "$work/root/include/gdrun.h" ] || fail "library or header is missing"
if [ -x "$build/gdrun" ]; then
    for f in bin/gdrun share/man/man1/gdrun.1 share/man/man1/gdconvert.1 \
        share/bash-completion/completions/gdrun share/bash-completion/completions/gdconvert \
        share/zsh/site-functions/_gdrun share/fish/vendor_completions.d/gdrun.fish; do
        [ -s "$work/root/$f" ] || fail "$f is missing or empty"
    done
    "$work/root/bin/gdrun" version >/dev/null || fail "the installed gdrun does not run"
    if [ -f "$build/libgdrun_cuda.so" ]; then
        # By its name through PATH, from elsewhere.
        (cd / && PATH=$work/root/bin:$PATH gdrun devices) >"$work/log" 2>&1
        grep -q "plugin $(realpath "$lib")/gdrun/libgdrun_cuda.so" "$work/log" ||
            fail "the installed gdrun does not find its plugin"
    fi
fi

if [ -f "$build/libgdrun_av.so" ]; then
    [ -f "$lib/gdrun/libgdrun_av.so" ] || fail "the video plugin is not installed"
fi

# The consumer: the public header alone, as C with every warning, and as C++.
mkdir "$work/app"
cat >"$work/app/app.c" <<'EOF'
#include <gdrun.h>
#include <stdio.h>
#include <string.h>
int main(void) {
    gd_error  err;
    gd_model *m;
    if (strcmp(gd_version(), GD_VERSION_STRING)) return 1;
    if (gd_model_load("/nonexistent.gdw", &m, &err) == GD_OK || m || !err.msg[0]) return 2;
    if (gd_session_defaults().size != sizeof(gd_session_options)) return 3;
    printf("%s: %s\n", gd_status_name(err.status), err.msg);
    return 0;
}
EOF
export PKG_CONFIG_PATH=$lib/pkgconfig
sanitize=$(sed -n 's/^GD_SANITIZE:[A-Z]*=\(.\+\)/-fsanitize=\1/p' "$build/CMakeCache.txt")
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
# shellcheck disable=SC2046,SC2086
$compiler -std=c17 -Wall -Wextra -Wpedantic -Werror $sanitize -o "$work/app/a" "$work/app/app.c" \
    $(pkg-config --cflags --libs gdrun) >"$work/log" 2>&1 || fail "building with pkg-config"
LD_LIBRARY_PATH=$lib "$work/app/a" || fail "the program built with pkg-config: $?"
[ "$(pkg-config --modversion gdrun)" = "$(sed -n 's/.*GD_VERSION_STRING "\(.*\)"/\1/p' engine/gdrun.h)" ] ||
    fail "the version of the pkg-config file"

cat >"$work/app/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES C CXX)
find_package(gdrun 0.1 REQUIRED)
add_executable(app app.c)
configure_file(app.c app.cc COPYONLY)
add_executable(app_cxx ${CMAKE_BINARY_DIR}/app.cc)
foreach(t app app_cxx)
  target_link_libraries(${t} PRIVATE gdrun::gdrun)
endforeach()
EOF
(cmake -G Ninja -S "$work/app" -B "$work/app/b" -DCMAKE_PREFIX_PATH="$work/root" \
    -DCMAKE_C_FLAGS="$sanitize" -DCMAKE_CXX_FLAGS="$sanitize" &&
    cmake --build "$work/app/b") >"$work/log" 2>&1 || fail "building with find_package"
for a in app app_cxx; do
    "$work/app/b/$a" || fail "the program built with find_package: $?"
done

# Nothing but the public names leaves the library.
nm -D --defined-only "$lib/libgdrun.so" | awk '{print $3}' | grep -v '^gd_' >"$work/log" &&
    fail "exported names without the prefix"
exit 0
