/* sine_position.c -- what the engine knows about masks and sines of positions. */
#include "kernels/sine_position/sine_position.h"

#include "kernels/arg.h"

static const gd_attr_field mask_fields[] = {
    {"h", GD_ATTR_I32, offsetof(gd_padding_mask, h), 0, 25},
    {"w", GD_ATTR_I32, offsetof(gd_padding_mask, w), 0, 34},
    {"net_h", GD_ATTR_I32, offsetof(gd_padding_mask, net_h), 0, 800},
    {"net_w", GD_ATTR_I32, offsetof(gd_padding_mask, net_w), 0, 1066},
    {0}};

static gd_status infer_mask(const gd_launch *l, gd_error *err) {
    const gd_padding_mask *a = l->attr;
    GD_TRY(gdk_want(l, "padding_mask", 0, GD_F32, 2, (int64_t[]){-1, GD_GEOM}, "geometry [B,8]",
                    err));
    if (a->h < 1 || a->w < 1 || a->net_h < 1 || a->net_w < 1)
        return gd_fail(err, GD_ERR_ARG, "padding_mask: %d x %d of %d x %d", a->h, a->w,
                       a->net_h, a->net_w);
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){l->in[0]->dim[0], a->h, a->w});
    return GD_OK;
}

static const gd_attr_field sine_fields[] = {
    {"channels", GD_ATTR_I32, offsetof(gd_sine_position, channels), 0, 256},
    {"temperature", GD_ATTR_F32, offsetof(gd_sine_position, temperature), 0, 10000},
    {"scale", GD_ATTR_F32, offsetof(gd_sine_position, scale), 0, 6.283185307179586},
    {0}};

static gd_status infer_sine(const gd_launch *l, gd_error *err) {
    const gd_sine_position *a = l->attr;
    GD_TRY(gdk_want(l, "sine_position", 0, GD_F32, 3, (int64_t[]){-1, -1, -1}, "a mask [B,h,w]",
                    err));
    if (a->channels < 4 || a->channels % 4 || !(a->temperature > 0) || !(a->scale > 0))
        return gd_fail(err, GD_ERR_ARG, "sine_position: %d channels, temperature %g, scale %g",
                       a->channels, (double)a->temperature, (double)a->scale);
    const int64_t *d = l->in[0]->dim;
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){d[0], d[1] * d[2], a->channels});
    return GD_OK;
}

const gd_op gd_op_padding_mask = {
    .name = "padding_mask",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_fields = mask_fields,
    .attr_size = sizeof(gd_padding_mask),
    .infer = infer_mask,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(padding_mask), {0}},
};

const gd_op gd_op_sine_position = {
    .name = "sine_position",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_fields = sine_fields,
    .attr_size = sizeof(gd_sine_position),
    .infer = infer_sine,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(sine_position), {0}},
};
