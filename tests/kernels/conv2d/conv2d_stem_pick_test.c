/* conv2d_stem_pick_test.c -- the stem's packed weights, read back the way its lanes use them.
 *
 * An emulated warp multiplies windows of a picture with the packed weights: fragments by the
 * definition of mma.m16n8k16, addresses as in conv2d_stem.cu. Small integers: exact. */
#include "tests/gd_test.h"

#include <stdlib.h>

#include "engine/half.h"
#include "kernels/conv2d/conv2d_stem_pick.h"

static float pixel_of(int h, int v, int c) { return (float)((h * 7 + v * 3 + c * 5) % 9 - 4); }
static float weight_of(int k, int r, int s, int c) {
    return (float)((k * 5 + r * 3 + s * 7 + c) % 7 - 3);
}

/* k of the product, `at` in a chunk of eight, for the window at (h, v). */
static float window(int size, int h, int v, int chunk, int at) {
    const int chunks = (size + 1) / 2, r = chunk / chunks, s = chunk % chunks * 2 + at / 4;
    return at % 4 == 3 ? 0 : pixel_of(h + r, v + s, at % 4);
}

static float expected(int size, int h, int v, int k) {
    float sum = 0;
    for (int r = 0; r < size; r++)
        for (int s = 0; s < size; s++)
            for (int c = 0; c < 3; c++)
                sum += pixel_of(h + r, v + s, c) * weight_of(k, r, s, c);
    return sum;
}

static void half_weights(void **state) {
    (void)state;
    const int sizes[] = {3, 6, 7}, filters[] = {8, 32, 40, 64, 96};
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 5; b++) {
            const int size = sizes[a], K = filters[b],
                      width = gdk_stem_width(K, b % 2 ? 100 : 75), pitch = 4;
            uint16_t *w = malloc((size_t)(K * size * size * pitch) * sizeof *w);
            uint16_t *packed = malloc(gdk_stem_bytes(K, width, size));
            for (int i = 0; i < K * size * size * pitch; i++) w[i] = 0x7e00; /* pads: NaN */
            for (int k = 0; k < K; k++)
                for (int t = 0; t < size * size; t++)
                    for (int c = 0; c < 3; c++)
                        w[(k * size * size + t) * pitch + c] =
                            gd_half_from_float(weight_of(k, t / size, t % size, c));
            gdk_stem_pack(K, width, size, w, pitch, packed);
            const int per_block = gdk_stem_steps(size) * width * 16;
            for (int k = 0; k < K; k++)
                for (int v = 0; v < 3; v++) {
                    /* Which tile and column of the block is filter k's? */
                    int tile = -1, col = -1;
                    for (int t = 0; t < width / 8; t++)
                        for (int g = 0; g < 8; g++)
                            if (gdk_stem_filter(t, g) == k % width) tile = t, col = g;
                    assert_true(tile >= 0);
                    float           sum = 0;
                    const uint16_t *block = packed + k / width * per_block;
                    for (int step = 0; step < gdk_stem_steps(size); step++)
                        for (int i = 0; i < 16; i++) {
                            const int lane = col * 4 + i % 8 / 2;
                            const int at = ((step * (width / 16) + tile / 2) * 32 + lane) * 8 +
                                           tile % 2 * 4 + i / 8 * 2 + i % 2;
                            sum += gd_half_to_float(block[at]) *
                                   window(size, 1, v, 2 * step + i / 8, i % 8);
                        }
                    assert_true(sum == expected(size, 1, v, k));
                }
            free(w);
            free(packed);
        }
}

static void float_weights(void **state) {
    (void)state;
    enum { K = 72, SIZE = 3 };
    float w[K * SIZE * SIZE * 3], *packed = malloc(gdk_stem_bytes_f32(K, SIZE));
    for (int k = 0; k < K; k++)
        for (int t = 0; t < SIZE * SIZE; t++)
            for (int c = 0; c < 3; c++)
                w[(k * SIZE * SIZE + t) * 3 + c] = weight_of(k, t / SIZE, t % SIZE, c);
    gdk_stem_pack_f32(K, SIZE, w, 3, packed);
    for (int k = 0; k < 128; k++)
        for (int r = 0; r < SIZE; r++)
            for (int c = 0; c < 3; c++)
                for (int s = 0; s < SIZE; s++)
                    assert_true(packed[k / 64 * SIZE * SIZE * 3 * 64 +
                                       ((r * 3 + c) * SIZE + s) * 64 + k % 64] ==
                                (k < K ? weight_of(k, r, s, c) : 0));
    free(packed);
}

static void shapes(void **state) {
    (void)state;
    assert_true(gdk_stem_has(7, 7, 2) && gdk_stem_has(6, 6, 2) && gdk_stem_has(3, 3, 2) &&
                gdk_stem_has(3, 3, 1));
    assert_false(gdk_stem_has(7, 7, 1) || gdk_stem_has(7, 6, 2) || gdk_stem_has(5, 5, 2));
    assert_int_equal(gdk_stem_steps(7), 14);
    assert_int_equal(gdk_stem_steps(6), 9);
    assert_int_equal(gdk_stem_steps(3), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(half_weights),
                                       cmocka_unit_test(float_weights),
                                       cmocka_unit_test(shapes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
