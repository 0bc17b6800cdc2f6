/* conv2d_stem_pick.c -- weights of the stem kernels in the order their lanes read them. */
#include "kernels/conv2d/conv2d_stem_pick.h"

#include <string.h>

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
    const int chunks = (size + 1) / 2;
    for (int64_t first = 0; first < K; first += width)
        for (int step = 0; step < gdk_stem_steps(size); step++)
            for (int pair = 0; pair < width / 16; pair++)
                for (int lane = 0; lane < 32; lane++)
                    for (int i = 0; i < 8; i++) { /* word i / 2: tile i / 4, k half i / 2 % 2 */
                        const int64_t k = first + gdk_stem_filter(2 * pair + i / 4, lane / 4);
                        const int     chunk = 2 * step + i / 2 % 2, at = lane % 4 * 2 + i % 2;
                        const int     r = chunk / chunks, s = chunk % chunks * 2 + at / 4;
                        const int     c = at % 4;
                        *packed++ = k < K && s < size && c < C
                                        ? w[((k * size + r) * size + s) * pitch + c]
                                        : 0;
                    }
}

size_t gdk_stem_bytes_f32(int64_t K, int size) {
    return (size_t)((K + BLOCK_F32 - 1) / BLOCK_F32 * BLOCK_F32 * C) * (size_t)(size * size) *
           sizeof(float);
}

void gdk_stem_pack_f32(int64_t K, int size, const float *w, int64_t pitch, float *packed) {
    for (int64_t first = 0; first < K; first += BLOCK_F32)
        for (int r = 0; r < size; r++)
            for (int c = 0; c < C; c++)
                for (int s = 0; s < size; s++)
                    for (int64_t k = first; k < first + BLOCK_F32; k++)
                        *packed++ = k < K ? w[((k * size + r) * size + s) * pitch + c] : 0;
}
