/* gather_rows_cuda.h -- parameters of the CUDA kernels of rows picked by index. */
#ifndef GD_KERNELS_GATHER_ROWS_CUDA_H
#define GD_KERNELS_GATHER_ROWS_CUDA_H

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_gather_rows_args {
    const void    *table; /* x, or the gradient of the picked rows */
    const int32_t *index;
    void          *out;
    int64_t        table_pitch, index_pitch, out_pitch;
    int32_t        B, A, n, C;
    int32_t        each; /* tables differ from picture to picture */
    int32_t        size; /* bytes of an element: 2 or 4 */
} gdk_gather_rows_args;

cudaError_t gdk_gather_rows_launch(const gdk_gather_rows_args *a, cudaStream_t stream);
cudaError_t gdk_gather_rows_bwd_launch(const gdk_gather_rows_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
