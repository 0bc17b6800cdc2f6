/* default_boxes_test.c -- SSD's default boxes bit by bit as torchvision 0.14.1 makes them. */
#include "tests/gd_test.h"

#include "layers/blocks/default_boxes.h"

enum { ROOM = 8732 };

typedef struct row {
    int   at;
    float box[4];
} row;

static void expect(const gd_default_boxes *a, int64_t h, int64_t w, const int (*map)[2],
                   const row *want, int n, int total) {
    static float box[ROOM][4];
    int          rows = 0;
    for (int i = 0; i < a->n_level; i++) {
        const int each = gd_block_default_count(a, i) * map[i][0] * map[i][1];
        assert_true(rows + each <= ROOM);
        gd_block_default_fill(a, i, h, w, map[i][0], map[i][1], box[rows]);
        rows += each;
    }
    assert_int_equal(rows, total);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 4; k++)
            if (box[want[i].at][k] != want[i].box[k])
                fail_msg("box %d: number %d is %.9g, not %.9g", want[i].at, k,
                         (double)box[want[i].at][k], (double)want[i].box[k]);
}

static const row stepped[] = {
    {0, {-6.5f, -6.5f, 14.5f, 14.5f}},
    {1, {-11.3704271f, -11.3704271f, 19.3704262f, 19.3704262f}},
    {2, {-10.8492422f, -3.42462111f, 18.8492413f, 11.4246216f}},
    {3, {-3.42462111f, -10.8492422f, 11.4246216f, 18.8492413f}},
    {154, {-10.8492422f, 4.57537842f, 18.8492413f, 19.4246197f}},
    {5775, {292.575378f, 285.150757f, 307.424591f, 314.849243f}},
    {5776, {-14.500001f, -14.500001f, 30.5000019f, 30.5000019f}},
    {5781, {-4.99038076f, -30.9711418f, 20.9903812f, 46.9711456f}},
    {5894, {-30.9711418f, 11.0096188f, 46.9711456f, 36.9903793f}},
    {8731, {57.7225685f, 0, 242.277435f, 300}},
    {8730, {0, 57.7225685f, 300, 242.277435f}},
    {8728, {19.5f, 19.5f, 280.5f, 280.5f}},
    {8692, {-53.5f, -53.5f, 153.5f, 153.5f}},
};

/* Steps, and two boxes wider than the picture, which are cut before they are placed. */
static void steps(void **state) {
    (void)state;
    const gd_default_boxes a = {6,
                                {0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05},
                                {{2}, {2, 3}, {2, 3}, {2, 3}, {2}, {2}},
                                {8, 16, 32, 64, 100, 300}};
    const int              map[6][2] = {{38, 38}, {19, 19}, {10, 10}, {5, 5}, {3, 3}, {1, 1}};
    expect(&a, 300, 300, map, stepped, sizeof stepped / sizeof *stepped, 8732);
}

static const row spread[] = {
    {0, {-17.6000004f, -24, 33.5999985f, 40}},
    {1, {-25.8656158f, -34.3320198f, 41.8656158f, 50.3320236f}},
    {2, {-28.2038689f, -14.6274185f, 44.2038689f, 30.6274185f}},
    {3, {-10.1019344f, -37.254837f, 26.1019344f, 53.254837f}},
    {4, {-36.3404999f, -10.4752083f, 52.3404999f, 26.4752083f}},
    {5, {-6.78016663f, -47.425621f, 22.7801666f, 63.4256287f}},
    {99, {-10.1019344f, -21.2548351f, 26.1019344f, 69.254837f}},
    {1925, {-9.8652916f, -80.9948425f, 41.8652916f, 112.99485f}},
    {2409, {50.7451668f, -81.137085f, 141.254837f, 145.137085f}},
    {2523, {5.16871643f, -93.744873f, 122.831284f, 200.411545f}},
    {2562, {25.5999985f, 112, 230.399994f, 368}},
    {2568, {6.40000153f, 8.00000191f, 249.600006f, 312}},
    {2569, {3.24103546f, 4.05129433f, 252.758972f, 315.94873f}},
    {2573, {57.7942047f, 0, 198.205795f, 320}},
};

/* No steps, on a picture that is not square. */
static void cells(void **state) {
    (void)state;
    const gd_default_boxes a = {.n_level = 6,
                                .scale = {0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1},
                                .ratio = {{2, 3}, {2, 3}, {2, 3}, {2, 3}, {2, 3}, {2, 3}}};
    const int              map[6][2] = {{20, 16}, {10, 8}, {5, 4}, {3, 2}, {2, 1}, {1, 1}};
    expect(&a, 320, 256, map, spread, sizeof spread / sizeof *spread, 2574);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(steps), cmocka_unit_test(cells)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
