/* optim_cuda.h -- parameters and launchers of the optimiser's CUDA kernels. */
#ifndef GD_KERNELS_OPTIM_CUDA_H
#define GD_KERNELS_OPTIM_CUDA_H

#include "kernels/cuda/cuda.h"
#include "kernels/optim/optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gdk_update_kind {
    GDK_UPDATE_SGD,        /* w, momentum, g */
    GDK_UPDATE_ADAM,       /* w, m, v, g */
    GDK_UPDATE_ACCUMULATE, /* sum, g */
    GDK_UPDATE_EMA,        /* e, w */
    GDK_N_UPDATE
} gdk_update_kind;

/* All tensors are dense and of n floats; out[i] may be in[i]. */
typedef struct gdk_update {
    const float   *in[4];
    float         *out[3];
    const float   *factor; /* NULL: as if it were 1 */
    const float   *hyper;
    const int32_t *counts;
    int64_t        n;
    int32_t        kind, group;
    int32_t        flag; /* nesterov, decoupled */
    float          decay, beta2, eps;
    int32_t        early; /* may start while the kernel before it ends */
} gdk_update;

enum { GDK_SQUARES_TENSORS = GD_MAX_IN - 1, GDK_SQUARES_CHUNK = 16384 /* floats of a block */ };

/* total = base + sum of squares of all tensors. Block i owns GDK_SQUARES_CHUNK floats of the
 * tensor k with first[k] <= i < first[k + 1]. */
typedef struct gdk_squares {
    const float *x[GDK_SQUARES_TENSORS];
    int64_t      n[GDK_SQUARES_TENSORS];
    uint32_t     first[GDK_SQUARES_TENSORS + 1];
    const float *base;
    float       *part, *total; /* part: scratch, a float a block */
    int32_t      tensors, early;
} gdk_squares;

typedef struct gdk_grad_factor {
    const float *total, *scale, *hyper;
    float       *factor, *stats;
    float        max_norm, steps;
    int32_t      early;
} gdk_grad_factor;

typedef struct gdk_loss_scale {
    const float   *scale, *total, *hyper;
    const int32_t *counts;
    float         *new_scale;  /* may be scale */
    int32_t       *new_counts; /* may be counts */
    float          growth, backoff;
    int32_t        interval, early;
} gdk_loss_scale;

cudaError_t gdk_update_launch(const gdk_update *p, cudaStream_t stream);
cudaError_t gdk_squares_launch(const gdk_squares *p, cudaStream_t stream);
cudaError_t gdk_optim_factor_launch(const gdk_grad_factor *p, cudaStream_t stream);
cudaError_t gdk_optim_scale_launch(const gdk_loss_scale *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
