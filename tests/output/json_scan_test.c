/* json_scan_test.c -- JSON read and written while memory ends: an error, no torn text. */
#include "tools/output/json_scan.h"

#include <stdlib.h>

#include "engine/mem.h"
#include "tests/output/sample.h"
#include "weights/json_make.h"

static int allow, live; /* requests granted before the first refusal; blocks that are held */

static void *count_get(void *ctx, size_t size) {
    (void)ctx;
    if (allow-- <= 0) return NULL;
    live++;
    return aligned_alloc(64, size);
}

static void count_put(void *ctx, void *p) {
    (void)ctx;
    live--;
    free(p);
}

static const gd_alloc hook = {NULL, count_get, count_put};
static int            keys;

static int on_key(void *ctx, const unsigned char *s, size_t n) {
    (void)ctx;
    (void)s;
    keys += n == 3;
    return 1;
}

/* 1: the text is JSON; 0: it is not; -1: memory ended. */
static int scan(const char *text, size_t step) {
    static const yajl_callbacks calls = {.yajl_map_key = on_key};
    gd_json_scan                s;
    int                         good = gd_json_scan_open(&s, &calls, NULL);
    size_t                      n = strlen(text);
    keys = 0;
    for (size_t at = 0; good && at < n; at += step)
        good = gd_json_scan_feed(&s, (const unsigned char *)text + at,
                                 n - at < step ? n - at : step) == yajl_status_ok;
    good = good && gd_json_scan_feed(&s, NULL, 0) == yajl_status_ok;
    if (s.starved) {
        assert_int_equal(gd_json_scan_feed(&s, (const unsigned char *)"1", 1),
                         yajl_status_error);
        good = -1;
    }
    gd_json_scan_close(&s);
    return good;
}

static void test_scan(void **state) {
    static const char *const texts[] = {
        "{\"a b\":[1,2,{\"x\\u0041y\":\"a\\\"b\\n\"}],\"c\\td\":[[[[[[]]]]]],\"e f\":1e9}",
        "[\"\\ud83d\\ude00 and more than that\",true,false,null,{}]", "{\"abc\":1,}"};
    static const int good[] = {1, 1, 0}, wanted[] = {4, 0, 1};
    char             deep[4001] = "";
    (void)state;
    memset(deep, '[', 2000);
    memset(deep + 2000, ']', 2000);
    gd_mem_hook(&hook);
    for (size_t i = 0; i < 3; i++)
        for (size_t step = 1; step < 8; step += 3) {
            int n = 0, rc = -1;
            for (; rc < 0 && n < 1000; n++) {
                allow = n;
                rc = scan(texts[i], step);
                assert_int_equal(live, 0);
            }
            assert_true(n > 3);
            assert_int_equal(rc, good[i]);
            assert_int_equal(keys, wanted[i]);
        }
    allow = 1 << 20;
    assert_int_equal(scan(deep, 4000), 1);
    assert_int_equal(live, 0);
    gd_mem_hook(NULL);
}

/* jansson's own memory fails here, not ours: its allocator is the C library's by default. */
static int jansson_allow;

static void *jansson_get(size_t n) { return jansson_allow-- > 0 ? malloc(n) : NULL; }

static char *make(void) {
    bool    ok = true;
    json_t *o = json_object(), *a = json_array();
    for (int i = 0; i < 40; i++) gd_json_add(&ok, a, json_integer(i));
    gd_json_set(&ok, o, "numbers", a);
    gd_json_set(&ok, o, "a key that is longer than the buffer jansson begins with",
                json_true());
    gd_json_set(&ok, o, "real", json_real(0.5));
    char *text = ok ? gd_json_text(o, JSON_INDENT(1)) : NULL;
    json_decref(o);
    return text;
}

static void test_make(void **state) {
    char *want = make();
    int   refused = 0;
    (void)state;
    assert_non_null(want);
    json_set_alloc_funcs(jansson_get, free);
    for (int n = 0; n < 1000; n++) {
        jansson_allow = n;
        char *text = make();
        refused += !text;
        if (text) assert_string_equal(text, want);
        bool done = text && jansson_allow > 0;
        gd_mem_put(text);
        if (done) break;
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(refused > 40);
    gd_mem_hook(NULL);
    gd_mem_put(want);
    gd_mem_hook(&hook);
    for (int n = 0;; n++) {
        allow = n;
        char *text = make();
        if (text) {
            gd_mem_put(text);
            break;
        }
        assert_int_equal(live, 0);
        assert_true(n < 100);
    }
    gd_mem_hook(NULL);
    assert_int_equal(live, 0);
}

static void test_strings(void **state) {
    static const char *const texts[][2] = {{"", "\"\""},
                                           {"a\"\xff"
                                            "b\x1b",
                                            "\"a\\\"\\\\xffb\\u001B\""},
                                           {"\xc3\xa9\xc3", "\"\xc3\xa9\\\\xc3\""}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        json_t *v = gd_json_string(texts[i][0]);
        char   *text = gd_json_text(v, JSON_ENCODE_ANY);
        assert_string_equal(text, texts[i][1]);
        gd_mem_put(text);
        json_decref(v);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scan), cmocka_unit_test(test_make),
                                       cmocka_unit_test(test_strings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
