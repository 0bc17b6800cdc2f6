/* buffer_test.c -- numbers survive a round trip under every locale; strings survive a parser.
 * */
#include <jansson.h>
#include <locale.h>
#include <math.h>

#include "engine/mem.h"
#include "engine/utf8.h"
#include "tests/gd_test.h"
#include "tools/output/buffer.h"

static gd_buffer b;

/* The text so far, as a string; the buffer is empty again. */
static const char *text(void) {
    gd_put_bytes(&b, "", 1);
    b.size = 0;
    return b.data;
}

static const char *of_float(float v) {
    gd_put_float(&b, v);
    return text();
}
static const char *of_fixed(double v, int digits) {
    gd_put_fixed(&b, v, digits);
    return text();
}

static void test_float_text(void **state) {
    (void)state;
    assert_string_equal(of_float(150), "150.0");
    assert_string_equal(of_float(0.9213f), "0.9213");
    assert_string_equal(of_float(100.2f), "100.2");
    assert_string_equal(of_float(-0.5f), "-0.5");
    assert_string_equal(of_float(-0.0f), "0.0");
    assert_string_equal(of_float(1e-7f), "0.0000001");
    assert_string_equal(of_float(16777216), "16777216.0");
    assert_string_equal(of_float(1.0f / 3), "0.33333334");
    assert_string_equal(of_float(1234.5678f), "1234.5677");
    assert_string_equal(of_float(NAN), "null");
    assert_string_equal(of_float(-INFINITY), "null");
}

static void check_round_trips(void) {
    uint32_t x = 2463534242u;
    for (int i = 0; i < 300000; i++) {
        float v, w;
        char *end;
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        memcpy(&v, &x, sizeof v);
        if (i & 1) v = (float)(x % 4000000) / 4096.0f; /* like pixels */
        if (!isfinite(v)) continue;
        const char *s = of_float(v);
        if (strchr(s, ',') || !strchr(s, '.') || strpbrk(s, "eEnN"))
            fail_msg("%a is written %s", (double)v, s);
        /* strtof needs the locale's own mark; compare in the C locale by jansson's rule. */
        const char *old = setlocale(LC_NUMERIC, NULL);
        char        keep[64];
        snprintf(keep, sizeof keep, "%s", old);
        setlocale(LC_NUMERIC, "C");
        w = strtof(s, &end);
        setlocale(LC_NUMERIC, keep);
        if (w != v || *end) fail_msg("%a is written %s", (double)v, s);
    }
}

static void test_round_trip(void **state) {
    (void)state;
    check_round_trips();
}

static void test_comma_locale(void **state) {
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE")) {
        print_message("no German locale here\n");
        skip();
    }
    check_round_trips();
    const char *s = of_fixed(1.25, 2);
    bool        same = strcmp(s, "1.25") == 0;
    setlocale(LC_ALL, "C");
    assert_true(same);
}

static void test_fixed(void **state) {
    (void)state;
    assert_string_equal(of_fixed(1.2345, 3), "1.235");
    assert_string_equal(of_fixed(0.0004, 3), "0.000");
    assert_string_equal(of_fixed(0.05, 2), "0.05");
    assert_string_equal(of_fixed(-12.5, 1), "-12.5");
    assert_string_equal(of_fixed(7, 0), "7");
    assert_string_equal(of_fixed(13.7471, 6), "13.747100");
    assert_string_equal(of_fixed(NAN, 2), "null");
    assert_string_equal(of_fixed(1e300, 0), "9000000000000000000");
}

static void test_integers(void **state) {
    (void)state;
    gd_put_int(&b, INT64_MIN);
    gd_put(&b, " ");
    gd_put_int(&b, 42);
    assert_string_equal(text(), "-9223372036854775808 42");
}

/* Every byte string of one and two bytes, and some longer: a strict parser takes the JSON. */
static void test_json_strings(void **state) {
    static const char *const odd[] = {"",
                                      "plain",
                                      "\"\\/\b\f\n\r\t",
                                      "\xe2\x80\xa8\xe2\x80\xa9",
                                      "\xf0\x9f\x90\x8d",
                                      "\xed\xa0\x80",
                                      "\xc3",
                                      "a\xc3z",
                                      "\x1b[31mred\x1b[0m\x7f\xc2\x9b"};
    char                     raw[8];
    (void)state;
    for (int i = 0; i < 65536 + 9; i++) {
        snprintf(raw, sizeof raw, "%c%c", i & 255, i >> 8);
        const char *s = i < 65536 ? raw : odd[i - 65536];
        gd_put(&b, "[");
        gd_put_json_string(&b, s);
        gd_put(&b, "]");
        const char *t = text();
        for (const char *p = t; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f) fail_msg("control byte in %s", t);
        json_t *j = json_loads(t, 0, NULL);
        if (!j) fail_msg("%s is not JSON", t);
        const char *back = json_string_value(json_array_get(j, 0));
        uint32_t    point;
        bool        valid = true;
        for (size_t at = 0, n = strlen(s), k; at < n && valid; at += k)
            valid = (k = gd_utf8_next(s + at, n - at, &point)) > 0;
        if (valid)
            assert_string_equal(back, s);
        else
            assert_non_null(strstr(back, "\xef\xbf\xbd"));
        json_decref(j);
    }
    gd_put_json_string(&b, NULL);
    assert_string_equal(text(), "null");
}

static void test_xml(void **state) {
    (void)state;
    gd_put_xml(&b, "<a b=\"c\"> & \n\t\r\x01\x7f\xff\xef\xbf\xbe\xc3\xa9");
    assert_string_equal(text(), "&lt;a b=&quot;c&quot;&gt; &amp; &#10;&#9;&#13;\xef\xbf\xbd"
                                "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9");
}

static void test_csv(void **state) {
    (void)state;
    gd_put_csv(&b, "plain name.jpg");
    gd_put(&b, "|");
    gd_put_csv(&b, "a,b");
    gd_put(&b, "|");
    gd_put_csv(&b, "say \"x\"");
    gd_put(&b, "|");
    gd_put_csv(&b, "two\nlines");
    gd_put(&b, "|");
    gd_put_csv(&b, " led\x1b\xff");
    gd_put(&b, "|");
    gd_put_csv(&b, "");
    assert_string_equal(text(), "plain name.jpg|\"a,b\"|\"say \"\"x\"\"\"|\"two\nlines\"|"
                                "\" led\xef\xbf\xbd\xef\xbf\xbd\"|");
}

static void *refuse(void *ctx, size_t size) { return (void)ctx, (void)size, NULL; }
static void  ignore(void *ctx, void *p) { (void)ctx, (void)p; }

static void test_no_memory(void **state) {
    const gd_alloc none = {NULL, refuse, ignore};
    gd_buffer      c = {0};
    (void)state;
    gd_mem_hook(&none);
    gd_put(&c, "text");
    gd_put_json_string(&c, "more");
    gd_mem_hook(NULL);
    assert_true(c.failed && c.size == 0);
    gd_put(&c, "even now");
    assert_null(c.data);
}

static int done(void **state) {
    (void)state;
    gd_buffer_free(&b);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_float_text),   cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_comma_locale), cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_integers),     cmocka_unit_test(test_json_strings),
        cmocka_unit_test(test_xml),          cmocka_unit_test(test_csv),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
