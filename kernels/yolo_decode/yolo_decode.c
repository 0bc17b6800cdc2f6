/* yolo_decode.c -- what the engine knows about decoding anchor heads: shapes and kernels. */
#include "kernels/yolo_decode/yolo_decode.h"

#include <math.h>

#include "kernels/arg.h"

#define FIELD(name, type, count, def) \
    { #name, type, offsetof(gd_yolo_decode, name), count, def }
static const gd_attr_field fields[] = {
    FIELD(n_level, GD_ATTR_I32, 0, 3),
    FIELD(stride, GD_ATTR_I32, GD_YOLO_MAX_LEVEL, 8),
    FIELD(n_anchor, GD_ATTR_I32, GD_YOLO_MAX_LEVEL, 3),
    FIELD(anchor, GD_ATTR_F32, GD_YOLO_MAX_LEVEL * 2 * GD_YOLO_MAX_ANCHOR, 0),
    FIELD(scale_xy, GD_ATTR_F32, GD_YOLO_MAX_LEVEL, 1),
    FIELD(form, GD_ATTR_I32, 0, GD_YOLO_EXP),
    FIELD(logits, GD_ATTR_I32, 0, 1),
    FIELD(multi, GD_ATTR_I32, 0, 0),
    {0}};

static bool flag(int32_t v) { return v == 0 || v == 1; }

/* The numbers of level i. */
static gd_status check_level(const gd_yolo_decode *a, int i, gd_error *err) {
    if (a->stride[i] < 1 || a->n_anchor[i] < 1 || a->n_anchor[i] > GD_YOLO_MAX_ANCHOR ||
        !isfinite(a->scale_xy[i]))
        return gd_fail(err, GD_ERR_ARG,
                       "yolo_decode: level %d has stride %d, %d anchors, centres scaled by %g",
                       i, a->stride[i], a->n_anchor[i], (double)a->scale_xy[i]);
    for (int k = 0; k < 2 * a->n_anchor[i]; k++)
        if (!(a->anchor[i][k] > 0) || !isfinite(a->anchor[i][k]))
            return gd_fail(err, GD_ERR_ARG, "yolo_decode: anchor side %d of level %d is %g", k,
                           i, (double)a->anchor[i][k]);
    return GD_OK;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_yolo_decode *a = l->attr;
    if (a->n_level < 1 || a->n_level > GD_YOLO_MAX_LEVEL || l->n_in != a->n_level)
        return gd_fail(err, GD_ERR_ARG, "yolo_decode: %d levels, %d inputs", a->n_level,
                       l->n_in);
    if (!flag(a->form) || !flag(a->logits) || !flag(a->multi))
        return gd_fail(err, GD_ERR_ARG, "yolo_decode: form %d, logits %d, multi %d", a->form,
                       a->logits, a->multi);
    int64_t B = -1, C = -1, n = 0;
    for (int i = 0; i < a->n_level; i++) {
        GD_TRY(check_level(a, i, err));
        GD_TRY(gdk_want(l, "yolo_decode", i, GD_F32, 4, (int64_t[]){B, -1, -1, -1},
                        "a head [B,H,W,anchors*(5+classes)]", err));
        const int64_t *d = l->in[i]->dim, each = d[3] / a->n_anchor[i];
        if (each * a->n_anchor[i] != d[3] || each < 6 || (i && each != C + 5))
            return gd_fail_input(err, "yolo_decode", i, l->in[i],
                                 "5 and the same count of classes for each anchor");
        B = d[0];
        C = each - 5;
        n += d[1] * d[2] * a->n_anchor[i];
    }
    if (n > INT32_MAX / C)
        return gd_fail_input(err, "yolo_decode", 0, l->in[0], "fewer than 2^31 scores");
    const gd_dtype t = l->in[0]->dtype;
    gd_infer_set(l->out[0], t, 3, (int64_t[]){B, n, 4});
    gd_infer_set(l->out[1], t, a->multi ? 3 : 2, (int64_t[]){B, n, C});
    gd_infer_set(l->out[2], GD_I32, 2, (int64_t[]){B, n});
    return GD_OK;
}

const gd_op gd_op_yolo_decode = {
    .name = "yolo_decode",
    .min_in = 1,
    .max_in = GD_YOLO_MAX_LEVEL,
    .n_out = 3,
    .attr_fields = fields,
    .attr_size = sizeof(gd_yolo_decode),
    .infer = infer,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("yolo_decode_cpu_f32", GD_F32, gdk_yolo_decode_cpu_f32),
                            GD_REF_ROWS(yolo_decode),
                            {0}},
};
