/* example_test.c -- what a program writes that embeds a pipeline: the public header, 30 lines.
 *
 * Two threads: one submits what it reads, one takes results in order. The test around it only
 * makes a model and pictures of noise. */
#include <pthread.h>

#include "engine/gdrun.h" /* <gdrun.h> where it is installed */
#include "tests/pipeline/pipe_bench.h"

typedef struct camera {
    gd_pipeline *pipeline;
    int          pictures; /* that it will give */
} camera;

static void read_picture(uint8_t *rgb, int width, int height) {
    memset(rgb, 90, (size_t)width * (size_t)height * 3);
}

static void *feed(void *arg) {
    const camera *c = arg;
    uint8_t      *rgb;
    int           taken = 1;
    for (int64_t id = 0; id < c->pictures && taken; id++) {
        if (gd_pipeline_room(c->pipeline, 0, 64, 48, -1, &rgb, NULL) != GD_OK || !rgb) break;
        read_picture(rgb, 64, 48); /* straight into memory that a GPU can read */
        const gd_submission in = {.image = {.rgb = rgb, .width = 64, .height = 48}, .id = id};
        if (gd_pipeline_submit(c->pipeline, &in, -1, &taken, NULL) != GD_OK) break;
    }
    gd_pipeline_drain(c->pipeline);
    return NULL;
}

/* Pictures whose results came, in order; -1 on failure. */
static int64_t embed(const gd_model *model, int pictures, gd_pipeline_stats *stats) {
    gd_pipeline_options o = gd_pipeline_defaults(GD_MODE_LATENCY);
    camera              c = {.pictures = pictures};
    const gd_frame     *f;
    gd_error            err;
    pthread_t           feeder;
    int64_t             n = 0;
    o.width = 64; /* everything is allocated and planned here, not at the first picture */
    o.height = 48;
    o.session.threads = 1; /* the other cores are for the rest of the program */
    if (gd_pipeline_open(model, &o, &c.pipeline, &err) != GD_OK) return -1;
    if (pthread_create(&feeder, NULL, feed, &c) != 0) pictures = -1;
    while (pictures >= 0 && gd_pipeline_get(c.pipeline, -1, -1, &f, &err) == GD_OK && f) {
        if (f->status == GD_OK && f->id == n) n++; /* f->result.detections[...] */
        gd_pipeline_release(c.pipeline, f);
    }
    if (pictures >= 0) pthread_join(feeder, NULL);
    gd_pipeline_stats_get(c.pipeline, stats);
    gd_pipeline_close(c.pipeline);
    return n;
}

static void the_example_works(void **state) {
    (void)state;
    gd_model         *m = tiny_open(&bench_model);
    gd_pipeline_stats stats;
    assert_int_equal(embed(m, 50, &stats), 50);
    assert_true(stats.done == 50 && stats.fps > 0 && stats.latency.n == 50);
    assert_true(stats.sentence[0]);
    gd_model_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_example_works)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
