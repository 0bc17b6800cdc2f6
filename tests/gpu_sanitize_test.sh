# gpu_sanitize_test.sh -- every CUDA row under memcheck, racecheck, synccheck and initcheck.
#
# Skipped with the reason where there is no GPU or no compute-sanitizer; see gpu_check.sh.
exec bash "${GD_ROOT:-.}/tests/gpu_check.sh" -b "${GD_BUILD:-build/ci}" \
    memcheck initcheck synccheck racecheck
