/* step_run.c -- trains a small residual network with the step builder: the bridge for a test.
 *
 *     step_run DIR [key=value ...]         trains; prints "loss norm scale skipped" a run
 *     step_run --factors N [key=value ...] prints the schedule's factors of N steps
 *
 * DIR has images.npy f32 [runs,B,H,W,3], labels.npy i32 [runs,B] and w.NAME.npy for each
 * weight, in our layout; out.NAME.npy is written for each variable afterwards. Keys are the
 * fields of `settings`. On the device of tests/pretend_device.h, FP16 runs by reference. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/train/schedule.h"
#include "kernels/loss_softmax/loss_softmax.h"
#include "kernels/pool/pool.h"
#include "layers/train/step.h"
#include "tests/parity/npy.h"
#include "tests/pretend_rows.h"

enum { CLASSES = 5, WIDTH = 8 };

typedef struct settings {
    double adam, decoupled, rate, momentum, decay, bias_rate, nesterov, beta2;
    double accumulate, max_norm, scale, interval, average, half, pretend, poison, numerics;
    double spoil; /* the run whose pictures hold an Inf; -1: none */
    double kind, period, gamma, least, warmup, start, power, then, milestone0, milestone1;
} settings;

typedef struct key {
    const char *name;
    size_t      offset;
} key;

#define KEY(name) \
    { #name, offsetof(settings, name) }
static const key keys[] = {KEY(adam),       KEY(decoupled), KEY(rate),       KEY(momentum),
                           KEY(decay),      KEY(bias_rate), KEY(nesterov),   KEY(beta2),
                           KEY(accumulate), KEY(max_norm),  KEY(scale),      KEY(interval),
                           KEY(average),    KEY(half),      KEY(pretend),    KEY(poison),
                           KEY(numerics),   KEY(spoil),     KEY(kind),       KEY(period),
                           KEY(gamma),      KEY(least),     KEY(warmup),     KEY(start),
                           KEY(power),      KEY(then),      KEY(milestone0), KEY(milestone1)};

static bool read_settings(settings *s, int n, char **arg) {
    *s = (settings){.rate = 0.1, .momentum = 0.9, .bias_rate = 1, .spoil = -1, .gamma = 0.1};
    for (int i = 0; i < n; i++) {
        const char *eq = strchr(arg[i], '=');
        size_t      k = 0;
        while (k < sizeof keys / sizeof *keys && eq &&
               (strlen(keys[k].name) != (size_t)(eq - arg[i]) ||
                strncmp(keys[k].name, arg[i], (size_t)(eq - arg[i])) != 0))
            k++;
        if (!eq || k == sizeof keys / sizeof *keys) {
            fprintf(stderr, "step_run: '%s' is no setting\n", arg[i]);
            return false;
        }
        *(double *)(void *)((char *)s + keys[k].offset) = strtod(eq + 1, NULL);
    }
    return true;
}

static gd_schedule schedule_of(const settings *s) {
    return (gd_schedule){.kind = (gd_schedule_kind)s->kind,
                         .period = (int64_t)s->period,
                         .milestone = {(int64_t)s->milestone0, (int64_t)s->milestone1},
                         .n_milestone = s->milestone1 > 0   ? 2
                                        : s->milestone0 > 0 ? 1
                                                            : 0,
                         .gamma = s->gamma,
                         .least = s->least,
                         .warmup = (int64_t)s->warmup,
                         .start = s->start,
                         .power = s->power,
                         .then = s->then != 0};
}

/* ---- the network ------------------------------------------------------------------------- */

typedef struct job {
    const char   *dir;
    settings      s;
    gd_tensor     images, labels;
    gd_tensor     found[64]; /* weights read from files, kept to the end */
    char          name[64][64];
    int           n_found;
    gd_graph      g;
    int           image, label;
    gd_train_step step;
    gd_store     *store;
    gd_exec      *e;
    gd_device    *device;
} job;

static bool find(const void *ctx, const char *name, gd_tensor *out) {
    job *j = *(job *const *)ctx;
    char path[4096];
    for (int i = 0; i < j->n_found; i++)
        if (!strcmp(j->name[i], name)) {
            *out = j->found[i];
            return true;
        }
    snprintf(path, sizeof path, "%s/w.%s.npy", j->dir, name);
    if (j->n_found == 64 || !npy_read(path, out)) return false;
    snprintf(j->name[j->n_found], sizeof j->name[0], "%s", name);
    j->found[j->n_found++] = *out;
    return true;
}

/* The stem is frozen, norm and all; the first layer has a frozen norm behind weights that
 * train. */
static bool trains(const void *ctx, const char *name) {
    (void)ctx;
    return strncmp(name, "stem.", 5) != 0 && strncmp(name, "conv1.bn.", 9) != 0;
}

static int layer(gd_net *n, int x, const char *name, int stride, bool relu) {
    const gd_conv_args conv = {.k = WIDTH, .size = 3, .stride = stride, .pad = 1};
    const size_t       mark = gd_net_enter(n, "%s", name);
    x = gd_net_batch_norm(n, gd_net_conv(n, x, "conv", &conv), "bn");
    if (relu) x = gd_net_unary(n, "relu", "relu", x);
    gd_net_leave(n, mark);
    return x;
}

static gd_status build(job *j, gd_error *err) {
    const int64_t                 *dim = j->images.dim;
    const gd_net_train             train = {NULL, trains, true, 0.1f};
    const gd_weight_source         source = {&j, find};
    const gd_adaptive_avg_pool2d   whole = {.out_h = 1, .out_w = 1};
    const gd_softmax_cross_entropy loss = {
        .loss = {.factor = 1 / (float)dim[1], .min_norm = 1}};
    gd_net n;
    gd_net_init(&n, &j->g, &source, err);
    n.train = &train;
    GD_TRY(gd_graph_input(&j->g, "image", GD_F32, 4, dim + 1, &j->image, err));
    GD_TRY(gd_graph_input(&j->g, "labels", GD_I32, 1, dim + 1, &j->label, err));
    int x = layer(&n, j->image, "stem", 1, true);
    x = gd_net_max_pool(&n, layer(&n, x, "conv1", 1, true), "pool", 3, 2, 1);
    const int skip = x;
    x = layer(&n, layer(&n, x, "block1", 1, true), "block2", 1, false);
    x = gd_net_unary(&n, "relu", "relu", gd_net_add(&n, x, skip));
    x = gd_net_op(&n, "adaptive_avg_pool2d", &whole, 1, &x, NULL);
    x = gd_net_linear(&n, x, "fc", CLASSES, true, true);
    x = gd_net_op(&n, "softmax_cross_entropy", &loss, 2, (const int[]){x, j->label}, NULL);
    GD_TRY(n.st);
    return gd_graph_output(&j->g, "loss", x, err);
}

static int group_of(const void *ctx, const char *name, int ndim) {
    (void)ctx;
    (void)name;
    return ndim == 1; /* biases and norms: a rate of their own, no decay */
}

static gd_train_step_options options_of(const settings *s) {
    return (gd_train_step_options){.optim = s->adam == 0        ? GD_OPTIM_SGD
                                            : s->decoupled != 0 ? GD_OPTIM_ADAMW
                                                                : GD_OPTIM_ADAM,
                                   .nesterov = s->nesterov != 0,
                                   .beta2 = (float)s->beta2,
                                   .n_group = 2,
                                   .group = {{1, (float)s->decay}, {(float)s->bias_rate, 0}},
                                   .group_of = group_of,
                                   .accumulate = (int)s->accumulate,
                                   .max_norm = (float)s->max_norm,
                                   .scale = (float)s->scale,
                                   .interval = (int)s->interval,
                                   .average = s->average > 0};
}

/* ---- training ---------------------------------------------------------------------------- */

static gd_status open_all(job *j, gd_error *err) {
    const gd_weight_source      source = {&j, find};
    const gd_train_step_options o = options_of(&j->s);
    if (j->s.pretend != 0) {
        gd_op_register(GD_CUDA, pretend_rows_of);
        j->device = pretend_open();
    }
    const gd_device_caps  dev = j->device ? j->device->caps : gd_cpu_caps();
    const gd_exec_options opt = {
        .device = j->device, .poison = j->s.poison != 0, .check_numerics = j->s.numerics != 0};
    GD_TRY(build(j, err));
    GD_TRY(gd_train_step_build(&j->g, &o, &j->step, err));
    GD_TRY(gd_pass_all(&j->g, &dev, j->s.half != 0 ? GD_F16 : GD_F32, err));
    GD_TRY(gd_store_open(&j->g, j->device, &j->store, err));
    GD_TRY(gd_train_step_start(&j->step, j->store, &source, err));
    GD_TRY(gd_exec_open(&j->g, &dev, &opt, &j->e, err));
    return gd_store_bind(j->store, &j->g, j->e, err);
}

static gd_status run(job *j, int64_t k, gd_error *err) {
    const int64_t        micro = j->s.accumulate > 1 ? (int64_t)j->s.accumulate : 1;
    const gd_schedule    plan = schedule_of(&j->s);
    const size_t         image = gd_tensor_bytes(&j->images) / (size_t)j->images.dim[0];
    const size_t         label = gd_tensor_bytes(&j->labels) / (size_t)j->images.dim[0];
    float               *x = (float *)((char *)j->images.data + (size_t)k * image);
    float                hyper[GD_N_HYPER + GD_MAX_GROUP];
    const gd_train_rates r = {.rate = (float)(j->s.rate * gd_schedule_factor(&plan, k / micro)),
                              .momentum = (float)j->s.momentum,
                              .average = (float)j->s.average,
                              .first = k % micro == 0,
                              .apply = k % micro == micro - 1};
    const int            n = gd_train_step_hyper(&j->step, &r, hyper);
    if ((double)k == j->s.spoil) x[5] = INFINITY;
    GD_TRY(gd_exec_write(j->e, j->step.hyper, 0, hyper, (size_t)n * sizeof *hyper, err));
    GD_TRY(gd_exec_write(j->e, j->image, 0, x, image, err));
    GD_TRY(gd_exec_write(j->e, j->label, 0, (char *)j->labels.data + (size_t)k * label, label,
                         err));
    GD_TRY(gd_exec_run(j->e, err));
    const gd_tensor *loss = gd_exec_output(j->e, gd_graph_find_output(&j->g, "loss"));
    const gd_tensor *stats = gd_exec_output(j->e, gd_graph_find_output(&j->g, "stats"));
    printf("%.9g %.9g %.9g %g\n", gd_tensor_get(loss, 0), gd_tensor_get(stats, GD_STAT_NORM),
           gd_tensor_get(stats, GD_STAT_SCALE), gd_tensor_get(stats, GD_STAT_SKIPPED));
    return GD_OK;
}

static gd_status write_all(job *j, gd_error *err) {
    for (int i = 0; i < gd_store_count(j->store); i++) {
        gd_tensor t = *gd_store_tensor(j->store, i);
        char      path[4096], name[256];
        snprintf(name, sizeof name, "%s", gd_store_name(j->store, i));
        for (char *c = name; *c; c++) *c = *c == '/' ? ':' : *c;
        snprintf(path, sizeof path, "%s/out.%s.npy", j->dir, name);
        t.data = malloc(gd_tensor_bytes(&t) + 1);
        gd_status st = t.data ? gd_store_get(j->store, i, t.data, err) : GD_ERR_NOMEM;
        if (st == GD_OK && !npy_write(path, &t)) st = GD_ERR_IO;
        free(t.data);
        GD_TRY(st);
    }
    return GD_OK;
}

static gd_status train(job *j, gd_error *err) {
    GD_TRY(open_all(j, err));
    for (int64_t k = 0; k < j->images.dim[0]; k++) GD_TRY(run(j, k, err));
    return write_all(j, err);
}

static int print_factors(int64_t n, const settings *s) {
    const gd_schedule plan = schedule_of(s);
    gd_error          err = {0};
    if (gd_schedule_check(&plan, &err) != GD_OK) {
        fprintf(stderr, "step_run: %s\n", err.msg);
        return 1;
    }
    for (int64_t i = 0; i < n; i++) printf("%.17g\n", gd_schedule_factor(&plan, i));
    return 0;
}

int main(int argc, char **argv) {
    static job j;
    gd_arena   arena = {0};
    gd_error   err = {0};
    char       path[4096];
    const bool factors = argc > 2 && !strcmp(argv[1], "--factors");
    const int  skip = factors ? 3 : 2;
    if (argc < 2 || !read_settings(&j.s, argc - skip, argv + skip)) return 2;
    if (factors) return print_factors(strtoll(argv[2], NULL, 10), &j.s);
    j.dir = argv[1];
    snprintf(path, sizeof path, "%s/images.npy", j.dir);
    if (!npy_read(path, &j.images)) return 1;
    snprintf(path, sizeof path, "%s/labels.npy", j.dir);
    if (!npy_read(path, &j.labels)) return 1;
    gd_graph_init(&j.g, &arena);
    const gd_status st = train(&j, &err);
    if (st != GD_OK) fprintf(stderr, "step_run: %s %s\n", err.msg, err.why);
    gd_exec_close(j.e);
    gd_store_close(j.store);
    if (j.device) gd_device_close(j.device);
    for (int i = 0; i < j.n_found; i++) free(j.found[i].data);
    free(j.images.data);
    free(j.labels.data);
    gd_arena_free(&arena);
    return st != GD_OK;
}
