/* optim_cuda.c -- CUDA rows of the optimiser's operators. */
#include "kernels/optim/optim_cuda.h"

enum { BLOCK = 2048 /* weights, as optim_update.cu cuts them */ };

/* ---- updates ----------------------------------------------------------------------------- */

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_count(l->in[0]) / BLOCK < INT32_MAX;
}

/* Tensors 0 .. n_in - 1 are arrays of the weights' size; `factor` and `hyper` are inputs, -1:
 * there is none. */
static gd_status update(const gd_launch *l, gdk_update *p, int n_in, int factor, int hyper,
                        const char *name, gd_error *err) {
    p->n = gd_tensor_count(l->in[0]);
    p->early = gdk_early(l);
    p->factor = factor >= 0 ? l->in[factor]->data : NULL;
    p->hyper = l->in[hyper]->data;
    for (int i = 0; i < n_in; i++) p->in[i] = l->in[i]->data;
    for (int i = 0; i < l->n_out; i++) p->out[i] = l->out[i]->data;
    if (p->n == 0) return GD_OK;
    return gdk_cuda_status(gdk_update_launch(p, gdk_stream(l)), name, err);
}

static gd_status run_sgd(const gd_launch *l, gd_error *err) {
    const gd_sgd *a = l->attr;
    gdk_update    p = {.kind = GDK_UPDATE_SGD,
                       .decay = a->weight_decay,
                       .flag = a->nesterov != 0,
                       .group = a->group};
    return update(l, &p, 3, 3, 4, "sgd", err);
}

static gd_status run_adam(const gd_launch *l, gd_error *err) {
    const gd_adam *a = l->attr;
    gdk_update     p = {.kind = GDK_UPDATE_ADAM,
                        .decay = a->weight_decay,
                        .beta2 = a->beta2,
                        .eps = a->eps,
                        .flag = a->decoupled != 0,
                        .group = a->group,
                        .counts = l->in[6]->data};
    return update(l, &p, 4, 4, 5, "adam", err);
}

static gd_status run_accumulate(const gd_launch *l, gd_error *err) {
    gdk_update p = {.kind = GDK_UPDATE_ACCUMULATE};
    return update(l, &p, 2, -1, 2, "accumulate", err);
}

static gd_status run_ema(const gd_launch *l, gd_error *err) {
    gdk_update p = {.kind = GDK_UPDATE_EMA};
    return update(l, &p, 2, 2, 3, "ema", err);
}

/* ---- the norm and the scale -------------------------------------------------------------- */

static int64_t chunks_of(const gd_tensor *x) {
    return (gd_tensor_count(x) + GDK_SQUARES_CHUNK - 1) / GDK_SQUARES_CHUNK;
}

static int64_t chunks(const gd_launch *l) {
    int64_t n = 0;
    for (int i = 1; i < l->n_in; i++) n += chunks_of(l->in[i]);
    return n;
}

static bool fits_squares(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return chunks(l) < INT32_MAX;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (size_t)chunks(l) * sizeof(float);
}

static gd_status run_squares(const gd_launch *l, gd_error *err) {
    gdk_squares p = {.base = l->in[0]->data,
                     .total = l->out[0]->data,
                     .part = l->scratch,
                     .tensors = l->n_in - 1,
                     .early = gdk_early(l)};
    for (int i = 0; i < p.tensors; i++) {
        p.x[i] = l->in[i + 1]->data;
        p.n[i] = gd_tensor_count(l->in[i + 1]);
        p.first[i + 1] = p.first[i] + (uint32_t)chunks_of(l->in[i + 1]);
    }
    return gdk_cuda_status(gdk_squares_launch(&p, gdk_stream(l)), "sum_squares", err);
}

static gd_status run_factor(const gd_launch *l, gd_error *err) {
    const gd_grad_factor *a = l->attr;
    const gdk_grad_factor p = {.total = l->in[0]->data,
                               .scale = l->in[1]->data,
                               .hyper = l->in[2]->data,
                               .factor = l->out[0]->data,
                               .stats = l->out[1]->data,
                               .max_norm = a->max_norm,
                               .steps = (float)a->steps,
                               .early = gdk_early(l)};
    return gdk_cuda_status(gdk_optim_factor_launch(&p, gdk_stream(l)), "grad_factor", err);
}

static gd_status run_scale(const gd_launch *l, gd_error *err) {
    const gd_loss_scale *a = l->attr;
    const gdk_loss_scale p = {.scale = l->in[0]->data,
                              .counts = l->in[1]->data,
                              .total = l->in[2]->data,
                              .hyper = l->in[3]->data,
                              .new_scale = l->out[0]->data,
                              .new_counts = l->out[1]->data,
                              .growth = a->growth,
                              .backoff = a->backoff,
                              .interval = a->interval,
                              .early = gdk_early(l)};
    return gdk_cuda_status(gdk_optim_scale_launch(&p, gdk_stream(l)), "loss_scale", err);
}

#define ROWS(op, function, ...)                       \
    extern const gd_kernel gdk_##op##_cuda_rows[];    \
    const gd_kernel        gdk_##op##_cuda_rows[] = { \
               {GD_ROW_CUDA(#op "_cuda_f32", GD_F32, function), __VA_ARGS__}, {0}};

ROWS(sgd, run_sgd, .fits = fits)
ROWS(adam, run_adam, .fits = fits)
ROWS(accumulate, run_accumulate, .fits = fits)
ROWS(ema, run_ema, .fits = fits)
ROWS(sum_squares, run_squares, .fits = fits_squares, .scratch = scratch)
ROWS(grad_factor, run_factor, .fits = NULL)
ROWS(loss_scale, run_scale, .fits = NULL)
