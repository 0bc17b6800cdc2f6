/* optim_ref.c -- the definitions of the optimiser's operators; formulas in optim.h. */
#include "kernels/optim/optim.h"
#include "kernels/ref.h"

static gd_real first(const gd_tensor *t) { return ((const gd_real *)t->data)[0]; }
static gd_real hyper(const gd_tensor *t, int i) { return ((const gd_real *)t->data)[i]; }

/* Leaves the tensors as they are, in their outputs. */
static void keep(const gd_launch *l) {
    for (int i = 0; i < l->n_out; i++)
        for (int64_t p = 0; p < gd_tensor_pixels(l->in[i]); p++) {
            const gd_real *x = gd_pixel(l->in[i], p);
            gd_real       *y = gd_pixel_out(l->out[i], p);
            for (int64_t c = 0; c < gd_tensor_channels(l->in[i]); c++) y[c] = x[c];
        }
}

gd_status GD_REF(sgd)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_sgd *a = l->attr;
    const gd_real factor = first(l->in[3]), momentum = hyper(l->in[4], GD_HYPER_MOMENTUM);
    const gd_real lr = hyper(l->in[4], GD_N_HYPER + a->group), decay = GD_REAL(a->weight_decay);
    if (factor == 0) {
        keep(l);
        return GD_OK;
    }
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *w = gd_pixel(l->in[0], p), *m = gd_pixel(l->in[1], p);
        const gd_real *g = gd_pixel(l->in[2], p);
        gd_real       *to_w = gd_pixel_out(l->out[0], p), *to_m = gd_pixel_out(l->out[1], p);
        for (int64_t c = 0; c < gd_tensor_channels(l->in[0]); c++) {
            const gd_real d = g[c] * factor + decay * w[c], v = momentum * m[c] + d;
            to_w[c] = w[c] - lr * (a->nesterov ? d + momentum * v : v);
            to_m[c] = v;
        }
    }
    return GD_OK;
}

/* One channel vector of adam; `rate` and `root` hold the corrections of bias. */
typedef struct adam_step {
    gd_real factor, beta1, beta2, rate, root, eps, decay, shrink;
} adam_step;

static void adam_pixel(const gd_launch *l, int64_t p, const adam_step *s) {
    const gd_real *w = gd_pixel(l->in[0], p), *m = gd_pixel(l->in[1], p);
    const gd_real *v = gd_pixel(l->in[2], p), *g = gd_pixel(l->in[3], p);
    gd_real       *to_w = gd_pixel_out(l->out[0], p), *to_m = gd_pixel_out(l->out[1], p);
    gd_real       *to_v = gd_pixel_out(l->out[2], p);
    for (int64_t c = 0; c < gd_tensor_channels(l->in[0]); c++) {
        const gd_real d = g[c] * s->factor + s->decay * w[c];
        const gd_real m1 = s->beta1 * m[c] + (1 - s->beta1) * d;
        const gd_real v1 = s->beta2 * v[c] + (1 - s->beta2) * d * d;
        to_w[c] = w[c] * s->shrink - s->rate * m1 / ((gd_real)sqrt(v1) / s->root + s->eps);
        to_m[c] = m1;
        to_v[c] = v1;
    }
}

gd_status GD_REF(adam)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_adam *a = l->attr;
    const int      t = ((const int32_t *)l->in[6]->data)[GD_COUNT_TAKEN];
    const gd_real  lr = hyper(l->in[5], GD_N_HYPER + a->group);
    adam_step      s = {.factor = first(l->in[4]),
                        .beta1 = hyper(l->in[5], GD_HYPER_MOMENTUM),
                        .beta2 = GD_REAL(a->beta2),
                        .eps = GD_REAL(a->eps),
                        .decay = a->decoupled ? 0 : GD_REAL(a->weight_decay),
                        .shrink = a->decoupled ? 1 - lr * GD_REAL(a->weight_decay) : 1};
    if (s.factor == 0) {
        keep(l);
        return GD_OK;
    }
    s.rate = (gd_real)((double)lr / (1 - pow((double)s.beta1, t)));
    s.root = (gd_real)sqrt(1 - pow((double)s.beta2, t));
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) adam_pixel(l, p, &s);
    return GD_OK;
}

gd_status GD_REF(sum_squares)(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_real sum = first(l->in[0]);
    for (int i = 1; i < l->n_in; i++)
        for (int64_t p = 0; p < gd_tensor_pixels(l->in[i]); p++) {
            const gd_real *x = gd_pixel(l->in[i], p);
            for (int64_t c = 0; c < gd_tensor_channels(l->in[i]); c++) sum += x[c] * x[c];
        }
    ((gd_real *)l->out[0]->data)[0] = sum;
    return GD_OK;
}

gd_status GD_REF(grad_factor)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_grad_factor *a = l->attr;
    const gd_real         total = first(l->in[0]), scale = first(l->in[1]);
    const bool            apply = hyper(l->in[2], GD_HYPER_APPLY) != 0, ok = isfinite(total);
    const gd_real         unscale = 1 / (scale * GD_REAL(a->steps));
    const gd_real         norm = (gd_real)sqrt(total) * unscale;
    const gd_real         clip = GD_REAL(a->max_norm) / (norm + GD_REAL(1e-6));
    gd_real              *factor = l->out[0]->data, *stat = l->out[1]->data;
    factor[0] = !apply || !ok ? 0 : a->max_norm > 0 && clip < 1 ? unscale * clip : unscale;
    stat[GD_STAT_NORM] = norm;
    stat[GD_STAT_SCALE] = scale;
    stat[GD_STAT_SKIPPED] = apply && !ok;
    stat[GD_STAT_FACTOR] = factor[0];
    return GD_OK;
}

gd_status GD_REF(loss_scale)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_loss_scale *a = l->attr;
    const int32_t       *n = l->in[1]->data;
    const gd_real        scale = first(l->in[0]);
    const bool apply = hyper(l->in[3], GD_HYPER_APPLY) != 0, ok = isfinite(first(l->in[2]));
    int32_t   *to = l->out[1]->data, good = n[GD_COUNT_GOOD];
    gd_real    next = scale;
    if (apply) good = ok ? good + 1 : 0;
    if (apply && !ok) next = scale * GD_REAL(a->backoff);
    if (apply && ok && good == a->interval) {
        const gd_real more = scale * GD_REAL(a->growth);
        good = 0;
        if (isfinite(more)) next = more;
    }
    to[GD_COUNT_TAKEN] = n[GD_COUNT_TAKEN] + (apply && ok);
    to[GD_COUNT_SKIPPED] = n[GD_COUNT_SKIPPED] + (apply && !ok);
    to[GD_COUNT_GOOD] = good;
    ((gd_real *)l->out[0]->data)[0] = next;
    return GD_OK;
}

gd_status GD_REF(accumulate)(const gd_launch *l, gd_error *err) {
    (void)err;
    const bool anew = hyper(l->in[2], GD_HYPER_FIRST) != 0;
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *sum = gd_pixel(l->in[0], p), *g = gd_pixel(l->in[1], p);
        gd_real       *to = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < gd_tensor_channels(l->in[0]); c++)
            to[c] = anew ? g[c] : sum[c] + g[c];
    }
    return GD_OK;
}

gd_status GD_REF(ema)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_real decay = hyper(l->in[3], GD_HYPER_EMA);
    if (first(l->in[2]) == 0) {
        keep(l);
        return GD_OK;
    }
    for (int64_t p = 0; p < gd_tensor_pixels(l->in[0]); p++) {
        const gd_real *e = gd_pixel(l->in[0], p), *w = gd_pixel(l->in[1], p);
        gd_real       *to = gd_pixel_out(l->out[0], p);
        for (int64_t c = 0; c < gd_tensor_channels(l->in[0]); c++)
            to[c] = decay * e[c] + (1 - decay) * w[c];
    }
    return GD_OK;
}
