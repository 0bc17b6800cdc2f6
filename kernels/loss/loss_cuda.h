/* loss_cuda.h -- parameters of the CUDA kernels of all losses, and how they are filled.
 *
 * A loss is three kernels: the scale of each group of rows, sums by a fixed number of blocks,
 * their total. Its backward node is the first and one that writes d_pred. */
#ifndef GD_KERNELS_LOSS_CUDA_H
#define GD_KERNELS_LOSS_CUDA_H

#include <cuda_runtime_api.h>

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/fastdiv.h"
#include "kernels/loss/loss.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_LOSS_THREADS = 256, GDK_LOSS_BLOCKS = 1024 };

/* A tensor with one entry a row, floats or I32; data NULL: not given. */
typedef struct gdk_loss_each_row {
    const void *data;
    int64_t     pitch;
    uint32_t    n; /* of its last axis */
    int32_t     is_int;
} gdk_loss_each_row;

typedef struct gdk_loss_args {
    const float      *pred, *values; /* values: a target like pred, or NULL */
    int64_t           pred_pitch, values_pitch;
    gdk_loss_each_row label, weight, norm, extra; /* label: a target of labels */
    const float      *d_out;                      /* NULL: forward */
    float            *d_pred, *out;
    int64_t           d_pitch;
    float            *scale, *part;                              /* [groups], [blocks] */
    uint32_t          rows, groups, items, blocks, norm_entries; /* entries of one group */
    int32_t           C, values_C;
    gdk_fastdiv       by_C, by_group; /* by_group: rows of a group */
    float             factor, min_norm;
    int32_t           kind, center; /* iou_loss */
    float             p, q;         /* alpha and gamma; smoothing; beta; eps */
} gdk_loss_args;

bool   gdk_loss_cuda_fits(const gd_launch *l, const gd_device_caps *dev);
bool   gdk_loss_bwd_cuda_fits(const gd_launch *l, const gd_device_caps *dev);
size_t gdk_loss_cuda_scratch(const gd_launch *l, const gd_device_caps *dev);
size_t gdk_loss_bwd_cuda_scratch(const gd_launch *l, const gd_device_caps *dev);

/* All but what a loss's own attributes say. first: 1 for a backward node. */
gdk_loss_args gdk_loss_cuda_read(const gd_launch *l, int first);

typedef cudaError_t (*gdk_loss_launch)(const gdk_loss_args *a, cudaStream_t stream);
/* The kernel of the loss itself between the two that all have; lanes: threads for an item,
 * which is a row, or with `each` an element of pred. */
gd_status gdk_loss_cuda_run(gdk_loss_args *a, const char *what, bool each, int lanes,
                            gdk_loss_launch launch, cudaStream_t stream, gd_error *err);

cudaError_t gdk_loss_factor_launch(const gdk_loss_args *a, cudaStream_t stream);
cudaError_t gdk_loss_total_launch(const gdk_loss_args *a, cudaStream_t stream);
cudaError_t gdk_loss_softmax_launch(const gdk_loss_args *a, cudaStream_t stream);
cudaError_t gdk_loss_sigmoid_launch(const gdk_loss_args *a, cudaStream_t stream);
cudaError_t gdk_loss_l1_launch(const gdk_loss_args *a, cudaStream_t stream);
cudaError_t gdk_loss_iou_launch(const gdk_loss_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

/* Both tables of a loss; run_<op> and run_<op>_bwd are the file's own. */
#define GDK_LOSS_CUDA_ROWS(op)                                                            \
    extern const gd_kernel gdk_##op##_cuda_rows[];                                        \
    extern const gd_kernel gdk_##op##_bwd_cuda_rows[];                                    \
    const gd_kernel        gdk_##op##_cuda_rows[] = {                                     \
               {GD_ROW_CUDA(#op "_cuda_f32", GD_F32, run_##op), .flags = GD_ROW_PITCH,    \
                .fits = gdk_loss_cuda_fits, .scratch = gdk_loss_cuda_scratch},            \
               {0}};                                                                      \
    const gd_kernel gdk_##op##_bwd_cuda_rows[] = {                                        \
        {GD_ROW_CUDA(#op "_bwd_cuda_f32", GD_F32, run_##op##_bwd), .flags = GD_ROW_PITCH, \
         .fits = gdk_loss_bwd_cuda_fits, .scratch = gdk_loss_bwd_cuda_scratch},           \
        {0}};

#endif
