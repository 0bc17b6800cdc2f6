/* crop_resize.c -- what the engine knows about pieces of frames: shapes, kernels. */
#include "kernels/crop_resize/crop_resize.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_preprocess *a = l->attr;
    GD_TRY(gdk_want(l, "crop_resize", 0, GD_U8, 3, (int64_t[]){-1, -1, 3}, "frames u8[F,cap,3]",
                    err));
    if (l->in[0]->pitch != 3)
        return gd_fail_input(err, "crop_resize", 0, l->in[0], "dense frames");
    GD_TRY(gdk_want(l, "crop_resize", 1, GD_F32, 2, (int64_t[]){-1, GD_CROP}, "crops [N,12]",
                    err));
    if (l->n_in > 2 && l->in[2])
        GD_TRY(gdk_want(l, "crop_resize", 2, GD_I32, 1, (int64_t[]){1}, "count i32[1]", err));
    GD_TRY(gdk_preprocess_check(a, "crop_resize", err));
    gd_infer_set(l->out[0], l->in[1]->dtype, 4,
                 (int64_t[]){l->in[1]->dim[0], a->out_h, a->out_w, 3});
    return GD_OK;
}

gd_status gdk_crop_picture(const gd_launch *l, int64_t b, gdk_picture *p, gd_error *err) {
    const gd_tensor *count = l->n_in > 2 ? l->in[2] : NULL;
    const int64_t    frames = l->in[0]->dim[0], cap = l->in[0]->dim[1];
    double           g[GD_CROP];
    float            f[GD_CROP];
    gdk_crop_place   at;
    *p = (gdk_picture){0};
    if (b >= gdk_count(count, 0, l->in[1]->dim[0])) return GD_OK;
    for (int i = 0; i < GD_CROP; i++)
        f[i] = (float)(g[i] = gd_tensor_get(l->in[1], b * GD_CROP + i));
    if (!gdk_picture_of(l->attr, g, p) ||
        !gdk_crop_place_of(f, frames, cap, p->src_h, p->src_w, &at))
        return gd_fail(
            err, GD_ERR_ARG,
            "crop_resize: crop %lld of %g x %g at (%g, %g) of frame %g with lines "
            "of %g, of %lld frames with room for %lld pixels, to %g x %g at (%g, %g)",
            (long long)b, g[GD_GEOM_SRC_H], g[GD_GEOM_SRC_W], g[GD_CROP_Y], g[GD_CROP_X],
            g[GD_CROP_FRAME], g[GD_CROP_LINE], (long long)frames, (long long)cap,
            g[GD_GEOM_NEW_H], g[GD_GEOM_NEW_W], g[GD_GEOM_TOP], g[GD_GEOM_LEFT]);
    p->stride = (size_t)at.line * 3;
    p->rgb = (const uint8_t *)l->in[0]->data + at.origin;
    return GD_OK;
}

static gd_status cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_canvases_cpu_f32(l, gdk_crop_picture, err);
}

const gd_op gd_op_crop_resize = {
    .name = "crop_resize",
    .min_in = 2,
    .max_in = 3,
    .n_out = 1,
    .attr_fields = gdk_preprocess_fields,
    .attr_size = sizeof(gd_preprocess),
    .infer = infer,
    .cost = gdk_preprocess_cost,
    .kernels = (const gd_kernel[]){{.name = "crop_resize_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_preprocess_cpu_scratch,
                                    .run = cpu_f32},
                                   GD_REF_ROWS(crop_resize),
                                   {0}},
};
