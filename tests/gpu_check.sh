#!/bin/bash
# gpu_check.sh -- op_check and compute-sanitizer over it, on a machine with a GPU.
#
# gpu_check.sh [-b FOLDER] [-o OP,OP,...] [-r ROW,...] [-t SECONDS] [CHECK...]
#   CHECK   op_check memcheck racecheck synccheck initcheck; all when none is named
#   -b      folder of op_check and libgdrun_cuda.so (default: $GD_BUILD, else build/release)
#   -o      only these operators, each in a process of its own
#   -r      only the kernel rows whose names begin so, each beginning in a process of its own
#   -t      at most so long for one process (default 900)
# Prints one line for each check. Ends with 0 when all passed, 1 when one found something, 77
# without a GPU or without compute-sanitizer.
set -u
build=${GD_BUILD:-build/release} ops="" rows="" limit=900
while getopts b:o:r:t: flag; do
    case $flag in
        b) build=$OPTARG ;;
        o) ops=${OPTARG//,/ } ;;
        r) rows=${OPTARG//,/ } ;;
        t) limit=$OPTARG ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
checks=${*:-op_check memcheck racecheck synccheck initcheck}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
tool=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null)

# Prints what was found, sets `found` and `passed`.
run() { # CHECK OP ROW
    local args="--device cuda" start=$SECONDS rc
    [ -n "$2" ] && args="$args --op $2"
    [ -n "$3" ] && args="$args --row $3"
    case $1 in
        op_check) timeout "$limit" "$build/op_check" $args >"$log" 2>&1 ;;
        *)
            # Blocks end where their allocations end; racecheck and synccheck do not care.
            timeout "$limit" "$tool" --tool "$1" $([ "$1" = memcheck ] && echo --padding 256) \
                --print-limit 8 --error-exitcode 99 "$build/op_check" $args --small --sanitize \
                >"$log" 2>&1
            ;;
    esac
    rc=$?
    passed=$(sed -n 's/^\([0-9]* passed, [0-9]* failed\).*/\1/p' "$log")
    found=$(sed -n -e 's/.*ERROR SUMMARY: \([0-9]*\) error.*/\1/p' \
        -e 's/.*RACECHECK SUMMARY: \([0-9]*\) hazard.*/\1/p' "$log" | tail -1)
    [ $rc -eq 124 ] && passed="stopped after $limit s"
    printf '%-10s %-20s %-28s %8s errors  rc %3d  %4d s\n' "$1" "${3:-${2:-all operators}}" \
        "${passed:-no result}" "${found:-0}" $rc $((SECONDS - start))
    [ $rc -eq 77 ] && return 77
    [ $rc -eq 0 ] && return 0
    grep -E "^FAIL|=========" "$log" | grep -v "COMPUTE-SANITIZER" | head -40
    return 1
}

status=0
for check in $checks; do
    if [ "$check" != op_check ] && [ -z "$tool" ]; then
        echo "skipped: compute-sanitizer is not here"
        status=77
        continue
    fi
    for op in ${ops:-all}; do
        for row in ${rows:-all}; do
            run "$check" "${op#all}" "${row#all}" || {
                rc=$?
                [ $rc -eq 77 ] && cat "$log" && exit 77
                status=1
            }
        done
    done
done
exit $status
