/* trainer.h -- a model that learns: training graphs of several shapes over one set of weights.
 *
 * A batch of pictures of one canvas size is one run of one graph (step.h); canvases of other
 * sizes have graphs of their own, planned when they first come, and all of them share the
 * weights, momenta and statistics in one store. */
#ifndef GD_LAYERS_TRAIN_TRAINER_H
#define GD_LAYERS_TRAIN_TRAINER_H

#include "layers/model.h"
#include "layers/train/step.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_TRAINER_SHAPES = 16, GD_MAX_LOSS = 8 };

typedef struct gd_trainer_options {
    const char *device;    /* NULL or "cpu", "auto", "cuda", "cuda:N" */
    bool        half;      /* FP16 with FP32 weights and a loss scale; step.scale says which */
    bool        providers; /* kernels of vendor libraries */
    bool        check_numerics; /* a step stops at the first node with NaN or Inf */
    int         batch;
    int         layers; /* of the operator augment, for each picture of a batch */
    int64_t     pixels; /* least room for source pixels that a graph is planned with */
    int         boxes;  /* room for ground truth in a picture; classifiers: not read */
    gd_train_step_options step;
    gd_train_options      net;
    bool  batch_norm; /* norms learn and use the batch; false: they are frozen */
    float bn_momentum;
    /* Patterns of weight names that do not learn; '*' stands for any run of characters. */
    const char *const *freeze;
    int                n_freeze;
} gd_trainer_options;

/* What one step sees. Host arrays, read before gd_trainer_step returns. */
typedef struct gd_train_batch {
    int            net_h, net_w; /* the canvas */
    const uint8_t *pixels;       /* [n_pixels, 3]: sources of the layers, kernels/augment */
    int64_t        n_pixels;
    const float   *layer; /* [batch, layers, GD_LAYER] */
    const float   *geom;  /* [batch, 8]: where the picture lies on the canvas */
    const float   *box;   /* [batch, boxes, 4] x1 y1 x2 y2 on the canvas */
    const int32_t *label; /* [batch, boxes] without background; classifiers [batch] */
    const int32_t *count; /* [batch] */
    uint64_t       seed;  /* of the run's random numbers */
    uint64_t       step;  /* these two make the numbers of this step */
} gd_train_batch;

typedef struct gd_train_stats {
    int         n_loss;
    const char *name[GD_MAX_LOSS]; /* "loss" (their sum) first, then each without "loss." */
    float       loss[GD_MAX_LOSS];
    float       stat[GD_N_STAT]; /* gradient norm, loss scale, skipped, factor: optim.h */
} gd_train_stats;

typedef struct gd_trainer gd_trainer;

/* The model must outlive the trainer; its weights are where learning begins.
 * GD_ERR_UNSUPPORTED: the architecture cannot be trained, or the device has no kernel for one
 * of its operators. */
gd_status gd_trainer_open(const gd_model *m, const gd_trainer_options *o, gd_trainer **out,
                          gd_error *err) GD_MUST_CHECK;
void      gd_trainer_close(gd_trainer *t); /* NULL is allowed */

/* Plans the graph for a canvas, if there is none yet: memory runs out here and not in the
 * middle of an epoch. */
gd_status gd_trainer_plan(gd_trainer *t, int net_h, int net_w, int64_t n_pixels,
                          gd_error *err) GD_MUST_CHECK;
/* One micro-step: forward, backward and, where rates->apply, the update. */
gd_status gd_trainer_step(gd_trainer *t, const gd_train_batch *b, const gd_train_rates *rates,
                          gd_train_stats *out, gd_error *err) GD_MUST_CHECK;

/* Weights, momenta and the rest, by the names of step.h; NULL before the first plan. */
gd_store *gd_trainer_store(gd_trainer *t);
/* "cpu", or the device's name. */
const char *gd_trainer_device(const gd_trainer *t);
/* Bytes that the trainer holds on its device (on the host: plans and weights). */
size_t gd_trainer_bytes(const gd_trainer *t);

#ifdef __cplusplus
}
#endif
#endif
