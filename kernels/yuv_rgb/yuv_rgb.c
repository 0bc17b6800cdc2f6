/* yuv_rgb.c -- what the engine knows about the way from decoded planes to RGB. */
#include "kernels/yuv_rgb/yuv_rgb.h"

#include "kernels/arg.h"

enum { MOST_SIDE = 65535 };

static const gd_attr_field fields[] = {
    {"width", GD_ATTR_I32, offsetof(gd_yuv_rgb, width), 0, 0}, {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_yuv_rgb *a = l->attr;
    const gd_tensor  *luma = l->in[0], *chroma = l->in[1];
    GD_TRY(gdk_want(l, "yuv_rgb", 0, GD_U8, 2, (int64_t[]){-1, -1}, "luma u8[H,P]", err));
    const int64_t H = luma->dim[0];
    GD_TRY(gdk_want(l, "yuv_rgb", 1, GD_U8, 2, (int64_t[]){(H + 1) / 2, -1},
                    "chroma u8[(H+1)/2,Q]", err));
    GD_TRY(gdk_want(l, "yuv_rgb", 2, GD_F32, 1, (int64_t[]){GD_YUV_GAIN}, "gain [6]", err));
    for (int i = 0; i < 2; i++)
        if (!gd_tensor_dense(l->in[i]))
            return gd_fail_input(err, "yuv_rgb", i, l->in[i], "dense planes");
    if (H > MOST_SIDE || a->width < 1 || a->width > MOST_SIDE || a->width > luma->dim[1] ||
        (a->width + 1) / 2 * 2 > chroma->dim[1])
        return gd_fail(
            err, GD_ERR_ARG,
            "yuv_rgb: %lld rows of %d pixels, of %lld bytes of luma and %lld of chroma",
            (long long)H, a->width, (long long)luma->dim[1], (long long)chroma->dim[1]);
    gd_infer_set(l->out[0], GD_U8, 3, (int64_t[]){H, a->width, 3});
    return GD_OK;
}

const gd_op gd_op_yuv_rgb = {
    .name = "yuv_rgb",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .wide_in = 1 << 2,
    .attr_fields = fields,
    .attr_size = sizeof(gd_yuv_rgb),
    .infer = infer,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(yuv_rgb), {0}},
};
