#!/bin/bash
# inert_test.sh -- R1: the pickle machine calls nothing that a file could choose.
#
# Its sources declare no function pointer and take no function's address, so every call in the
# object code goes to a fixed place. That is checked in the object code: no call or jump through a
# register or memory, other than through the linker's own table of fixed addresses.
set -eu
cd "${GD_ROOT:-.}"
build=${GD_BUILD:-build/ci}
bad=0
for name in pickle pickle_torch; do
    source=weights/import/$name.c
    if grep -nE '\(\s*\*\s*[a-z_]+\s*\)\s*\(|\b(dlopen|dlsym|system|exec[lv]p?e?|popen|fork)\s*\(' "$source"; then
        echo "$source: a function pointer, or a call that runs a program"
        bad=1
    fi
    object=$(find "$build" -path "*weights/import/$name.c.o" | head -1)
    if [ -z "$object" ] || ! command -v objdump >/dev/null; then
        echo "skipped: no object file of $source, or no objdump"
        exit 77
    fi
    [ "$(uname -m)" = x86_64 ] || continue
    # The sanitizers' own calls are direct; a switch becomes "jmp *%reg" through a constant table.
    if objdump -d --no-show-raw-insn "$object" | grep -E '\bcall[q]?\s+\*' | grep -v '(%rip)'; then
        echo "$object: an indirect call"
        bad=1
    fi
done
exit $bad
