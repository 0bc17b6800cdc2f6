/* safetensors_fuzz.c -- two bytes of header length, then header and data. */
#include "tests/fuzz/ckpt_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    unsigned char head[9] = {0};
    if (size < 2) return 0;
    /* The header begins with its brace, or the file would not be taken for safetensors at
     * all. */
    unsigned n = (data[0] | (unsigned)data[1] << 8) % (unsigned)(size + 1);
    head[0] = (unsigned char)n;
    head[1] = (unsigned char)(n >> 8);
    head[8] = '{';
    ckpt_fuzz(head, 9, data + 2, size - 2, "", 0);
    return 0;
}
