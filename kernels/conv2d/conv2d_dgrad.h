/* conv2d_dgrad.h -- kernels around the convolutions that give the gradient of an input. */
#ifndef GD_KERNELS_CONV2D_CONV2D_DGRAD_H
#define GD_KERNELS_CONV2D_CONV2D_DGRAD_H

#include <cuda_runtime_api.h>

#include "kernels/cuda/epilogue.h"
#include "kernels/cuda/fastdiv.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_DGRAD_PHASES = 16 };

/* w [K, R, S, C] with C channels a filter, of `groups` groups, to one [groups * C, taps, taps,
 * pitch] for each phase (conv2d_phase.h): filters become channels, taps change their order.
 * pitch >= K / groups; what is beyond is 0. */
typedef struct gdk_dgrad_turn {
    const void *w;
    void       *to;
    int32_t     K, R, S, C, groups, w_pitch, pitch;
    int32_t     stride[2], pad[2], dilation[2];
    int32_t     wide;                 /* 1: F32, 0: F16 */
    int64_t     at[GDK_DGRAD_PHASES]; /* where a phase begins, elements; -1: it has no pixels */
} gdk_dgrad_turn;

/* dx from its phases, [N, counts, C] each, dense and of dx's type; through the epilogue. */
typedef struct gdk_dgrad_join {
    const void  *from;
    int32_t      N, H, W, C;
    int32_t      stride[2];
    int64_t      at[GDK_DGRAD_PHASES]; /* elements; -1: zeros; -2: done already */
    gdk_fastdiv  by_runs;              /* set by the launcher */
    gdk_epilogue e;
} gdk_dgrad_join;

cudaError_t gdk_dgrad_turn_launch(const gdk_dgrad_turn *p, cudaStream_t stream);
cudaError_t gdk_dgrad_join_launch(const gdk_dgrad_join *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
