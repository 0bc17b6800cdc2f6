/* nms_ref.c -- the definition of non-maximum suppression: the best that is left, again and
 * again. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/nms/nms.h"
#include "kernels/ref.h"

/* (d^2 / c^2)^beta; two boxes of no extent at one point are not apart. */
static gd_real apart(const gd_real *p, const gd_real *q, const gd_nms *a) {
    const gd_real x1 = p[0] < q[0] ? p[0] : q[0], y1 = p[1] < q[1] ? p[1] : q[1];
    const gd_real x2 = p[2] > q[2] ? p[2] : q[2], y2 = p[3] > q[3] ? p[3] : q[3];
    const gd_real w = x2 - x1, h = y2 - y1, c = w * w + h * h;
    const gd_real dx = (p[0] + p[2]) / 2 - (q[0] + q[2]) / 2;
    const gd_real dy = (p[1] + p[3]) / 2 - (q[1] + q[3]) / 2;
    return c > 0 ? pow((dx * dx + dy * dy) / c, GD_REAL(a->beta)) : 0;
}

static bool suppresses(const gd_real *p, const gd_real *q, const gd_nms *a) {
    const gd_real area_p = (p[2] - p[0]) * (p[3] - p[1]);
    const gd_real area_q = (q[2] - q[0]) * (q[3] - q[1]);
    const gd_real x1 = p[0] > q[0] ? p[0] : q[0], y1 = p[1] > q[1] ? p[1] : q[1];
    const gd_real x2 = p[2] < q[2] ? p[2] : q[2], y2 = p[3] < q[3] ? p[3] : q[3];
    const gd_real w = x2 > x1 ? x2 - x1 : 0, h = y2 > y1 ? y2 - y1 : 0;
    const gd_real inter = w * h;
    const gd_real iou = inter / (area_p + area_q - inter);
    return (a->beta > 0 ? iou - apart(p, q, a) : iou) > GD_REAL(a->iou);
}

gd_status GD_REF(nms)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_nms    *a = l->attr;
    const gd_tensor *group = l->n_in > 2 ? l->in[2] : NULL;
    const gd_tensor *count = l->n_in > 3 ? l->in[3] : NULL;
    const int64_t    n_box = l->in[0]->dim[1], m = l->out[0]->dim[1];
    const gd_real    min_score = GD_REAL(a->min_score), min_size = GD_REAL(a->min_size);
    bool            *left = l->scratch;
    for (int64_t b = 0; b < l->in[0]->dim[0]; b++) {
        const gd_real *score = GD_AT(const gd_real, l->in[1], b);
        const int32_t *g = group ? GD_AT(const int32_t, group, b) : NULL;
        const int64_t  n = gdk_count(count, b, n_box);
        int32_t       *index = GD_AT(int32_t, l->out[0], b);
        gd_real        top = -1;
        for (int64_t i = 0; i < n; i++) {
            const gd_real *p = GD_AT(const gd_real, l->in[0], b *n_box + i);
            left[i] = (a->strict_score ? score[i] > min_score : score[i] >= min_score) &&
                      p[2] - p[0] >= min_size && p[3] - p[1] >= min_size;
            if (score[i] > top) top = score[i];
        }
        int64_t kept = 0;
        for (;;) {
            int64_t at = -1;
            for (int64_t i = 0; i < n; i++)
                if (left[i] && (at < 0 || score[i] > score[at])) at = i;
            if (at < 0) break;
            if (kept < m) index[kept] = (int32_t)at;
            kept++;
            left[at] = false;
            const gd_real *p = GD_AT(const gd_real, l->in[0], b *n_box + at);
            for (int64_t i = 0; i < n; i++)
                if (left[i] && (!g || g[i] == g[at]) &&
                    suppresses(p, GD_AT(const gd_real, l->in[0], b *n_box + i), a))
                    left[i] = false;
        }
        for (int64_t j = kept; j < m; j++) index[j] = -1;
        ((int32_t *)l->out[1]->data)[b] = (int32_t)(kept < m ? kept : m);
        ((gd_real *)l->out[2]->data)[b] = top;
        ((int32_t *)l->out[3]->data)[b] = (int32_t)(kept < m ? 0 : kept - m);
    }
    return GD_OK;
}
