/* op_run.c -- runs one operator on tensors from files: the bridge from Python tests to kernels.
 *
 *     op_run [--row NAME] [--time N] OP "attr=value attr=v,v,v" OUT IN.npy ... ("-": none)
 *
 * Attributes that are not named take their default. Writes OUT.0.npy, OUT.1.npy, ... Without
 * --row the first fitting row that is not the reference runs; its name goes to stdout. --time
 * prints the median and the best time of N runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/backend.h"
#include "engine/mem.h"
#include "engine/op.h"
#include "tests/parity/npy.h"

static int fail(const char *what, const char *name) {
    fprintf(stderr, "op_run: %s %s\n", what, name);
    return EXIT_FAILURE;
}

static void put(const gd_attr_field *f, void *attr, int i, double v) {
    char *at = (char *)attr + f->offset;
    if (f->type == GD_ATTR_I32)
        ((int32_t *)(void *)at)[i] = (int32_t)v;
    else
        ((float *)(void *)at)[i] = (float)v;
}

/* One "name=v,v" into attr. */
static bool assign(const gd_op *op, void *attr, char *text) {
    char *eq = strchr(text, '=');
    if (!eq) return false;
    *eq = 0;
    const gd_attr_field *f = op->attr_fields;
    while (f && f->name && strcmp(f->name, text)) f++;
    if (!f || !f->name) return false;
    const int room = f->count ? f->count : 1;
    int       i = 0;
    for (char *p = eq + 1, *end; *p; p = *end ? end + 1 : end) {
        const double v = strtod(p, &end);
        if (end == p || (*end && *end != ',') || i == room) return false;
        put(f, attr, i++, v);
    }
    return i > 0;
}

static bool parse_attr(const gd_op *op, char *text, void *attr) {
    for (const gd_attr_field *f = op->attr_fields; f && f->name; f++)
        for (int i = 0; i < (f->count ? f->count : 1); i++) put(f, attr, i, f->def);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        if (!assign(op, attr, word)) return fail("bad attribute", word), false;
    return true;
}

static const gd_kernel *choose(const gd_op *op, const gd_launch *l, const char *name) {
    const gd_device_caps dev = gd_cpu_caps();
    const gd_kernel     *best = NULL;
    for (const gd_kernel *k = op->kernels; k->name; k++) {
        if (k->backend != GD_CPU || k->dtype != gd_launch_dtype(l) ||
            (k->fits && !k->fits(l, &dev)))
            continue;
        if (name ? !strcmp(k->name, name) : !best || (best->flags & GD_ROW_REFERENCE)) best = k;
    }
    return best;
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static gd_status run(const gd_kernel *k, gd_launch *l, int times, gd_error *err) {
    const gd_device_caps dev = gd_cpu_caps();
    double               ms[101];
    gd_status            st = GD_OK;
    l->scratch = gd_mem_get(k->scratch ? k->scratch(l, &dev) : 0);
    if (!l->scratch) return gd_fail(err, GD_ERR_NOMEM, "no memory for scratch");
    if (k->prepare) st = k->prepare(l, &dev, &l->state, err);
    for (int i = 0; i < times && st == GD_OK; i++) {
        const double start = now_ms();
        st = k->run(l, err);
        ms[i] = now_ms() - start;
    }
    if (k->release) k->release(l->state);
    gd_mem_put(l->scratch);
    qsort(ms, (size_t)times, sizeof *ms, by_value);
    if (st == GD_OK && times > 1)
        printf("%s: %.3f ms, best %.3f ms\n", k->name, ms[times / 2], ms[0]);
    if (st == GD_OK && times == 1) printf("%s\n", k->name);
    return st;
}

/* argv: OP ATTR OUT IN ... */
static int work(const char *row, int times, int argc, char **argv) {
    static gd_tensor in[GD_MAX_IN], out[GD_MAX_OUT];
    const gd_op     *op = gd_op_find(argv[0]);
    gd_launch        l = {.n_in = argc - 3};
    gd_error         err = {0};
    if (!op) return fail("no operator is named", argv[0]);
    if (l.n_in < op->min_in || l.n_in > op->max_in)
        return fail("wrong number of inputs for", op->name);
    void *attr = calloc(1, op->attr_size + 1);
    int   rc = EXIT_FAILURE;
    if (!attr || !parse_attr(op, argv[1], attr)) goto done;
    l.attr = attr;
    l.n_out = op->n_out;
    for (int i = 0; i < l.n_in; i++) {
        if (!strcmp(argv[3 + i], "-")) continue;
        if (!npy_read(argv[3 + i], &in[i])) goto done;
        l.in[i] = &in[i];
    }
    for (int i = 0; i < l.n_out; i++) l.out[i] = &out[i];
    if (op->infer(&l, &err)) goto done;
    for (int i = 0; i < l.n_out; i++)
        if (!(out[i].data = aligned_alloc(64, (gd_tensor_bytes(&out[i]) + 64) / 64 * 64)))
            goto done;
    const gd_kernel *k = choose(op, &l, row);
    if (!k) {
        fail("no kernel row fits", row ? row : op->name);
        goto done;
    }
    if (run(k, &l, times, &err)) goto done;
    rc = EXIT_SUCCESS;
    for (int i = 0; i < l.n_out; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s.%d.npy", argv[2], i);
        if (!npy_write(path, &out[i])) rc = EXIT_FAILURE;
    }
done:
    if (err.status != GD_OK) fail("failed:", err.msg);
    for (int i = 0; i < GD_MAX_IN; i++) free(in[i].data);
    for (int i = 0; i < GD_MAX_OUT; i++) free(out[i].data);
    free(attr);
    return rc;
}

int main(int argc, char **argv) {
    const char *row = NULL;
    int         times = 1, i = 1;
    for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2)
        if (!strcmp(argv[i], "--row"))
            row = argv[i + 1];
        else if (!strcmp(argv[i], "--time"))
            times = atoi(argv[i + 1]);
    if (argc - i < 4 || times < 1 || times > 101)
        return fail("usage:", "[--row NAME] [--time 1..101] OP ATTRIBUTES OUT IN.npy ...");
    return work(row, times, argc - i, argv + i);
}
