/* model_bench.c -- times a whole model through the public interface: bytes in, results out.
 *
 *     model_bench MODEL.gdw WIDTH HEIGHT RUNS THREADS
 *
 * The picture is noise from a fixed seed. Prints one line of JSON: milliseconds to load the
 * model, of the first run (it plans), and of the later ones (best, median, upper quartile), and
 * the peak resident memory of the process. It does what a user's program would, so it includes
 * preprocessing and post-processing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/gdrun.h"

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
    fprintf(stderr, "model_bench: %s\n", err->msg);
    return EXIT_FAILURE;
}

int main(int argc, char **argv) {
    gd_error    err = {0};
    gd_model   *m;
    gd_session *s;
    gd_result   r;
    if (argc != 6) {
        fprintf(stderr, "usage: model_bench MODEL.gdw WIDTH HEIGHT RUNS THREADS\n");
        return 2;
    }
    const int          width = atoi(argv[2]), height = atoi(argv[3]), runs = atoi(argv[4]);
    const size_t       bytes = (size_t)width * (size_t)height * 3;
    unsigned char     *rgb = malloc(bytes);
    double            *ms = calloc((size_t)runs + 1, sizeof *ms);
    gd_session_options opt = gd_session_defaults();
    if (!rgb || !ms || runs < 1) return 2;
    unsigned seed = 1;
    for (size_t i = 0; i < bytes; i++)
        rgb[i] = (unsigned char)((seed = seed * 1664525u + 1013904223u) >> 24);
    const gd_image picture = {rgb, width, height, 0};
    opt.threads = atoi(argv[5]);
    double start = now_ms();
    if (gd_model_load(argv[1], &m, &err) != GD_OK) return fail(&err);
    if (gd_session_open(m, &opt, &s, &err) != GD_OK) return fail(&err);
    const double load = now_ms() - start;
    start = now_ms();
    if (gd_session_run(s, &picture, 1, &r, &err) != GD_OK) return fail(&err);
    const double first = now_ms() - start;
    for (int i = 0; i < runs; i++) {
        start = now_ms();
        if (gd_session_run(s, &picture, 1, &r, &err) != GD_OK) return fail(&err);
        ms[i] = now_ms() - start;
    }
    qsort(ms, (size_t)runs, sizeof *ms, by_value);
    printf("{\"load\": %.2f, \"first\": %.2f, \"best\": %.3f, \"median\": %.3f, "
           "\"upper_quartile\": %.3f, \"peak_mib\": %.1f}\n",
           load, first, ms[0], ms[runs / 2], ms[runs * 3 / 4], (double)peak_kib() / 1024);
    gd_session_close(s);
    gd_model_close(m);
    free(rgb);
    free(ms);
    return 0;
}
