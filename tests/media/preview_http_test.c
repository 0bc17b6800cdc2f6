/* preview_http_test.c -- what the preview takes for a request, and its answer to the rest. */
#include "tests/gd_test.h"

#include "tools/media/preview_http.h"

static gd_http_request r;

/* As whole text, and that no shorter part of a good request is complete. */
static int parse(const char *text) {
    const size_t n = strlen(text);
    const int    st = gd_http_parse(text, n, &r);
    for (size_t k = 0; st == 200 && k < n; k++) {
        char *part = malloc(k ? k : 1); /* exactly k bytes: ASan sees every byte beyond */
        memcpy(part, text, k);
        assert_int_equal(gd_http_parse(part, k, &r), 0);
        free(part);
    }
    if (st == 200) assert_int_equal(gd_http_parse(text, n, &r), 200);
    return st;
}

static void test_good(void **state) {
    (void)state;
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"), 200);
    assert_string_equal(r.path, "/");
    assert_string_equal(r.host, "localhost:8080");
    assert_false(r.head);
    assert_int_equal(parse("HEAD /stream?t=1&u HTTP/1.0\n\n"), 200);
    assert_string_equal(r.path, "/stream");
    assert_string_equal(r.host, "");
    assert_true(r.head);
    assert_int_equal(parse("GET /x HTTP/1.1\r\nhOST:\t a \t\r\nX: \xff\xfe\r\n"
                           "Content-Length: 0\r\nEmpty:\r\n\r\n"),
                     200);
    assert_string_equal(r.host, "a");
}

static void test_bad(void **state) {
    static const struct {
        int         status;
        const char *text;
    } row[] = {
        {400, "\r\n"},
        {400, "GET\r\n\r\n"},
        {400, "GET /\r\n\r\n"}, /* HTTP/0.9 */
        {400, "GET  / HTTP/1.1\r\n"},
        {400, "GET / HTTP/1.1 \r\n"},
        {400, "GET / http/1.1\r\n"},
        {400, "GET / HTTP/1.1\rX\r\n"},
        {400, "GET /\x01 HTTP/1.1\r\n"},
        {400, "GET /\x7f HTTP/1.1\r\n"},
        {400, "GET /\xc3\xa9 HTTP/1.1\r\n"},
        {400, "GET http://a/ HTTP/1.1\r\n"},
        {400, "GET * HTTP/1.1\r\n"},
        {400, "GET ../etc/passwd HTTP/1.1\r\n"},
        {400, "GET / HTTP/1.1\r\n\r\n"}, /* 1.1 needs a Host */
        {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n: a\r\n\r\n"},
        {405, "POST / HTTP/1.1\r\n"},
        {405, "get / HTTP/1.1\r\n"},
        {405, " / HTTP/1.1\r\n"}, /* an empty method */
        {413, "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"},
        {413, "GET / HTTP/1.1\r\nContent-Length: 00\r\n\r\n"},
        {413, "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {505, "GET / HTTP/2.0\r\n"},
        {505, "GET / HTTP/1.2\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (parse(row[i].text) != row[i].status)
            fail_msg("%d for %s", parse(row[i].text), row[i].text);
    assert_int_equal(gd_http_parse("GET / HTTP/1.0\r\nX: \0y\r\n\r\n", 26, &r), 400);
}

static void test_long(void **state) {
    char text[GD_HTTP_BYTES];
    (void)state;
    snprintf(text, sizeof text, "GET /%0126d HTTP/1.0\r\n\r\n", 1);
    assert_int_equal(parse(text), 200);
    snprintf(text, sizeof text, "GET /%0127d HTTP/1.0\r\n\r\n", 1);
    assert_int_equal(parse(text), 414);
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %0127d\r\n\r\n", 1);
    assert_int_equal(parse(text), 200);
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %0128d\r\n\r\n", 1);
    assert_int_equal(parse(text), 400);
    memset(text, 'a', sizeof text); /* a line without an end */
    assert_int_equal(gd_http_parse(text, GD_HTTP_LINE, &r), 0);
    assert_int_equal(gd_http_parse(text, GD_HTTP_LINE + 1, &r), 414);
    memcpy(text, "GET / HTTP/1.1\r\n", 16);
    assert_int_equal(gd_http_parse(text, 16 + GD_HTTP_LINE, &r), 0);
    assert_int_equal(gd_http_parse(text, 16 + GD_HTTP_LINE + 1, &r), 431);
    size_t at = 16; /* lines without end of the head */
    while (at + 100 <= sizeof text) at += (size_t)snprintf(text + at, 101, "X: %095d\r\n", 1);
    memcpy(text + at,
           "Y: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
           sizeof text - at);
    assert_int_equal(gd_http_parse(text, sizeof text - 1, &r), 0);
    assert_int_equal(gd_http_parse(text, sizeof text, &r), 431);
    at = 16;
    for (int i = 0; i < GD_HTTP_FIELDS; i++) at += (size_t)snprintf(text + at, 5, "X:\r\n");
    memcpy(text + at, "\r\n", 2);
    assert_int_equal(gd_http_parse(text, at + 2, &r), 400); /* all read: no Host */
    memcpy(text + at, "X:\r\n\r\n", 6);
    assert_int_equal(gd_http_parse(text, at + 6, &r), 431);
}

static void test_hosts(void **state) {
    static const char *const local[] = {
        "", "localhost", "LOCALHOST:80", "127.0.0.1", "127.1.2.3:1", "[::1]", "[::1]:8080"};
    static const char *const other[] = {"example.org",
                                        "example.org:80",
                                        "localhost.evil.org",
                                        "127.0.0.1.evil.org",
                                        "128.0.0.1",
                                        "[::2]",
                                        "[::1]x",
                                        "[::1",
                                        "::1",
                                        "10.0.0.1",
                                        ":80",
                                        "127.1",
                                        "0x7f.1"};
    (void)state;
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (!gd_http_host_is_local(local[i])) fail_msg("%s", local[i]);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (gd_http_host_is_local(other[i])) fail_msg("%s", other[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
