/* augment.c -- what the engine knows about augmentation: shapes, cost, kernels. */
#include "kernels/augment/augment.h"

#include "engine/backend.h"
#include "kernels/augment/augment_values.h"

static const gd_attr_field fields[] = {
    {"out_h", GD_ATTR_I32, offsetof(gd_augment, out_h), 0, 0},
    {"out_w", GD_ATTR_I32, offsetof(gd_augment, out_w), 0, 0},
    {"swap_rb", GD_ATTR_I32, offsetof(gd_augment, swap_rb), 0, 0},
    {"scale", GD_ATTR_F32, offsetof(gd_augment, scale), 0, 1.0 / 255},
    {"mean", GD_ATTR_F32, offsetof(gd_augment, mean), 3, 0},
    {"std", GD_ATTR_F32, offsetof(gd_augment, std), 3, 1},
    {"pad", GD_ATTR_F32, offsetof(gd_augment, pad), 3, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_augment *a = l->attr;
    const gd_tensor  *layers = l->in[1];
    GD_TRY(gdk_want(l, "augment", 0, GD_U8, 2, (int64_t[]){-1, 3}, "pixels u8[P,3]", err));
    if (l->in[0]->pitch != 3) return gd_fail_input(err, "augment", 0, l->in[0], "dense pixels");
    GD_TRY(gdk_want(l, "augment", 1, GD_F32, 3, (int64_t[]){-1, -1, GD_LAYER},
                    "layers [B,S,20]", err));
    if (layers->dim[1] < 1 || layers->dim[1] > GD_LAYERS)
        return gd_fail_input(err, "augment", 1, layers, "1 to 8 layers");
    if (a->out_h < 1 || a->out_w < 1 || a->out_h > 65535 || a->out_w > 65535)
        return gd_fail(err, GD_ERR_ARG, "augment: to %d x %d", a->out_h, a->out_w);
    for (int c = 0; c < 3; c++)
        if (!(a->std[c] > 0))
            return gd_fail(err, GD_ERR_ARG, "augment: std %d is %g", c, (double)a->std[c]);
    gd_infer_set(l->out[0], layers->dtype, 4,
                 (int64_t[]){layers->dim[0], a->out_h, a->out_w, 3});
    return GD_OK;
}

static void cost(const gd_launch *l, gd_cost *c) {
    const double n = (double)gd_tensor_count(l->out[0]);
    *c = (gd_cost){.flop = 30 * n,
                   .bytes = n * (double)gd_dtype_size(l->out[0]->dtype) +
                            (double)gd_tensor_count(l->in[0])};
}

/* Rows of the output are dealt out to threads. */
static gd_status cpu_f32(const gd_launch *l, gd_error *err) {
    const gd_augment        *a = l->attr;
    const gdk_augment_values v = gdk_augment_values_of(a);
    const uint8_t           *pixels = l->in[0]->data;
    const int64_t            n = l->in[1]->dim[1];
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        gdk_layer layer[GD_LAYERS];
        int       there = 0;
        for (int64_t s = 0; s < n; s++) {
            const float *g = GD_AT(float, l->in[1], b *n + s);
            if (gdk_layer_of(g, l->in[0]->dim[0], &layer[there]))
                there++;
            else if (g[GD_LAYER_WEIGHT] > 0 || g[GD_LAYER_WEIGHT] < 0)
                return gd_fail(err, GD_ERR_ARG,
                               "augment: layer %lld of %g x %g at %g, sub %g, in %lld pixels",
                               (long long)(b * n + s), (double)g[GD_LAYER_H],
                               (double)g[GD_LAYER_W], (double)g[GD_LAYER_ORIGIN],
                               (double)g[GD_LAYER_SUB], (long long)l->in[0]->dim[0]);
        }
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(dynamic, 8)
        for (int y = 0; y < a->out_h; y++)
            for (int x = 0; x < a->out_w; x++) {
                float *o = GD_AT(float, l->out[0], (b * a->out_h + y) * a->out_w + x);
                float  sum[3] = {v.pad[0], v.pad[1], v.pad[2]};
                for (int s = 0; s < there; s++) gdk_layer_add(&layer[s], pixels, &v, x, y, sum);
                for (int c = 0; c < 3; c++) o[c] = sum[c];
            }
    }
    return GD_OK;
}

const gd_op gd_op_augment = {
    .name = "augment",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_fields = fields,
    .attr_size = sizeof(gd_augment),
    .infer = infer,
    .cost = cost,
    .kernels = (const gd_kernel[]){GD_ROW_CPU("augment_cpu_f32", GD_F32, cpu_f32),
                                   GD_REF_ROWS(augment),
                                   {0}},
};
