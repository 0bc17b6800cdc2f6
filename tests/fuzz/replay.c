/* replay.c -- runs a fuzz target over the files given by name, without libFuzzer. */
#include <stdint.h>
#include <stdio.h>

#include "engine/io.h"
#include "engine/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        unsigned char *data;
        size_t         n;
        gd_error       err = {0};
        if (gd_file_slurp(argv[i], 1u << 30, &data, &n, &err) != GD_OK) {
            fprintf(stderr, "%s\n", err.msg);
            return 1;
        }
        LLVMFuzzerTestOneInput(data, n);
        gd_mem_put(data);
    }
    return 0;
}
