/* trace_bench.c -- where the time of a whole model goes, by kernel row and by node.
 *
 *     trace_bench [-s WxH] [-n RUNS] [-j THREADS] [-v] MODEL.gdw ...
 *
 * Runs one synthetic picture of W x H (640x480) again and again. Printed: the best run, the
 * median, the time of the first run (planning and packing included), and the best time summed
 * by kernel row; -v lists every node too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/gdrun.h"

enum { MAX_NODES = 4096, MAX_RUNS = 1000, MAX_KERNELS = 128 };

/* One thread is timed by the processor time of the process, which others hardly disturb. */
static clockid_t which_clock = CLOCK_MONOTONIC;

static double now_ms(void) {
    struct timespec t;
    clock_gettime(which_clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct share {
    const char *kernel;
    double      ms, gflop;
    int         nodes;
} share;

static int by_time(const void *a, const void *b) {
    const double x = ((const share *)a)->ms, y = ((const share *)b)->ms;
    return (x < y) - (x > y);
}

static void print_shares(const gd_trace_row *row, int n) {
    share  s[MAX_KERNELS];
    int    used = 0;
    double sum = 0;
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (k < used && strcmp(s[k].kernel, row[i].kernel) != 0) k++;
        if (k == MAX_KERNELS) continue;
        if (k == used) s[used++] = (share){row[i].kernel, 0, 0, 0};
        s[k].ms += row[i].ms;
        s[k].gflop += row[i].gflop;
        s[k].nodes++;
        sum += row[i].ms;
    }
    qsort(s, (size_t)used, sizeof *s, by_time);
    for (int k = 0; k < used; k++)
        printf("  %-32s %4d nodes %9.3f ms %5.1f%% %8.1f GFLOP/s\n", s[k].kernel, s[k].nodes,
               s[k].ms, 100 * s[k].ms / sum, s[k].ms > 0 ? s[k].gflop / s[k].ms * 1e3 : 0);
}

static void print_nodes(const gd_trace_row *row, int n) {
    for (int i = 0; i < n; i++)
        printf("    %9.3f ms %8.1f GFLOP/s %8.2f MiB  %-24s %s\n", row[i].ms,
               row[i].ms > 0 ? row[i].gflop / row[i].ms * 1e3 : 0, row[i].mib, row[i].kernel,
               row[i].name);
}

/* A picture of slanted stripes of many widths: edges everywhere, no two rows alike. */
static unsigned char *picture(int width, int height) {
    unsigned char *p = malloc((size_t)width * (size_t)height * 3);
    for (int y = 0; p && y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                p[(y * width + x) * 3 + c] =
                    (unsigned char)((x * (c + 1) + y * y / 64 + (x * y) / 97) & 255);
    return p;
}

static gd_status bench(const char *path, const gd_image *image, int runs, int threads,
                       int verbose, gd_error *err) {
    gd_status           st;
    gd_model           *m = NULL;
    gd_session         *s = NULL;
    gd_result           result;
    gd_session_options  opt = gd_session_defaults();
    static gd_trace_row row[MAX_NODES], best_row[MAX_NODES];
    static double       ms[MAX_RUNS];
    double              first = 0, best = 0;
    int                 n_row = 0;
    opt.threads = threads;
    opt.trace = 1;
    if ((st = gd_model_load(path, &m, err)) != GD_OK) goto done;
    if ((st = gd_session_open(m, &opt, &s, err)) != GD_OK) goto done;
    for (int i = -1; i < runs; i++) {
        const double start = now_ms();
        if ((st = gd_session_run(s, image, 1, &result, err)) != GD_OK) goto done;
        const double took = now_ms() - start;
        if (i < 0) {
            first = took;
            continue;
        }
        ms[i] = took;
        if (i > 0 && took >= best) continue;
        best = took;
        n_row = gd_session_trace(s, row, MAX_NODES);
        if (n_row > MAX_NODES) n_row = MAX_NODES;
        memcpy(best_row, row, (size_t)n_row * sizeof *row);
    }
    qsort(ms, (size_t)runs, sizeof *ms, by_value);
    printf("%s %dx%d: best %.2f ms, median %.2f ms, first run %.0f ms, %d found\n",
           gd_model_arch(m), image->width, image->height, best, ms[runs / 2], first,
           result.n_detections + result.n_classes);
    print_shares(best_row, n_row);
    if (verbose) print_nodes(best_row, n_row);
done:
    gd_session_close(s);
    gd_model_close(m);
    return st;
}

int main(int argc, char **argv) {
    gd_image image = {.width = 640, .height = 480};
    int      runs = 10, threads = 0, verbose = 0, i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "-v")) {
            verbose = 1;
            continue;
        }
        i++;
        if (!strcmp(argv[i - 1], "-s") &&
            sscanf(value, "%dx%d", &image.width, &image.height) == 2)
            continue;
        if (!strcmp(argv[i - 1], "-n") && (runs = atoi(value)) > 0 && runs <= MAX_RUNS)
            continue;
        if (!strcmp(argv[i - 1], "-j") && (threads = atoi(value)) > 0) continue;
        i = argc;
    }
    if (i >= argc || image.width < 1 || image.height < 1) {
        fprintf(stderr,
                "usage: trace_bench [-s WxH] [-n RUNS] [-j THREADS] [-v] MODEL.gdw ...\n");
        return EXIT_FAILURE;
    }
    if (threads == 1) which_clock = CLOCK_PROCESS_CPUTIME_ID;
    unsigned char *rgb = picture(image.width, image.height);
    gd_error       err;
    int            bad = !rgb;
    image.rgb = rgb;
    for (; i < argc && !bad; i++)
        if (bench(argv[i], &image, runs, threads, verbose, &err) != GD_OK) {
            fprintf(stderr, "trace_bench: %s: %s\n", argv[i], err.msg);
            bad = 1;
        }
    free(rgb);
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
