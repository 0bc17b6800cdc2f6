/* conv2d_mma.h -- convolution and linear on tensor cores: rows, parameters, launchers. */
#ifndef GD_KERNELS_CONV2D_MMA_H
#define GD_KERNELS_CONV2D_MMA_H

#include "kernels/conv2d/conv2d_pick.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/epilogue.h"
#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lengths along channels count 16-byte groups: 8 halves or 4 floats. */
typedef struct gdk_conv2d_mma {
    const void  *x, *w; /* [N, H, W, pitch] and [K, R, S, C] */
    gdk_epilogue e;
    int32_t      M, K;          /* pixels and filters of the output */
    int32_t      C, pitch;      /* groups of a filter tap, and from pixel to pixel of x */
    int32_t      depth, blocks; /* groups of a filter, and blocks of 8 of them */
    int32_t      H, W, R, S;
    int32_t      stride[2], pad[2], dilation[2];
    int32_t      plain; /* 1x1, stride 1, no pad: pixel m is row m */
    gdk_fastdiv  by_pq, by_q, by_c, by_n, by_split; /* P * Q, Q, C, tiles of filters, parts */
    int32_t      part; /* blocks of the reduction in each part but the last */
    int32_t      tile, stages, split;
    size_t       smem;
    int32_t      early;   /* sm_90 on: may start while the kernel before it ends */
    int32_t      fixed;   /* w and the bias are constants */
    int32_t      cluster; /* split, where the parts meet in shared memory (sm_90 on); else 1 */
    int64_t      grid;    /* thread blocks */
    float       *partial; /* split > 1, cluster 1: [tiles, split, tile elements] */
    int32_t     *ticket;  /* the same: a counter for each tile, zero before and after */
} gdk_conv2d_mma;

/* Once for each plan: lets its kernel have the shared memory it asks for. */
cudaError_t gdk_conv2d_mma_ready(const gdk_conv2d_mma *p, bool tf32);
/* The kernel of p->tile. */
cudaError_t gdk_conv2d_mma_launch(const gdk_conv2d_mma *p, bool tf32, cudaStream_t stream);

cudaError_t gdk_conv2d_mma_f16_ready(const gdk_conv2d_mma *p);
cudaError_t gdk_conv2d_mma_tf32_ready(const gdk_conv2d_mma *p);
cudaError_t gdk_conv2d_gmma_f16_ready(const gdk_conv2d_mma *p);
cudaError_t gdk_conv2d_gmma_tf32_ready(const gdk_conv2d_mma *p);
cudaError_t gdk_conv2d_mma_f16_launch(const gdk_conv2d_mma *p, cudaStream_t stream);
cudaError_t gdk_conv2d_mma_tf32_launch(const gdk_conv2d_mma *p, cudaStream_t stream);
cudaError_t gdk_conv2d_gmma_f16_launch(const gdk_conv2d_mma *p, cudaStream_t stream);
cudaError_t gdk_conv2d_gmma_tf32_launch(const gdk_conv2d_mma *p, cudaStream_t stream);

/* Fills p with the shape of a launch, and then with a choice. Addresses, the epilogue, partial
 * and ticket are left to the caller. */
void            gdk_conv2d_mma_read(const gd_launch *l, bool linear, gdk_conv2d_mma *p);
gdk_conv2d_work gdk_conv2d_mma_work(const gd_launch *l, const gd_device_caps *dev, bool linear,
                                    bool gmma);
void            gdk_conv2d_mma_plan(gdk_conv2d_mma *p, const gdk_conv2d_work *w,
                                    const gdk_conv2d_choice *c);

/* What rows are made of: mma by mma.sync, gmma by Hopper's wgmma with the same copies. */
#define GD_DECLARE(name)                                                                      \
    bool      gdk_##name##_fits(const gd_launch *l, const gd_device_caps *dev);               \
    size_t    gdk_##name##_scratch(const gd_launch *l, const gd_device_caps *dev);            \
    double    gdk_##name##_cost(const gd_launch *l, const gd_device_caps *dev);               \
    gd_status gdk_##name##_prepare(const gd_launch *l, const gd_device_caps *dev, void **out, \
                                   gd_error *err);
GD_DECLARE(conv2d_mma)
GD_DECLARE(linear_mma)
GD_DECLARE(conv2d_gmma)
GD_DECLARE(linear_gmma)
#undef GD_DECLARE
/* All of them. */
void      gdk_conv2d_mma_release(void *kept);
gd_status gdk_conv2d_mma_run(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
