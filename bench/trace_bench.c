/* trace_bench.c -- where the time of a whole model goes, by kernel row and by node.
 *
 *     trace_bench [--device D] [--precision P] [--providers 1] [--batch N] [-s WxH] [-n RUNS]
 *                 [-j THREADS] [-w N] [-v] MODEL.gdw ... [PICTURE.ppm]
 *
 * Runs one picture, N times side by side in a batch, again and again: a synthetic one of W x H
 * (640x480), or a binary PPM. Printed: the best run, the median, the time of the first run
 * (planning and packing included), and the best time summed by kernel row, then the N (12)
 * slowest nodes; -v lists every node too. On a GPU the runs are timed as recorded graphs, the
 * nodes in further runs: marks between them cost a microsecond or two each, and neighbours do
 * not overlap there, so their sum is above the time of the graph. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/session_flags.h"

enum { MAX_NODES = 4096, MAX_RUNS = 1000, MAX_KERNELS = 128 };

typedef struct options {
    gd_session_options session;
    gd_image           image;
    int                runs, batch, verbose, slowest;
} options;

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
    double      ms, gflop, mib;
    int         nodes;
} share;

static int by_time(const void *a, const void *b) {
    const double x = ((const share *)a)->ms, y = ((const share *)b)->ms;
    return (x < y) - (x > y);
}

static int by_row_time(const void *a, const void *b) {
    const double x = ((const gd_trace_row *)a)->ms, y = ((const gd_trace_row *)b)->ms;
    return (x < y) - (x > y);
}

static double per_ms(double work, double ms) { return ms > 0 ? work / ms : 0; }

static void print_shares(const gd_trace_row *row, int n) {
    share  s[MAX_KERNELS];
    int    used = 0;
    double sum = 0;
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (k < used && strcmp(s[k].kernel, row[i].kernel) != 0) k++;
        if (k == MAX_KERNELS) continue;
        if (k == used) s[used++] = (share){row[i].kernel, 0, 0, 0, 0};
        s[k].ms += row[i].ms;
        s[k].gflop += row[i].gflop;
        s[k].mib += row[i].mib;
        s[k].nodes++;
        sum += row[i].ms;
    }
    qsort(s, (size_t)used, sizeof *s, by_time);
    for (int k = 0; k < used; k++)
        printf("  %-32s %4d nodes %9.3f ms %5.1f%% %9.1f GFLOP/s %8.1f GB/s\n", s[k].kernel,
               s[k].nodes, s[k].ms, 100 * per_ms(s[k].ms, sum),
               per_ms(s[k].gflop, s[k].ms) * 1e3, per_ms(s[k].mib * 1.048576, s[k].ms));
    printf("  %-32s %4d nodes %9.3f ms\n", "all", n, sum);
}

static void print_nodes(const gd_trace_row *row, int n) {
    for (int i = 0; i < n; i++)
        printf("    %9.4f ms %9.1f GFLOP/s %8.1f GB/s %8.2f MiB  %-24s %-14s %s\n", row[i].ms,
               per_ms(row[i].gflop, row[i].ms) * 1e3, per_ms(row[i].mib * 1.048576, row[i].ms),
               row[i].mib, row[i].kernel, row[i].op, row[i].name);
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

/* "P6 WIDTH HEIGHT 255", one byte of white space, the pixels; no comments. */
static unsigned char *read_ppm(const char *path, gd_image *image) {
    FILE          *f = fopen(path, "rb");
    unsigned char *p = NULL;
    int            most = 0;
    if (!f) return NULL;
    if (fscanf(f, "P6 %d %d %d", &image->width, &image->height, &most) == 3 && most == 255 &&
        fgetc(f) != EOF && image->width > 0 && image->height > 0 && image->width < 32768 &&
        image->height < 32768) {
        const size_t size = (size_t)image->width * (size_t)image->height * 3;
        p = malloc(size);
        if (p && fread(p, 1, size, f) != size) {
            free(p);
            p = NULL;
        }
    }
    fclose(f);
    return p;
}

typedef struct outcome {
    double           first, ms[MAX_RUNS], device[MAX_RUNS];
    int              found, n_row;
    gd_trace_row     row[MAX_NODES]; /* of the best run; strings belong to the session */
    gd_session_stats stats;
} outcome;

static gd_status run_all(gd_session *s, const options *o, outcome *out, gd_error *err) {
    static gd_image  image[BENCH_MAX_BATCH];
    static gd_result result[BENCH_MAX_BATCH];
    double           best = 0;
    gd_status        st = GD_OK;
    for (int i = 0; i < o->batch; i++) image[i] = o->image;
    for (int i = -1; i < o->runs; i++) {
        const double start = now_ms();
        if ((st = gd_session_run(s, image, o->batch, result, err)) != GD_OK) return st;
        const double took = now_ms() - start;
        gd_session_stats_get(s, &out->stats);
        if (i < 0) {
            out->first = took;
            continue;
        }
        out->ms[i] = took;
        out->device[i] = out->stats.device_ms;
        if (i > 0 && took >= best) continue;
        best = took;
        out->n_row = gd_session_trace(s, out->row, MAX_NODES);
        if (out->n_row > MAX_NODES) out->n_row = MAX_NODES;
    }
    out->found = result[0].n_detections + result[0].n_classes;
    qsort(out->ms, (size_t)o->runs, sizeof *out->ms, by_value);
    qsort(out->device, (size_t)o->runs, sizeof *out->device, by_value);
    return st;
}

static void print_times(const char *arch, const options *o, const outcome *t) {
    printf("%s %dx%d batch %d %s %s (%s): best %.3f ms, median %.3f ms, first run %.0f ms, "
           "%d found\n",
           arch, o->image.width, o->image.height, o->batch, t->stats.device, t->stats.precision,
           t->stats.name, t->ms[0], t->ms[o->runs / 2], t->first, t->found);
    if (strcmp(t->stats.device, "cpu") != 0)
        printf("  graphs on the device: best %.3f ms, median %.3f ms; %.1f MiB held\n",
               t->device[0], t->device[o->runs / 2], (double)t->stats.peak_bytes / 1048576);
}

static gd_status bench(const char *path, const options *o, gd_error *err) {
    gd_status          st;
    gd_model          *m = NULL;
    gd_session        *s = NULL, *traced = NULL;
    gd_session_options opt = o->session;
    static outcome     plain, nodes;
    if ((st = gd_model_load(path, &m, err)) != GD_OK) goto done;
    opt.trace = 1;
    if ((st = gd_session_open(m, &opt, &traced, err)) != GD_OK) goto done;
    if ((st = run_all(traced, o, &nodes, err)) != GD_OK) goto done;
    if (strcmp(nodes.stats.device, "cpu") != 0) {
        opt.trace = 0;
        if ((st = gd_session_open(m, &opt, &s, err)) != GD_OK) goto done;
        if ((st = run_all(s, o, &plain, err)) != GD_OK) goto done;
    } else {
        plain = nodes;
    }
    print_times(gd_model_arch(m), o, &plain);
    print_shares(nodes.row, nodes.n_row);
    if (o->verbose) print_nodes(nodes.row, nodes.n_row);
    qsort(nodes.row, (size_t)nodes.n_row, sizeof *nodes.row, by_row_time);
    printf("  slowest nodes\n");
    print_nodes(nodes.row, nodes.n_row < o->slowest ? nodes.n_row : o->slowest);
done:
    gd_session_close(s);
    gd_session_close(traced);
    gd_model_close(m);
    return st;
}

/* One option with its value; 0: there is none of that name, or the value is not one. */
static int take(options *o, const char *name, const char *value) {
    const int taken = bench_session_flag(&o->session, &o->batch, name, value);
    if (taken >= 0) return taken;
    if (!strcmp(name, "-s"))
        return sscanf(value, "%dx%d", &o->image.width, &o->image.height) == 2;
    if (!strcmp(name, "-n")) return (o->runs = atoi(value)) > 0 && o->runs <= MAX_RUNS;
    if (!strcmp(name, "-w")) return (o->slowest = atoi(value)) > 0;
    if (!strcmp(name, "-j")) return (o->session.threads = atoi(value)) > 0;
    return 0;
}

static int usage(void) {
    fprintf(stderr,
            "usage: trace_bench [--device D] [--precision P] [--providers 1] [--batch N] "
            "[-s WxH] [-n RUNS] [-j THREADS] [-w N] [-v] MODEL.gdw ... "
            "[PICTURE.ppm]\n");
    return EXIT_FAILURE;
}

int main(int argc, char **argv) {
    options o = {.session = gd_session_defaults(),
                 .image = {.width = 640, .height = 480},
                 .runs = 10,
                 .batch = 1,
                 .slowest = 12};
    int     i = 1, last = argc;
    o.session.device = "cpu";
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "-v"))
            o.verbose = 1;
        else if (i + 1 >= argc || !take(&o, argv[i], argv[i + 1]))
            return usage();
        else
            i++;
    }
    if (i >= argc || o.image.width < 1 || o.image.height < 1) return usage();
    if (o.session.threads == 1 && !strcmp(o.session.device, "cpu"))
        which_clock = CLOCK_PROCESS_CPUTIME_ID;
    const char    *end = strrchr(argv[argc - 1], '.');
    unsigned char *rgb;
    if (end && !strcmp(end, ".ppm"))
        rgb = read_ppm(argv[last = argc - 1], &o.image);
    else
        rgb = picture(o.image.width, o.image.height);
    if (!rgb) {
        fprintf(stderr, "trace_bench: no picture\n");
        return EXIT_FAILURE;
    }
    gd_error err;
    int      bad = 0;
    o.image.rgb = rgb;
    for (; i < last && !bad; i++)
        if (bench(argv[i], &o, &err) != GD_OK) {
            fprintf(stderr, "trace_bench: %s: %s %s\n", argv[i], err.msg, err.why);
            bad = 1;
        }
    free(rgb);
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
