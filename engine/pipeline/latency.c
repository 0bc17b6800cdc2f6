/* latency.c -- percentiles of times in fixed memory; see latency.h. */
#include "engine/pipeline/latency.h"

#include <math.h>

enum { LOWEST_OCTAVE = -10 }; /* 2^-10 ms */

static int cell_of(double ms) {
    if (!(ms > 0)) return 0;
    const double at = (log2(ms) - LOWEST_OCTAVE) * GD_LATENCY_STEPS;
    if (at < 0) return 0;
    return at < GD_LATENCY_CELLS - 1 ? (int)at : GD_LATENCY_CELLS - 1;
}

void gd_latency_add(gd_latency *h, double ms) {
    h->cell[cell_of(ms)]++;
    if (h->n == 0 || ms < h->least) h->least = ms;
    if (h->n == 0 || ms > h->most) h->most = ms;
    h->n++;
    h->sum += ms;
}

double gd_latency_percentile(const gd_latency *h, double p) {
    if (h->n == 0) return 0;
    const double want = p * (double)h->n;
    uint64_t     seen = 0;
    for (int i = 0; i < GD_LATENCY_CELLS; i++) {
        seen += h->cell[i];
        if (!h->cell[i] || (double)seen < want) continue;
        /* The middle of the step, but never outside what was seen. */
        const double ms = exp2((i + 0.5) / GD_LATENCY_STEPS + LOWEST_OCTAVE);
        return ms < h->least ? h->least : ms > h->most ? h->most : ms;
    }
    return h->most;
}

void gd_latency_stats_get(const gd_latency *h, gd_latency_stats *out) {
    *out = (gd_latency_stats){.n = h->n, .least = h->least, .most = h->most};
    out->mean = h->n ? h->sum / (double)h->n : 0;
    out->p50 = gd_latency_percentile(h, 0.50);
    out->p90 = gd_latency_percentile(h, 0.90);
    out->p95 = gd_latency_percentile(h, 0.95);
    out->p99 = gd_latency_percentile(h, 0.99);
}
