/* crc32c_test.c -- known values of CRC-32C, and the two ways to compute it against each
 * other. */
#include "tests/gd_test.h"
#include "weights/crc32c.h"

static void test_known(void **state) {
    (void)state;
    unsigned char b[32] = {0};
    assert_int_equal(gd_crc32c(0, "", 0), 0);
    assert_int_equal(gd_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(gd_crc32c(0, b, 32), 0x8a9136aa); /* RFC 3720, B.4 */
    for (int i = 0; i < 32; i++) b[i] = (unsigned char)i;
    assert_int_equal(gd_crc32c(0, b, 32), 0x46dd794e);
    assert_int_equal(gd_crc32c_portable(0, b, 32), 0x46dd794e);
}

static void test_both_ways(void **state) {
    (void)state;
    unsigned char b[300];
    for (size_t i = 0; i < sizeof b; i++) b[i] = (unsigned char)(i * i + 3 * i);
    for (size_t n = 0; n < 256; n++) {
        uint32_t whole = gd_crc32c(0, b + n % 8, n);
        assert_int_equal(whole, gd_crc32c_portable(0, b + n % 8, n));
        /* in two pieces */
        assert_int_equal(
            whole, gd_crc32c(gd_crc32c(0, b + n % 8, n / 3), b + n % 8 + n / 3, n - n / 3));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
