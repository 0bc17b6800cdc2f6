/* gemm_test.c -- every inner kernel that this machine can run, against sums in double. */
#include "tests/gd_test.h"

#include <math.h>

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/gemm_depthwise.h"
#include "kernels/cpu/gemm_outer.h"

enum { TAPS = 3, DEPTH = 5, FILTERS = 2 * GDK_GEMM_WIDTH, GUARD = 7 };

static float value(int64_t i) { return (float)(i * 37 % 101) / 50 - 1; }

static void check_kernel(const gdk_gemm *g, int vectors, int rows) {
    static float  w[FILTERS * TAPS * DEPTH], packed[FILTERS * TAPS * DEPTH + 16];
    static float  x[TAPS * GDK_GEMM_ROWS * DEPTH], init[GDK_GEMM_WIDTH];
    static float  tile[GDK_GEMM_TILE + 16];
    const float  *row[TAPS * GDK_GEMM_ROWS];
    const int     width = vectors * g->lanes, depth = TAPS * DEPTH;
    const int64_t filters = width - (vectors == 2 ? g->lanes - 1 : 1); /* padded with zeros */
    for (int64_t i = 0; i < FILTERS * depth; i++) w[i] = value(i);
    for (int i = 0; i < TAPS * rows * DEPTH; i++) x[i] = value(i + 11);
    for (int i = 0; i < TAPS * rows; i++) row[i] = x + i * DEPTH;
    for (int i = 0; i < width; i++) init[i] = value(i + 5);
    for (int i = 0; i < GDK_GEMM_TILE + 16; i++) tile[i] = GUARD;
    assert_int_equal(gdk_gemm_vectors(g, filters, 0), vectors);
    assert_int_equal(gdk_gemm_packed(g, filters, depth), (width * depth + 15) / 16 * 16);
    gdk_gemm_pack(g, w, filters, depth, depth, 1, packed);
    g->fn[vectors - 1][rows - 1](row, TAPS, DEPTH, packed, init, tile);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < width; j++) {
            double sum = init[j];
            for (int t = 0; t < TAPS && j < filters; t++)
                for (int c = 0; c < DEPTH; c++)
                    sum += (double)row[t * rows + i][c] * w[j * depth + t * DEPTH + c];
            if (fabs(sum - tile[i * width + j]) > 1e-5)
                fail_msg("%d lanes, %d vectors, %d rows: [%d][%d] is %g, not %g", g->lanes,
                         vectors, rows, i, j, tile[i * width + j], sum);
        }
    assert_true(tile[rows * width] == GUARD);
}

static void products(void **state) {
    (void)state;
    const gdk_gemm *g;
    int             n = 0;
    for (; (g = gdk_gemm_variant(n)); n++) {
        assert_true(g->rows <= GDK_GEMM_ROWS && 2 * g->lanes <= GDK_GEMM_WIDTH);
        for (int vectors = 1; vectors <= 2; vectors++)
            for (int rows = 1; rows <= g->rows; rows++) check_kernel(g, vectors, rows);
    }
    assert_true(n >= 1);
    assert_ptr_equal(gdk_gemm_get(), gdk_gemm_variant(0));
}

static void check_depthwise(const gdk_depthwise *d, int vectors, int rows) {
    enum { OFFSET = 3, PITCH = OFFSET + GDK_GEMM_WIDTH };
    static float w[TAPS * GDK_GEMM_WIDTH], x[TAPS * GDK_DEPTHWISE_ROWS * PITCH];
    static float init[GDK_GEMM_WIDTH], tile[GDK_DEPTHWISE_ROWS * GDK_GEMM_WIDTH + 16];
    const float *row[TAPS * GDK_DEPTHWISE_ROWS];
    const int    width = vectors * d->lanes;
    for (int i = 0; i < TAPS * GDK_GEMM_WIDTH; i++) w[i] = value(i);
    for (int i = 0; i < TAPS * rows * PITCH; i++) x[i] = value(i + 11);
    for (int i = 0; i < TAPS * rows; i++) row[i] = x + i * PITCH;
    for (int i = 0; i < width; i++) init[i] = value(i + 5);
    tile[rows * width] = GUARD;
    d->fn[vectors - 1][rows - 1](row, OFFSET, TAPS, w, init, tile);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < width; j++) {
            double sum = init[j];
            for (int t = 0; t < TAPS; t++)
                sum += (double)row[t * rows + i][OFFSET + j] * w[t * width + j];
            assert_true(fabs(sum - tile[i * width + j]) < 1e-5);
        }
    assert_true(tile[rows * width] == GUARD);
}

static void depthwise(void **state) {
    (void)state;
    const gdk_depthwise *d;
    for (int n = 0; (d = gdk_depthwise_variant(n)); n++)
        for (int vectors = 1; vectors <= 2; vectors++)
            for (int rows = 1; rows <= GDK_DEPTHWISE_ROWS; rows++)
                check_depthwise(d, vectors, rows);
    assert_non_null(gdk_depthwise_get());
}

static void check_outer(const gdk_outer *o, int vectors, int rows) {
    enum { PIXELS = 9 };
    static float a[PIXELS * 16], b[PIXELS * GDK_GEMM_WIDTH];
    static float tile[GDK_GEMM_TILE + 16];
    const int    width = vectors * o->lanes, step = gdk_outer_step(rows);
    assert_true(step >= rows && step <= 16);
    for (int i = 0; i < PIXELS * step; i++) a[i] = value(i);
    for (int i = 0; i < PIXELS * width; i++) b[i] = value(i + 11);
    for (int i = 0; i < rows * width; i++) tile[i] = value(i + 5);
    tile[rows * width] = GUARD;
    o->fn[vectors - 1][rows - 1](a, b, PIXELS, tile);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < width; j++) {
            double sum = value(i * width + j + 5);
            for (int m = 0; m < PIXELS; m++) sum += (double)a[m * step + i] * b[m * width + j];
            assert_true(fabs(sum - tile[i * width + j]) < 1e-5);
        }
    assert_true(tile[rows * width] == GUARD);
}

static void outer_products(void **state) {
    (void)state;
    const gdk_outer *o;
    for (int n = 0; (o = gdk_outer_variant(n)); n++) {
        assert_int_equal(o->lanes, gdk_gemm_variant(n)->lanes);
        assert_int_equal(o->rows, gdk_gemm_variant(n)->rows);
        for (int vectors = 1; vectors <= 2; vectors++)
            for (int rows = 1; rows <= o->rows; rows++) check_outer(o, vectors, rows);
    }
    assert_ptr_equal(gdk_outer_get(), gdk_outer_variant(0));
}

static void panels(void **state) {
    (void)state;
    const gdk_gemm *g = gdk_gemm_get();
    const int64_t   full = 2 * g->lanes;
    assert_int_equal(gdk_gemm_panels(g, 1), 1);
    assert_int_equal(gdk_gemm_panels(g, full), 1);
    assert_int_equal(gdk_gemm_panels(g, full + 1), 2);
    assert_int_equal(gdk_gemm_vectors(g, full + 1, 0), 2);
    assert_int_equal(gdk_gemm_vectors(g, full + 1, 1), 1);
    assert_int_equal(gdk_gemm_height(g, g->rows + 1), (g->rows + 2) / 2);
    assert_int_equal(gdk_gemm_height(g, 1), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(products), cmocka_unit_test(depthwise),
                                       cmocka_unit_test(outer_products),
                                       cmocka_unit_test(panels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
