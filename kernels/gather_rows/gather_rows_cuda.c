/* gather_rows_cuda.c -- the CUDA rows of rows picked by index, and of their gradient. */
#include "kernels/gather_rows/gather_rows_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/gather_rows/gather_rows.h"

/* The batch is an axis of the grid; elements of a picture are counted in 32 bits. */
static bool fits_table(const gd_tensor *t) {
    return t->dim[t->ndim - 2] <= INT32_MAX / 2 / (t->dim[t->ndim - 1] + 1);
}

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->out[0]->dim[0] <= 65535 && fits_table(l->in[0]) && fits_table(l->out[0]);
}

static gdk_gather_rows_args args(const gd_launch *l) {
    const gd_tensor *x = l->in[0];
    return (gdk_gather_rows_args){.table = x->data,
                                  .index = l->in[1]->data,
                                  .out = l->out[0]->data,
                                  .table_pitch = x->pitch,
                                  .index_pitch = l->in[1]->pitch,
                                  .out_pitch = l->out[0]->pitch,
                                  .B = (int32_t)l->in[1]->dim[0],
                                  .n = (int32_t)l->in[1]->dim[1],
                                  .C = (int32_t)l->out[0]->dim[2],
                                  .each = x->ndim == 3,
                                  .size = (int32_t)gd_dtype_size(x->dtype)};
}

static gd_status run(const gd_launch *l, gd_error *err) {
    gdk_gather_rows_args a = args(l);
    a.A = (int32_t)l->in[0]->dim[l->in[0]->ndim - 2];
    return gdk_cuda_status(gdk_gather_rows_launch(&a, gdk_stream(l)), "gather_rows", err);
}

static gd_status run_bwd(const gd_launch *l, gd_error *err) {
    gdk_gather_rows_args a = args(l);
    a.A = (int32_t)l->out[0]->dim[1];
    return gdk_cuda_status(gdk_gather_rows_bwd_launch(&a, gdk_stream(l)), "gather_rows_bwd",
                           err);
}

const gd_kernel gdk_gather_rows_cuda_rows[] = {
    {GD_ROW_CUDA("gather_rows_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {GD_ROW_CUDA("gather_rows_cuda_f16", GD_F16, run), .flags = GD_ROW_PITCH, .fits = fits},
    {GD_ROW_CUDA("gather_rows_cuda_i32", GD_I32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
const gd_kernel gdk_gather_rows_bwd_cuda_rows[] = {
    {GD_ROW_CUDA("gather_rows_bwd_cuda_f32", GD_F32, run_bwd), .flags = GD_ROW_PITCH,
     .fits = fits},
    {GD_ROW_CUDA("gather_rows_bwd_cuda_f16", GD_F16, run_bwd), .flags = GD_ROW_PITCH,
     .fits = fits},
    {0}};
