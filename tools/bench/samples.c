/* samples.c -- see samples.h. */
#include "tools/bench/samples.h"

#include <stdlib.h>

#include "engine/mem.h"

gd_status gd_samples_add(gd_samples *s, double ms, gd_error *err) {
    if (s->n == s->room) {
        const int room = s->room ? 2 * s->room : 128;
        double   *more =
            gd_mem_grow(s->ms, (size_t)s->room * sizeof *more, (size_t)room * sizeof *more);
        if (!more) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d times", room);
        s->ms = more;
        s->room = room;
    }
    s->ms[s->n++] = ms;
    return GD_OK;
}

void gd_samples_free(gd_samples *s) {
    gd_mem_put(s->ms);
    *s = (gd_samples){0};
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(const gd_samples *s, double q) {
    const double at = q * (s->n - 1);
    const int    below = (int)at;
    const int    above = below + 1 < s->n ? below + 1 : below;
    return s->ms[below] + (at - below) * (s->ms[above] - s->ms[below]);
}

gd_timing gd_samples_timing(gd_samples *s) {
    gd_timing t = {.n = s->n};
    if (!s->n) return t;
    qsort(s->ms, (size_t)s->n, sizeof *s->ms, by_value);
    for (int i = 0; i < s->n; i++) t.mean += s->ms[i] / s->n;
    t.best = s->ms[0];
    t.median = quantile(s, 0.5);
    t.p90 = quantile(s, 0.9);
    t.p99 = quantile(s, 0.99);
    if (t.median > 0) t.spread = (quantile(s, 0.75) - quantile(s, 0.25)) / t.median;
    return t;
}
