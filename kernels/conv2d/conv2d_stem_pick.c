/* conv2d_stem_pick.c -- weights of the stem kernels in the order their lanes read them. */
#include "kernels/conv2d/conv2d_stem_pick.h"

enum { C = 3, BLOCK_F32 = 64 };

bool gdk_stem_has(int64_t R, int64_t S, int stride) {
    return R == S && ((stride == 2 && (R == 7 || R == 6 || R == 3)) || (stride == 1 && R == 3));
}

size_t gdk_stem_bytes(int64_t K, int width, int size) {
    return (size_t)((K + width - 1) / width) * (size_t)(gdk_stem_steps(size) * width * 16) *
           sizeof(uint16_t);
}

void gdk_stem_pack(int64_t K, int width, int size, const uint16_t *w, int64_t pitch,
                   uint16_t *packed) {
    const size_t n = gdk_stem_bytes(K, width, size) / sizeof *packed;
    for (size_t i = 0; i < n; i++) {
        const int64_t from = gdk_stem_from((int32_t)i, (int)K, width, size, pitch);
        packed[i] = from < 0 ? 0 : w[from];
    }
}

size_t gdk_stem_bytes_f32(int64_t K, int size) {
    return (size_t)((K + BLOCK_F32 - 1) / BLOCK_F32 * BLOCK_F32 * C) * (size_t)(size * size) *
           sizeof(float);
}

void gdk_stem_pack_f32(int64_t K, int size, const float *w, int64_t pitch, float *packed) {
    const size_t n = gdk_stem_bytes_f32(K, size) / sizeof *packed;
    for (size_t i = 0; i < n; i++) {
        const int64_t from = gdk_stem_from_f32((int32_t)i, (int)K, size, pitch);
        packed[i] = from < 0 ? 0 : w[from];
    }
}
