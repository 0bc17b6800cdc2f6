/* class_top.c -- what the engine knows about the selection of a dense head's best classes. */
#include "kernels/class_top/class_top.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"k", GD_ATTR_I32, offsetof(gd_class_top, k), 0, 1000},
    {"classes", GD_ATTR_I32, offsetof(gd_class_top, classes), 0, 91},
    {"background", GD_ATTR_I32, offsetof(gd_class_top, background), 0, 0},
    {"min_score", GD_ATTR_F32, offsetof(gd_class_top, min_score), 0, 0.05},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_class_top *a = l->attr;
    int64_t             B = -1, m = 0, rows = 0;
    if (a->k < 1 || a->classes < 1 || a->background < -1 || a->background >= a->classes)
        return gd_fail(err, GD_ERR_ARG, "class_top: k %d, background %d of %d classes", a->k,
                       a->background, a->classes);
    for (int i = 0; i < l->n_in; i++) {
        GD_TRY(gdk_want(l, "class_top", i, GD_F32, 4, (int64_t[]){B, -1, -1, -1},
                        "a head [B,H,W,anchors*classes]", err));
        const gd_tensor *t = l->in[i];
        B = t->dim[0];
        if (t->dim[3] % a->classes || !t->dim[3])
            return gd_fail_input(err, "class_top", i, t, "a multiple of the classes");
        if (t->dim[1] > INT32_MAX / 4 || t->dim[2] > INT32_MAX / 4 / (t->dim[1] + 1) ||
            t->dim[1] * t->dim[2] > INT32_MAX / 4 / t->dim[3])
            return gd_fail_input(err, "class_top", i, t, "fewer than 2^29 logits a picture");
        m += gdk_class_top_share(t, a->k);
        rows += gdk_class_top_size(t) / a->classes;
    }
    if (rows > INT32_MAX || m > INT32_MAX)
        return gd_fail(err, GD_ERR_ARG, "class_top: %lld rows in all, %lld of them kept",
                       (long long)rows, (long long)m);
    gd_infer_set(l->out[0], l->in[0]->dtype, 2, (int64_t[]){B, m});
    gd_infer_set(l->out[1], GD_I32, 2, (int64_t[]){B, m});
    gd_infer_set(l->out[2], GD_I32, 2, (int64_t[]){B, m});
    gd_infer_set(l->out[3], l->in[0]->dtype, 1, &B);
    return GD_OK;
}

const gd_op gd_op_class_top = {
    .name = "class_top",
    .min_in = 1,
    .max_in = GD_CLASS_TOP_LEVELS,
    .n_out = 4,
    .attr_fields = fields,
    .attr_size = sizeof(gd_class_top),
    .infer = infer,
    .kernels = (const gd_kernel[]){{.name = "class_top_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_class_top_cpu_scratch,
                                    .run = gdk_class_top_cpu_f32},
                                   GD_REF_ROWS(class_top),
                                   {0}},
};
