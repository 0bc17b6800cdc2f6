/* measure.c -- times one configuration: a session of its own, warm-up, then the three rows. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/machine.h"
#include "engine/mem.h"
#include "tools/bench/bench.h"

const char *const gd_bench_name[GD_N_BENCH] = {"device", "host", "file"};

enum { LEAST_RUNS = 3 };

/* A measurement under way. */
typedef struct work {
    const gd_bench_plan *plan;
    gd_session          *session;
    int                  batch;
    unsigned char       *pinned;  /* the batch's pictures, one after the other */
    gd_image            *images;  /* into pinned */
    gd_picture          *decoded; /* for the row "file" */
    gd_image            *decoded_images;
    gd_result           *results;
    gd_samples           samples[GD_N_BENCH];
} work;

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static gd_status prepare(work *w, gd_error *err) {
    const gd_picture *p = w->plan->picture;
    const size_t      one = (size_t)p->width * (size_t)p->height * 3, n = (size_t)w->batch;
    void             *pinned;
    w->images = gd_mem_array(n, sizeof *w->images);
    w->decoded_images = gd_mem_array(n, sizeof *w->decoded_images);
    w->decoded = gd_mem_array(n, sizeof *w->decoded);
    w->results = gd_mem_array(n, sizeof *w->results);
    if (!w->images || !w->decoded_images || !w->decoded || !w->results)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for a batch of %d", w->batch);
    GD_TRY(gd_session_pin(w->session, one * n, &pinned, err));
    w->pinned = pinned;
    for (size_t i = 0; i < n; i++) {
        memcpy(w->pinned + one * i, p->rgb, one);
        w->images[i] = (gd_image){w->pinned + one * i, p->width, p->height, 0, 0};
    }
    return GD_OK;
}

static void release(work *w) {
    for (int i = 0; w->decoded && i < w->batch; i++) gd_picture_free(&w->decoded[i]);
    for (int i = 0; i < GD_N_BENCH; i++) gd_samples_free(&w->samples[i]);
    if (w->session) gd_session_unpin(w->session, w->pinned);
    gd_mem_put(w->images);
    gd_mem_put(w->decoded_images);
    gd_mem_put(w->decoded);
    gd_mem_put(w->results);
    gd_session_close(w->session);
}

static gd_status run_host(work *w, gd_error *err) {
    return gd_session_run(w->session, w->images, w->batch, w->results, err);
}

static gd_status run_file(work *w, gd_error *err) {
    for (int i = 0; i < w->batch; i++) {
        GD_TRY(gd_decoder_read(w->plan->decoder, w->plan->path, NULL, &w->decoded[i], err));
        w->decoded_images[i] = gd_picture_image(&w->decoded[i]);
    }
    return gd_session_run(w->session, w->decoded_images, w->batch, w->results, err);
}

/* Times one way of running; the device's own time is kept with the row "host". */
static gd_status sample(work *w, gd_bench_what what, gd_error *err) {
    gd_status (*run)(work *, gd_error *) = what == GD_BENCH_FILE ? run_file : run_host;
    const gd_bench_plan *p = w->plan;
    const double         begin = now_ms();
    /* The first run plans; the rest of the warm-up may not eat more than its share of time. */
    for (int i = 0; i < p->warmup + 1; i++) {
        if (i > LEAST_RUNS && now_ms() - begin > p->max_ms / 2) break;
        GD_TRY(run(w, err));
    }
    const double start = now_ms();
    for (int i = 0; i < p->iters; i++) {
        const double before = now_ms();
        if (p->stop && p->stop()) break;
        if (i >= LEAST_RUNS && before - start > p->max_ms) break;
        GD_TRY(run(w, err));
        GD_TRY(gd_samples_add(&w->samples[what], now_ms() - before, err));
        if (what == GD_BENCH_FILE) continue;
        gd_session_stats stats;
        gd_session_stats_get(w->session, &stats);
        GD_TRY(gd_samples_add(&w->samples[GD_BENCH_DEVICE], stats.device_ms, err));
    }
    return GD_OK;
}

gd_status gd_bench_measure(const gd_bench_plan *p, gd_bench_row *row, gd_session_stats *stats,
                           gd_error *err) {
    work      w = {.plan = p, .batch = row->batch};
    gd_status st;
    GD_GO(gd_session_open(p->model, &p->options, &w.session, err));
    gd_session_stats_get(w.session, stats);
    snprintf(row->precision, sizeof row->precision, "%s", stats->precision);
    GD_GO(prepare(&w, err));
    GD_GO(sample(&w, GD_BENCH_HOST, err));
    if (p->path) GD_GO(sample(&w, GD_BENCH_FILE, err));
    for (int i = 0; i < GD_N_BENCH; i++) row->time[i] = gd_samples_timing(&w.samples[i]);
    row->results = w.results[0].n_detections + w.results[0].n_classes;
    gd_session_stats_get(w.session, stats);
    row->peak_bytes = stats->peak_bytes;
    row->process_bytes = gd_machine_peak();
    if (stats->device_bytes) {
        uint64_t room;
        GD_GO(gd_session_room(w.session, &room, err));
        row->used_bytes = stats->device_bytes > room ? stats->device_bytes - room : 0;
    }
done:
    release(&w);
    if (st != GD_OK && err) row->error = *err;
    return st;
}
