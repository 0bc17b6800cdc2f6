/* simota.c -- what the engine knows about SimOTA: shapes and kernels. */
#include "kernels/simota/simota.h"

#include "kernels/arg.h"

static const gd_attr_field fields[] = {
    {"radius", GD_ATTR_F32, offsetof(gd_simota, radius), 0, 1.5}, {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_simota *a = l->attr;
    const char      *op = "simota";
    GD_TRY(gdk_want(l, op, GD_SIMOTA_BOX, GD_F32, 3, (int64_t[]){-1, -1, 4}, "boxes [B,A,4]",
                    err));
    const int64_t B = l->in[0]->dim[0], A = l->in[0]->dim[1];
    GD_TRY(gdk_want(l, op, GD_SIMOTA_OBJECT, GD_F32, 3, (int64_t[]){B, A, 1},
                    "objectness [B,A,1]", err));
    GD_TRY(gdk_want(l, op, GD_SIMOTA_CLASS, GD_F32, 3, (int64_t[]){B, A, -1},
                    "class logits [B,A,C]", err));
    GD_TRY(gdk_want(l, op, GD_SIMOTA_POINT, GD_F32, 2, (int64_t[]){A, 3}, "points [A,3]", err));
    GD_TRY(gdk_want(l, op, GD_SIMOTA_GT, GD_F32, 3, (int64_t[]){B, -1, 4}, "gt [B,G,4]", err));
    GD_TRY(gdk_want(l, op, GD_SIMOTA_LABEL, GD_I32, 2, l->in[GD_SIMOTA_GT]->dim,
                    "gt labels i32[B,G]", err));
    GD_TRY(gdk_want(l, op, GD_SIMOTA_COUNT, GD_I32, 1, &B, "gt_count i32[B]", err));
    if (!(a->radius > 0))
        return gd_fail(err, GD_ERR_ARG, "simota: radius is %g", (double)a->radius);
    if (A > INT32_MAX) return gd_fail_input(err, op, 0, l->in[0], "fewer than 2^31 boxes");
    gd_infer_set(l->out[0], GD_I32, 2, (int64_t[]){B, A});
    gd_infer_set(l->out[1], l->in[0]->dtype, 2, (int64_t[]){B, A});
    gd_infer_set(l->out[2], GD_I32, 1, &B);
    return GD_OK;
}

const gd_op gd_op_simota = {
    .name = "simota",
    .min_in = GD_SIMOTA_IN,
    .max_in = GD_SIMOTA_IN,
    .n_out = 3,
    .attr_fields = fields,
    .attr_size = sizeof(gd_simota),
    .infer = infer,
    .kernels = (const gd_kernel[]){{.name = "simota_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_simota_cpu_scratch,
                                    .run = gdk_simota_cpu_f32},
                                   GD_REF_ROWS(simota),
                                   {0}},
};
