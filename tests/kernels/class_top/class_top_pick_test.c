/* class_top_pick_test.c -- the quick test never turns away a logit that passes, and lets few
 * others by. */
#include "tests/gd_test.h"

#include <math.h>

#include "kernels/class_top/class_top.h"
#include "kernels/class_top/class_top_pick.h"

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

static void nothing_is_lost(void **state) {
    (void)state;
    const float scores[] = {1e-30f, 1e-7f, 1e-3f,  0.05f,    0.25f,     0.5f,
                            0.75f,  0.95f, 0.999f, 0.99999f, 0.9999999f};
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        const float least = gdk_class_top_least(scores[i]);
        /* The first logit that passes, from below. */
        float v = least - 2;
        while (!(sigmoid(v) > scores[i])) v = nextafterf(v + 1e-6f, INFINITY);
        if (v < least)
            fail_msg("%g passes %g, least is %g", (double)v, (double)scores[i], (double)least);
        if (scores[i] < 0.9999f && v - least > 0.02f)
            fail_msg("%g: least is %g, %g passes", (double)scores[i], (double)least, (double)v);
    }
    assert_true(gdk_class_top_least(0) == -INFINITY && gdk_class_top_least(-1) == -INFINITY);
    assert_true(gdk_class_top_least(NAN) == -INFINITY && gdk_class_top_least(1) == INFINITY);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
