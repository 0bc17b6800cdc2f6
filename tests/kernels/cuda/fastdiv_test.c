/* fastdiv_test.c -- division by multiplication equals division, up to 2^31 - 1. */
#include "kernels/cuda/fastdiv.h"

#include "tests/gd_test.h"

static void check(uint32_t n, uint32_t d) {
    const gdk_fastdiv v = gdk_fastdiv_by(d);
    if (gdk_divide(n, &v) != n / d)
        fail_msg("%u / %u gives %u, not %u", n, d, gdk_divide(n, &v), n / d);
}

static void test_every_small(void **state) {
    (void)state;
    for (uint32_t d = 1; d < 400; d++)
        for (uint32_t n = 0; n < 3000; n++) check(n, d);
}

/* Multiples of the divisor and their neighbours are where a rounded reciprocal would fail. */
static void test_around_multiples(void **state) {
    (void)state;
    const uint32_t most = INT32_MAX;
    uint32_t       seed = 1;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525u + 1013904223u;
        const uint32_t d = (seed >> 1) >> (seed % 31) | 1;
        for (uint32_t k = 0; k < 3; k++) {
            const uint32_t n = most / d * d - (k == 2 && most / d > 1 ? d : 0);
            check(n, d);
            check(n - 1, d);
            if (n < most) check(n + 1, d);
            check(most, d);
        }
    }
    for (uint32_t s = 0; s < 31; s++) {
        check(most, 1u << s);
        check((1u << s) - 1, 1u << s);
        check(1u << s, 1u << s);
    }
    check(most, most);
    check(most - 1, most);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_small),
        cmocka_unit_test(test_around_multiples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
