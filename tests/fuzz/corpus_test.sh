# corpus_test.sh -- every fuzz target over its folder of kept inputs: seeds and what once broke it.
cd "${GD_ROOT:-.}" || exit 1
failed=0
for folder in tests/fuzz/corpus/*/; do
  target=${GD_BUILD:-build/ci}/$(basename "$folder")_fuzz
  if "$target" "$folder"*; then
    echo "$(basename "$target"): $(ls "$folder" | wc -l) inputs"
  else
    echo "$target failed"
    failed=1
  fi
done
exit $failed
