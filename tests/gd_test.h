/* gd_test.h -- what every C unit test includes: cmocka in the right order, and a few
 * helpers. */
#ifndef GD_TESTS_GD_TEST_H
#define GD_TESTS_GD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/status.h"

/* Fails the test with the library's own words. */
#define gd_assert_ok(expr, err)                                                 \
    do {                                                                        \
        gd_status gd_st_ = (expr);                                              \
        if (gd_st_ != GD_OK)                                                    \
            fail_msg("%s: %s (%s)", #expr, (err)->msg, gd_status_name(gd_st_)); \
    } while (0)

/* Environment given by CTest; a default lets a test be started by hand from the root. */
static inline const char *gd_test_env(const char *name, const char *fallback) {
    const char *v = getenv(name);
    return v && *v ? v : fallback;
}
#define GD_TEST_DATA gd_test_env("GD_DATA", "../shared/data")
#define GD_TEST_BUILD gd_test_env("GD_BUILD", "build/ci")

#endif
