/* nms_cuda.c -- the CUDA row of non-maximum suppression. */
#include "kernels/nms/nms_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/nms/nms.h"
#include "kernels/nms/nms_pick.h"
#include "kernels/nms/nms_stripe.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX / 64;
}

/* Where the parts of scratch begin, and where they end. */
typedef struct layout {
    size_t tag, n_cand, word, list, flag, end;
    bool   beyond; /* some picture may have more candidates than its matrix holds */
} layout;

static size_t up(size_t v) { return (v + 255) / 256 * 256; }

static layout layout_of(const gd_launch *l, int32_t stripes) {
    const size_t B = (size_t)l->in[0]->dim[0], n = (size_t)l->in[0]->dim[1];
    const size_t tiles = (size_t)gdk_stripe_tile(stripes, 0);
    layout       o = {.beyond = n > (size_t)stripes * GDK_STRIPE};
    o.tag = up(B * n * 4 * sizeof(float));
    o.n_cand = up(o.tag + B * n * 2 * sizeof(int32_t));
    o.word = up(o.n_cand + B * sizeof(int32_t));
    o.list = up(o.word + B * tiles * GDK_STRIPE * sizeof(uint64_t));
    o.flag = o.list + (o.beyond ? up(B * n * sizeof(int32_t)) : 0);
    o.end = o.flag + (o.beyond ? B * (size_t)gdk_nms_flags((int32_t)n) : 0);
    return o;
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return layout_of(l, gdk_nms_stripes(l->in[0]->dim[0], l->in[0]->dim[1])).end;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_nms *attr = l->attr;
    gdk_nms_args  a = {.box = l->in[0]->data,
                       .score = l->in[1]->data,
                       .index = l->out[0]->data,
                       .n_out = l->out[1]->data,
                       .top = l->out[2]->data,
                       .dropped = l->out[3]->data,
                       .box_pitch = l->in[0]->pitch,
                       .score_pitch = l->in[1]->pitch,
                       .index_pitch = l->out[0]->pitch,
                       .B = (int32_t)l->in[0]->dim[0],
                       .n = (int32_t)l->in[0]->dim[1],
                       .most = (int32_t)l->out[0]->dim[1],
                       .iou = attr->iou,
                       .min_score = attr->min_score,
                       .min_size = attr->min_size,
                       .beta = attr->beta,
                       .strict_score = attr->strict_score,
                       .plain = attr->iou >= 1e-6f && attr->min_size >= 0,
                       .n_sm = l->device ? l->device->caps.n_sm : 1,
                       .early = gdk_early(l)};
    if (l->n_in > 2 && l->in[2]) {
        a.group = l->in[2]->data;
        a.group_pitch = l->in[2]->pitch;
    }
    if (l->n_in > 3 && l->in[3]) a.count = l->in[3]->data;
    a.stripes = gdk_nms_stripes(a.B, a.n);
    const layout o = layout_of(l, a.stripes);
    char        *s = l->scratch;
    a.work = (gdk_nms_work){.box = (float *)(void *)s,
                            .tag = (int32_t *)(void *)(s + o.tag),
                            .n_cand = (int32_t *)(void *)(s + o.n_cand),
                            .word = (uint64_t *)(void *)(s + o.word),
                            .list = (int32_t *)(void *)(s + o.list),
                            .flag = (uint8_t *)(void *)(s + o.flag)};
    GD_TRY(gdk_cuda_status(gdk_nms_order_launch(&a, gdk_stream(l)), "nms order", err));
    GD_TRY(gdk_cuda_status(gdk_nms_overlap_launch(&a, gdk_stream(l)), "nms overlap", err));
    if (o.beyond)
        GD_TRY(gdk_cuda_status(gdk_nms_group_launch(&a, gdk_stream(l)), "nms group", err));
    return gdk_cuda_status(gdk_nms_keep_launch(&a, gdk_stream(l)), "nms keep", err);
}

const gd_kernel gdk_nms_cuda_rows[] = {{GD_ROW_CUDA("nms_cuda_f32", GD_F32, run),
                                        .flags = GD_ROW_PITCH, .fits = fits,
                                        .scratch = scratch},
                                       {0}};
