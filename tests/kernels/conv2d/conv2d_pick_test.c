/* conv2d_pick_test.c -- choices fit their device, cover the reduction, divide small grids. */
#include "tests/gd_test.h"

#include "kernels/conv2d/conv2d_pick.h"
#include "kernels/cuda/fastdiv.h"

static gdk_conv2d_work work(int64_t M, int64_t K, int64_t blocks, int sm) {
    const size_t optin = sm == 75 ? 64 : sm == 80 ? 163 : sm == 90 || sm == 100 ? 227 : 99;
    return (gdk_conv2d_work){
        .M = M, .K = K, .blocks = blocks, .sm = sm, .n_sm = 132, .smem_optin = optin * 1024};
}

static const int devices[] = {75, 80, 86, 89, 90, 100, 120};

static void fits(void **state) {
    (void)state;
    const int64_t M[] = {1, 49, 128, 1000, 4200, 67200, 3211264}, K[] = {1, 3, 64, 364, 2048},
                  blocks[] = {1, 2, 3, 9, 36, 196};
    for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
        for (size_t i = 0; i < sizeof M / sizeof *M; i++)
            for (size_t j = 0; j < sizeof K / sizeof *K; j++)
                for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
                    const gdk_conv2d_work   w = work(M[i], K[j], blocks[k], devices[d]);
                    const gdk_conv2d_choice c = gdk_conv2d_pick(&w);
                    assert_in_range(c.tile, 0, gdk_conv2d_n_tiles - 1);
                    assert_true(c.smem + 256 <= w.smem_optin);
                    assert_in_range(c.stages, 2, 8);
                    assert_in_range(c.split, 1, GD_CONV2D_MAX_SPLIT);
                    /* no part of the reduction is empty */
                    const int64_t part = (w.blocks + c.split - 1) / c.split;
                    assert_true(part * (c.split - 1) < w.blocks);
                    const gdk_conv2d_tile *t = &gdk_conv2d_tiles[c.tile];
                    assert_true(c.smem >= (size_t)c.stages * (size_t)(t->m + t->n) * 128);
                    assert_true(c.us > 0);
                }
}

/* Blocks of threads of a choice. */
static int64_t grid_of(const gdk_conv2d_work *w) {
    const gdk_conv2d_choice c = gdk_conv2d_pick(w);
    const gdk_conv2d_tile  *t = &gdk_conv2d_tiles[c.tile];
    return (w->M + t->m - 1) / t->m * ((w->K + t->n - 1) / t->n) * c.split;
}

static void small_grids_are_divided(void **state) {
    (void)state;
    /* layer4 of ResNet-50 at 224: 49 pixels */
    const gdk_conv2d_work deep = work(49, 512, 72, 90), large = work(67200, 256, 36, 90);
    assert_true(gdk_conv2d_pick(&deep).split > 1);
    assert_true(grid_of(&deep) >= 40);
    assert_int_equal(gdk_conv2d_pick(&large).split, 1);
    assert_true(gdk_conv2d_tiles[gdk_conv2d_pick(&large).tile].m *
                    gdk_conv2d_tiles[gdk_conv2d_pick(&large).tile].n >=
                128 * 128);
}

/* Parts that meet in shared memory are at most 8; Hopper's own tiles are Hopper's alone. */
static void families(void **state) {
    (void)state;
    for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
        for (int gmma = 0; gmma < 2; gmma++)
            for (int tf32 = 0; tf32 < 2; tf32++) {
                gdk_conv2d_work w = work(49, 512, 72, devices[d]);
                w.gmma = gmma;
                w.tf32 = tf32;
                const gdk_conv2d_choice c = gdk_conv2d_pick(&w);
                if (gmma && devices[d] != 90) {
                    assert_int_equal(c.tile, -1);
                    continue;
                }
                assert_int_equal(gdk_conv2d_tiles[c.tile].gmma, gmma);
                assert_in_range(c.split, 1, gdk_conv2d_clusters(&w) ? 8 : GD_CONV2D_MAX_SPLIT);
                assert_in_range(c.stages, gmma ? 3 : 2, devices[d] < 80 ? 2 : 8);
                w.add = 1;
                assert_true(gdk_conv2d_pick(&w).us >= c.us);
            }
}

/* The tail of a tile fits the memory of its ring, also where whole tiles meet. */
static void tails(void **state) {
    (void)state;
    for (int tile = 0; tile < gdk_conv2d_n_tiles; tile++)
        for (int split = 1; split < 3; split++) {
            gdk_conv2d_work         w = work(500, 500, 4, 90);
            const gdk_conv2d_tile  *t = &gdk_conv2d_tiles[tile];
            const gdk_conv2d_choice c = gdk_conv2d_price(&w, tile, split);
            assert_int_equal(c.tile, tile);
            if (split > 1) assert_true(c.smem >= (size_t)(t->m * (t->n + 8) * 4));
            assert_true(c.smem >=
                        (size_t)(t->m / t->warp_m * (t->n / t->warp_n) * 16 * 40 * 4));
        }
}

static void too_little_memory(void **state) {
    (void)state;
    gdk_conv2d_work w = work(100, 100, 4, 75);
    w.smem_optin = 16 * 1024;
    assert_int_equal(gdk_conv2d_pick(&w).tile, -1);
}

static void fastdiv(void **state) {
    (void)state;
    const int64_t d[] = {1, 2, 3, 5, 7, 49, 64, 3136, 65535, 65536, 67200, 1000003, INT32_MAX};
    for (size_t i = 0; i < sizeof d / sizeof *d; i++) {
        const gdk_fastdiv f = gdk_fastdiv_by(d[i]);
        for (int64_t q = 0; q < 70000; q += q < 100 ? 1 : 997)
            for (int64_t n = q * d[i] - 1; n <= q * d[i] + 1; n++)
                if (n >= 0 && n <= INT32_MAX)
                    assert_int_equal(gdk_fastdiv_quotient((int32_t)n, &f), n / d[i]);
        assert_int_equal(gdk_fastdiv_quotient(INT32_MAX, &f), INT32_MAX / d[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fits),
                                       cmocka_unit_test(small_grids_are_divided),
                                       cmocka_unit_test(families),
                                       cmocka_unit_test(tails),
                                       cmocka_unit_test(too_little_memory),
                                       cmocka_unit_test(fastdiv)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
