/* op_bench.c -- times every kernel row of an operator on given shapes, beside each other.
 *
 *     op_bench [-t SECONDS] [-j THREADS] [-r ROW] bench/shapes/faster_rcnn.txt ...
 *
 * A line of a shape file is one node, inputs first; weights are `const`:
 *
 *     conv2d in=1,200,336,64 const=64,3,3,64 const=64 stride=1,1 pad=1,1,1,1 then=relu # note
 *
 * Attributes left out take the value of the operator's field table. Rows take turns, round by
 * round, so that a busy machine hurts all of them alike; with -j 1 the clock is the processor
 * time of this process, which other processes hardly touch. Printed: the best time, the median,
 * the spread (upper quartile over best, in percent), and rates at the best time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/backend.h"
#include "engine/mem.h"
#include "engine/op.h"

enum { MAX_ROWS = 16, MAX_RUNS = 400, LINE = 1024 };

typedef struct problem {
    const gd_op *op;
    char         attr[256];
    gd_tensor    in[GD_MAX_IN], out[GD_MAX_OUT], arg[GD_MAX_STEP];
    gd_launch    l;
    gd_cost      cost;
    char         note[128];
} problem;

typedef struct timing {
    const gd_kernel *row;
    gd_launch        l;
    double           ms[MAX_RUNS];
    int              n;
} timing;

static double now_ms(void) {
    struct timespec t;
    clock_gettime(gd_cpu_threads() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int fail(const char *what, const char *word) {
    fprintf(stderr, "op_bench: %s '%s'\n", what, word);
    return -1;
}

/* Values between -0.5 and 0.5 that repeat with a prime period. */
static int fill(gd_tensor *t) {
    const int64_t n = gd_tensor_count(t);
    t->data = gd_mem_get(gd_tensor_bytes(t) + 64);
    if (!t->data) return fail("no memory for", "a tensor");
    for (int64_t i = 0; i < n; i++) gd_tensor_set(t, i, (double)(i % 1009) / 1009 - 0.5);
    return 0;
}

static int read_numbers(const char *s, double *v, int max) {
    int n = 0;
    while (*s && n < max) {
        char *end;
        errno = 0;
        v[n++] = strtod(s, &end);
        if (end == s || errno) return -1;
        s = *end == ',' ? end + 1 : end;
    }
    return *s ? -1 : n;
}

static int add_input(problem *p, const char *value, int is_const) {
    double  v[GD_MAX_DIM];
    int64_t dim[GD_MAX_DIM];
    int     n = read_numbers(value, v, GD_MAX_DIM);
    if (n < 1 || p->l.n_in == GD_MAX_IN) return fail("not a shape:", value);
    for (int i = 0; i < n; i++) dim[i] = (int64_t)v[i];
    gd_tensor *t = &p->in[p->l.n_in];
    *t = gd_tensor_make(GD_F32, n, dim);
    p->l.in[p->l.n_in] = t;
    if (is_const) p->l.const_in |= 1u << p->l.n_in;
    p->l.n_in++;
    return fill(t);
}

static int put_attr(problem *p, const char *key, const char *value) {
    double v[16];
    int    n = read_numbers(value, v, 16);
    for (const gd_attr_field *f = p->op->attr_fields; f && f->name; f++) {
        if (strcmp(f->name, key) != 0) continue;
        if (n != (f->count ? f->count : 1)) return fail("wrong count of numbers in", value);
        for (int i = 0; i < n; i++) {
            const int32_t whole = (int32_t)v[i];
            const float   real = (float)v[i];
            memcpy(p->attr + f->offset + 4 * (size_t)i,
                   f->type == GD_ATTR_I32 ? (const void *)&whole : (const void *)&real, 4);
        }
        return 0;
    }
    return fail("no such attribute:", key);
}

static void default_attrs(problem *p) {
    for (const gd_attr_field *f = p->op->attr_fields; f && f->name; f++) {
        char text[256] = "";
        for (int i = 0; i < (f->count ? f->count : 1); i++) {
            const size_t n = strlen(text);
            snprintf(text + n, sizeof text - n, "%s%g", i ? "," : "", f->def);
        }
        put_attr(p, f->name, text);
    }
}

static int add_step(problem *p, const char *name) {
    gd_step *s = &p->l.step[p->l.n_step];
    s->op = gd_op_find(name);
    if (!s->op || p->l.n_step == GD_MAX_STEP) return fail("no such step:", name);
    static const float slope = 0.1F; /* of leaky_relu, the one step with an attribute */
    s->attr = s->op->attr_fields ? &slope : NULL;
    p->l.n_step++;
    return 0;
}

static int read_line(problem *p, char *line) {
    char *note = strchr(line, '#'), *save = NULL;
    memset(p, 0, sizeof *p);
    if (note) {
        *note++ = '\0';
        snprintf(p->note, sizeof p->note, "%s", note + strspn(note, " "));
        p->note[strcspn(p->note, "\n")] = '\0';
    }
    char *word = strtok_r(line, " \t\n", &save);
    if (!word) return 1;
    p->op = gd_op_find(word);
    if (!p->op || p->op->attr_size > sizeof p->attr) return fail("no such operator:", word);
    p->l.attr = p->attr;
    default_attrs(p);
    while ((word = strtok_r(NULL, " \t\n", &save))) {
        char *value = strchr(word, '=');
        if (!value) return fail("no '=' in", word);
        *value++ = '\0';
        int bad = !strcmp(word, "in")      ? add_input(p, value, 0)
                  : !strcmp(word, "const") ? add_input(p, value, 1)
                  : !strcmp(word, "then")  ? add_step(p, value)
                                           : put_attr(p, word, value);
        if (bad) return -1;
    }
    return 0;
}

static int make_outputs(problem *p) {
    gd_error err;
    p->l.n_out = p->op->n_out;
    for (int i = 0; i < p->l.n_out; i++) p->l.out[i] = &p->out[i];
    if (p->op->infer(&p->l, &err) != GD_OK) return fail("refused:", err.msg);
    for (int i = 0; i < p->l.n_out; i++)
        if (fill(&p->out[i])) return -1;
    for (int i = 0; i < p->l.n_step; i++) {
        if (p->l.step[i].op->min_in < 2) continue;
        p->arg[i] = p->out[0];
        if (fill(&p->arg[i])) return -1;
        p->l.step[i].arg = &p->arg[i];
    }
    if (p->op->cost) p->op->cost(&p->l, &p->cost);
    return 0;
}

static int absorbs_all(const gd_kernel *row, const gd_launch *l) {
    for (int i = 0; i < l->n_step; i++) {
        const char *const *name = row->absorbs;
        while (name && *name && strcmp(*name, l->step[i].op->name) != 0) name++;
        if (!name || !*name) return 0;
    }
    return 1;
}

static int prepare(timing *t, const problem *p, const gd_kernel *row) {
    const gd_device_caps dev = gd_cpu_caps();
    gd_error             err;
    t->row = row;
    t->l = p->l;
    t->n = 0;
    t->l.scratch = gd_mem_get((row->scratch ? row->scratch(&t->l, &dev) : 0) + 64);
    if (!t->l.scratch) return fail("no scratch for", row->name);
    if (row->prepare && row->prepare(&t->l, &dev, &t->l.state, &err) != GD_OK)
        return fail("cannot prepare:", err.msg);
    return 0;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(timing *t, const problem *p) {
    qsort(t->ms, (size_t)t->n, sizeof *t->ms, by_value);
    const double best = t->ms[0], spread = t->ms[t->n * 3 / 4] / best - 1;
    printf("  %-24s %9.3f ms  median %9.3f  +%3.0f%%", t->row->name, best, t->ms[t->n / 2],
           spread * 100);
    if (p->cost.flop > 0)
        printf("  %8.1f GFLOP/s  %6.1f GB/s", p->cost.flop / best * 1e-6,
               p->cost.bytes / best * 1e-6);
    printf("\n");
}

static int bench(problem *p, double seconds, const char *only) {
    const gd_device_caps dev = gd_cpu_caps();
    timing              *t = calloc(MAX_ROWS, sizeof *t);
    gd_error             err;
    int                  n = 0, bad = !t;
    for (const gd_kernel *row = p->op->kernels; !bad && row->name && n < MAX_ROWS; row++) {
        if (row->backend != GD_CPU || row->dtype != GD_F32) continue;
        if (only ? !strstr(row->name, only) : (row->flags & GD_ROW_REFERENCE) != 0) continue;
        if (!absorbs_all(row, &p->l) || (row->fits && !row->fits(&p->l, &dev))) continue;
        bad = prepare(&t[n++], p, row);
    }
    const double start = now_ms();
    for (int round = 0; !bad && n && round < MAX_RUNS; round++) {
        if (round > 2 && now_ms() - start > seconds * 1e3 * n) break;
        for (int i = 0; i < n && !bad; i++) {
            const double before = now_ms();
            bad = t[i].row->run(&t[i].l, &err) != GD_OK && fail("run failed:", err.msg);
            if (round) t[i].ms[t[i].n++] = now_ms() - before;
        }
    }
    for (int i = 0; i < n; i++) {
        if (!bad) report(&t[i], p);
        if (t[i].row->release && t[i].l.state) t[i].row->release(t[i].l.state);
        gd_mem_put(t[i].l.scratch);
    }
    free(t);
    return bad;
}

static void drop(problem *p) {
    for (int i = 0; i < p->l.n_in; i++) gd_mem_put(p->in[i].data);
    for (int i = 0; i < p->l.n_out; i++) gd_mem_put(p->out[i].data);
    for (int i = 0; i < p->l.n_step; i++) gd_mem_put(p->arg[i].data);
}

static int bench_file(const char *path, double seconds, const char *only) {
    char  line[LINE];
    FILE *f = fopen(path, "r");
    int   bad = f ? 0 : fail("cannot open", path);
    while (!bad && fgets(line, sizeof line, f)) {
        problem   p;
        const int st = read_line(&p, line);
        if (st == 0) {
            char      text[256];
            const int made = make_outputs(&p);
            printf("%s %s  %s\n", p.op->name, p.note, gd_op_attr_text(p.op, p.attr, text, 256));
            bad = made || bench(&p, seconds, only);
            fflush(stdout);
        } else if (st < 0) {
            bad = 1;
        }
        drop(&p);
    }
    if (f) fclose(f);
    return bad;
}

int main(int argc, char **argv) {
    double      seconds = 0.3;
    const char *only = NULL;
    int         i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (!strcmp(argv[i], "-t"))
            seconds = strtod(argv[i + 1], NULL);
        else if (!strcmp(argv[i], "-j"))
            gd_cpu_set_threads(atoi(argv[i + 1]));
        else if (!strcmp(argv[i], "-r"))
            only = argv[i + 1];
        else
            return fail("no such option:", argv[i]) ? EXIT_FAILURE : 0;
    }
    if (i >= argc) {
        fprintf(stderr, "usage: op_bench [-t SECONDS] [-j THREADS] [-r ROW] SHAPES.txt ...\n");
        return EXIT_FAILURE;
    }
    printf("# %s, %d threads\n", gd_cpu_isa(), gd_cpu_threads());
    for (; i < argc; i++)
        if (bench_file(argv[i], seconds, only)) return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
