/* conv2d_wgmma.h -- parameters of the Hopper convolution, shared by its C and its CUDA side. */
#ifndef GD_KERNELS_CONV2D_CONV2D_WGMMA_H
#define GD_KERNELS_CONV2D_CONV2D_WGMMA_H

#include <cuda.h>
#include <cuda_runtime_api.h>

#include "kernels/conv2d/conv2d_maps.h"
#include "kernels/conv2d/conv2d_wgmma_pick.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The product [M, R * S * C] x [K, R * S * C]^T in tiles of 128 x `cols`, each tile's reduction
 * cut into `splits` <= steps ranges of steps; a step is 64 channels of one filter tap. */
typedef struct gdk_wgmma_args {
    CUtensorMap x, w; /* im2col over the input, tiles over the weights */
    CUtensorMap y, r; /* `whole`: boxes of 64 x 64 of the output and of what step `add` adds */
    int32_t     M, K, cols;
    int32_t     Q, PQ; /* output width and plane */
    int32_t     S, C;  /* filter width, channels */
    int32_t     stride_h, stride_w, pad_h, pad_w, dil_h, dil_w;
    int32_t     steps, steps_a_tap; /* of the whole reduction; of one tap */
    int32_t     tiles, tiles_n, splits;
    int32_t     whole; /* F16 output, rows of 16-byte groups: tiles go out by tensor copies */
    int32_t     fixed; /* weights and the bias are constants */
    /* The gradient of an input alone: w [C, taps of all phases, K], read by columns w_first +
     * down * w_down + right * w_right on for tap (down, right); `spread`: output (n, p, q) is
     * pixel n * to_n + p * to_p + q * to_q + to_first. */
    int32_t      w_first, w_down, w_right;
    int32_t      spread;
    int64_t      to_n, to_p, to_q, to_first;
    int32_t      add;    /* `whole`: the step that adds r, or -1; there is no other addition */
    float       *part;   /* splits > 1: [tiles][splits][128 * cols] partial sums */
    uint32_t    *ticket; /* splits > 1: [tiles], zero before and after */
    gdk_epilogue e;
} gdk_wgmma_args;

/* Rows of F16 convolution and linear (a 1x1 convolution of a picture of one line). */
bool      gdk_conv2d_wgmma_fits(const gd_launch *l, const gd_device_caps *dev);
bool      gdk_linear_wgmma_fits(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_conv2d_wgmma_scratch(const gd_launch *l, const gd_device_caps *dev);
double    gdk_conv2d_wgmma_cost(const gd_launch *l, const gd_device_caps *dev);
size_t    gdk_linear_wgmma_scratch(const gd_launch *l, const gd_device_caps *dev);
double    gdk_linear_wgmma_cost(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_conv2d_wgmma_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                   gd_error *err);
gd_status gdk_linear_wgmma_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                   gd_error *err);
void      gdk_conv2d_wgmma_release(void *state);
gd_status gdk_conv2d_wgmma_run(const gd_launch *l, gd_error *err);

/* The parts of a plan and of a launch that other rows share: extents and a choice; how tiles
 * leave, for which a->e has been read. */
void gdk_wgmma_plan(const gdk_conv2d_shape *s, const gdk_wgmma_choice *c, gdk_wgmma_args *a);
gd_status gdk_wgmma_exit(const gd_launch *l, const gdk_maps *maps, gdk_wgmma_args *a,
                         gd_error *err);

/* cols is 64, 128 or 256. Ready comes before the first launch, on each device. */
cudaError_t gdk_conv2d_wgmma_f16_ready(int cols);
cudaError_t gdk_conv2d_wgmma_f16_launch(const gdk_wgmma_args *a, int n_sm, cudaStream_t s);
/* The same for the gradient of an input. */
cudaError_t gdk_conv2d_wgmma_turned_ready(int cols);
cudaError_t gdk_conv2d_wgmma_turned_launch(const gdk_wgmma_args *a, int n_sm, cudaStream_t s);

#ifdef __cplusplus
}
#endif
#endif
