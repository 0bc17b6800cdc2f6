/* row_scale_cuda.c -- the CUDA row of row_scale; it stores halves where a change of type
 * follows. */
#include "kernels/row_scale/row_scale_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/row_scale/row_scale.h"

static const char *const absorbs[] = {"cast", NULL};

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gd_tensor_count(l->in[0]) < INT32_MAX / 2 &&
           (l->out[0]->dtype == GD_F32 || l->out[0]->dtype == GD_F16);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const int64_t n = gd_tensor_count(l->in[0]), inner = n ? n / l->in[0]->dim[0] : 1;
    if (n == 0) return GD_OK;
    const gdk_row_scale_args a = {.w = l->in[0]->data,
                                  .s = l->in[1]->data,
                                  .y = l->out[0]->data,
                                  .row = gdk_fastdiv_by(inner),
                                  .n = (uint32_t)n,
                                  .half = l->out[0]->dtype == GD_F16,
                                  .vec = inner % 4 == 0,
                                  .early = gdk_early(l)};
    return gdk_cuda_status(gdk_row_scale_launch(&a, gdk_stream(l)), "row_scale", err);
}

#define ROW(title, type) \
    { GD_ROW_CUDA(title, type, run), .fits = fits, .absorbs = absorbs }
extern const gd_kernel gdk_row_scale_cuda_rows[];
const gd_kernel        gdk_row_scale_cuda_rows[] = {ROW("row_scale_cuda_f32", GD_F32), {0}};
