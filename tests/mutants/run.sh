#!/bin/bash
# run.sh -- applies each fault of tests/mutants/list to a copy of the tree; the tests must fail.
#
# By hand, when the testers change: it takes minutes. Prints a line for each mutant and a count;
# exit status 0 only if all were noticed. With arguments: only the lines that match one of them.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$root" || exit 1
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work" || exit 1
cd "$work" || exit 1

launcher=()
command -v ccache > /dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O1 \
    "${launcher[@]}" > build.log 2>&1 || { cat build.log; exit 1; }
build() { timeout 600 cmake --build build --target "$1" > build.log 2>&1; }
check() { timeout 300 build/"$@" > check.log 2>&1; }
# A test that fails anyway notices nothing: each command must pass on the tree as it is.
grep -v '^#' tests/mutants/list | sed -n 's/ :: .*//p' | sort -u > commands
while IFS= read -r test; do
    # shellcheck disable=SC2086 # the test and its arguments
    build "${test%% *}" && check $test && continue
    echo "run.sh: $test fails without any mutant"
    tail -5 build.log check.log
    exit 1
done < commands

wanted() {
    [ "$#" -eq 1 ] && return 0
    local line=$1 pattern
    shift
    for pattern in "$@"; do [[ $line == *"$pattern"* ]] && return 0; done
    return 1
}

noticed=0 survived=0 stale=0
while IFS= read -r line; do
    case $line in '' | \#*) continue ;; esac
    wanted "$line" "$@" || continue
    test=${line%% :: *} rest=${line#* :: }
    file=${rest%% :: *} rest=${rest#* :: }
    edit=${rest%% :: *} what=${rest#* :: }
    cp "$file" keep
    sed -i "$edit" "$file"
    if cmp -s "$file" keep; then
        verdict=STALE
        stale=$((stale + 1))
    elif ! build "${test%% *}"; then
        verdict="noticed by the build"
        noticed=$((noticed + 1))
    else
        # shellcheck disable=SC2086 # the test and its arguments
        check $test
        status=$?
        if [ $status -eq 0 ] || [ $status -eq 124 ]; then
            verdict="SURVIVED ($status)" # 124: still running after its time
            survived=$((survived + 1))
        else
            verdict="noticed by $test ($status)"
            noticed=$((noticed + 1))
        fi
    fi
    echo "$file: $what: $verdict"
    cp keep "$file"
done < tests/mutants/list
echo "$noticed noticed, $survived survived, $stale stale"
[ $survived -eq 0 ] && [ $stale -eq 0 ]
