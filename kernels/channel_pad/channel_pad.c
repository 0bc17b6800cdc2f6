/* channel_pad.c -- shapes, gradient and kernels of channel padding. */
#include "kernels/channel_pad/channel_pad.h"

#include <string.h>

#include "engine/graph.h"
#include "kernels/cpu/spread.h"
#include "kernels/slice/slice.h"

static const gd_attr_field fields[] = {
    {"before", GD_ATTR_I32, offsetof(gd_channel_pad, before), 0, 0},
    {"after", GD_ATTR_I32, offsetof(gd_channel_pad, after), 0, 0},
    {0}};

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_channel_pad *a = l->attr;
    const gd_tensor      *x = l->in[0];
    int64_t               dim[GD_MAX_DIM];
    if (x->ndim < 1 || !gd_dtype_is_float(x->dtype))
        return gd_fail_input(err, "channel_pad", 0, x, "floating-point values and channels");
    if (a->before < 0 || a->after < 0)
        return gd_fail(err, GD_ERR_ARG, "channel_pad: %d channels before and %d after",
                       (int)a->before, (int)a->after);
    for (int k = 0; k < x->ndim; k++) dim[k] = x->dim[k];
    dim[x->ndim - 1] += (int64_t)a->before + a->after;
    gd_infer_set(l->out[0], x->dtype, x->ndim, dim);
    return GD_OK;
}

static gd_status grad(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err) {
    const gd_channel_pad *a = n->attr;
    const int64_t         C = gd_tensor_channels(&g->value[n->in[0]].t);
    const gd_slice        part = {-1, a->before, (int32_t)(a->before + C), 1};
    return gd_graph_add(g, "slice", &part, 1, d_out, d_in, err);
}

static void pad_pixels(void *ctx, int64_t first, int64_t last) {
    const gd_launch      *l = ctx;
    const gd_channel_pad *a = l->attr;
    const size_t          size = gd_dtype_size(l->in[0]->dtype);
    const size_t          before = (size_t)a->before * size, after = (size_t)a->after * size;
    const size_t          width = (size_t)gd_tensor_channels(l->in[0]) * size;
    const size_t xs = (size_t)l->in[0]->pitch * size, ys = (size_t)l->out[0]->pitch * size;
    for (int64_t p = first; p < last; p++) {
        char *y = (char *)l->out[0]->data + (size_t)p * ys;
        memset(y, 0, before);
        memcpy(y + before, (const char *)l->in[0]->data + (size_t)p * xs, width);
        memset(y + before + width, 0, after);
    }
}

gd_status gdk_channel_pad_cpu(const gd_launch *l, gd_error *err) {
    (void)err;
    gd_launch copy = *l;
    gdk_spread_pixels(gd_tensor_pixels(l->in[0]),
                      (size_t)gd_tensor_channels(l->out[0]) * 2 *
                          gd_dtype_size(l->in[0]->dtype),
                      pad_pixels, &copy);
    return GD_OK;
}

const gd_op gd_op_channel_pad = {
    .name = "channel_pad",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = GD_OP_HALF_FOLLOW,
    .attr_fields = fields,
    .attr_size = sizeof(gd_channel_pad),
    .infer = infer,
    .grad = grad,
    .kernels =
        (const gd_kernel[]){GD_ROW_CPU("channel_pad_cpu_f32", GD_F32, gdk_channel_pad_cpu),
                            GD_REF_ROWS(channel_pad),
                            {0}},
};
