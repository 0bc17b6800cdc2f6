/* conv2d_simt_pick_test.c -- choices cover the reduction and fill small grids. */
#include "tests/gd_test.h"

#include "kernels/conv2d/conv2d_simt_pick.h"

static const int devices[] = {75, 80, 86, 89, 90, 100, 120};

enum { OPTIN = 227 * 1024 };

static void fits(void **state) {
    (void)state;
    const int64_t M[] = {1, 49, 128, 1000, 4200, 67200, 3211264}, K[] = {1, 3, 64, 364, 2048},
                  blocks[] = {1, 2, 4, 9, 36, 784};
    for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
        for (size_t i = 0; i < sizeof M / sizeof *M; i++)
            for (size_t j = 0; j < sizeof K / sizeof *K; j++)
                for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
                    const gdk_simt_work w = {M[i], K[j], blocks[k], devices[d], 132, 64 * 1024};
                    const gdk_simt_choice c = gdk_simt_pick(&w);
                    assert_in_range(c.tile, 0, gdk_simt_n_tiles - 1);
                    assert_in_range(c.split, 1, GD_SIMT_MAX_SPLIT);
                    const int64_t part = (w.blocks + c.split - 1) / c.split;
                    assert_true(part * (c.split - 1) < w.blocks);
                    assert_true(c.us > 0);
                    const gdk_simt_tile *t = &gdk_simt_tiles[c.tile];
                    assert_in_range(c.resident, 1, t->blocks);
                    assert_true(c.smem <= w.smem_optin);
                    assert_true(c.smem >= (size_t)(GD_SIMT_RING * (t->m + t->n) * 64));
                    if (w.sm >= 100)
                        assert_true(gdk_simt_tiles[c.tile].rows <= GD_SIMT_ROWS_SM100);
                }
}

static int64_t grid_of(const gdk_simt_work *w, gdk_simt_choice c) {
    const gdk_simt_tile *t = &gdk_simt_tiles[c.tile];
    return (w->M + t->m - 1) / t->m * ((w->K + t->n - 1) / t->n) * c.split;
}

static void grids(void **state) {
    (void)state;
    /* 3x3 of 256 channels at 200x336: no split, large tiles; layer4 at 25x42: all SMs busy */
    const gdk_simt_work large = {67200, 256, 144, 90, 132, OPTIN},
                        small = {1050, 512, 288, 90, 132, OPTIN};
    gdk_simt_choice c = gdk_simt_pick(&large);
    assert_int_equal(c.split, 1);
    assert_int_equal(gdk_simt_tiles[c.tile].m * gdk_simt_tiles[c.tile].n, 128 * 128);
    c = gdk_simt_pick(&small);
    assert_true(c.split > 1);
    assert_true(grid_of(&small, c) >= 132);
}

/* 1050 blocks of 64 x 64 are two even waves of four a multiprocessor, not one of six and a
 * rest; the memory they ask for keeps a fifth away. */
static void waves_are_even(void **state) {
    (void)state;
    const gdk_simt_work w = {67200, 64, 36, 90, 132, OPTIN};
    const int           tile = gdk_simt_n_tiles - 1;
    assert_int_equal(gdk_simt_tiles[tile].m, 64);
    const gdk_simt_choice four = gdk_simt_price(&w, tile, 1, 4);
    assert_true(four.us < gdk_simt_price(&w, tile, 1, 6).us);
    assert_true(5 * (four.smem + 1024) > w.smem_optin + 1024);
    assert_true(4 * (four.smem + 1024) <= w.smem_optin + 1024);
    assert_true(gdk_simt_pick(&w).us <= four.us);
}

/* More work never costs less. */
static void price_grows(void **state) {
    (void)state;
    for (int tile = 0; tile < gdk_simt_n_tiles; tile++) {
        gdk_simt_work w = {1000, 256, 16, 90, 132, OPTIN};
        const double  us = gdk_simt_price(&w, tile, 1, 1).us;
        w.blocks = 32;
        assert_true(gdk_simt_price(&w, tile, 1, 1).us > us);
        w.blocks = 16;
        w.M = 100000;
        assert_true(gdk_simt_price(&w, tile, 1, 1).us > us);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fits), cmocka_unit_test(grids),
                                       cmocka_unit_test(waves_are_even),
                                       cmocka_unit_test(price_grows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
