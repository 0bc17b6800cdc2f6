/* philox_test.c -- the published answers of Philox4x32-10, and the moments of its normal
 * numbers. */
#include "engine/philox.h"
#include "tests/gd_test.h"

static void test_known_answers(void **state) {
    (void)state;
    /* Random123 (Salmon, Moraes, Dror, Shaw), file of known answers. */
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } row[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        uint32_t out[4];
        gd_philox(row[i].key, row[i].counter, out);
        assert_memory_equal(out, row[i].want, sizeof out);
    }
}

static void test_normal(void **state) {
    (void)state;
    enum { N = 200000 };
    double sum = 0, square = 0, fourth = 0, lag = 0, last = 0;
    for (int i = 0; i < N; i++) {
        double x = gd_normal(7, 3, (uint64_t)i);
        sum += x;
        square += x * x;
        fourth += x * x * x * x;
        lag += x * last;
        last = x;
    }
    assert_true(fabs(sum / N) < 0.01);
    assert_true(fabs(square / N - 1) < 0.01);
    assert_true(fabs(fourth / N - 3) < 0.1);
    assert_true(fabs(lag / N) < 0.01);
    assert_true(gd_normal(7, 3, 5) == gd_normal(7, 3, 5));
    assert_true(gd_normal(7, 3, 5) != gd_normal(7, 4, 5));
    assert_true(gd_normal(7, 3, 5) != gd_normal(8, 3, 5));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
