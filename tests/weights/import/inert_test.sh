#!/bin/bash
# inert_test.sh -- R1: the pickle machine calls nothing that a file could choose.
#
# Its sources declare no function pointer, and in its object code every call goes to a fixed place:
# none through a register or memory but the linker's own table.
set -eu
cd "${GD_ROOT:-.}"
build=${GD_BUILD:-build/ci}
bad=0
for name in pickle pickle_torch; do
    source=weights/import/$name.c
    if grep -nE '\(\s*\*\s*[a-z_]+\s*\)\s*\(|\b(dlsym|system|exec[lv]p?e?|popen|fork)\s*\(' \
        "$source"; then
        echo "$source: a function pointer, or a call that runs a program"
        bad=1
    fi
    object=$(find "$build" -path "*weights/import/$name.c.o" | head -1)
    if [ -z "$object" ] || ! command -v objdump >/dev/null; then
        echo "skipped: no object file of $source, or no objdump"
        exit 77
    fi
    [ "$(uname -m)" = x86_64 ] || continue
    # A switch becomes a jump through a constant table; that is no call.
    if objdump -d --no-show-raw-insn "$object" | grep -E '\bcallq?\s+\*' | grep -v '(%rip)'; then
        echo "$object: an indirect call"
        bad=1
    fi
done
exit $bad
