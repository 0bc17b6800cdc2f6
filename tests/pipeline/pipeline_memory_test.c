/* pipeline_memory_test.c -- a pipeline's memory: flat over 20,000 pictures, clean when it ends.
 *
 * Every request to the heap goes through gd_mem, whose hook counts here; what libraries take
 * besides (oneDNN's list of arguments lives for one call) shows in the resident set. */
#include <malloc.h>
#include <stdatomic.h>
#include <unistd.h>

#include "engine/mem.h"
#include "tests/pipeline/pipe_bench.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PLAIN 0 /* a sanitizer keeps freed memory */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PLAIN 0
#endif
#endif
#ifndef PLAIN
#define PLAIN 1
#endif

static atomic_long requests, live, fail_at; /* fail_at: the request that fails; 0: none */

static void *counted_get(void *ctx, size_t size) {
    (void)ctx;
    if (atomic_fetch_add(&requests, 1) + 1 == atomic_load(&fail_at)) return NULL;
    atomic_fetch_add(&live, 1);
    return aligned_alloc(64, size);
}

static void counted_put(void *ctx, void *p) {
    (void)ctx;
    atomic_fetch_sub(&live, 1);
    free(p);
}

static const gd_alloc counted = {NULL, counted_get, counted_put};

static long resident(void) {
    long  pages = 0, all;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld", &all, &pages), 2);
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Gets what is there, in order; at least one when `must`. */
static void get_some(gd_pipeline *p, int64_t *next, bool must) {
    const gd_frame *f;
    while ((f = bench_get(p, 0, must ? -1 : 0)) != NULL) {
        assert_int_equal(f->status, GD_OK);
        assert_int_equal(f->id, (*next)++);
        gd_pipeline_release(p, f);
        must = false;
    }
}

static void memory_is_flat(void **state) {
    (void)state;
    enum { WARM = 2000, ALL = 20000 };
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(2, 4, 1);
    const gd_image      image = tiny_picture(24, 24, 5);
    int64_t             next = 0;
    long                asked = 0, held = 0;
    o.width = o.height = 24;
    atomic_store(&fail_at, 0);
    gd_mem_hook(NULL);
    gd_pipeline *p;
    gd_error     err;
    gd_mem_hook(&counted);
    gd_assert_ok(gd_pipeline_open(m, &o, &p, &err), &err);
    const long opened = atomic_load(&requests);
    for (int i = 0; i < ALL; i++) {
        if (i == WARM) {
            asked = atomic_load(&requests);
            held = resident();
        }
        while (!bench_submit(p, &image, i, 0, 0, 0)) get_some(p, &next, true);
    }
    gd_pipeline_drain(p);
    while (next < ALL) get_some(p, &next, true);
    if (PLAIN && resident() - held > 1 << 20)
        fail_msg("%ld bytes more after %d pictures", resident() - held, ALL);
    assert_int_equal(atomic_load(&requests), asked);
    assert_int_equal(asked, opened); /* nor did the first pictures need any */
    gd_pipeline_close(p);
    gd_mem_hook(NULL);
    assert_int_equal(atomic_load(&live), 0);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

/* More results than a slot begins with room for. */
static void results_of_any_number(void **state) {
    (void)state;
    gd_model           *m = tiny_open(&bench_model);
    gd_pipeline_options o = bench_options(1, 1, 1);
    const gd_image      image = tiny_picture(24, 24, 5);
    o.width = o.height = 24;
    o.session.imgsz_h = o.session.imgsz_w = 320;
    o.session.conf = 0;
    o.session.iou = 1;
    o.session.max_det = 0;
    atomic_store(&fail_at, 0);
    gd_mem_hook(&counted);
    gd_pipeline *p = bench_open(m, &o);
    assert_int_equal(bench_submit(p, &image, 0, 0, 0, 0), 1);
    const gd_frame *f = bench_get(p, 0, -1);
    assert_int_equal(f->status, GD_OK);
    assert_in_range(f->result.n_detections, 1000, 2100);
    gd_pipeline_close(p);
    gd_mem_hook(NULL);
    assert_int_equal(atomic_load(&live), 0);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

/* One life with the n-th request failing; whether all went well. */
static bool one_life(const gd_model *m, const gd_image *image, int width) {
    gd_pipeline_options o = bench_options(2, 2, 1);
    gd_pipeline        *p;
    gd_error            err;
    bool                well = true;
    o.depth = 3;
    o.width = o.height = width;
    const gd_status st = gd_pipeline_open(m, &o, &p, &err);
    if (st != GD_OK) {
        assert_int_equal(st, GD_ERR_NOMEM);
        assert_null(p);
        return false;
    }
    for (int i = 0; i < 3; i++) {
        const gd_submission in = {*image, i, 0, 0, NULL};
        int                 taken;
        const gd_status     got = gd_pipeline_submit(p, &in, -1, &taken, &err);
        if (got == GD_OK && taken) continue;
        assert_int_equal(got, GD_ERR_NOMEM);
        well = false;
    }
    gd_pipeline_drain(p);
    for (const gd_frame *f; (f = bench_get(p, 0, -1)) != NULL; gd_pipeline_release(p, f))
        if (f->status != GD_OK) {
            assert_int_equal(f->status, GD_ERR_NOMEM);
            assert_int_equal(f->result.n_detections, 0);
            well = false;
        }
    gd_pipeline_close(p);
    return well;
}

/* Graphs of one shape take hundreds of requests: every one of the first, then some. */
static void memory_ends_at_any_request(void **state) {
    (void)state;
    gd_model      *m = tiny_open(&tiny_families[0]);
    const gd_image image = tiny_picture(32, 32, 5);
    int            failed = 0;
    for (int width = 0; width <= 32; width += 32) {
        long step = 1, n = 1;
        for (;; n += step) {
            atomic_store(&requests, 0);
            atomic_store(&fail_at, n);
            gd_mem_hook(&counted);
            const bool well = one_life(m, &image, width);
            gd_mem_hook(NULL);
            assert_int_equal(atomic_load(&live), 0);
            failed += !well;
            if (atomic_load(&requests) < n) break;
            if (n > 60) step = 1 + n / 12;
        }
        /* How many depends on what ran together: a batch without memory goes one by one. */
        assert_true(failed > 8);
    }
    atomic_store(&fail_at, 0);
    gd_model_close(m);
    free((void *)(uintptr_t)image.rgb);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_is_flat),
                                       cmocka_unit_test(results_of_any_number),
                                       cmocka_unit_test(memory_ends_at_any_request)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
