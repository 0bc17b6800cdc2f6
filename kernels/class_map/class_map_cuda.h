/* class_map_cuda.h -- parameters and launchers of the kernels of maps of classes. */
#ifndef GD_KERNELS_CLASS_MAP_CUDA_H
#define GD_KERNELS_CLASS_MAP_CUDA_H

#include "kernels/class_map/class_map_at.h"
#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pitches are elements. */
typedef struct gdk_arg_max_args {
    const void  *x;    /* [B, h, w, C], halves or floats (wide) */
    const float *geom; /* NULL: none; x is [n, C] */
    void        *out;  /* U8, or I32 (index) */
    int64_t      x_pitch, geom_pitch, out_pitch;
    int64_t      n; /* pixels of x without geom */
    int32_t      B, h, w, C, wide, index;
    int32_t      vec; /* x may be read by 16 bytes */
    int32_t      net_h, net_w, pixels;
} gdk_arg_max_args;

typedef struct gdk_map_args {
    const uint8_t *map; /* [B, pixels, 1] */
    const float   *geom;
    uint8_t       *out;   /* mode_filter: like map */
    int32_t       *count; /* class_count: [B, n_class] */
    int64_t        map_pitch, geom_pitch, out_pitch, count_pitch;
    int32_t        B, radius, n_class;
    int64_t        pixels;
} gdk_map_args;

cudaError_t gdk_arg_max_launch(const gdk_arg_max_args *a, cudaStream_t stream);
cudaError_t gdk_mode_filter_launch(const gdk_map_args *a, cudaStream_t stream);
cudaError_t gdk_class_count_launch(const gdk_map_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
