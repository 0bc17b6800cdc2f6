/* preview_test.c -- the preview from the side of the program: addresses, frames, memory. */
#include "tests/gd_test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/mem.h"
#include "tools/media/preview.h"

enum { W = 64, H = 48 };

static uint8_t  rgb[W * H * 3];
static gd_error err;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int port_of(const gd_preview *p) { return atoi(strrchr(gd_preview_url(p), ':') + 1); }

/* A connection that has asked for `path`. */
static int ask(const gd_preview *p, const char *path) {
    char               text[128];
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port_of(p))};
    struct timeval     patience = {.tv_sec = 10};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.0\r\n\r\n", path);
    assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
    return fd;
}

/* Shows frames until `fd` has something to read or closes. */
static void show_until(gd_preview *p, int fd) {
    char         c;
    const double until = now() + 10;
    while (recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0) {
        if (now() > until) fail_msg("no frame came");
        gd_assert_ok(gd_preview_show(p, rgb, W, H, 0, &err), &err);
        usleep(2000);
    }
}

static void test_addresses(void **state) {
    static const char *const bad[] = {
        "",       "x",       "65536",  "-1",      "08080x",       ":0",
        "host:0", "1.2.3:0", "[::1:0", "::1:0",   "[::1]0",       "1.2.3.4:",
        "[]:0",   "123456",  "0 ",     "[::1]:x", "[127.0.0.1]:0"};
    gd_preview *p;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(gd_preview_open(bad[i], NULL, &p, &err), GD_ERR_ARG);
        assert_int_equal(err.code, 204);
        assert_null(p);
    }
    gd_assert_ok(gd_preview_open("0", NULL, &p, &err), &err);
    assert_true(gd_preview_is_local(p) && port_of(p) > 0);
    assert_int_equal(strncmp(gd_preview_url(p), "http://127.0.0.1:", 17), 0);
    char        where[32];
    gd_preview *other;
    snprintf(where, sizeof where, "localhost:%d", port_of(p));
    assert_int_equal(gd_preview_open(where, NULL, &other, &err), GD_ERR_IO); /* taken */
    assert_int_equal(err.code, 980);
    assert_null(other);
    gd_preview_close(p);
    gd_assert_ok(gd_preview_open("0.0.0.0:0", NULL, &p, &err), &err);
    assert_false(gd_preview_is_local(p));
    gd_preview_close(p);
    assert_int_equal(gd_preview_open("192.0.2.1:0", NULL, &p, &err), GD_ERR_IO); /* not ours */
    if (gd_preview_open("[::1]:0", NULL, &p, &err) == GD_OK) { /* where there is IPv6 */
        assert_true(gd_preview_is_local(p));
        assert_int_equal(strncmp(gd_preview_url(p), "http://[::1]:", 13), 0);
        gd_preview_close(p);
    }
    gd_preview_close(NULL);
}

static void test_arguments(void **state) {
    const gd_preview_options bad[] = {{.quality = 101},  {.clients = 65}, {.clients = -1},
                                      {.request_s = -1}, {.fps = -1},     {.send_buffer = -1}};
    gd_preview              *p;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(gd_preview_open("0", &bad[i], &p, &err), GD_ERR_ARG);
    gd_assert_ok(gd_preview_open("0", NULL, &p, &err), &err);
    assert_int_equal(gd_preview_show(p, NULL, W, H, 0, &err), GD_ERR_ARG);
    assert_int_equal(gd_preview_show(p, rgb, 0, H, 0, &err), GD_ERR_ARG);
    assert_int_equal(gd_preview_show(p, rgb, W, 65501, 0, &err), GD_ERR_ARG);
    assert_int_equal(gd_preview_show(p, rgb, W, H, 3 * W - 1, &err), GD_ERR_ARG);
    gd_preview_close(p);
}

/* Without clients nothing is copied; with one, until it has gone. */
static void test_wanted(void **state) {
    gd_preview *p;
    char        head[64] = "";
    (void)state;
    gd_assert_ok(gd_preview_open("0", NULL, &p, &err), &err);
    for (int i = 0; i < 10; i++) gd_assert_ok(gd_preview_show(p, rgb, W, H, 0, &err), &err);
    assert_int_equal(gd_preview_statistics(p).offered, 0);
    assert_false(gd_preview_wanted(p));
    int fd = ask(p, "/frame.jpg");
    show_until(p, fd);
    assert_true(recv(fd, head, sizeof head - 1, 0) > 15);
    assert_int_equal(strncmp(head, "HTTP/1.1 200 OK", 15), 0);
    close(fd);
    const double until = now() + 10;
    while (gd_preview_wanted(p) && now() < until) usleep(1000);
    assert_false(gd_preview_wanted(p));
    const gd_preview_stats s = gd_preview_statistics(p);
    assert_true(s.offered > 0 && s.encoded >= 1 && s.accepted == 1 && s.refused == 0);
    gd_preview_close(p);
}

/* A client that reads nothing: showing stays fast, frames are left out, and it is dropped. */
static void test_stalled_client(void **state) {
    enum { BW = 1280, BH = 720 };
    gd_preview_options opt = {.stall_s = 0.5, .send_buffer = 4096, .fps = 1000, .quality = 95};
    gd_preview        *p;
    uint8_t           *big = malloc(BW * BH * 3);
    double             worst = 0;
    uint32_t           seed = 1;
    (void)state;
    for (int i = 0; i < BW * BH * 3; i++) { /* noise: large JPEGs */
        seed = seed * 1664525u + 1013904223u;
        big[i] = (uint8_t)(seed >> 24);
    }
    gd_assert_ok(gd_preview_open("0", &opt, &p, &err), &err);
    int          fd = ask(p, "/stream");
    const double until = now() + 20;
    while (gd_preview_statistics(p).refused == 0 && now() < until) {
        const double start = now();
        gd_assert_ok(gd_preview_show(p, big, BW, BH, 0, &err), &err);
        if (now() - start > worst) worst = now() - start;
        usleep(5000);
    }
    const gd_preview_stats s = gd_preview_statistics(p);
    assert_int_equal(s.refused, 1);
    assert_true(s.encoded < s.offered); /* overtaken while the client held everything up */
    if (worst > 2) fail_msg("showing a frame took %.3f s", worst);
    close(fd);
    gd_preview_close(p);
    free(big);
}

/* Closing does not wait for anybody. */
static void test_close_under_way(void **state) {
    gd_preview *p;
    (void)state;
    gd_assert_ok(gd_preview_open("0", NULL, &p, &err), &err);
    int stream = ask(p, "/stream"), waits = ask(p, "/frame.jpg"), half = ask(p, "/nothing");
    show_until(p, stream);
    const double start = now();
    gd_preview_close(p);
    assert_true(now() - start < 2);
    close(stream);
    close(waits);
    close(half);
}

/* ---- the n-th request for memory fails --------------------------------------------------- */

static atomic_int requests, fail_at;
static void      *count_get(void *ctx, size_t size) {
         (void)ctx;
         return atomic_fetch_add(&requests, 1) + 1 == fail_at
                    ? NULL
                    : aligned_alloc(64, (size + 127) / 64 * 64);
}
static void count_put(void *ctx, void *p) {
    (void)ctx;
    free(p);
}

/* One frame to one client; a frame that memory has no room for is left out, and the next one
 * comes. */
static gd_status serve_one(void) {
    gd_preview *p;
    gd_status   st = gd_preview_open("0", NULL, &p, &err);
    if (st != GD_OK) return st;
    int          fd = ask(p, "/frame.jpg");
    char         head[16] = "";
    const double until = now() + 10;
    while (recv(fd, head, sizeof head - 1, MSG_PEEK | MSG_DONTWAIT) < 15 && now() < until) {
        const gd_status shown = gd_preview_show(p, rgb, W, H, 0, &err);
        assert_true(shown == GD_OK || shown == GD_ERR_NOMEM);
        usleep(2000);
    }
    assert_int_equal(strncmp(head, "HTTP/1.1 200 OK", 15), 0);
    close(fd);
    gd_preview_close(p);
    return GD_OK;
}

static void test_no_memory(void **state) {
    const gd_alloc counting = {NULL, count_get, count_put};
    (void)state;
    gd_mem_hook(&counting);
    for (int n = 1; n <= 8; n++) {
        requests = 0;
        fail_at = n;
        const gd_status st = serve_one();
        assert_int_equal(st, n == 1 ? GD_ERR_NOMEM : GD_OK);
    }
    gd_mem_hook(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),       cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_wanted),          cmocka_unit_test(test_stalled_client),
        cmocka_unit_test(test_close_under_way), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
