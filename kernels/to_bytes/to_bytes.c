/* to_bytes.c -- what the engine knows about the way from values to pixels. */
#include "kernels/to_bytes/to_bytes.h"

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    if (x->ndim < 1 || !gd_dtype_is_float(x->dtype))
        return gd_fail_input(err, "to_bytes", 0, x, "floating [...,C]");
    gd_infer_set(l->out[0], GD_U8, x->ndim, x->dim);
    return GD_OK;
}

const gd_op gd_op_to_bytes = {
    .name = "to_bytes",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .infer = infer,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("to_bytes_cpu_f32", GD_F32, gdk_to_bytes_cpu_f32),
                                   GD_REF_ROWS(to_bytes),
                                   {0}}};
