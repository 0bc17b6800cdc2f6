/* yolox_decode.c -- what the engine knows about YOLOX decoding: shapes, cost and kernels. */
#include "kernels/yolox_decode/yolox_decode.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"n_level", GD_ATTR_I32, offsetof(gd_yolox_decode, n_level), 0, 3},
    {"stride", GD_ATTR_I32, offsetof(gd_yolox_decode, stride), GD_YOLOX_MAX_LEVEL, 8},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_yolox_decode *a = l->attr;
    if (a->n_level < 1 || a->n_level > GD_YOLOX_MAX_LEVEL || l->n_in != a->n_level)
        return gd_fail(err, GD_ERR_ARG, "yolox_decode: %d levels, %d inputs", a->n_level,
                       l->n_in);
    int64_t B = -1, C = -1, n = 0;
    for (int i = 0; i < a->n_level; i++) {
        GD_TRY(gdk_want(l, "yolox_decode", i, GD_F32, 4, (int64_t[]){B, -1, -1, C},
                        "a head [B,H,W,5+classes]", err));
        B = l->in[0]->dim[0];
        C = l->in[0]->dim[3];
        n += l->in[i]->dim[1] * l->in[i]->dim[2];
        if (a->stride[i] < 1)
            return gd_fail(err, GD_ERR_ARG, "yolox_decode: stride %d is %d", i, a->stride[i]);
    }
    if (C < 6) return gd_fail_input(err, "yolox_decode", 0, l->in[0], "at least one class");
    gd_infer_set(l->out[0], l->in[0]->dtype, 3, (int64_t[]){B, n, 4});
    gd_infer_set(l->out[1], l->in[0]->dtype, 2, (int64_t[]){B, n});
    gd_infer_set(l->out[2], GD_I32, 2, (int64_t[]){B, n});
    return GD_OK;
}

const gd_op gd_op_yolox_decode = {
    .name = "yolox_decode",
    .min_in = 1,
    .max_in = GD_YOLOX_MAX_LEVEL,
    .n_out = 3,
    .attr_fields = fields,
    .attr_size = sizeof(gd_yolox_decode),
    .infer = infer,
    .kernels = (const gd_kernel[]){{.name = "yolox_decode_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .run = gdk_yolox_decode_cpu_f32},
                                   GD_REF_ROWS(yolox_decode),
                                   {0}},
};
