/* match_ref.c -- the definition of matching boxes with ground truth. */
#include "kernels/arg.h"
#include "kernels/match/match.h"
#include "kernels/ref.h"

/* In the order of operations of box_iou, so that float rounds alike. */
static gd_real iou(const gd_real *gt, const gd_real *box) {
    const gd_real left = gt[0] > box[0] ? gt[0] : box[0], top = gt[1] > box[1] ? gt[1] : box[1];
    const gd_real right = gt[2] < box[2] ? gt[2] : box[2];
    const gd_real bottom = gt[3] < box[3] ? gt[3] : box[3];
    const gd_real w = right > left ? right - left : 0, h = bottom > top ? bottom - top : 0;
    const gd_real inter = w * h;
    const gd_real both =
        (gt[2] - gt[0]) * (gt[3] - gt[1]) + (box[2] - box[0]) * (box[3] - box[1]);
    const gd_real q = inter / (both - inter);
    return q > 0 ? q : 0;
}

typedef struct picture {
    const gd_tensor *boxes, *gt;
    int64_t          b, A, n, G; /* rows, those that take part, boxes of the ground truth */
} picture;

static gd_real pair(const picture *p, int64_t a, int64_t g) {
    const int64_t row = p->boxes->ndim == 2 ? a : p->b * p->A + a;
    return iou(GD_AT(const gd_real, p->gt, p->b * p->gt->dim[1] + g),
               GD_AT(const gd_real, p->boxes, row));
}

static int64_t best_of(const picture *p, int64_t a) {
    int64_t best = 0;
    for (int64_t g = 1; g < p->G; g++)
        if (pair(p, a, g) > pair(p, a, best)) best = g;
    return best;
}

static int64_t first_row(const picture *p, int64_t g) {
    int64_t best = 0;
    for (int64_t a = 1; a < p->n; a++)
        if (pair(p, a, g) > pair(p, best, g)) best = a;
    return best;
}

static void match_picture(const picture *p, const gd_match *attr, int32_t *match) {
    for (int64_t a = 0; a < p->A; a++) {
        match[a] = a < p->n ? GD_MATCH_LOW : GD_MATCH_BETWEEN;
        if (a >= p->n || !p->G) continue;
        const int64_t g = best_of(p, a);
        const gd_real q = pair(p, a, g);
        if (q >= GD_REAL(attr->high))
            match[a] = (int32_t)g;
        else if (q >= GD_REAL(attr->low))
            match[a] = GD_MATCH_BETWEEN;
    }
    for (int64_t g = 0; g < p->G && p->n; g++) {
        if (!attr->allow_low_quality && !attr->claim) break;
        const int64_t first = first_row(p, g);
        if (attr->claim) match[first] = (int32_t)g;
        for (int64_t a = 0; a < p->n && attr->allow_low_quality; a++)
            if (pair(p, a, g) == pair(p, first, g)) match[a] = (int32_t)best_of(p, a);
    }
}

gd_status GD_REF(match)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t A = l->out[0]->dim[1];
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        const picture p = {.boxes = l->in[0],
                           .gt = l->in[1],
                           .b = b,
                           .A = A,
                           .n = gdk_count(l->n_in > 3 ? l->in[3] : NULL, b, A),
                           .G = gdk_count(l->in[2], b, l->in[1]->dim[1])};
        match_picture(&p, l->attr, GD_AT(int32_t, l->out[0], b));
    }
    return GD_OK;
}
