/* preprocess_cuda.h -- parameters and launcher of the preprocessing kernels. */
#ifndef GD_KERNELS_PREPROCESS_CUDA_H
#define GD_KERNELS_PREPROCESS_CUDA_H

#include "kernels/cuda/cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_preprocess_cuda {
    const uint8_t *pixels; /* [F, cap, 3], aligned to 4 bytes */
    const float   *geom;   /* [B, 8], or [B, 12] for crops (kernels/crop_resize) */
    const int32_t *count;  /* crops: how many of B are made; NULL: all */
    int64_t        F;      /* crops: number of frames; 0: pictures, picture b for canvas b */
    void          *out;
    int64_t        geom_pitch, pitch; /* elements, of geom and out */
    int64_t        cap;               /* pixels that a picture has room for */
    int32_t        B, out_h, out_w;
    int32_t        filter, swap_rb;
    int32_t        wide;    /* 1: F32, 0: F16 */
    int32_t        divisor; /* k where a byte is divided by k, else 0: it is scaled */
    float          scale, mean[3], std[3], pad[3];
    float          gain[3], shift[3]; /* the same in one step: byte * gain + shift */
} gdk_preprocess_cuda;

/* preprocess_cuda.c: every canvas of out[0]; all of it but where the pictures are comes from
 * the attributes, a gd_preprocess. */
bool      gdk_canvases_cuda_fits(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_canvases_cuda(const gd_launch *l, int64_t frames, const gd_tensor *count,
                            const char *what, gd_error *err) GD_MUST_CHECK;

cudaError_t gdk_preprocess_launch(const gdk_preprocess_cuda *p, cudaStream_t stream);
cudaError_t gdk_preprocess_pil_launch(const gdk_preprocess_cuda *p, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
