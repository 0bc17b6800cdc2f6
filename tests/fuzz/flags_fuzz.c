/* flags_fuzz.c -- any bytes as command lines: refused or taken, never a crash or a leak. */
#include <stdint.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/cli/flags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the command, each NUL or newline ends an argument. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { MOST = 64 };
    char    *text, *argv[MOST];
    int      argc = 0;
    gd_flags f;
    gd_error err;
    if (size < 2 || size > 4096) return 0;
    text = gd_mem_get(size);
    if (!text) return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    for (size_t at = 0; at < size && argc < MOST; at++) {
        argv[argc++] = text + at;
        at += strcspn(text + at, "\n");
        text[at] = '\0';
    }
    gd_flags_init(&f, gd_command_table[data[0] % GD_COMMAND_COUNT].bit);
    if (gd_flags_parse(&f, argc, argv, &err) == GD_OK)
        for (int i = 0; i < GD_OPT_COUNT; i++)
            if (gd_flag_given(&f, (gd_flag_id)i) && !gd_flag_text(&f, (gd_flag_id)i))
                __builtin_trap();
    gd_flags_free(&f);
    gd_mem_put(text);
    return 0;
}
