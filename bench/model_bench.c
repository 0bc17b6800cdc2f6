/* model_bench.c -- times a whole model through the public interface: bytes in, results out.
 *
 *     model_bench [--device D] [--precision P] [--providers 1] [--batch N] [--size WxH]
 *                 [--runs N] [--threads N] MODEL.gdw
 *     model_bench MODEL.gdw WIDTH HEIGHT RUNS THREADS          (on the CPU)
 *
 * The picture is noise from a fixed seed, the same N times in a batch. Prints one line of JSON:
 * milliseconds to load the model, of the first run (it plans), and of the later ones (best,
 * median, upper quartile), the same of the device's part, and the peak resident memory of the
 * process and what the session held on its device. It does what a user's program would, so it
 * includes preprocessing and post-processing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/session_flags.h"

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static long peak_kib(void) {
    char  line[256];
    long  kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "VmHWM:", 6)) kib = strtol(line + 6, NULL, 10);
    if (f) fclose(f);
    return kib;
}

static int fail(const gd_error *err) {
    fprintf(stderr, "model_bench: %s %s\n", err->msg, err->why);
    return EXIT_FAILURE;
}

typedef struct options {
    gd_session_options session;
    const char        *model;
    int                width, height, runs, batch;
} options;

/* One option with its value; 0: there is none of that name, or the value is not one. */
static int take(options *o, const char *name, const char *value) {
    const int taken = bench_session_flag(&o->session, &o->batch, name, value);
    if (taken >= 0) return taken;
    if (!strcmp(name, "--size")) return sscanf(value, "%dx%d", &o->width, &o->height) == 2;
    if (!strcmp(name, "--runs")) return (o->runs = atoi(value)) > 0;
    if (!strcmp(name, "--threads")) return (o->session.threads = atoi(value)) > 0;
    return 0;
}

static int read_options(options *o, int argc, char **argv) {
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2)
        if (!take(o, argv[i], argv[i + 1])) return 0;
    if (argc - i == 5 && i == 1) {
        o->width = atoi(argv[2]);
        o->height = atoi(argv[3]);
        o->runs = atoi(argv[4]);
        o->session.threads = atoi(argv[5]);
    } else if (argc - i != 1) {
        return 0;
    }
    o->model = argv[i];
    return o->width > 0 && o->height > 0 && o->width < 32768 && o->height < 32768 &&
           o->runs > 0;
}

/* runs[i] is the whole call, device[i] what the device took of it. */
static gd_status bench(gd_session *s, const options *o, const unsigned char *rgb, double *first,
                       double *run, double *device, gd_error *err) {
    static gd_image  image[BENCH_MAX_BATCH];
    static gd_result result[BENCH_MAX_BATCH];
    gd_session_stats stats;
    for (int i = 0; i < o->batch; i++) image[i] = (gd_image){rgb, o->width, o->height, 0, 0};
    for (int i = -1; i < o->runs; i++) {
        const double    start = now_ms();
        const gd_status st = gd_session_run(s, image, o->batch, result, err);
        const double    took = now_ms() - start;
        if (st != GD_OK) return st;
        gd_session_stats_get(s, &stats);
        if (i < 0) *first = took;
        if (i < 0) continue;
        run[i] = took;
        device[i] = stats.device_ms;
    }
    qsort(run, (size_t)o->runs, sizeof *run, by_value);
    qsort(device, (size_t)o->runs, sizeof *device, by_value);
    return GD_OK;
}

static void print(const gd_session *s, const options *o, double load, double first,
                  const double *run, const double *device) {
    gd_session_stats t;
    const int        half = o->runs / 2, upper = o->runs * 3 / 4;
    gd_session_stats_get(s, &t);
    printf("{\"load\": %.2f, \"first\": %.2f, \"best\": %.3f, \"median\": %.3f, "
           "\"upper_quartile\": %.3f, \"peak_mib\": %.1f",
           load, first, run[0], run[half], run[upper], (double)peak_kib() / 1024);
    if (strcmp(t.device, "cpu") != 0)
        printf(", \"device\": \"%s\", \"name\": \"%s\", \"driver\": \"%s\", \"precision\": "
               "\"%s\", \"batch\": %d, \"device_best\": %.3f, \"device_median\": %.3f, "
               "\"device_upper_quartile\": %.3f, \"device_peak_mib\": %.1f",
               t.device, t.name, t.driver, t.precision, o->batch, device[0], device[half],
               device[upper], (double)t.peak_bytes / 1048576);
    printf("}\n");
}

int main(int argc, char **argv) {
    gd_error    err = {0};
    gd_model   *m = NULL;
    gd_session *s = NULL;
    options     o = {.width = 640, .height = 480, .runs = 20, .batch = 1};
    double      first = 0;
    o.session = gd_session_defaults();
    o.session.device = "cpu";
    if (!read_options(&o, argc, argv)) {
        fprintf(stderr, "usage: model_bench [--device D] [--precision P] [--providers 1] "
                        "[--batch N] [--size WxH] [--runs N] [--threads N] MODEL.gdw\n"
                        "       model_bench MODEL.gdw WIDTH HEIGHT RUNS THREADS\n");
        return 2;
    }
    const size_t   bytes = (size_t)o.width * (size_t)o.height * 3;
    unsigned char *rgb = malloc(bytes);
    double        *run = calloc((size_t)o.runs * 2, sizeof *run);
    if (!rgb || !run) return 2;
    unsigned seed = 1;
    for (size_t i = 0; i < bytes; i++)
        rgb[i] = (unsigned char)((seed = seed * 1664525u + 1013904223u) >> 24);
    const double start = now_ms();
    if (gd_model_load(o.model, &m, &err) != GD_OK) return fail(&err);
    if (gd_session_open(m, &o.session, &s, &err) != GD_OK) return fail(&err);
    const double load = now_ms() - start;
    if (bench(s, &o, rgb, &first, run, run + o.runs, &err) != GD_OK) return fail(&err);
    print(s, &o, load, first, run, run + o.runs);
    gd_session_close(s);
    gd_model_close(m);
    free(rgb);
    free(run);
    return 0;
}
