/* class_map_cuda.c -- CUDA rows of maps of classes. */
#include "kernels/class_map/class_map_cuda.h"

#include "kernels/class_map/class_map.h"

static bool arg_max_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_tensor *x = l->in[0];
    return gdk_half_or_wide(x) && x->dim[0] <= 65535 &&
           gd_tensor_pixels(x) < (int64_t)INT32_MAX * 128 && gd_tensor_channels(x) < INT32_MAX;
}

static gd_status run_arg_max(const gd_launch *l, gd_error *err) {
    const gd_arg_max *attr = l->attr;
    const gd_tensor  *x = l->in[0], *geom = l->n_in > 1 ? l->in[1] : NULL, *y = l->out[0];
    gdk_arg_max_args  a = {.x = x->data,
                           .out = y->data,
                           .x_pitch = x->pitch,
                           .out_pitch = y->pitch,
                           .n = gd_tensor_pixels(x),
                           .C = (int32_t)gd_tensor_channels(x),
                           .wide = x->dtype == GD_F32,
                           .index = y->dtype == GD_I32,
                           .vec = gdk_aligned(x)};
    if (gd_tensor_count(y) == 0) return GD_OK;
    if (geom) {
        a.geom = geom->data;
        a.geom_pitch = geom->pitch;
        a.B = (int32_t)x->dim[0];
        a.h = (int32_t)x->dim[1];
        a.w = (int32_t)x->dim[2];
        a.net_h = attr->net_h;
        a.net_w = attr->net_w;
        a.pixels = attr->pixels;
    }
    return gdk_cuda_status(gdk_arg_max_launch(&a, gdk_stream(l)), "arg_max", err);
}

static bool map_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] < INT32_MAX;
}

static gdk_map_args map_args(const gd_launch *l) {
    return (gdk_map_args){.map = l->in[0]->data,
                          .geom = l->in[1]->data,
                          .map_pitch = l->in[0]->pitch,
                          .geom_pitch = l->in[1]->pitch,
                          .B = (int32_t)l->in[0]->dim[0],
                          .pixels = l->in[0]->dim[1]};
}

static gd_status run_mode(const gd_launch *l, gd_error *err) {
    gdk_map_args a = map_args(l);
    a.out = l->out[0]->data;
    a.out_pitch = l->out[0]->pitch;
    a.radius = ((const gd_mode_filter *)l->attr)->radius;
    if (a.B == 0 || a.pixels == 0) return GD_OK;
    return gdk_cuda_status(gdk_mode_filter_launch(&a, gdk_stream(l)), "mode_filter", err);
}

static gd_status run_count(const gd_launch *l, gd_error *err) {
    gdk_map_args a = map_args(l);
    a.count = l->out[0]->data;
    a.count_pitch = l->out[0]->pitch;
    a.n_class = ((const gd_class_count *)l->attr)->n_class;
    if (a.B == 0) return GD_OK;
    return gdk_cuda_status(gdk_class_count_launch(&a, gdk_stream(l)), "class_count", err);
}

/* clang-format off */
extern const gd_kernel gdk_arg_max_cuda_rows[];
const gd_kernel gdk_arg_max_cuda_rows[] = {
    {GD_ROW_CUDA("arg_max_cuda_f32", GD_F32, run_arg_max),
     .flags = GD_ROW_PITCH, .fits = arg_max_fits},
    {GD_ROW_CUDA("arg_max_cuda_f16", GD_F16, run_arg_max),
     .flags = GD_ROW_PITCH, .fits = arg_max_fits},
    {0}};

extern const gd_kernel gdk_mode_filter_cuda_rows[];
const gd_kernel gdk_mode_filter_cuda_rows[] = {
    {GD_ROW_CUDA("mode_filter_cuda_f32", GD_F32, run_mode),
     .flags = GD_ROW_PITCH, .fits = map_fits},
    {0}};

extern const gd_kernel gdk_class_count_cuda_rows[];
const gd_kernel gdk_class_count_cuda_rows[] = {
    {GD_ROW_CUDA("class_count_cuda_f32", GD_F32, run_count),
     .flags = GD_ROW_PITCH, .fits = map_fits},
    {0}};
/* clang-format on */
