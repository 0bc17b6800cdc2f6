/* track_state_test.c -- saved trackers: bit for bit back; hostile files; memory that ends. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tests/track/short_heap.h"
#include "tools/track/track.h"

static gd_error err;
static char     path[64];

static void begin_file(void) {
    strcpy(path, "/tmp/gdrun-state-XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static uint32_t seed = 7;
static float    random_between(float low, float high) {
       seed = seed * 1664525u + 1013904223u;
       return low + (high - low) * (float)(seed >> 8) / 16777216.0f;
}

static int make_frame(gd_detection d[64]) {
    const int n = 20 + (int)random_between(0, 40);
    for (int i = 0; i < n; i++) {
        const float x = (float)(i * 30) + random_between(-4, 4), y = random_between(0, 6);
        d[i] = (gd_detection){{x, y, x + 25, y + 60}, random_between(0.05f, 1), i % 3};
    }
    return n;
}

static gd_tracker *open_kind(int kind) {
    gd_tracker_options opt = gd_tracker_defaults((gd_tracker_kind)kind);
    gd_tracker        *t;
    gd_assert_ok(gd_tracker_open(&opt, &t, &err), &err);
    return t;
}

static gd_tracker *run_some(int kind, int frames) {
    gd_tracker  *t = open_kind(kind);
    gd_detection d[64];
    gd_track     out[64];
    for (int f = 0; f < frames; f++) {
        const int n = make_frame(d);
        gd_assert_ok(gd_tracker_update(t, d, n, f / 29.97, out, &err), &err);
    }
    return t;
}

/* Both save the same bytes, to the last digit. */
static void same_state(const gd_tracker *a, const gd_tracker *b) {
    unsigned char *first, *second;
    size_t         n_first, n_second;
    gd_assert_ok(gd_tracker_save(a, path, true, &err), &err);
    gd_assert_ok(gd_file_slurp(path, 1 << 24, &first, &n_first, &err), &err);
    gd_assert_ok(gd_tracker_save(b, path, true, &err), &err);
    gd_assert_ok(gd_file_slurp(path, 1 << 24, &second, &n_second, &err), &err);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
    gd_mem_put(first);
    gd_mem_put(second);
}

static void test_round_trip(void **state) {
    (void)state;
    begin_file();
    for (int kind = 0; kind < 3; kind++) {
        gd_tracker *a = run_some(kind, 40), *b = open_kind(kind);
        gd_assert_ok(gd_tracker_save(a, path, true, &err), &err);
        assert_int_equal(gd_tracker_save(a, path, false, &err), GD_ERR_IO);
        gd_assert_ok(gd_tracker_load(b, path, &err), &err);
        same_state(a, b);
        for (int f = 40; f < 100; f++) {
            gd_detection d[64];
            gd_track     x[64] = {0}, y[64] = {0};
            const int    n = make_frame(d);
            int          n_x, n_y;
            gd_assert_ok(gd_tracker_update(a, d, n, f / 29.97, x, &err), &err);
            gd_assert_ok(gd_tracker_update(b, d, n, f / 29.97, y, &err), &err);
            assert_memory_equal(x, y, (size_t)n * sizeof *x);
            const gd_track *p = gd_tracker_lost(a, &n_x), *q = gd_tracker_lost(b, &n_y);
            assert_int_equal(n_x, n_y);
            if (n_x) assert_memory_equal(p, q, (size_t)n_x * sizeof *p);
        }
        same_state(a, b);
        gd_tracker_close(a);
        gd_tracker_close(b);
    }
    unlink(path);
}

static void write_file(const void *text, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static gd_status load_text(gd_tracker *t, const char *text) {
    write_file(text, strlen(text));
    return gd_tracker_load(t, path, &err);
}

#define HEAD \
    "{\"v\":1,\"type\":\"gdrun.tracker\",\"tracker\":\"iou\",\"frame\":9,\"clock\":1.5,"
#define AXES "[1,0,1,0,1, 1,0,1,0,1, 1,0,1,0,1, 1,0,1,0,1]"
#define STATE "\"streak\":1,\"confirmed\":true,\"class_id\":0,\"score\":0.5,\"seen\":1,"
#define REST STATE "\"box\":[1,2,3,4],\"axes\":" AXES "}"
#define TRACK(id) "{\"id\":" id ",\"hits\":2,\"age\":3,\"missed\":1," REST

static void test_refused(void **state) {
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"v\":1",
        HEAD "\"next_id\":5,\"tracks\":[]} x",
        HEAD "\"next_id\":5,\"tracks\":[]}{}",
        HEAD "\"tracks\":[]}",
        HEAD "\"next_id\":5,\"next_id\":5,\"tracks\":[]}",
        HEAD "\"next_id\":5,\"tracks\":[],\"more\":1}",
        HEAD "\"next_id\":5,\"tracks\":{}}",
        HEAD "\"next_id\":5,\"tracks\":[[]]}",
        HEAD "\"next_id\":-1,\"tracks\":[]}",
        HEAD "\"next_id\":5.5,\"tracks\":[]}",
        HEAD "\"next_id\":1e3,\"tracks\":[]}",
        HEAD "\"next_id\":99999999999999999999,\"tracks\":[]}",
        HEAD "\"next_id\":\"5\",\"tracks\":[]}",
        HEAD "\"next_id\":5,\"tracks\":[" TRACK("5") "]}",
        HEAD "\"next_id\":5,\"tracks\":[" TRACK("2") "," TRACK("2") "]}",
        HEAD "\"next_id\":5,\"tracks\":[" TRACK("3") "," TRACK("2") "]}",
        HEAD "\"next_id\":5,\"tracks\":[" TRACK("-1") "]}",
        HEAD "\"next_id\":5,\"tracks\":[" TRACK("true") "]}",
        HEAD "\"next_id\":5,\"tracks\":[" TRACK("null") "]}",
        HEAD "\"next_id\":5,\"tracks\":[" TRACK("1,\"id\":1") "]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"id\":1}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"id\":1,\"hits\":9,\"age\":3,\"missed\":1," REST "]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"id\":1,\"hits\":1,\"age\":3,\"missed\":3," REST "]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"box\":[1,2,3]}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"box\":[1,2,3,4,5]}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"box\":[1,2,3,[4]]}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"box\":7}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"score\":[0.5]}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"score\":1e39}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"seen\":1e61}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"seen\":1e999}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"class_id\":2147483648}]}",
        HEAD "\"next_id\":5,\"tracks\":[{\"axes\":[1,0,-1,0,1]}]}",
        "{\"v\":2}",
        "{\"type\":\"other\"}",
        "{\"tracker\":\"sort\"}",
        "{\"clock\":1e10}",
        "{\"frame\":{}}",
    };
    gd_tracker *t = run_some(GD_TRACKER_IOU, 3);
    (void)state;
    begin_file();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (load_text(t, texts[i]) != GD_ERR_FORMAT) fail_msg("text %zu was taken", i);
        assert_int_equal(err.code, 399);
        assert_int_equal(gd_tracker_frames(t), 3); /* as it was */
    }
    gd_assert_ok(load_text(t, HEAD "\"next_id\":5,\"tracks\":[]}"), &err);
    gd_assert_ok(load_text(t, HEAD "\"next_id\":5,\"tracks\":[" TRACK("1") "," TRACK("4") "]}"),
                 &err);
    assert_int_equal(gd_tracker_frames(t), 9);
    unlink(path);
    assert_int_equal(gd_tracker_load(t, path, &err), GD_ERR_IO);
    gd_tracker_close(t);
}

/* Cut at every length: refused, and nothing of it is taken. */
static void test_cut(void **state) {
    gd_tracker    *a = run_some(GD_TRACKER_BYTETRACK, 2), *b = open_kind(GD_TRACKER_BYTETRACK);
    unsigned char *text;
    size_t         n;
    (void)state;
    begin_file();
    gd_assert_ok(gd_tracker_save(a, path, true, &err), &err);
    gd_assert_ok(gd_file_slurp(path, 1 << 24, &text, &n, &err), &err);
    for (size_t cut = 0; cut + 2 <= n; cut += cut < 700 ? 1 : 97) {
        write_file(text, cut);
        assert_int_equal(gd_tracker_load(b, path, &err), GD_ERR_FORMAT);
    }
    gd_mem_put(text);
    unlink(path);
    gd_tracker_close(a);
    gd_tracker_close(b);
}

static void test_no_memory(void **state) {
    (void)state;
    begin_file();
    gd_mem_hook(&hook);
    allow = 1 << 20;
    gd_tracker *a = run_some(GD_TRACKER_SORT, 10), *b = open_kind(GD_TRACKER_SORT);
    for (int n = 0, refused = 1; refused; n++) {
        allow = n;
        const gd_status st = gd_tracker_save(a, path, true, &err);
        refused = st != GD_OK;
        if (refused) assert_int_equal(st, GD_ERR_NOMEM);
    }
    for (int n = 0, refused = 1; refused; n++) {
        allow = n;
        const gd_status st = gd_tracker_load(b, path, &err);
        refused = st != GD_OK;
        if (refused) assert_int_equal(st, GD_ERR_NOMEM);
        if (refused) assert_int_equal(gd_tracker_frames(b), 0);
    }
    assert_int_equal(gd_tracker_frames(b), 10);
    gd_tracker_close(a);
    gd_tracker_close(b);
    assert_int_equal(live, 0);
    gd_mem_hook(NULL);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
