#!/bin/bash
# run.sh -- fuzzes every target under the sanitizers: tests/fuzz/run.sh SECONDS [TARGET...]
#
# Builds with clang in build/fuzz. Seeds are tests/fuzz/corpus and what make_seeds.py writes; what
# is found on the way stays in build/fuzz/found, an input that breaks something in build/fuzz.
# Exit status 1 if any target broke.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "usage: tests/fuzz/run.sh SECONDS [TARGET...]" >&2; exit 2; }
seconds=$1
shift
if [ $# -eq 0 ]; then
  for f in tests/fuzz/*_fuzz.c; do set -- "$@" "$(basename "$f" _fuzz.c)"; done
fi

mkdir -p build
cmake -S . -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang \
  -DCMAKE_CXX_COMPILER=clang++ -DGD_FUZZ=ON \
  -DGD_SANITIZE=address,undefined,fuzzer-no-link >build/fuzz.log
cmake --build build/fuzz --target "${@/%/_fuzz}" >>build/fuzz.log 2>&1 || { tail -30 build/fuzz.log; exit 1; }
/usr/bin/python3 tests/fuzz/make_seeds.py build/fuzz/seeds || echo "run.sh: without PyTorch's seeds" >&2

broken=0
for target in "$@"; do
  mkdir -p "build/fuzz/found/$target"
  folders=("build/fuzz/found/$target")
  for f in "tests/fuzz/corpus/$target" "build/fuzz/seeds/$target"; do
    if [ -d "$f" ]; then folders+=("$f"); fi
  done
  log=build/fuzz/$target.log
  if build/fuzz/"${target}_fuzz" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 \
    -artifact_prefix="build/fuzz/$target-" "${folders[@]}" >"$log" 2>&1; then
    echo "$target: $(grep -oE '^Done [0-9]+ runs' "$log" || echo "no count, see $log")"
  else
    echo "$target: broken"
    tail -40 "$log"
    broken=1
  fi
done
exit $broken
