/* nms_stripe_test.c -- suppression by stripes gives what suppression one by one gives. */
#include "tests/gd_test.h"

#include <math.h>
#include <string.h>

#include "kernels/nms/nms_pick.h"
#include "kernels/nms/nms_stripe.h"

static unsigned seed = 5;
static float    unit(void) {
       seed = seed * 1664525u + 1013904223u;
       return (float)(seed >> 8) / 16777216.0f;
}

static void tiles(void **state) {
    (void)state;
    int32_t number = 0;
    for (int32_t s = 0; s < 400; s++)
        for (int32_t t = 0; t <= s; t++, number++) {
            assert_int_equal(gdk_stripe_tile(s, t), number);
            assert_int_equal(gdk_stripe_of_tile(number), s);
        }
    for (int32_t s = 20000; s <= 46339; s += 127) {
        assert_int_equal(gdk_stripe_of_tile(gdk_stripe_tile(s, 0)), s);
        assert_int_equal(gdk_stripe_of_tile(gdk_stripe_tile(s, s)), s);
    }
}

static void valid_bits(void **state) {
    (void)state;
    assert_true(gdk_stripe_valid(0, 0) == 0);
    assert_true(gdk_stripe_valid(0, 1) == 1);
    assert_true(gdk_stripe_valid(0, 63) == UINT64_MAX >> 1);
    assert_true(gdk_stripe_valid(0, 64) == UINT64_MAX);
    assert_true(gdk_stripe_valid(1, 64) == 0);
    assert_true(gdk_stripe_valid(2, 131) == 7);
}

/* nms_ref.c's own words. */
static bool by_definition(const gdk_nms_box *p, const gdk_nms_box *q, float iou) {
    const float area_p = (p->x2 - p->x1) * (p->y2 - p->y1);
    const float area_q = (q->x2 - q->x1) * (q->y2 - q->y1);
    const float x1 = p->x1 > q->x1 ? p->x1 : q->x1, y1 = p->y1 > q->y1 ? p->y1 : q->y1;
    const float x2 = p->x2 < q->x2 ? p->x2 : q->x2, y2 = p->y2 < q->y2 ? p->y2 : q->y2;
    const float w = x2 > x1 ? x2 - x1 : 0, h = y2 > y1 ? y2 - y1 : 0;
    const float inter = w * h;
    return inter / (area_p + area_q - inter) > iou;
}

static void overlaps(void **state) {
    (void)state;
    static const float ious[] = {0.25f, 0.3f, 1 / 3.0f, 0.5f, 0.7f, 1e-6f, 0.99f};
    static const float sizes[] = {1e-18f, 1e-12f, 1, 1000, 1e15f, 1e19f};
    for (size_t t = 0; t < sizeof ious / sizeof *ious; t++)
        for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++)
            for (int i = 0; i < 20000; i++) {
                /* Coarse coordinates: quotients that equal the threshold occur. */
                float v[8];
                for (int c = 0; c < 8; c++)
                    v[c] = sizes[z] * (i % 2 ? unit() : (float)(int)(unit() * 8));
                const gdk_nms_box p =
                    gdk_nms_box_of(fminf(v[0], v[1]), fminf(v[2], v[3]), fmaxf(v[0], v[1]),
                                   fmaxf(v[2], v[3]), ious[t]);
                const gdk_nms_box q =
                    gdk_nms_box_of(fminf(v[4], v[5]), fminf(v[6], v[7]), fmaxf(v[4], v[5]),
                                   fmaxf(v[6], v[7]), ious[t]);
                const bool want = by_definition(&p, &q, ious[t]);
                assert_int_equal(gdk_nms_overlaps(&p, &q, ious[t], true), want);
                assert_int_equal(gdk_nms_overlaps(&p, &q, ious[t], false), want);
            }
    const gdk_nms_box all = gdk_nms_box_of(-INFINITY, 0, INFINITY, 1, 0.5f);
    const gdk_nms_box one = gdk_nms_box_of(0, 0, 1, 1, 0.5f);
    assert_false(gdk_nms_overlaps(&all, &one, 0.5f, true));
    assert_false(gdk_nms_overlaps(&all, &all, 0.5f, true));
}

enum { MOST = 700, STRIPES = (MOST + GDK_STRIPE - 1) / GDK_STRIPE };
static uint64_t word[STRIPES * (STRIPES + 1) / 2][GDK_STRIPE];

/* The device's way, with host loops for lanes: see nms_keep.cu. */
static void keep(const gdk_nms_box *box, int n, float iou, uint64_t *kept) {
    const int32_t stripes = (n + GDK_STRIPE - 1) / GDK_STRIPE;
    memset(word, 0, sizeof word);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (gdk_nms_overlaps(&box[j], &box[i], iou, true))
                word[gdk_stripe_tile(i / GDK_STRIPE, j / GDK_STRIPE)][i % GDK_STRIPE] |=
                    UINT64_C(1) << j % GDK_STRIPE;
    for (int32_t s = 0; s < stripes; s++) {
        uint64_t alive = gdk_stripe_valid(s, n);
        for (int i = 0; i < GDK_STRIPE; i++)
            for (int32_t t = 0; t < s; t++)
                if (word[gdk_stripe_tile(s, t)][i] & kept[t]) alive &= ~(UINT64_C(1) << i);
        kept[s] = alive;
        for (int round = 0;; round++) {
            uint64_t hit = 0;
            assert_true(round <= GDK_STRIPE);
            for (int i = 0; i < GDK_STRIPE; i++)
                if (word[gdk_stripe_tile(s, s)][i] & kept[s]) hit |= UINT64_C(1) << i;
            if ((alive & ~hit) == kept[s]) break;
            kept[s] = alive & ~hit;
        }
    }
}

static void stripes_are_sequential(void **state) {
    (void)state;
    static gdk_nms_box box[MOST];
    static const int   sizes[] = {0, 1, 63, 64, 65, 128, 300, MOST};
    for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++)
        for (int spread = 1; spread < 3000; spread *= 8) {
            const int n = sizes[z];
            bool      stays[MOST];
            uint64_t  kept[STRIPES];
            for (int i = 0; i < n; i++) {
                /* The last spread is a chain: each box hits only its neighbours. */
                const float x = spread > 500 ? (float)i : unit() * (float)spread;
                const float y = spread > 500 ? 0 : unit() * (float)spread;
                box[i] = gdk_nms_box_of(x, y, x + 2, y + 2, 0.3f);
            }
            for (int i = 0; i < n; i++) {
                stays[i] = true;
                for (int j = 0; j < i; j++)
                    if (stays[j] && by_definition(&box[j], &box[i], 0.3f)) stays[i] = false;
            }
            keep(box, n, 0.3f, kept);
            for (int i = 0; i < n; i++)
                assert_int_equal(kept[i / GDK_STRIPE] >> i % GDK_STRIPE & 1, stays[i]);
        }
}

static void matrices_are_bounded(void **state) {
    (void)state;
    assert_int_equal(gdk_nms_stripes(1, 0), 0);
    assert_int_equal(gdk_nms_stripes(1, 65), 2);
    assert_int_equal(gdk_nms_stripes(1, 8400), 132);
    assert_int_equal(gdk_nms_stripes(1, 90000), 511);
    assert_int_equal(gdk_nms_stripes(16, 4768), 75);
    for (int64_t batch = 1; batch < 500; batch += 7) {
        const int32_t s = gdk_nms_stripes(batch, 90000);
        assert_true(s >= GDK_NMS_LEAST_STRIPES && s <= GDK_NMS_MOST_STRIPES);
        assert_true(s == GDK_NMS_LEAST_STRIPES ||
                    batch * 512 * gdk_stripe_tile(s, 0) <= INT64_C(64) << 20);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles), cmocka_unit_test(valid_bits), cmocka_unit_test(overlaps),
        cmocka_unit_test(stripes_are_sequential), cmocka_unit_test(matrices_are_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
