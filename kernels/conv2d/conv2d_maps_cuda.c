/* conv2d_maps_cuda.c -- tensor maps, made by functions of the driver. */
#include "kernels/conv2d/conv2d_maps.h"
#include "kernels/cuda/cuda.h"

gd_status gdk_maps_find(gdk_maps *m, gd_error *err) {
    enum cudaDriverEntryPointQueryResult found;
    union {
        void                              *at;
        PFN_cuTensorMapEncodeIm2col_v12000 im2col;
        PFN_cuTensorMapEncodeTiled_v12000  tiled;
    } f = {NULL};
    GD_TRY(gdk_cuda_status(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeIm2col", &f.at,
                                                            12000, cudaEnableDefault, &found),
                           "cudaGetDriverEntryPointByVersion", err));
    m->im2col = f.im2col;
    GD_TRY(gdk_cuda_status(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &f.at,
                                                            12000, cudaEnableDefault, &found),
                           "cudaGetDriverEntryPointByVersion", err));
    m->tiled = f.tiled;
    if (m->im2col && m->tiled) return GD_OK;
    return gd_fail_code(err, GD_ERR_DEVICE, 504, "the driver has no tensor maps");
}

bool gdk_map_window_fits(const gdk_conv2d_shape *s) {
    const gd_conv2d *a = s->a;
    const int64_t    size[2] = {s->R, s->S};
    for (int i = 0; i < 2; i++) {
        const int64_t reach = (size[i] - 1) * a->dilation[i];
        if (a->pad[i] > 127 || a->pad[i] < -127 || a->pad[i + 2] > 127 ||
            a->pad[i + 2] - reach < -127 || a->stride[i] > 8 || reach > 127)
            return false;
    }
    return true;
}

static gd_status encoded(CUresult r, const char *what, gd_error *err) {
    if (r == CUDA_SUCCESS) return GD_OK;
    return gd_fail_code(err, GD_ERR_DEVICE, 512, "conv2d_wgmma: no tensor map of %s (%d)", what,
                        (int)r);
}

/* The driver takes what it only reads without const. */
static void *writable(const void *p) {
    union {
        const void *in;
        void       *out;
    } at = {.in = p};
    return at.out;
}

gd_status gdk_map_im2col(const gdk_maps *m, const gdk_conv2d_shape *s, const void *x,
                         int64_t pitch, int pixels, CUtensorMap *map, gd_error *err) {
    const cuuint64_t pixel = (cuuint64_t)pitch * 2;
    const cuuint64_t dim[4] = {(cuuint64_t)s->C, (cuuint64_t)s->W, (cuuint64_t)s->H,
                               (cuuint64_t)s->N};
    const cuuint64_t stride[3] = {pixel, pixel * dim[1], pixel * dim[1] * dim[2]};
    const gd_conv2d *a = s->a;
    const int        lower[2] = {-a->pad[1], -a->pad[0]};
    const int        upper[2] = {a->pad[3] - (int)(s->S - 1) * a->dilation[1],
                                 a->pad[2] - (int)(s->R - 1) * a->dilation[0]};
    const cuuint32_t step[4] = {1, (cuuint32_t)a->stride[1], (cuuint32_t)a->stride[0], 1};
    return encoded(m->im2col(map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 4, writable(x), dim, stride,
                             lower, upper, GDK_MAP_CHANNELS, (cuuint32_t)pixels, step,
                             CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                             CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                             CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
                   "the input", err);
}

gd_status gdk_map_matrix(const gdk_maps *m, const void *at, int64_t rows, int64_t cols,
                         int64_t pitch, int high, CUtensorMap *map, gd_error *err) {
    const cuuint64_t dim[2] = {(cuuint64_t)cols, (cuuint64_t)rows};
    const cuuint64_t stride[1] = {(cuuint64_t)pitch * 2};
    const cuuint32_t box[2] = {GDK_MAP_CHANNELS, (cuuint32_t)high}, step[2] = {1, 1};
    return encoded(m->tiled(map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 2, writable(at), dim, stride,
                            box, step, CU_TENSOR_MAP_INTERLEAVE_NONE,
                            CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                            CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
                   "a matrix", err);
}
