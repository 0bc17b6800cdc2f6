/* optim.h -- the end of a training step: gradients to weights, all where the weights are.
 *
 *   total   = sum_squares(...)                 of every gradient, as it comes: scaled
 *   factor  = grad_factor(total, scale, hyper) 1 / scale / micro-steps * clip; 0: do nothing
 *   counts' = loss_scale(...)                  the scale for the next step, and what was done
 *   w', ... = sgd | adam (..., g, factor, ...) PyTorch's SGD, Adam, AdamW
 *   e'      = ema(e, w', factor, hyper)        the average of weights
 *
 * Operators marked * change their first inputs (GD_OP_UPDATE): out[i] has the bytes of in[i],
 * and rows must run so as well as into other memory. With factor 0 they leave every bit as it
 * is, whatever the gradient holds: NaN too. No gradients, FP32 only. */
#ifndef GD_KERNELS_OPTIM_H
#define GD_KERNELS_OPTIM_H

#include "kernels/rows.h"

/* hyper: f32 [GD_N_HYPER + groups], written by the host before each step. */
enum {
    GD_HYPER_MOMENTUM, /* of sgd, beta1 of adam */
    GD_HYPER_FIRST,    /* not 0: the first micro-step: gradients start anew */
    GD_HYPER_APPLY,    /* not 0: the last micro-step: weights are updated */
    GD_HYPER_EMA,      /* what is kept of the average at an update; 1: it stays as it is */
    GD_N_HYPER         /* then the learning rate of each group of weights */
};

/* counts: i32 [GD_N_COUNT]. */
enum {
    GD_COUNT_GOOD,  /* steps taken since the scale last changed */
    GD_COUNT_TAKEN, /* steps taken in all: Adam's t */
    GD_COUNT_SKIPPED,
    GD_N_COUNT
};

/* stats of grad_factor: f32 [GD_N_STAT]. */
enum {
    GD_STAT_NORM,    /* of all gradients, unscaled, before clipping; NaN or Inf as they come */
    GD_STAT_SCALE,   /* the loss was multiplied by it */
    GD_STAT_SKIPPED, /* 1: NaN or Inf in a gradient, nothing is updated */
    GD_STAT_FACTOR,
    GD_N_STAT
};

/* sgd*: w [...], momentum [...], g [...], factor [1], hyper -> w', momentum'
 *   d = g * factor + weight_decay * w;  m' = momentum * m + d
 *   w' = w - lr * (nesterov ? d + momentum * m' : m') */
typedef struct gd_sgd {
    float   weight_decay;
    int32_t nesterov;
    int32_t group; /* lr = hyper[GD_N_HYPER + group] */
} gd_sgd;

/* adam*: w, m, v (of one shape), g, factor [1], hyper, counts (of this step: t) -> w', m', v'
 *   d = g * factor (+ weight_decay * w; decoupled: w *= 1 - lr * weight_decay instead)
 *   m' = beta1 * m + (1 - beta1) * d;  v' = beta2 * v + (1 - beta2) * d * d
 *   w' = w - lr / (1 - beta1^t) * m' / (sqrt(v' / (1 - beta2^t)) + eps) */
typedef struct gd_adam {
    float   beta2, eps, weight_decay;
    int32_t decoupled; /* 1: AdamW */
    int32_t group;
} gd_adam;

/* sum_squares: base [1], up to 15 tensors -> [1] = base + the sum of all their squares; NaN or
 * Inf where they hold one. */

/* grad_factor: total [1] (of squares), scale [1], hyper -> factor [1], stats [GD_N_STAT]
 *   norm = sqrt(total) / (scale * steps)
 *   factor = 1 / (scale * steps) * (max_norm > 0 ? min(1, max_norm / (norm + 1e-6)) : 1)
 * and 0 where total is not finite or hyper says that this is not the last micro-step. */
typedef struct gd_grad_factor {
    float   max_norm; /* 0: gradients are not clipped */
    int32_t steps;    /* micro-steps whose gradients are summed, >= 1 */
} gd_grad_factor;

/* loss_scale*: scale [1], counts, total [1], hyper -> scale', counts'. torch.cuda.amp's
 * GradScaler: total not finite: scale * backoff, good = 0, skipped + 1. Else taken + 1 and
 * good + 1, and after `interval` good ones in a row scale * growth (where that is finite),
 * good = 0. Not the last micro-step: nothing. */
typedef struct gd_loss_scale {
    float   growth, backoff;
    int32_t interval;
} gd_loss_scale;

/* accumulate*: sum, g, hyper -> sum': g at the first micro-step, then sum + g. */
/* ema*: e, w, factor [1], hyper -> e' = decay * e + (1 - decay) * w; factor 0: e. */

GD_REF_DECLARE(sgd)
GD_REF_DECLARE(adam)
GD_REF_DECLARE(sum_squares)
GD_REF_DECLARE(grad_factor)
GD_REF_DECLARE(loss_scale)
GD_REF_DECLARE(accumulate)
GD_REF_DECLARE(ema)

gd_status gdk_sgd_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_adam_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_accumulate_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_ema_cpu_f32(const gd_launch *l, gd_error *err);
gd_status gdk_sum_squares_cpu_f32(const gd_launch *l, gd_error *err);
size_t    gdk_sum_squares_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);

#endif
