/* class_map.c -- what the engine knows about maps of classes: shapes, cost, kernels. */
#include "kernels/class_map/class_map.h"

#include "kernels/arg.h"

bool gdk_map_picture(const gd_launch *l, int64_t b, int64_t pixels, gdk_map_place *out) {
    float g[GD_GEOM];
    for (int i = 0; i < GD_GEOM; i++) g[i] = (float)gd_tensor_get(l->in[1], b * GD_GEOM + i);
    return gdk_map_place_of(g, pixels, out);
}

static const gd_attr_field arg_max_fields[] = {
    {"net_h", GD_ATTR_I32, offsetof(gd_arg_max, net_h), 0, 0},
    {"net_w", GD_ATTR_I32, offsetof(gd_arg_max, net_w), 0, 0},
    {"pixels", GD_ATTR_I32, offsetof(gd_arg_max, pixels), 0, 0},
    {0}};

static gd_status infer_map(const gd_launch *l, gd_error *err) {
    const gd_arg_max *a = l->attr;
    const gd_tensor  *x = l->in[0], *g = l->in[1];
    GD_TRY(gdk_want(l, "arg_max", 0, GD_F32, 4, (int64_t[]){-1, -1, -1, -1}, "logits [B,h,w,C]",
                    err));
    if (g->dtype != gdk_wide(x->dtype) || g->ndim != 2 || g->dim[0] != x->dim[0] ||
        g->dim[1] != GD_GEOM)
        return gd_fail_input(err, "arg_max", 1, g, "geom [B,8], never in halves");
    if (x->dim[3] > GD_MAP_CLASSES)
        return gd_fail_input(err, "arg_max", 0, x, "at most 256 classes");
    if (a->pixels < 1 || a->net_h < x->dim[1] || a->net_w < x->dim[2])
        return gd_fail(err, GD_ERR_ARG,
                       "arg_max: %lld x %lld logits of an input of %d x %d, room for %d pixels",
                       (long long)x->dim[1], (long long)x->dim[2], a->net_h, a->net_w,
                       a->pixels);
    gd_infer_set(l->out[0], GD_U8, 3, (int64_t[]){x->dim[0], a->pixels, 1});
    return GD_OK;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0];
    int64_t          dim[GD_MAX_DIM];
    if (x->ndim < 1 || !gd_dtype_is_float(x->dtype) || gd_tensor_channels(x) < 1)
        return gd_fail_input(err, "arg_max", 0, x, "floating [...,C]");
    if (l->n_in > 1 && l->in[1]) return infer_map(l, err);
    for (int i = 0; i < x->ndim; i++) dim[i] = i + 1 < x->ndim ? x->dim[i] : 1;
    gd_infer_set(l->out[0], gd_tensor_channels(x) > GD_MAP_CLASSES ? GD_I32 : GD_U8, x->ndim,
                 dim);
    return GD_OK;
}

/* Nine products and sums of each class. */
static void cost(const gd_launch *l, gd_cost *c) {
    const double n = (double)gd_tensor_count(l->out[0]),
                 C = (double)gd_tensor_channels(l->in[0]);
    *c = (gd_cost){.flop = (l->n_in > 1 && l->in[1] ? 19 : 1) * n * C,
                   .bytes = n + (double)gd_tensor_bytes(l->in[0])};
}

const gd_op gd_op_arg_max = {
    .name = "arg_max",
    .min_in = 1,
    .max_in = 2,
    .n_out = 1,
    .flags = GD_OP_HALF,
    .wide_in = 1 << 1,
    .attr_fields = arg_max_fields,
    .attr_size = sizeof(gd_arg_max),
    .infer = infer,
    .cost = cost,
    .kernels = (const gd_kernel[]){{.name = "arg_max_cpu_f32",
                                    .backend = GD_CPU,
                                    .dtype = GD_F32,
                                    .flags = GD_ROW_PITCH,
                                    .scratch = gdk_arg_max_cpu_scratch,
                                    .run = gdk_arg_max_cpu_f32},
                                   GD_REF_ROWS(arg_max),
                                   {0}},
};

/* in 0: a map; in 1: geom. */
static gd_status check_map(const gd_launch *l, const char *op, gd_error *err) {
    GD_TRY(gdk_want(l, op, 0, GD_U8, 3, (int64_t[]){-1, -1, 1}, "a map u8[B,pixels,1]", err));
    return gdk_want(l, op, 1, GD_F32, 2, (int64_t[]){l->in[0]->dim[0], GD_GEOM}, "geom [B,8]",
                    err);
}

static gd_status infer_mode(const gd_launch *l, gd_error *err) {
    const gd_mode_filter *a = l->attr;
    GD_TRY(check_map(l, "mode_filter", err));
    if (a->radius < 1 || a->radius > GD_MODE_RADIUS)
        return gd_fail(err, GD_ERR_ARG, "mode_filter: radius %d, wanted 1 to %d", a->radius,
                       GD_MODE_RADIUS);
    gd_infer_like(l->out[0], l->in[0]);
    return GD_OK;
}

static const gd_attr_field mode_fields[] = {
    {"radius", GD_ATTR_I32, offsetof(gd_mode_filter, radius), 0, 1}, {0}};

const gd_op gd_op_mode_filter = {
    .name = "mode_filter",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_fields = mode_fields,
    .attr_size = sizeof(gd_mode_filter),
    .infer = infer_mode,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("mode_filter_cpu_f32", GD_F32, gdk_mode_filter_cpu_f32),
                            GD_REF_ROWS(mode_filter),
                            {0}},
};

static gd_status infer_count(const gd_launch *l, gd_error *err) {
    const gd_class_count *a = l->attr;
    GD_TRY(check_map(l, "class_count", err));
    if (a->n_class < 1 || a->n_class > GD_MAP_CLASSES)
        return gd_fail(err, GD_ERR_ARG, "class_count: %d classes, wanted 1 to %d", a->n_class,
                       GD_MAP_CLASSES);
    gd_infer_set(l->out[0], GD_I32, 2, (int64_t[]){l->in[0]->dim[0], a->n_class});
    return GD_OK;
}

static const gd_attr_field count_fields[] = {
    {"n_class", GD_ATTR_I32, offsetof(gd_class_count, n_class), 0, 21}, {0}};

const gd_op gd_op_class_count = {
    .name = "class_count",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_fields = count_fields,
    .attr_size = sizeof(gd_class_count),
    .infer = infer_count,
    .kernels = (const gd_kernel[]){GD_REF_ROWS(class_count), {0}},
};
