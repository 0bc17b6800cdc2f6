/* track_bench.c -- what one frame of tracking costs on one core, sparse and fully dense.
 *
 * track_bench [FRAMES] prints a line a case: 1,000 objects of 1080p that each overlap about
 * three others, fewer and more of them, and the worst case, in which every box overlaps every
 * other. Then assignments of full random matrices. Times are of whole updates: predict, pair,
 * assign, correct, begin and end. Processor time: neighbours on the machine do not count. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tools/track/assign.h"
#include "tools/track/track.h"

static double cpu_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static uint64_t seed = 88172645463325252ull;
static double   uniform(void) {
      seed ^= seed << 13;
      seed ^= seed >> 7;
      seed ^= seed << 17;
      return (double)(seed >> 11) / 9007199254740992.0;
}

static int by_value(const void *a, const void *b) {
    const double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static void print_times(const char *name, double *ms, int n) {
    qsort(ms, (size_t)n, sizeof *ms, by_value);
    printf("%s median %.3f ms, p99 %.3f ms, most %.3f ms\n", name, ms[n / 2],
           ms[(int)(0.99 * (n - 1))], ms[n - 1]);
    fflush(stdout);
}

typedef struct mover {
    double x, y, vx, vy;
} mover;

/* Mean number of other boxes that a box overlaps. */
static double overlaps(const gd_detection *d, int n) {
    int64_t pairs = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++) {
            const float *a = d[i].box, *b = d[j].box;
            pairs += a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
        }
    return 2.0 * (double)pairs / n;
}

/* `n` boxes of w x h wandering over width x height; a tenth of them missed in each frame. */
static void bench_tracker(gd_tracker_kind kind, int n, double w, double h, double width,
                          double height, int frames) {
    gd_tracker_options opt = gd_tracker_defaults(kind);
    gd_tracker        *t;
    gd_error           err;
    mover             *m = calloc((size_t)n, sizeof *m);
    gd_detection      *d = calloc((size_t)n, sizeof *d);
    gd_track          *out = calloc((size_t)n, sizeof *out);
    double            *ms = calloc((size_t)frames, sizeof *ms), mean = 0;
    char               name[160];
    if (gd_tracker_open(&opt, &t, &err) != GD_OK) exit(1);
    for (int i = 0; i < n; i++)
        m[i] = (mover){uniform() * width, uniform() * height, uniform() * 6 - 3,
                       uniform() * 6 - 3};
    for (int f = 0; f < frames; f++) {
        int seen = 0;
        for (int i = 0; i < n; i++) {
            m[i].x += m[i].vx;
            m[i].y += m[i].vy;
            if (m[i].x < 0 || m[i].x > width) m[i].vx = -m[i].vx;
            if (m[i].y < 0 || m[i].y > height) m[i].vy = -m[i].vy;
            if (f > 2 && uniform() < 0.1) continue;
            const float x = (float)(m[i].x + uniform() - 0.5);
            const float y = (float)(m[i].y + uniform() - 0.5);
            d[seen++] = (gd_detection){
                {x, y, x + (float)w, y + (float)h}, (float)(0.3 + 0.7 * uniform()), 0};
        }
        mean += overlaps(d, seen) / frames;
        const double start = cpu_ms();
        if (gd_tracker_update(t, d, seen, -1, out, &err) != GD_OK) exit(1);
        ms[f] = cpu_ms() - start;
    }
    snprintf(name, sizeof name,
             "%-9s %5d objects, %6.1f overlaps a box, %d frames:", gd_tracker_kind_name(kind),
             n, mean, frames);
    print_times(name, ms, frames);
    gd_tracker_close(t);
    free(m);
    free(d);
    free(out);
    free(ms);
}

static void bench_full(int n, int runs) {
    double        *cost = malloc((size_t)n * (size_t)n * sizeof *cost), *ms;
    int           *column_of = malloc((size_t)n * sizeof *column_of);
    gd_assign_room room = {0};
    gd_error       err;
    char           name[80];
    ms = calloc((size_t)runs, sizeof *ms);
    for (int k = 0; k < runs; k++) {
        for (int e = 0; e < n * n; e++) cost[e] = uniform();
        const double start = cpu_ms();
        if (gd_assign_full(cost, n, n, &room, column_of, &err) != GD_OK) exit(1);
        ms[k] = cpu_ms() - start;
    }
    snprintf(name, sizeof name, "assignment of a full %d x %d matrix:", n, n);
    print_times(name, ms, runs);
    gd_assign_room_free(&room);
    free(cost);
    free(column_of);
    free(ms);
}

int main(int argc, char **argv) {
    const int frames = argc > 1 ? atoi(argv[1]) : 300;
    if (frames < 1) return 2;
    for (int kind = 0; kind < 3; kind++) {
        bench_tracker((gd_tracker_kind)kind, 100, 90, 90, 1920, 1080, frames);
        bench_tracker((gd_tracker_kind)kind, 1000, 43, 43, 1920, 1080, frames);
        bench_tracker((gd_tracker_kind)kind, 5000, 19, 19, 1920, 1080, frames);
        bench_tracker((gd_tracker_kind)kind, 1000, 400, 400, 300, 300,
                      frames < 20 ? frames : 20);
    }
    bench_full(100, 20);
    bench_full(1000, 5);
    return 0;
}
