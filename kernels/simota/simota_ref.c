/* simota_ref.c -- the definition of SimOTA: every quantity made anew where it is needed. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/simota/simota.h"

typedef struct picture {
    const gd_launch *l;
    int64_t          b, A, G; /* G: boxes that count */
} picture;

static const gd_real *gt_of(const picture *p, int64_t g) {
    const gd_tensor *t = p->l->in[GD_SIMOTA_GT];
    return GD_AT(const gd_real, t, p->b * t->dim[1] + g);
}

static bool near(const picture *p, int64_t g, int64_t a) {
    const gd_real *t = gt_of(p, g), *at = GD_AT(const gd_real, p->l->in[GD_SIMOTA_POINT], a);
    const gd_real  reach = GD_REAL(((const gd_simota *)p->l->attr)->radius) * at[2];
    return fabs((t[0] + t[2]) / 2 - at[0]) < reach && fabs((t[1] + t[3]) / 2 - at[1]) < reach;
}

static bool takes_part(const picture *p, int64_t a) {
    for (int64_t g = 0; g < p->G; g++)
        if (near(p, g, a)) return true;
    return false;
}

static gd_real iou(const picture *p, int64_t g, int64_t a) {
    const gd_real *t = gt_of(p, g);
    const gd_real *q = GD_AT(const gd_real, p->l->in[GD_SIMOTA_BOX], p->b * p->A + a);
    const gd_real  w = fmin(t[2], q[2]) - fmax(t[0], q[0]);
    const gd_real  h = fmin(t[3], q[3]) - fmax(t[1], q[1]);
    const gd_real  inter = w > 0 && h > 0 ? w * h : 0;
    const gd_real  both = (t[2] - t[0]) * (t[3] - t[1]) + (q[2] - q[0]) * (q[3] - q[1]);
    const gd_real  o = inter / (both - inter);
    return o > 0 ? o : 0;
}

static gd_real cut_log(gd_real x) { return fmax(log(x), GD_REAL(-100)); }
static gd_real sigmoid(gd_real x) { return 1 / (1 + exp(-x)); }

static gd_real cost(const picture *p, int64_t g, int64_t a) {
    const gd_tensor *class = p->l->in[GD_SIMOTA_CLASS];
    const int64_t row = p->b * p->A + a;
    const int32_t own = GD_AT(const int32_t, p->l->in[GD_SIMOTA_LABEL], p->b)[g];
    const gd_real object = sigmoid(*GD_AT(const gd_real, p->l->in[GD_SIMOTA_OBJECT], row));
    gd_real       sum = 0;
    for (int64_t c = 0; c < class->dim[2]; c++) {
        const gd_real q = sqrt(sigmoid(GD_AT(const gd_real, class, row)[c]) * object);
        sum -= cut_log(c == own ? q : 1 - q);
    }
    return sum - 3 * log(iou(p, g, a) + GD_REAL(1e-8)) + (near(p, g, a) ? 0 : GD_REAL(1e6));
}

/* Of the rows that take part, how many have a larger IoU with g, or as large and earlier. */
static int64_t above(const picture *p, int64_t g, int64_t a) {
    int64_t n = 0;
    for (int64_t i = 0; i < p->A; i++)
        if (takes_part(p, i))
            n += iou(p, g, i) > iou(p, g, a) || (iou(p, g, i) == iou(p, g, a) && i < a);
    return n;
}

static int64_t dynamic_k(const picture *p, int64_t g) {
    gd_real top[GD_SIMOTA_K] = {0}, sum = 0;
    for (int64_t a = 0; a < p->A; a++) {
        if (!takes_part(p, a)) continue;
        const int64_t place = above(p, g, a);
        if (place < GD_SIMOTA_K) top[place] = iou(p, g, a);
    }
    for (int i = 0; i < GD_SIMOTA_K; i++) sum += top[i];
    return sum < 1 ? 1 : (int64_t)sum;
}

/* How many rows cost g less than a does, or as much and are earlier. */
static int64_t cheaper(const picture *p, int64_t g, int64_t a) {
    const gd_real own = cost(p, g, a);
    int64_t       n = 0;
    for (int64_t i = 0; i < p->A; i++) {
        if (!takes_part(p, i)) continue;
        const gd_real c = cost(p, g, i);
        n += c < own || (c == own && i < a);
    }
    return n;
}

static int64_t cheapest(const picture *p, int64_t a) {
    int64_t best = 0;
    for (int64_t g = 1; g < p->G; g++)
        if (cost(p, g, a) < cost(p, best, a)) best = g;
    return best;
}

gd_status GD_REF(simota)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t A = l->out[0]->dim[1];
    for (int64_t b = 0; b < l->out[0]->dim[0]; b++) {
        const picture p = {l, b, A,
                           gdk_count(l->in[GD_SIMOTA_COUNT], b, l->in[GD_SIMOTA_GT]->dim[1])};
        int32_t      *match = GD_AT(int32_t, l->out[0], b), taken = 0;
        for (int64_t a = 0; a < A; a++) match[a] = -1;
        for (int64_t g = 0; g < p.G; g++) {
            const int64_t k = dynamic_k(&p, g);
            for (int64_t a = 0; a < A; a++)
                if (takes_part(&p, a) && cheaper(&p, g, a) < k)
                    match[a] = match[a] < 0 ? (int32_t)g : INT32_MAX; /* several */
        }
        for (int64_t a = 0; a < A; a++) {
            if (match[a] == INT32_MAX) match[a] = (int32_t)cheapest(&p, a);
            GD_AT(gd_real, l->out[1], b)[a] = match[a] < 0 ? 0 : iou(&p, match[a], a);
            taken += match[a] >= 0;
        }
        ((int32_t *)l->out[2]->data)[b] = taken;
    }
    return GD_OK;
}
