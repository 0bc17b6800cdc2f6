/* pipeline_bench.c -- pictures a second through a pipeline, and what sets its pace.
 *
 *     pipeline_bench [--device D] [--precision P] [--providers 1] [--batch N] [--sessions N]
 *                    [--threads N] [--mode throughput|latency] [--size WxH] [--pictures N]
 *                    MODEL.gdw
 *
 * One thread submits noise as fast as slots come free, the other takes the results. Pictures
 * are decoded nowhere, but each is copied into its slot, as from a camera. Prints one line of
 * JSON. */
#include <pthread.h>
#include <stdio.h>

#include "bench/session_flags.h"

typedef struct options {
    gd_pipeline_options pipeline;
    const char         *model;
    int                 pictures;
} options;

typedef struct feeder {
    gd_pipeline *p;
    gd_image     image;
    int          pictures;
} feeder;

static void complain(const gd_error *err) {
    fprintf(stderr, "pipeline_bench: %s %s\n", err->msg, err->why);
}

/* One option with its value; 0: there is none of that name, or the value is not one. */
static int take(options *o, const char *name, const char *value) {
    gd_pipeline_options *p = &o->pipeline;
    const int            taken = bench_session_flag(&p->session, &p->batch_max, name, value);
    if (taken >= 0) return taken;
    if (!strcmp(name, "--size")) return sscanf(value, "%dx%d", &p->width, &p->height) == 2;
    if (!strcmp(name, "--pictures")) return (o->pictures = atoi(value)) > 0;
    if (!strcmp(name, "--sessions")) return (p->sessions = atoi(value)) > 0;
    if (!strcmp(name, "--threads")) return (p->session.threads = atoi(value)) > 0;
    if (strcmp(name, "--mode") != 0) return 0;
    p->mode = !strcmp(value, "latency") ? GD_MODE_LATENCY : GD_MODE_THROUGHPUT;
    return p->mode == GD_MODE_LATENCY || !strcmp(value, "throughput");
}

static int parse(options *o, int argc, char **argv) {
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2)
        if (!take(o, argv[i], argv[i + 1])) return 0;
    if (i != argc - 1) return 0;
    o->model = argv[i];
    return 1;
}

static void *feed(void *arg) {
    const feeder *f = arg;
    int           taken = 1;
    for (int i = 0; i < f->pictures && taken; i++) {
        const gd_submission in = {.image = f->image, .id = i};
        if (gd_pipeline_submit(f->p, &in, -1, &taken, NULL) != GD_OK) break;
    }
    gd_pipeline_drain(f->p);
    return NULL;
}

/* Runs them all; the results' number, or -1. */
static int run(gd_pipeline *p, const gd_image *image, int pictures, gd_error *err) {
    feeder          f = {p, *image, pictures};
    const gd_frame *r;
    pthread_t       t;
    int             n = 0;
    gd_status       st;
    if (pthread_create(&t, NULL, feed, &f) != 0) return -1;
    while ((st = gd_pipeline_get(p, -1, -1, &r, err)) == GD_OK && r) {
        if (r->status == GD_OK) n++;
        gd_pipeline_release(p, r);
    }
    pthread_join(t, NULL);
    return st == GD_OK ? n : -1;
}

static void print(const gd_pipeline_stats *s) {
    printf("{\"device\":\"%s\",\"precision\":\"%s\",\"sessions\":%d,\"batch\":%d,\"depth\":%d,"
           "\"pictures\":%llu,\"fps\":%.2f,\"batch_mean\":%.2f,\"busy\":%.4f,"
           "\"device_busy\":%.4f,\"run_ms\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
           "\"bytes\":%llu,\"pace\":\"%s\"}\n",
           s->session.device, s->session.precision, s->sessions, s->batch_max, s->depth,
           (unsigned long long)s->done, s->fps, s->batch_mean, s->busy, s->device_busy,
           s->run.mean, s->latency.p50, s->latency.p99, (unsigned long long)s->bytes,
           s->sentence);
}

int main(int argc, char **argv) {
    options           o = {gd_pipeline_defaults(GD_MODE_THROUGHPUT), NULL, 200};
    gd_pipeline_stats stats;
    gd_model         *m = NULL;
    gd_pipeline      *p = NULL;
    gd_error          err = {0};
    o.pipeline.width = 640;
    o.pipeline.height = 480;
    if (!parse(&o, argc, argv)) {
        fprintf(stderr, "usage: see the head of bench/pipeline_bench.c\n");
        return 2;
    }
    const size_t size = (size_t)o.pipeline.width * (size_t)o.pipeline.height * 3;
    uint8_t     *rgb = malloc(size);
    if (!rgb) return EXIT_FAILURE;
    for (size_t i = 0; i < size; i++) rgb[i] = (uint8_t)((uint32_t)i * 2654435761u >> 24);
    const gd_image image = {rgb, o.pipeline.width, o.pipeline.height, 0, 0};
    int            code = EXIT_FAILURE;
    if (gd_model_load(o.model, &m, &err) == GD_OK &&
        gd_pipeline_open(m, &o.pipeline, &p, &err) == GD_OK &&
        run(p, &image, o.pictures, &err) == o.pictures) {
        gd_pipeline_stats_get(p, &stats);
        print(&stats);
        code = EXIT_SUCCESS;
    } else {
        complain(&err);
    }
    gd_pipeline_close(p);
    gd_model_close(m);
    free(rgb);
    return code;
}
