/* class_top_cuda.c -- the CUDA row of the best classes of a dense head. */
#include "kernels/class_top/class_top_cuda.h"

#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 &&
           ((const gd_class_top *)l->attr)->k <= GDK_CLASS_TOP_MOST;
}

static size_t key_bytes(const gd_launch *l) {
    return (size_t)l->in[0]->dim[0] * (size_t)l->n_in * GDK_CLASS_TOP_ROOM * sizeof(uint64_t);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return key_bytes(l) + (size_t)l->in[0]->dim[0] * (size_t)(l->n_in + 1) * sizeof(uint32_t);
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_class_top *attr = l->attr;
    int32_t             row = 0, at = 0;
    gdk_class_top_args  a = {.score = l->out[0]->data,
                             .row = l->out[1]->data,
                             .label = l->out[2]->data,
                             .top = l->out[3]->data,
                             .score_pitch = l->out[0]->pitch,
                             .row_pitch = l->out[1]->pitch,
                             .label_pitch = l->out[2]->pitch,
                             .key = l->scratch,
                             .count = (uint32_t *)(void *)((char *)l->scratch + key_bytes(l)),
                             .B = (int32_t)l->in[0]->dim[0],
                             .levels = l->n_in,
                             .classes = attr->classes,
                             .background = attr->background,
                             .min_score = attr->min_score,
                             .least = gdk_class_top_least(attr->min_score)};
    for (int i = 0; i < l->n_in; i++) {
        const gd_tensor    *t = l->in[i];
        gdk_class_top_level v = {.head = t->data,
                                 .pitch = t->pitch,
                                 .cells = (int32_t)(t->dim[1] * t->dim[2]),
                                 .channels = (int32_t)t->dim[3],
                                 .block = a.blocks,
                                 .row = row,
                                 .at = at,
                                 .most = (int32_t)gdk_class_top_share(t, attr->k)};
        a.blocks += (v.cells + GDK_CLASS_TOP_CELLS - 1) / GDK_CLASS_TOP_CELLS;
        row += v.cells * (v.channels / a.classes);
        at += v.most;
        a.level[i] = v;
    }
    return gdk_cuda_status(gdk_class_top_launch(&a, gdk_stream(l)), "class_top", err);
}

const gd_kernel gdk_class_top_cuda_rows[] = {{GD_ROW_CUDA("class_top_cuda_f32", GD_F32, run),
                                              .flags = GD_ROW_PITCH, .fits = fits,
                                              .scratch = scratch},
                                             {0}};
