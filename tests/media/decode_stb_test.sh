# decode_stb_test.sh -- the build fails when a forbidden decoder of stb_image is compiled in.
set -u
cd "${GD_ROOT:-.}" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cc=${CC:-cc}
flags="-std=c17 -D_GNU_SOURCE -I. -isystem /usr/include/stb -w -fsyntax-only"
if ! echo '#include <stb_image.h>' | $cc $flags -x c - 2>/dev/null; then
    echo "skipped: no stb_image.h where it is expected"
    exit 77
fi
if ! $cc $flags tools/media/decode_stb.c; then
    echo "decode_stb.c does not compile as it is"
    exit 1
fi
for name in JPEG GIF PSD HDR PIC; do
    sed "/^#define STBI_NO_$name\$/d" tools/media/decode_stb.c > "$tmp/decode_stb.c"
    if cmp -s "$tmp/decode_stb.c" tools/media/decode_stb.c; then
        echo "STBI_NO_$name is not defined"
        exit 1
    fi
    if $cc $flags "$tmp/decode_stb.c" 2>/dev/null; then
        echo "compiles with the $name decoder in it"
        exit 1
    fi
done
# And none of their code is in the library that was built.
for lib in "${GD_BUILD:-build/ci}"/libgd_tools.a; do
    [ -f "$lib" ] || continue
    if nm "$lib" 2>/dev/null | grep -E ' t stbi__(jpeg|gif|psd|hdr|pic)_'; then
        echo "$lib holds a forbidden decoder"
        exit 1
    fi
done
