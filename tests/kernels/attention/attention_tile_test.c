/* attention_tile_test.c -- a warp's two products, played on the host with the kernel's offsets.
 *
 * ldmatrix and mma are played as their manual describes them, so that wrong offsets, or a wrong
 * way from the first product's accumulators to the second's operand, give wrong numbers. */
#include "tests/gd_test.h"

#include "kernels/attention/attention_pick.h"
#include "kernels/attention/attention_tile.h"

enum { KEYS = GDK_ATTENTION_KEYS, MOST = 64, STRIDE = MOST + GDK_ATTENTION_PAD };

/* Two values of each lane in each of four registers. */
typedef struct fragment {
    float v[32][4][2];
} fragment;
typedef struct sums {
    float v[32][4];
} sums;

static fragment fetch(const float *tile, int (*at)(int, int, int, int), int i, int j, int d,
                      bool transposed) {
    fragment f;
    for (int lane = 0; lane < 32; lane++)
        for (int r = 0; r < 4; r++)
            for (int e = 0; e < 2; e++) {
                const int outer = lane / 4, inner = lane % 4 * 2 + e;
                const int row = transposed ? inner : outer, column = transposed ? outer : inner;
                f.v[lane][r][e] = tile[at(r * 8 + row, i, j, d) + column];
            }
    return f;
}

/* c += A B for A of 16 x 16, B of 16 x 8 in registers first and first + 1. */
static void multiply(sums *c, const fragment *a, const fragment *b, int first) {
    float A[16][16], B[16][8];
    for (int lane = 0; lane < 32; lane++)
        for (int r = 0; r < 4; r++)
            for (int e = 0; e < 2; e++) {
                A[lane / 4 + r % 2 * 8][lane % 4 * 2 + r / 2 * 8 + e] = a->v[lane][r][e];
                if (r < 2) B[lane % 4 * 2 + r * 8 + e][lane / 4] = b->v[lane][first + r][e];
            }
    for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < 16; k++)
                c->v[lane][i] +=
                    A[gdk_attention_row(lane, i)][k] * B[k][gdk_attention_column(lane, i)];
}

static int key_at(int lane, int i, int j, int d) { return gdk_attention_key_at(lane, i, j, d); }
static int value_at(int lane, int i, int j, int d) {
    return gdk_attention_value_at(lane, i, j, d);
}

static float small(int i) { return (float)((i * 7919 + 13) % 17 - 8); }

/* Keys first .. first + n - 1 of the tile. */
static void products(int d, int first, int n) {
    static float q[16][MOST], k[KEYS * STRIDE], v[KEYS * STRIDE];
    static sums  s[KEYS / 8], y[MOST / 8];
    const int    stride = d + GDK_ATTENTION_PAD;
    for (int i = 0; i < 16; i++)
        for (int c = 0; c < d; c++) q[i][c] = small(i * 64 + c);
    for (int i = 0; i < KEYS * stride; i++) k[i] = small(i + 5), v[i] = small(3 * i + 1);
    memset(s, 0, sizeof s);
    memset(y, 0, sizeof y);
    for (int o = 0; o < n / 8; o++)
        for (int p = 0; p < d / 32; p++) {
            const fragment f = fetch(k, key_at, first / 8 + o, p, d, false);
            for (int half = 0; half < 2; half++) {
                fragment a;
                for (int lane = 0; lane < 32; lane++)
                    for (int r = 0; r < 4; r++)
                        for (int e = 0; e < 2; e++)
                            a.v[lane][r][e] =
                                q[gdk_attention_row(lane, r % 2 * 2)]
                                 [(2 * p + half) * 16 + gdk_attention_a_column(lane, r) + e];
                multiply(&s[o], &a, &f, 2 * half);
            }
        }
    for (int t = 0; t < n / 16; t++) {
        fragment w; /* as the kernel packs it */
        for (int lane = 0; lane < 32; lane++)
            for (int r = 0; r < 4; r++)
                for (int e = 0; e < 2; e++)
                    w.v[lane][r][e] = s[2 * t + r / 2].v[lane][r % 2 * 2 + e];
        for (int p = 0; p < d / 16; p++) {
            const fragment f = fetch(v, value_at, first / 16 + t, p, d, true);
            multiply(&y[2 * p], &w, &f, 0);
            multiply(&y[2 * p + 1], &w, &f, 2);
        }
    }
    for (int lane = 0; lane < 32; lane++)
        for (int c8 = 0; c8 < d / 8; c8++)
            for (int i = 0; i < 4; i++) {
                const int row = gdk_attention_row(lane, i);
                const int c = c8 * 8 + gdk_attention_column(lane, i);
                float     want = 0;
                for (int j = first; j < first + n; j++) {
                    float score = 0;
                    for (int x = 0; x < d; x++) score += q[row][x] * k[j * stride + x];
                    want += score * v[j * stride + c];
                }
                assert_true(y[c8].v[lane][i] == want);
            }
}

static void both_products(void **state) {
    (void)state;
    for (int d = 32; d <= 64; d += 32) {
        products(d, 0, KEYS);
        for (int w = 0; w < GDK_ATTENTION_WARPS; w++) products(d, w * 16, 16);
    }
}

/* Eight rows that one phase of ldmatrix reads lie in different groups of four banks. */
static void banks(void **state) {
    (void)state;
    for (int d = 32; d <= 64; d += 32)
        for (int m = 0; m < 4; m++) {
            unsigned keys = 0, values = 0;
            for (int i = 0; i < 8; i++) {
                keys |= 1u << gdk_attention_key_at(m * 8 + i, 1, 0, d) / 8 % 8;
                values |= 1u << gdk_attention_value_at(m * 8 + i, 1, 1, d) / 8 % 8;
                assert_int_equal(gdk_attention_key_at(m * 8 + i, 1, 0, d) % 8, 0);
            }
            assert_int_equal(keys, 0xff);
            assert_int_equal(values, 0xff);
        }
}

/* Every tile of keys is taken by one block, and none is left without. */
static void deals_out(void **state) {
    (void)state;
    const int sm[] = {75, 80, 90, 120}, n_sm[] = {8, 40, 132};
    for (int s = 0; s < 4; s++)
        for (int n = 0; n < 3; n++)
            for (int groups = 1; groups <= 256; groups *= 4)
                for (int queries = 1; queries <= 1200; queries += 37)
                    for (int keys = 1; keys <= 1200; keys += 43) {
                        const gdk_attention_choice c =
                            gdk_attention_pick(groups, queries, keys, sm[s], n_sm[n]);
                        const int tiles = (keys + KEYS - 1) / KEYS;
                        assert_in_range(c.split, 1, sm[s] < 90 ? 1 : GDK_ATTENTION_MAX_SPLIT);
                        assert_true(c.split * c.part >= tiles);
                        assert_true((c.split - 1) * c.part < tiles);
                    }
}

static void assert_choice(gdk_attention_choice c, bool divide, int split, int part) {
    assert_int_equal(c.divide, divide);
    assert_int_equal(c.split, split);
    assert_int_equal(c.part, part);
}

static void picks(void **state) {
    (void)state;
    assert_choice(gdk_attention_pick(8, 100, 850, 90, 132), false, 7, 2); /* DETR's decoder */
    assert_choice(gdk_attention_pick(8, 850, 850, 90, 132), false, 4, 4); /* its encoder */
    assert_choice(gdk_attention_pick(8, 100, 100, 90, 132), true, 1, 2);  /* among queries */
    assert_choice(gdk_attention_pick(8, 100, 64, 90, 132), false, 1, 1);  /* one tile of keys */
    assert_choice(gdk_attention_pick(128, 850, 850, 90, 132), false, 1, 14); /* 16 pictures */
    assert_choice(gdk_attention_pick(8, 100, 850, 80, 108), true, 1, 14);
    assert_choice(gdk_attention_pick(8, 3400, 3400, 80, 108), false, 1, 54);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_products),
        cmocka_unit_test(banks),
        cmocka_unit_test(deals_out),
        cmocka_unit_test(picks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
