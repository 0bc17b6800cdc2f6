/* cast.c -- types, gradient and kernels of the change of floating-point type. */
#include "kernels/cast/cast.h"

#include "engine/graph.h"

static const gd_attr_field fields[] = {
    {"to", GD_ATTR_I32, offsetof(gd_cast, to), 0, (double)GD_F32}, {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_cast   *a = l->attr;
    const gd_tensor *x = l->in[0];
    if (!gd_dtype_is_float(x->dtype))
        return gd_fail_input(err, "cast", 0, x, "floating-point values");
    if (a->to != GD_F32 && a->to != GD_F16)
        return gd_fail(err, GD_ERR_ARG, "cast: to type %d, wanted %d (f32) or %d (f16)",
                       (int)a->to, (int)GD_F32, (int)GD_F16);
    gd_infer_set(l->out[0], x->dtype == GD_F64 ? GD_F64 : (gd_dtype)a->to, x->ndim, x->dim);
    return GD_OK;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const gd_cast back = {g->value[n->in[0]].t.dtype == GD_F16 ? GD_F16 : GD_F32};
    return gd_graph_add(g, "cast", &back, 1, d_out, d_in, err);
}

const gd_op gd_op_cast = {
    .name = "cast",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_EPILOGUE | GD_OP_CAST,
    .attr_fields = fields,
    .attr_size = sizeof(gd_cast),
    .infer = infer,
    .grad = grad,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("cast_cpu_f32", GD_F32, gdk_cast_cpu),
                                   GD_ROW_CPU("cast_cpu_f16", GD_F16, gdk_cast_cpu),
                                   GD_REF_ROWS(cast),
                                   {0}},
};
