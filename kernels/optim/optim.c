/* optim.c -- what the engine knows about the optimiser's operators; see optim.h. */
#include "kernels/optim/optim.h"

#include <math.h>

#include "kernels/arg.h"
#include "kernels/describe.h"

static const gd_attr_field sgd_fields[] = {
    {"weight_decay", GD_ATTR_F32, offsetof(gd_sgd, weight_decay), 0, 0},
    {"nesterov", GD_ATTR_I32, offsetof(gd_sgd, nesterov), 0, 0},
    {"group", GD_ATTR_I32, offsetof(gd_sgd, group), 0, 0},
    {0}};
static const gd_attr_field adam_fields[] = {
    {"beta2", GD_ATTR_F32, offsetof(gd_adam, beta2), 0, (double)0.999f},
    {"eps", GD_ATTR_F32, offsetof(gd_adam, eps), 0, (double)1e-8f},
    {"weight_decay", GD_ATTR_F32, offsetof(gd_adam, weight_decay), 0, 0},
    {"decoupled", GD_ATTR_I32, offsetof(gd_adam, decoupled), 0, 0},
    {"group", GD_ATTR_I32, offsetof(gd_adam, group), 0, 0},
    {0}};
static const gd_attr_field factor_fields[] = {
    {"max_norm", GD_ATTR_F32, offsetof(gd_grad_factor, max_norm), 0, 0},
    {"steps", GD_ATTR_I32, offsetof(gd_grad_factor, steps), 0, 1},
    {0}};
static const gd_attr_field scale_fields[] = {
    {"growth", GD_ATTR_F32, offsetof(gd_loss_scale, growth), 0, 2},
    {"backoff", GD_ATTR_F32, offsetof(gd_loss_scale, backoff), 0, 0.5},
    {"interval", GD_ATTR_I32, offsetof(gd_loss_scale, interval), 0, 2000},
    {0}};

static const int64_t one = 1, n_count = GD_N_COUNT;

/* ---- checks ------------------------------------------------------------------------------ */

/* in[0] is FP32 (or FP64, in tests), and in[1 .. n) look like it. */
static gd_status check_like(const gd_launch *l, const char *op, int n, gd_error *err) {
    const gd_tensor *w = l->in[0];
    if (w->dtype != GD_F32 && w->dtype != GD_F64)
        return gd_fail_input(err, op, 0, w, "weights in FP32");
    for (int i = 1; i < n; i++)
        if (l->in[i]->dtype != w->dtype || !gd_tensor_same_shape(l->in[i], w))
            return gd_fail_input(err, op, i, l->in[i], "shape and type of input 0");
    return GD_OK;
}

static gd_status check_hyper(const gd_launch *l, const char *op, int i, int group,
                             gd_error *err) {
    const gd_tensor *h = l->in[i];
    if (group < 0) return gd_fail(err, GD_ERR_ARG, "%s: group %d of learning rates", op, group);
    if (h->ndim != 1 || h->dtype != l->in[0]->dtype || h->dim[0] < GD_N_HYPER + group)
        return gd_fail_input(err, op, i, h, "hyper [4 + groups] with a rate for the group");
    return GD_OK;
}

static gd_status check_one(const gd_launch *l, const char *op, int i, gd_error *err) {
    return gdk_want(l, op, i, GD_F32, 1, &one, "one number [1]", err);
}

static gd_status check_number(const char *op, const char *what, float v, bool ok,
                              gd_error *err) {
    return ok ? GD_OK : gd_fail(err, GD_ERR_ARG, "%s: %s %g", op, what, (double)v);
}

static void updated(const gd_launch *l) {
    for (int i = 0; i < l->n_out; i++) gd_infer_like(l->out[i], l->in[i]);
}

/* ---- shapes ------------------------------------------------------------------------------ */

static gd_status infer_sgd(const gd_launch *l, gd_error *err) {
    const gd_sgd *a = l->attr;
    GD_TRY(check_like(l, "sgd", 3, err));
    GD_TRY(check_one(l, "sgd", 3, err));
    GD_TRY(check_hyper(l, "sgd", 4, a->group, err));
    GD_TRY(
        check_number("sgd", "weight_decay", a->weight_decay, isfinite(a->weight_decay), err));
    updated(l);
    return GD_OK;
}

static gd_status infer_adam(const gd_launch *l, gd_error *err) {
    const gd_adam *a = l->attr;
    GD_TRY(check_like(l, "adam", 4, err));
    GD_TRY(check_one(l, "adam", 4, err));
    GD_TRY(check_hyper(l, "adam", 5, a->group, err));
    GD_TRY(gdk_want(l, "adam", 6, GD_I32, 1, &n_count, "counts i32[3]", err));
    GD_TRY(
        check_number("adam", "weight_decay", a->weight_decay, isfinite(a->weight_decay), err));
    GD_TRY(check_number("adam", "beta2", a->beta2, a->beta2 >= 0 && a->beta2 < 1, err));
    GD_TRY(check_number("adam", "eps", a->eps, a->eps >= 0 && isfinite(a->eps), err));
    updated(l);
    return GD_OK;
}

static gd_status infer_sum_squares(const gd_launch *l, gd_error *err) {
    for (int i = 0; i < l->n_in; i++)
        if (!l->in[i] || l->in[i]->dtype != l->in[0]->dtype ||
            !gd_dtype_is_float(l->in[i]->dtype))
            return gd_fail_input(err, "sum_squares", i, l->in[i],
                                 "floating, of input 0's type");
    GD_TRY(check_one(l, "sum_squares", 0, err));
    return gd_infer_same(l, err);
}

static gd_status infer_factor(const gd_launch *l, gd_error *err) {
    const gd_grad_factor *a = l->attr;
    const int64_t         n = GD_N_STAT;
    GD_TRY(check_like(l, "grad_factor", 2, err));
    GD_TRY(check_one(l, "grad_factor", 0, err));
    GD_TRY(check_hyper(l, "grad_factor", 2, 0, err));
    GD_TRY(check_number("grad_factor", "max_norm", a->max_norm,
                        a->max_norm >= 0 && isfinite(a->max_norm), err));
    GD_TRY(check_number("grad_factor", "steps", (float)a->steps, a->steps >= 1, err));
    gd_infer_set(l->out[1], l->in[0]->dtype, 1, &n);
    return gd_infer_same(l, err);
}

static gd_status infer_scale(const gd_launch *l, gd_error *err) {
    const gd_loss_scale *a = l->attr;
    GD_TRY(check_one(l, "loss_scale", 0, err));
    GD_TRY(gdk_want(l, "loss_scale", 1, GD_I32, 1, &n_count, "counts i32[3]", err));
    GD_TRY(check_one(l, "loss_scale", 2, err));
    GD_TRY(check_hyper(l, "loss_scale", 3, 0, err));
    GD_TRY(check_number("loss_scale", "growth", a->growth,
                        a->growth >= 1 && isfinite(a->growth), err));
    GD_TRY(check_number("loss_scale", "backoff", a->backoff, a->backoff > 0 && a->backoff <= 1,
                        err));
    GD_TRY(check_number("loss_scale", "interval", (float)a->interval, a->interval >= 1, err));
    updated(l);
    return GD_OK;
}

static gd_status infer_accumulate(const gd_launch *l, gd_error *err) {
    GD_TRY(check_like(l, "accumulate", 2, err));
    GD_TRY(check_hyper(l, "accumulate", 2, 0, err));
    updated(l);
    return GD_OK;
}

static gd_status infer_ema(const gd_launch *l, gd_error *err) {
    GD_TRY(check_like(l, "ema", 2, err));
    GD_TRY(check_one(l, "ema", 2, err));
    GD_TRY(check_hyper(l, "ema", 3, 0, err));
    updated(l);
    return GD_OK;
}

static void cost_sgd(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 8, c); }
static void cost_adam(const gd_launch *l, gd_cost *c) { gdk_cost_each(l, 16, c); }

/* ---- descriptors ------------------------------------------------------------------------- */

/* Weights are dense, so rows of the host need no pitch. */
#define ROW_CPU(title, function) \
    { .name = title, .backend = GD_CPU, .dtype = GD_F32, .run = function }

const gd_op gd_op_sgd = {
    .name = "sgd",
    .min_in = 5,
    .max_in = 5,
    .n_out = 2,
    .flags = GD_OP_UPDATE,
    .attr_fields = sgd_fields,
    .attr_size = sizeof(gd_sgd),
    .infer = infer_sgd,
    .cost = cost_sgd,
    .kernels =
        (const gd_kernel[]){ROW_CPU("sgd_cpu_f32", gdk_sgd_cpu_f32), GD_REF_ROWS(sgd), {0}},
};

const gd_op gd_op_adam = {
    .name = "adam",
    .min_in = 7,
    .max_in = 7,
    .n_out = 3,
    .flags = GD_OP_UPDATE,
    .attr_fields = adam_fields,
    .attr_size = sizeof(gd_adam),
    .infer = infer_adam,
    .cost = cost_adam,
    .kernels =
        (const gd_kernel[]){ROW_CPU("adam_cpu_f32", gdk_adam_cpu_f32), GD_REF_ROWS(adam), {0}},
};

const gd_op gd_op_sum_squares = {
    .name = "sum_squares",
    .min_in = 2,
    .max_in = GD_MAX_IN,
    .n_out = 1,
    .infer = infer_sum_squares,
    .kernels = (const gd_kernel[]){{.name = "sum_squares_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .scratch = gdk_sum_squares_cpu_scratch,
                                    .run = gdk_sum_squares_cpu_f32},
                                   GD_REF_ROWS(sum_squares),
                                   {0}},
};

const gd_op gd_op_grad_factor = {
    .name = "grad_factor",
    .min_in = 3,
    .max_in = 3,
    .n_out = 2,
    .attr_fields = factor_fields,
    .attr_size = sizeof(gd_grad_factor),
    .infer = infer_factor,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(grad_factor), {0}},
};

const gd_op gd_op_loss_scale = {
    .name = "loss_scale",
    .min_in = 4,
    .max_in = 4,
    .n_out = 2,
    .flags = GD_OP_UPDATE,
    .attr_fields = scale_fields,
    .attr_size = sizeof(gd_loss_scale),
    .infer = infer_scale,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(loss_scale), {0}},
};

const gd_op gd_op_accumulate = {
    .name = "accumulate",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .flags = GD_OP_UPDATE,
    .infer = infer_accumulate,
    .kernels = (const gd_kernel[]){ROW_CPU("accumulate_cpu_f32", gdk_accumulate_cpu_f32),
                                   GD_REF_ROWS(accumulate),
                                   {0}},
};

const gd_op gd_op_ema = {
    .name = "ema",
    .min_in = 4,
    .max_in = 4,
    .n_out = 1,
    .flags = GD_OP_UPDATE,
    .infer = infer_ema,
    .kernels =
        (const gd_kernel[]){ROW_CPU("ema_cpu_f32", gdk_ema_cpu_f32), GD_REF_ROWS(ema), {0}},
};
