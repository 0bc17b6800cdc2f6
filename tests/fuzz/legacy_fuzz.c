/* legacy_fuzz.c -- any bytes behind the first pickle of a checkpoint from before PyTorch
 * 1.6. */
#include "tests/fuzz/ckpt_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ckpt_fuzz("\x80\2\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15, data, size, "", 0);
    return 0;
}
