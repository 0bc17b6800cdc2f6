/* copy_pick_test.c -- boxes cut into units move every element once, and none beside. */
#include "kernels/cuda/copy_pick.h"

#include "tests/gd_test.h"

enum { ROOM = 4096 };

static uint16_t x[ROOM] __attribute__((aligned(16))), y[ROOM] __attribute__((aligned(16)));

/* What the kernel does, unit by unit. */
static void run(const gdk_copy *c) {
    for (int i = 0; i < c->n; i++)
        for (uint32_t u = 0; u < c->part[i].n; u++) {
            const gdk_copy_part *p = &c->part[i];
            const size_t         unit = (size_t)c->unit;
            int64_t              from;
            const int64_t        to = gdk_copy_place(p, u, &from);
            assert_true(to >= 0);
            memset((char *)p->y + (size_t)to * unit, 0, unit);
            if (from >= 0)
                memcpy((char *)p->y + (size_t)to * unit,
                       (const char *)p->x + (size_t)from * unit, unit);
        }
}

/* Element by element, by the definition of a box. */
static void check(const gdk_copy_box *b, int unit) {
    static uint16_t want[ROOM];
    gdk_copy        c;
    for (int i = 0; i < ROOM; i++) {
        x[i] = (uint16_t)(i + 1);
        y[i] = want[i] = 0xffff;
    }
    const size_t y0 = (size_t)((uint16_t *)b->y - y), x0 = (size_t)((const uint16_t *)b->x - x);
    for (int64_t o = 0; o < b->outer; o++)
        for (int64_t k = 0; k < b->mid; k++)
            for (int64_t i = 0; i < b->inner; i++)
                for (int64_t w = 0; w < b->width; w++) {
                    const int64_t from = w - b->before;
                    const int64_t at = o * b->y_outer + k * b->y_mid + i * b->y_inner + w;
                    want[y0 + (size_t)at] =
                        from < 0 || from >= b->from
                            ? 0
                            : x[x0 + (size_t)(o * b->x_outer + k * b->x_mid + i * b->x_inner +
                                              from * b->x_step)];
                }
    gdk_copy_plan(b, 1, sizeof *x, &c);
    assert_int_equal(c.unit, unit);
    run(&c);
    assert_memory_equal(y, want, sizeof y);
}

static void test_dense(void **state) {
    (void)state;
    check(&(gdk_copy_box){x, y, 2, 3, 4, 60, 20, 5, 1, 60, 20, 5, 5, 0, 5}, 16);
    check(&(gdk_copy_box){x, y, 1, 1, 7, 0, 0, 3, 1, 0, 0, 3, 3, 0, 3}, 2);
    check(&(gdk_copy_box){x + 2, y, 1, 1, 8, 0, 0, 4, 1, 0, 0, 4, 4, 0, 4}, 4);
}

static void test_pitched(void **state) {
    (void)state;
    check(&(gdk_copy_box){x, y, 1, 1, 5, 0, 0, 24, 1, 0, 0, 40, 16, 0, 16}, 16);
    check(&(gdk_copy_box){x, y, 1, 1, 5, 0, 0, 24, 1, 0, 0, 40, 12, 0, 12}, 8);
    check(&(gdk_copy_box){x, y, 1, 1, 5, 0, 0, 24, 1, 0, 0, 7, 7, 0, 7}, 2);
    /* Pixels merge with neither side, rows of the box do. */
    check(&(gdk_copy_box){x, y + 8, 2, 3, 4, 240, 80, 8, 1, 96, 32, 8, 8, 0, 8}, 16);
}

static void test_steps_and_pads(void **state) {
    (void)state;
    check(&(gdk_copy_box){x + 1, y, 1, 1, 6, 0, 0, 32, 3, 0, 0, 8, 8, 0, 8}, 2);
    check(&(gdk_copy_box){x, y, 1, 1, 6, 0, 0, 8, 1, 0, 0, 24, 24, 8, 8}, 16);
    check(&(gdk_copy_box){x, y, 1, 1, 6, 0, 0, 3, 1, 0, 0, 6, 6, 2, 3}, 2);
    check(&(gdk_copy_box){x, y, 1, 1, 1, 0, 0, 3, 1, 0, 0, 6, 6, 2, 3}, 2);
}

static void test_empty_parts(void **state) {
    (void)state;
    const gdk_copy_box boxes[3] = {
        {x, y, 1, 1, 4, 0, 0, 8, 1, 0, 0, 24, 8, 0, 8},
        {x, y + 8, 1, 1, 4, 0, 0, 1, 1, 0, 0, 24, 0, 0, 0},
        {x, y + 8, 1, 1, 4, 0, 0, 4, 1, 0, 0, 24, 4, 0, 4},
    };
    gdk_copy c;
    gdk_copy_plan(boxes, 3, sizeof *x, &c);
    assert_int_equal(c.n, 2);
    assert_int_equal(c.unit, 8); /* one unit for all parts */
    assert_int_equal(c.most, 8);
    gdk_copy_plan(boxes + 1, 1, sizeof *x, &c);
    assert_int_equal(c.n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_pitched),
        cmocka_unit_test(test_steps_and_pads),
        cmocka_unit_test(test_empty_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
