/* op_bench.c -- times every kernel row of an operator on given shapes, beside each other.
 *
 *     op_bench [-t SECONDS] [-j THREADS] [-r ROW] [--op NAME] [--batch N]
 *              [--device cuda[:N]] [--precision fp32|tf32|fp16] [--providers] [--warm]
 *              [--json FILE] [--md FILE] [--commit TEXT] bench/shapes/faster_rcnn.txt ...
 *
 * A line of a shape file is one node, inputs first; weights are `const`, `nodes` says how often
 * the model has it:
 *
 *     conv2d in=1,200,336,64 const=64,3,3,64 const=64 pad=1,1,1,1 then=relu nodes=3 # note
 *
 * Behind a shape may stand what it holds: :boxes=SIZE, :score, :i32=MOST, :u8 or :give=1,2,...;
 * in=none leaves an optional input out. Attributes left out take the value of the operator's
 * field table; --batch multiplies the first axis of every `in`.
 *
 * On the CPU rows take turns, round by round, so that a busy machine hurts all of them alike;
 * with -j 1 the clock is this process's processor time, which others hardly touch. On a GPU
 * (op_bench_device.c) each row runs in a recorded graph; --warm uses the same buffers again and
 * again, --providers shows rows of vendor libraries too, where need be without the steps that
 * they cannot absorb ("bare"). There the ceilings are measured first: a copy, and the largest
 * product of matrices by any row at hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/op_bench.h"
#include "engine/backend.h"
#include "engine/mem.h"
#include "engine/plugin.h"

enum { MAX_RESULTS = 1024 };

static double now_ms(void) {
    struct timespec t;
    clock_gettime(gd_cpu_threads() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

int absorbs_all(const gd_kernel *row, const gd_launch *l) {
    for (int i = 0; i < l->n_step; i++) {
        const char *const *name = row->absorbs;
        while (name && *name && strcmp(*name, l->step[i].op->name) != 0) name++;
        if (!name || !*name) return 0;
    }
    return 1;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

measurement measure(const char *row, double *ms, int n) {
    qsort(ms, (size_t)n, sizeof *ms, by_value);
    return (measurement){.row = row,
                         .best = ms[0],
                         .median = ms[n / 2],
                         .lower = ms[n / 4],
                         .upper = ms[n * 3 / 4]};
}

/* ---- the CPU ----------------------------------------------------------------------------- */

typedef struct timing {
    const gd_kernel *row;
    gd_launch        l;
    double           ms[MAX_RUNS];
    int              n;
} timing;

static int prepare(timing *t, const problem *p, const gd_kernel *row) {
    const gd_device_caps dev = gd_cpu_caps();
    gd_error             err;
    t->row = row;
    t->l = p->l;
    t->n = 0;
    t->l.scratch = gd_mem_get((row->scratch ? row->scratch(&t->l, &dev) : 0) + 64);
    if (!t->l.scratch) return complain("no scratch for", row->name);
    if (row->prepare && row->prepare(&t->l, &dev, &t->l.state, &err) != GD_OK)
        return complain("cannot prepare:", err.msg);
    return 0;
}

int cpu_bench(problem *p, const options *o, result *r) {
    const gd_device_caps dev = gd_cpu_caps();
    const double         seconds = o->seconds > 0 ? o->seconds : 0.3;
    timing              *t = calloc(MAX_ROWS, sizeof *t);
    gd_error             err;
    int                  n = 0, bad = !t;
    for (const gd_kernel *row = p->op->kernels; !bad && row->name && n < MAX_ROWS; row++) {
        if (row->backend != GD_CPU || row->dtype != gd_op_dtype(p->op, &p->l)) continue;
        if (o->row ? !strstr(row->name, o->row) : (row->flags & GD_ROW_REFERENCE) != 0)
            continue;
        if (!absorbs_all(row, &p->l) || (row->fits && !row->fits(&p->l, &dev))) continue;
        bad = prepare(&t[n++], p, row);
    }
    const double start = now_ms();
    for (int round = 0; !bad && n && round < MAX_RUNS; round++) {
        if (round > 2 && now_ms() - start > seconds * 1e3 * n) break;
        for (int i = 0; i < n && !bad; i++) {
            const double before = now_ms();
            bad = t[i].row->run(&t[i].l, &err) != GD_OK && complain("run failed:", err.msg);
            if (round) t[i].ms[t[i].n++] = now_ms() - before;
        }
    }
    for (int i = 0; i < n; i++) {
        if (!bad) r->m[r->n++] = measure(t[i].row->name, t[i].ms, t[i].n);
        if (t[i].row->release && t[i].l.state) t[i].row->release(t[i].l.state);
        gd_mem_put(t[i].l.scratch);
    }
    free(t);
    return bad;
}

/* ---- any device -------------------------------------------------------------------------- */

/* 1: nothing on the line. */
static int bench_line(const char *line, gd_device *d, const options *o, result *r) {
    static problem p;
    int            bad = problem_read(&p, line, o);
    memset(r, 0, sizeof *r);
    if (bad == 0) bad = problem_make(&p, d == NULL);
    if (bad == 0) {
        snprintf(r->op, sizeof r->op, "%s", p.op->name);
        snprintf(r->note, sizeof r->note, "%s", p.note);
        snprintf(r->text, sizeof r->text, "%s", p.text);
        r->type = gd_dtype_name(gd_op_dtype(p.op, &p.l));
        r->cost = p.cost;
        r->count = p.count;
        bad = d ? device_bench(d, &p, o, r) : cpu_bench(&p, o, r);
    }
    problem_drop(&p);
    return bad;
}

static int bench_file(const char *path, gd_device *d, const options *o, const ceiling *c,
                      result *all, int *n) {
    char  line[LINE];
    FILE *f = fopen(path, "r");
    int   bad = f ? 0 : complain("cannot open", path);
    while (bad >= 0 && *n < MAX_RESULTS && f && fgets(line, sizeof line, f)) {
        result *r = &all[*n];
        bad = bench_line(line, d, o, r);
        if (bad) continue;
        printf("%s %s  %s\n", r->op, r->note, r->text);
        print_result(r, c);
        fflush(stdout);
        ++*n;
    }
    if (f) fclose(f);
    return bad < 0;
}

/* The fastest row of a problem that is all copying, or all multiplying. */
static const measurement *fastest(const char *line, gd_device *d, const options *o, result *r) {
    const measurement *best = NULL;
    if (bench_line(line, d, o, r)) return NULL;
    for (int i = 0; i < r->n; i++)
        if (!best || r->m[i].median < best->median) best = &r->m[i];
    return best;
}

static void measure_ceiling(gd_device *d, const options *given, ceiling *c) {
    static const char *const copies[] = {"relu in=128,1024,1024", "add in=64,1024,1024 "
                                                                  "in=64,1024,1024"};
    static result            r;
    options                  o = *given;
    const measurement       *m = NULL;
    gd_error                 err;
    const gd_plugin         *plugin;
    o.providers = gd_plugin_load("vendor", &plugin, &err) == GD_OK;
    if (given->providers && !o.providers)
        fprintf(stderr, "op_bench: no rows of vendor libraries: %s %s\n", err.msg, err.why);
    o.batch = 1;
    o.warm = false;
    o.row = o.op = NULL;
    for (int i = 0; i < 2 && !m; i++) m = fastest(copies[i], d, &o, &r);
    if (m) {
        c->copy_gbs = r.cost.bytes / m->median * 1e-6;
        snprintf(c->copy_row, sizeof c->copy_row, "%s", m->row);
    }
    m = fastest(o.half ? "linear in=8192,8192 const=8192,8192"
                       : "linear in=4096,4096 const=4096,4096",
                d, &o, &r);
    if (m) {
        c->tflops = r.cost.flop / m->median * 1e-9;
        snprintf(c->product_row, sizeof c->product_row, "%s", m->row);
    }
}

/* ---- the command line -------------------------------------------------------------------- */

static int usage(void) {
    fprintf(
        stderr,
        "usage: op_bench [-t SECONDS] [-j THREADS] [-r ROW] [--op NAME] [--batch N]\n"
        "                [--device D] [--precision P] [--providers] [--warm] [--json FILE]\n"
        "                [--md FILE] [--commit TEXT] SHAPES.txt ...\n");
    return EXIT_FAILURE;
}

static int take(options *o, const char *name, const char *value) {
    if (!strcmp(name, "-t")) return (o->seconds = strtod(value, NULL)) > 0;
    if (!strcmp(name, "-j")) return gd_cpu_set_threads(atoi(value)), 1;
    if (!strcmp(name, "-r")) return (o->row = value) != NULL;
    if (!strcmp(name, "--op")) return (o->op = value) != NULL;
    if (!strcmp(name, "--batch")) return (o->batch = atoi(value)) > 0;
    if (!strcmp(name, "--device")) return (o->device = value) != NULL;
    if (!strcmp(name, "--json")) return (o->json = value) != NULL;
    if (!strcmp(name, "--md")) return (o->markdown = value) != NULL;
    if (!strcmp(name, "--commit")) return (o->commit = value) != NULL;
    if (strcmp(name, "--precision") != 0) return 0;
    o->half = !strcmp(value, "fp16");
    o->tf32 = !strcmp(value, "tf32");
    return o->half || o->tf32 || !strcmp(value, "fp32");
}

/* First argument that is no option; 0: there is something wrong. */
static int read_options(options *o, int argc, char **argv) {
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--providers"))
            o->providers = true;
        else if (!strcmp(argv[i], "--warm"))
            o->warm = true;
        else if (i + 1 >= argc || !take(o, argv[i], argv[i + 1]))
            return 0;
        else
            i++;
    }
    return i < argc ? i : 0;
}

int main(int argc, char **argv) {
    options    o = {.device = "cpu", .batch = 1, .commit = "unknown"};
    ceiling    c = {0};
    gd_device *d = NULL;
    gd_error   err = {0};
    int        n = 0, bad = 0, i = read_options(&o, argc, argv);
    if (!i) return usage();
    result *all = calloc(MAX_RESULTS, sizeof *all);
    if (!all) return EXIT_FAILURE;
    if (strcmp(o.device, "cpu") != 0 && gd_device_open(o.device, &d, &err) != GD_OK) {
        fprintf(stderr, "op_bench: %s %s\n", err.msg, err.why);
        bad = 1;
    } else if (d) {
        measure_ceiling(d, &o, &c);
        printf("# %s, driver %s; a copy reaches %.0f GB/s (%s), a product %.1f TFLOP/s (%s)\n",
               d->name, d->driver, c.copy_gbs, c.copy_row, c.tflops, c.product_row);
    } else {
        printf("# %s, %d threads\n", gd_cpu_isa(), gd_cpu_threads());
    }
    for (; i < argc && !bad; i++) bad = bench_file(argv[i], d, &o, &c, all, &n);
    if (!bad && o.json) bad = write_json(o.json, &o, d, &c, all, n);
    if (!bad && o.markdown) bad = write_markdown(o.markdown, &o, d, &c, all, n);
    gd_device_close(d);
    free(all);
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
