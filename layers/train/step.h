/* step.h -- makes a graph that ends in a loss into a step of training.
 *
 *   loss -> gradients (autodiff, seeded with the loss scale) -> [accumulate] -> sum_squares
 *        -> grad_factor -> loss_scale -> sgd | adam a weight -> ema a variable
 *
 * All of it is nodes of the one graph, so a step is one run: nothing comes back to the host in
 * between. State is variables of the graph, named "train/..." beside the weights' own names:
 *
 *   train/scale f32[1], train/counts i32[GD_N_COUNT]
 *   train/momentum/NAME (sgd, adam's first), train/square/NAME (adam's second),
 *   train/sum/NAME (accumulation), train/average/NAME (ema)
 *
 * How to use it:
 *
 *   a builder with gd_net.train makes the graph; its total loss is the output "loss"
 *   gd_train_step_build folds and appends the rest; all other passes come after
 *   gd_pass_all, gd_exec_open, gd_store_open, gd_train_step_start, gd_store_bind
 *   each step: gd_train_step_hyper -> gd_exec_write(hyper), inputs, gd_exec_run, read stats */
#ifndef GD_LAYERS_TRAIN_STEP_H
#define GD_LAYERS_TRAIN_STEP_H

#include "engine/graph.h"
#include "engine/train/store.h"
#include "kernels/optim/optim.h"
#include "layers/net.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_MAX_GROUP = 8 };

typedef enum gd_optim_kind { GD_OPTIM_SGD, GD_OPTIM_ADAM, GD_OPTIM_ADAMW } gd_optim_kind;

/* Weights that share a rate: biases, norms, a backbone. */
typedef struct gd_train_group {
    float rate; /* factor of the learning rate */
    float weight_decay;
} gd_train_group;

typedef struct gd_train_step_options {
    gd_optim_kind  optim;
    bool           nesterov;
    float          beta2, eps; /* adam; 0: PyTorch's 0.999 and 1e-8 */
    int            n_group;    /* 0: one, of rate 1 without decay */
    gd_train_group group[GD_MAX_GROUP];
    /* Which group a weight belongs to; NULL: the first. */
    int (*group_of)(const void *ctx, const char *name, int ndim);
    const void *ctx;
    int         accumulate; /* micro-steps to an update; 0: 1 */
    float       max_norm;   /* of all gradients together; 0: not clipped */
    float       scale;      /* of the loss at first; 0: FP32, which stays 1 */
    int         interval;   /* clean steps after which it doubles; 0: 2000 */
    bool        average;    /* keep an exponential average of every weight and running value */
} gd_train_step_options;

typedef struct gd_train_step {
    int   hyper; /* input f32 [GD_N_HYPER + n_group] */
    int   stats; /* output "stats" f32 [GD_N_STAT] */
    int   n_weight;
    int   n_group;
    float rate[GD_MAX_GROUP];
    float scale;
    bool  average;
} gd_train_step;

/* Appends the step behind the graph's output "loss" (f32 [1]). Weights are the variables that
 * the loss depends on; others (running values) are left to their layers. GD_ERR_ARG: no loss,
 * or no weight that trains. */
gd_status gd_train_step_build(gd_graph *g, const gd_train_step_options *o, gd_train_step *out,
                              gd_error *err) GD_MUST_CHECK;

/* Fills a fresh store: weights from the source, averages from the same, the loss scale; moments
 * stay 0. A checkpoint's tensors may be set over it by name. */
gd_status gd_train_step_start(const gd_train_step *s, gd_store *store,
                              const gd_weight_source *source, gd_error *err) GD_MUST_CHECK;

typedef struct gd_train_rates {
    float rate;         /* learning rate of this step, before the groups' factors */
    float momentum;     /* of sgd; beta1 of adam */
    float average;      /* what is kept of the average */
    bool  first, apply; /* the first and the last micro-step of an update */
} gd_train_rates;

/* What the input `hyper` holds for one run: GD_N_HYPER + n_group numbers. Returns how many. */
int gd_train_step_hyper(const gd_train_step *s, const gd_train_rates *r, float *out);

#ifdef __cplusplus
}
#endif
#endif
