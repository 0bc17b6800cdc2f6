/* simota_cpu.c -- SimOTA without a matrix of costs: most rows take no part, and few are taken.
 *
 * Rows first: which take part, and their cross-entropy with no class. Then, box by box, the ten
 * largest IoUs and the ten smallest costs, kept sorted. Then rows that several boxes took. */
#include "engine/backend.h"
#include "kernels/arg.h"
#include "kernels/simota/simota.h"
#include "kernels/simota/simota_cost.h"

enum { K = GD_SIMOTA_K, OUT = -1 };

/* What one box takes. */
typedef struct taken {
    int32_t k, row[K];
} taken;

typedef struct picture {
    const gd_launch *l;
    int64_t          b, A, G;
    float           *none; /* [A]: cross-entropy with no class; OUT: takes no part */
    taken           *list; /* [G] */
} picture;

static size_t list_bytes(const gd_launch *l) {
    return (size_t)gd_tensor_pixels(l->in[GD_SIMOTA_GT]) * sizeof(taken);
}

size_t gdk_simota_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return list_bytes(l) + (size_t)gd_tensor_pixels(l->in[GD_SIMOTA_BOX]) * sizeof(float);
}

static const float *gt_of(const picture *p, int64_t g) {
    const gd_tensor *t = p->l->in[GD_SIMOTA_GT];
    return GD_AT(const float, t, p->b * t->dim[1] + g);
}

static float object_of(const picture *p, int64_t a) {
    return gdk_simota_sigmoid(*GD_AT(const float, p->l->in[GD_SIMOTA_OBJECT], p->b * p->A + a));
}

static bool near(const picture *p, int64_t g, int64_t a) {
    return gdk_simota_near(gt_of(p, g), GD_AT(const float, p->l->in[GD_SIMOTA_POINT], a),
                           ((const gd_simota *)p->l->attr)->radius);
}

static void look_at_row(const picture *p, int64_t a) {
    const gd_tensor *class = p->l->in[GD_SIMOTA_CLASS];
    const float *logit = GD_AT(const float, class, p->b * p->A + a);
    int64_t      g = 0;
    p->none[a] = OUT;
    while (g < p->G && !near(p, g, a)) g++;
    if (g == p->G) return;
    const float object = object_of(p, a);
    double      sum = 0;
    for (int64_t c = 0; c < class->dim[2]; c++)
        sum -= (double)gdk_simota_log(1.0f - gdk_simota_p(logit[c], object));
    p->none[a] = sum > 0 ? (float)sum : 0;
}

static float iou(const picture *p, int64_t g, int64_t a) {
    return gdk_simota_iou(gt_of(p, g),
                          GD_AT(const float, p->l->in[GD_SIMOTA_BOX], p->b * p->A + a));
}

static float cost(const picture *p, int64_t g, int64_t a, float overlap) {
    const gd_tensor *class = p->l->in[GD_SIMOTA_CLASS];
    const int32_t c = GD_AT(const int32_t, p->l->in[GD_SIMOTA_LABEL], p->b)[g];
    const float  *logit = GD_AT(const float, class, p->b * p->A + a) + c;
    return gdk_simota_cost(p->none[a], c >= 0 && c < class->dim[2] ? logit : NULL,
                           object_of(p, a), overlap, near(p, g, a));
}

/* Into a list of at most K values, smallest first; of equal ones the earlier stays ahead. */
static int keep(float *value, int32_t *row, int n, float v, int32_t a) {
    int at = n;
    while (at > 0 && v < value[at - 1]) at--;
    if (at == K) return n;
    for (int i = n < K ? n : K - 1; i > at; i--) {
        value[i] = value[i - 1];
        row[i] = row[i - 1];
    }
    value[at] = v;
    row[at] = a;
    return n < K ? n + 1 : n;
}

static void choose(const picture *p, int64_t g) {
    taken  *t = &p->list[p->b * p->l->in[GD_SIMOTA_GT]->dim[1] + g];
    float   top[K], least[K], sum = 0;
    int32_t any[K];
    int     n_top = 0, n_least = 0;
    for (int64_t a = 0; a < p->A; a++) {
        if (p->none[a] == OUT) continue;
        const float q = iou(p, g, a);
        n_top = keep(top, any, n_top, -q, (int32_t)a);
        n_least = keep(least, t->row, n_least, cost(p, g, a, q), (int32_t)a);
    }
    for (int i = 0; i < n_top; i++) sum -= top[i];
    t->k = sum < 1 ? 1 : (int32_t)sum;
    if (t->k > n_least) t->k = n_least;
}

static int32_t cheapest(const picture *p, int64_t a) {
    float   least = 0;
    int64_t best = -1;
    for (int64_t g = 0; g < p->G; g++) {
        const float c = cost(p, g, a, iou(p, g, a));
        if (best >= 0 && !(c < least)) continue;
        best = g;
        least = c;
    }
    return (int32_t)best;
}

static void settle(const picture *p) {
    const taken *list = &p->list[p->b * p->l->in[GD_SIMOTA_GT]->dim[1]];
    int32_t     *match = GD_AT(int32_t, p->l->out[0], p->b), n = 0;
    float       *overlap = GD_AT(float, p->l->out[1], p->b);
    for (int64_t a = 0; a < p->A; a++) match[a] = -1;
    for (int64_t g = 0; g < p->G; g++)
        for (int i = 0; i < list[g].k; i++) {
            int32_t *m = &match[list[g].row[i]];
            *m = *m < 0 ? (int32_t)g : INT32_MAX; /* several */
        }
    for (int64_t a = 0; a < p->A; a++) {
        if (match[a] == INT32_MAX) match[a] = cheapest(p, a);
        overlap[a] = match[a] < 0 ? 0 : iou(p, match[a], a);
        n += match[a] >= 0;
    }
    ((int32_t *)p->l->out[2]->data)[p->b] = n;
}

static picture picture_of(const gd_launch *l, int64_t b) {
    const int64_t A = l->in[0]->dim[1];
    return (picture){.l = l,
                     .b = b,
                     .A = A,
                     .G = gdk_count(l->in[GD_SIMOTA_COUNT], b, l->in[GD_SIMOTA_GT]->dim[1]),
                     .list = l->scratch,
                     .none = (float *)(void *)((char *)l->scratch + list_bytes(l)) + b * A};
}

gd_status gdk_simota_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t B = l->in[0]->dim[0], A = l->in[0]->dim[1], G = l->in[GD_SIMOTA_GT]->dim[1];
#pragma omp parallel for num_threads(gd_cpu_threads()) if (B * A > 256)
    for (int64_t i = 0; i < B * A; i++) {
        const picture p = picture_of(l, i / A);
        look_at_row(&p, i % A);
    }
#pragma omp parallel for num_threads(gd_cpu_threads()) schedule(dynamic) if (B * A > 256)
    for (int64_t i = 0; i < B * G; i++) {
        const picture p = picture_of(l, i / G);
        if (i % G < p.G) choose(&p, i % G);
    }
#pragma omp parallel for num_threads(gd_cpu_threads()) if (B > 1)
    for (int64_t b = 0; b < B; b++) {
        const picture p = picture_of(l, b);
        settle(&p);
    }
    return GD_OK;
}
