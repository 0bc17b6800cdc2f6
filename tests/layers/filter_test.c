/* filter_test.c -- filters of pictures: texts, sizes, strides, and memory that ends. */
#include "engine/mem.h"
#include "layers/filter_text.h"
#include "tests/gd_test.h"

static const char *const all[] = {
    "guided:radius=3",   "guided:radius=2,guide=grey", "guided:radius=30000,eps=1", "gaussian",
    "gaussian:sigma=42", "bilateral:radius=3",         "bilateral:radius=64",       "sharpen",
    "sobel:grey=yes",    "sobel:along=x,size=5",       "sobel:along=y,size=7",      NULL};

static void fill(uint8_t *p, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (uint8_t)(seed >> 24);
    }
}

static gd_filter *open_on_cpu(const char *text) {
    gd_filter_options o = gd_filter_defaults();
    gd_filter        *f;
    gd_error          err = {0};
    o.device = "cpu";
    o.threads = 2;
    gd_assert_ok(gd_filter_open(text, &o, &f, &err), &err);
    return f;
}

static void texts(void **state) {
    static const char *const bad[] = {"",
                                      "blur",
                                      "gauss",
                                      "gaussian2",
                                      ":radius=1",
                                      "guided:",
                                      "guided:radius",
                                      "guided:radius=",
                                      "guided:radius=1.5",
                                      "guided:radius=-1",
                                      "guided:radius=40000",
                                      "guided:radius=0x10",
                                      "guided:radius=1e99",
                                      "guided:radius=1,radius=2",
                                      "guided:radius=1,",
                                      "guided:,radius=1",
                                      "guided:eps=0",
                                      "guided:eps=nan",
                                      "guided:eps=inf",
                                      "guided:eps=.",
                                      "guided:eps=1e",
                                      "guided:eps=0,01",
                                      "guided:guide=gray",
                                      "guided:sigma=1",
                                      "gaussian:size=4",
                                      "gaussian:size=257",
                                      "gaussian:sigma=0",
                                      "bilateral:radius=65",
                                      "sobel:size=9",
                                      "sobel:size=4",
                                      "sobel:along=z",
                                      "sobel:along=both|x",
                                      NULL};
    gd_filter_text           t;
    char                     text[GD_FILTER_TEXT];
    gd_error                 err;
    (void)state;
    for (int i = 0; bad[i]; i++) {
        memset(&err, 0, sizeof err);
        if (gd_filter_read(bad[i], &t, &err) != GD_ERR_ARG || err.code != 204)
            fail_msg("'%s' was taken: %s", bad[i], err.msg);
    }
    for (int i = 0; i < GD_N_FILTER_KIND; i++) {
        gd_assert_ok(gd_filter_read(gd_filter_example(i), &t, &err), &err);
        assert_int_equal(t.kind, i);
        assert_string_equal(gd_filter_write(&t, text), gd_filter_example(i));
        text[strcspn(text, ":")] = '\0';
        gd_assert_ok(gd_filter_read(text, &t, &err), &err);
        assert_string_equal(gd_filter_write(&t, text), gd_filter_example(i));
    }
    assert_null(gd_filter_example(GD_N_FILTER_KIND));
    assert_null(gd_filter_example(-1));
    gd_assert_ok(gd_filter_read("guided:guide=grey,eps=25e-4", &t, &err), &err);
    assert_string_equal(gd_filter_write(&t, text), "guided:radius=8,eps=0.0025,guide=grey");
}

/* A picture of one colour stays what it is, but for edges, of which it has none. */
static void one_colour(void **state) {
    static const int sizes[][2] = {{1, 1}, {1, 7}, {9, 1}, {2, 2}, {33, 17}};
    uint8_t          in[33 * 17 * 3], out[sizeof in];
    gd_error         err = {0};
    (void)state;
    for (int k = 0; all[k]; k++) {
        gd_filter *f = open_on_cpu(all[k]);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const int      n = sizes[i][0] * sizes[i][1];
            const gd_image image = {in, sizes[i][0], sizes[i][1], 0, 0};
            for (int p = 0; p < n; p++) memcpy(in + 3 * p, (uint8_t[]){200, 3, 77}, 3);
            memset(out, 0xaa, sizeof out);
            gd_assert_ok(gd_filter_run(f, &image, out, 0, &err), &err);
            if (!strncmp(all[k], "sobel", 5)) memset(in, 0, sizeof in);
            if (memcmp(in, out, (size_t)n * 3) != 0)
                fail_msg("%s changes %d x %d of one colour", all[k], sizes[i][0], sizes[i][1]);
        }
        gd_filter_close(f);
    }
}

/* Rows apart, in place, in halves and at sizes that return: the same pixels. */
static void same_pixels(void **state) {
    enum { W = 37, H = 21, STEP = 3 * W + 5 };
    static uint8_t in[STEP * H], dense[3 * W * H], want[3 * W * H], out[STEP * H];
    gd_error       err = {0};
    (void)state;
    fill(in, sizeof in, 7);
    for (int y = 0; y < H; y++) memcpy(dense + 3 * W * y, in + STEP * y, 3 * W);
    for (int k = 0; all[k]; k++) {
        gd_filter      *f = open_on_cpu(all[k]);
        const gd_image  apart = {in, W, H, STEP, 0};
        uint8_t         small[3 * 36] = {0};
        gd_filter_stats stats;
        gd_image        image = {dense, W, H, 0, 0};
        gd_assert_ok(gd_filter_run(f, &image, want, 0, &err), &err);
        assert_memory_not_equal(want, dense, sizeof want);
        memset(out, 0x55, sizeof out);
        gd_assert_ok(gd_filter_run(f, &apart, out, STEP, &err), &err);
        for (int y = 0; y < H; y++) {
            assert_memory_equal(out + STEP * y, want + 3 * W * y, 3 * W);
            for (int x = 3 * W; x < STEP; x++) assert_int_equal(out[STEP * y + x], 0x55);
        }
        for (int n = 1; n <= 6; n++) /* more sizes than are kept */
            gd_assert_ok(gd_filter_run(f, &(gd_image){small, n, 6, 0, 0}, small, 0, &err),
                         &err);
        memcpy(out, dense, sizeof dense);
        image.rgb = out;
        gd_assert_ok(gd_filter_start(f, &image, &err), &err);
        assert_int_equal(gd_filter_start(f, &image, &err), GD_ERR_ARG);
        gd_assert_ok(gd_filter_wait(f, out, 0, &err), &err);
        assert_memory_equal(out, want, sizeof want);
        assert_int_equal(gd_filter_wait(f, out, 0, &err), GD_ERR_ARG);
        gd_filter_stats_get(f, &stats);
        assert_string_equal(stats.device, "cpu");
        assert_true(stats.bytes > 0 && stats.device_ms > 0);
        gd_filter_close(f);
    }
}

static void bad_calls(void **state) {
    uint8_t           p[12] = {0};
    gd_filter        *f = open_on_cpu("gaussian"), *none = f;
    gd_filter_options o = gd_filter_defaults();
    gd_error          err = {0};
    const gd_image    bad[] = {{NULL, 2, 2, 0, 0},
                               {p, 0, 2, 0, 0},
                               {p, 2, -1, 0, 0},
                               {p, 70000, 1, 0, 0},
                               {p, 2, 2, 5, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(gd_filter_run(f, &bad[i], p, 0, &err), GD_ERR_ARG);
    assert_int_equal(gd_filter_run(f, &(gd_image){p, 2, 2, 0, 0}, NULL, 0, &err), GD_ERR_ARG);
    assert_int_equal(gd_filter_run(f, &(gd_image){p, 2, 2, 0, 0}, p, 5, &err), GD_ERR_ARG);
    gd_assert_ok(gd_filter_run(f, &(gd_image){p, 2, 2, 0, 0}, p, 0, &err), &err);
    gd_filter_close(f);
    gd_filter_close(NULL);
    o.threads = -1;
    assert_int_equal(gd_filter_open("gaussian", &o, &none, &err), GD_ERR_ARG);
    assert_null(none);
    o.threads = 0;
    o.size = 3;
    assert_int_equal(gd_filter_open("gaussian", &o, &none, &err), GD_ERR_ARG);
    o = gd_filter_defaults();
    o.device = "gpu";
    assert_int_equal(gd_filter_open("gaussian", &o, &none, &err), GD_ERR_DEVICE);
    assert_int_equal(gd_filter_open(NULL, NULL, &none, &err), GD_ERR_ARG);
}

/* ---- memory that ends -------------------------------------------------------------------- */

static long n_get, n_live, fail_at;

static void *get(void *ctx, size_t size) {
    (void)ctx;
    if (++n_get == fail_at) return NULL;
    n_live++;
    return aligned_alloc(64, (size + 63) / 64 * 64 + 64);
}

static void put(void *ctx, void *p) {
    (void)ctx;
    if (p) n_live--;
    free(p);
}

/* The n-th allocation fails, for every n: a clean failure, and the filter works after it. */
static void every_allocation(void **state) {
    static const gd_alloc hook = {NULL, get, put};
    static uint8_t        in[9 * 7 * 3 + 7], out[9 * 7 * 3];
    const gd_image        image = {in, 9, 7, 28, 0}; /* rows apart: one allocation more */
    (void)state;
    fill(in, sizeof in, 3);
    gd_mem_hook(&hook);
    for (int k = 0; all[k]; k++) {
        gd_filter_options o = gd_filter_defaults();
        gd_status         st = GD_ERR_NOMEM;
        o.device = "cpu";
        for (fail_at = 1; st != GD_OK; fail_at++) {
            gd_filter *f = NULL;
            gd_error   err = {0};
            n_get = n_live = 0;
            st = gd_filter_open(all[k], &o, &f, &err);
            if (st == GD_OK) {
                st = gd_filter_run(f, &image, out, 0, &err);
                if (st != GD_OK) gd_assert_ok(gd_filter_run(f, &image, out, 0, &err), &err);
                const long before = n_get;
                gd_assert_ok(gd_filter_run(f, &image, out, 0, &err), &err);
                assert_int_equal(n_get, before); /* a known size allocates nothing */
            }
            if (st != GD_OK) assert_int_equal(st, GD_ERR_NOMEM);
            gd_filter_close(f);
            assert_int_equal(n_live, 0);
        }
        if (fail_at < 6) fail_msg("%s: %ld allocations", all[k], fail_at);
    }
    gd_mem_hook(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts), cmocka_unit_test(one_colour), cmocka_unit_test(same_pixels),
        cmocka_unit_test(bad_calls), cmocka_unit_test(every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
