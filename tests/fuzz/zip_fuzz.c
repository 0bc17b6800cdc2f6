/* zip_fuzz.c -- any bytes behind the mark of a zip archive. */
#include "tests/fuzz/ckpt_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ckpt_fuzz("PK\3\4", 4, data, size, "", 0);
    return 0;
}
