/* class_best.c -- what the engine knows about the likeliest class: shapes and kernels. */
#include "kernels/class_best/class_best.h"

#include "kernels/arg.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    int64_t B = -1, C = -1, n = 0;
    for (int i = 0; i < l->n_in; i++) {
        GD_TRY(gdk_want(l, "class_best", i, GD_F32, 4, (int64_t[]){B, -1, -1, C},
                        "logits [B,H,W,classes]", err));
        B = l->in[0]->dim[0];
        C = l->in[0]->dim[3];
        n += l->in[i]->dim[1] * l->in[i]->dim[2];
    }
    if (C < 1 || C > INT32_MAX || n > INT32_MAX)
        return gd_fail_input(err, "class_best", 0, l->in[0], "at least one class");
    gd_infer_set(l->out[0], l->in[0]->dtype, 2, (int64_t[]){B, n});
    gd_infer_set(l->out[1], GD_I32, 2, (int64_t[]){B, n});
    return GD_OK;
}

const gd_op gd_op_class_best = {
    .name = "class_best",
    .min_in = 1,
    .max_in = GD_CLASS_BEST_MAX_LEVEL,
    .n_out = 2,
    .infer = infer,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("class_best_cpu_f32", GD_F32, gdk_class_best_cpu_f32),
                            GD_REF_ROWS(class_best),
                            {0}},
};
