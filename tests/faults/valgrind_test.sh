#!/bin/bash
# valgrind_test.sh -- memcheck: no error, no lost block in unit tests, a detect and a conversion.
#
# The quick unit tests, and those that fork decoders under their jail left out (valgrind cannot
# run inside a seccomp filter; unjail.c takes it off for the detect).
set -uo pipefail
build=$(realpath "${GD_BUILD:-build/ci}")
root=$(realpath "${GD_ROOT:-.}")
data=${GD_DATA:-$root/../shared/data}
skip() {
  echo "skipped: $*"
  exit 77
}
command -v valgrind >/dev/null || skip "valgrind is not installed"
grep -q 'GD_SANITIZE:STRING=.' "$build/CMakeCache.txt" && skip "a sanitizer build"
[ -x "$build/gdrun" ] && [ -x "$build/gdconvert" ] || skip "gdrun was not built"

units="arena arg bmp canvas color crc32c csv decode flags gemm geometry json_scan list number
  pickle_torch pnm record report sink sniff summary text tga torch_choose torch_zip values annotate
  coco config crops exif gdw jpeg json name_map names outputs philox program rank resample shards
  sources state voc yolo checkpoint glyphs spread zip sha256 torch_legacy half inspect utf8"
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=2 root build
work=$(mktemp -d)
export work
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
  echo "FAILED: $*"
  failed=1
}

# Runs a command under memcheck: its exit code, and "==" lines in a log only for findings.
# check NAME COMMAND...
check() {
  local name=$1 rc
  shift
  timeout 300 valgrind -q --leak-check=full --errors-for-leak-kinds=definite \
    --show-leak-kinds=definite --error-exitcode=99 --log-file="$work/$name.%p.log" \
    "$@" >"$work/$name.out" 2>&1
  rc=$?
  if [ $rc -ne 0 ] || grep -q '^==' "$work/$name".*.log; then
    echo "FAILED: $name: exit code $rc"
    tail -20 "$work/$name.out"
    grep -h '^==' "$work/$name".*.log | head -60
    return 1
  fi
}
export -f check

# The net must catch: a lost block, and a branch on what was never written.
cat >"$work/bad.c" <<'C'
#include <stdlib.h>
int main(int argc, char **argv) {
    int *volatile p = malloc(sizeof *p);
    (void)argv;
    if (argc == 1) p = NULL;
    return argc == 2 && *p == 12345;
}
C
cc -O0 -o "$work/bad" "$work/bad.c" || skip "cc does not work"
for args in "" one; do
  check bad "$work/bad" $args >/dev/null && fail "memcheck does not see a planted error ('$args')"
done

start=$SECONDS
for u in $units; do
  [ -x "$build/${u}_test" ] || fail "there is no ${u}_test"
done
cd "$root" || exit 1
printf '%s\n' $units | xargs -P2 -I{} bash -c 'check {} "$build/{}_test"' || failed=1
echo "note: unit tests: $((SECONDS - start)) s"

start=$SECONDS
source=$data/yolox/yolox_nano.pth
model=weights/pretrained/pedestrian.gdw # larger, and three times as slow
if "$build/gdconvert" "$source" -o "$work/nano.gdw" >"$work/nano.out" 2>&1; then
  model=$work/nano.gdw
fi
cc -shared -fPIC -D_GNU_SOURCE -o "$work/unjail.so" tests/faults/unjail.c || fail "unjail.c"
printf 'P6\n48 32\n255\n' >"$work/in.ppm"
head -c $((48 * 32 * 3)) tests/faults/unjail.c >>"$work/in.ppm"
head -c $((48 * 32 * 3)) "$build/gdrun" >>"$work/in.ppm"
head -c $((13 + 48 * 32 * 3)) "$work/in.ppm" >"$work/picture.ppm"
LD_PRELOAD="$work/unjail.so" check detect "$build/gdrun" detect \
  -m "$model" "$work/picture.ppm" --imgsz 32 --conf 0.001 --threads 1 \
  -o "$work/out.jpg" --json "$work/out.json" --csv "$work/out.csv" || failed=1
[ "$(ls "$work"/detect.*.log 2>/dev/null | wc -l)" -ge 3 ] || fail "the decoder was not watched"
grep -q '"detections"' "$work/out.json" || fail "no result was written"
echo "note: detect: $((SECONDS - start)) s"

source=$data/resnet_cifar10/resnet20-12fca82f.th
if [ -e "$source" ]; then
  check convert "$build/gdconvert" "$source" -o "$work/out.gdw" || failed=1
  [ -s "$work/out.gdw" ] || fail "no weights were written"
else
  echo "note: $source is not there, no conversion was watched"
fi
exit $failed
