/* box_center_cuda.h -- parameters of the CUDA kernel of boxes as centre and size. */
#ifndef GD_KERNELS_BOX_CENTER_CUDA_H
#define GD_KERNELS_BOX_CENTER_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_box_center_args {
    const float *box, *geom;
    float       *out;
    int64_t      box_pitch, geom_pitch, out_pitch;
    int32_t      rows, n; /* of all pictures, of each */
} gdk_box_center_args;

cudaError_t gdk_box_center_launch(const gdk_box_center_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
