/* arena_test.c -- bump allocation: alignment, growth, limits, and a clean NULL when memory
 * ends. */
#include "tests/gd_meter.h"
#include "tests/gd_test.h"

#include "engine/arena.h"
#include "engine/mem.h"

static void aligned_and_zeroed(void **state) {
    (void)state;
    gd_arena a = {0};
    for (size_t n = 1; n < 200000; n = n * 3 + 1) {
        unsigned char *p = gd_arena_get(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        for (size_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
        memset(p, 0xff, n);
    }
    assert_string_equal(gd_arena_print(&a, "%d-%s", 7, "x"), "7-x");
    assert_string_equal(gd_arena_bytes(&a, "abcdef", 3), "abc");
    gd_arena_free(&a);
    assert_null(a.head);
}

static void limit_and_overflow(void **state) {
    (void)state;
    gd_arena a = {.limit = 1000};
    assert_non_null(gd_arena_get(&a, 900));
    assert_null(gd_arena_get(&a, 101));
    assert_non_null(gd_arena_small(&a, 100));
    assert_null(gd_arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(gd_arena_get(&a, SIZE_MAX - 8));
    gd_arena_free(&a);
}

static void nth_allocation_fails(void **state) {
    (void)state;
    for (long n = 1; n < 6; n++) {
        meter          m = {.fail_at = n};
        const gd_alloc hook = {&m, meter_get, meter_put};
        gd_arena       a = {0};
        int            failed = 0;
        gd_mem_hook(&hook);
        for (int i = 0; i < 5; i++) failed += gd_arena_get(&a, 70000) == NULL;
        gd_arena_free(&a);
        gd_mem_hook(NULL);
        assert_int_equal(failed, 1);
        assert_int_equal(m.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligned_and_zeroed),
        cmocka_unit_test(limit_and_overflow),
        cmocka_unit_test(nth_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
