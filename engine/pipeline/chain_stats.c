/* chain_stats.c -- where the time of a chain goes, and which stage sets its pace. */
#include <stdio.h>
#include <string.h>

#include "engine/pipeline/chain_impl.h"

static void fill_stage(const gd_chain_part *s, double span_ms, gd_stage_stats *out) {
    *out = (gd_stage_stats){.name = s->spec.name,
                            .workers = s->spec.workers,
                            .items = s->items,
                            .calls = s->calls,
                            .dropped = s->dropped,
                            .busy_ms = s->busy_ms,
                            .idle_ms = s->idle_ms,
                            .blocked_ms = s->blocked_ms,
                            .max_ms = s->max_ms};
    if (s->calls) out->mean_ms = s->busy_ms / (double)s->calls;
    if (span_ms > 0) out->utilisation = s->busy_ms / (span_ms * s->spec.workers);
    if (out->utilisation > 1) out->utilisation = 1;
    if (!s->in) return;
    gd_queue_stats q;
    gd_queue_stats_get(s->in, &q);
    out->queue = s->spec.queue;
    out->queue_most = q.most;
    out->queue_mean = q.mean;
    out->dropped += q.dropped;
}

static double share(double part_ms, const gd_stage_stats *s, double span_ms) {
    const double p = span_ms > 0 ? 100 * part_ms / (span_ms * s->workers) : 0;
    return p < 100 ? p : 100;
}

/* "infer sets the pace: busy 97 % of the time, 12.30 ms a call of 8.0; decode waits for room
 * 61 %, encode for work 72 %". */
static void describe(gd_chain_stats *o) {
    const gd_stage_stats *s = &o->stage[o->bottleneck];
    const double          span = o->seconds * 1e3;
    char                 *at = o->sentence;
    size_t                left = sizeof o->sentence;
    if (s->calls == 0) {
        (void)snprintf(at, left, "nothing has run yet");
        return;
    }
    int         n = snprintf(at, left,
                     s->utilisation < 0.5 ? "no stage is busy half the time; most is "
                                                    "%.40s: %.0f %%, %.2f ms a call of %.1f"
                                                  : "%.40s sets the pace: busy %.0f %% of "
                                                    "the time, %.2f ms a call of %.1f",
                             s->name, 100 * s->utilisation, s->mean_ms,
                             (double)s->items / (double)s->calls);
    const char *sep = "; ";
    for (int k = 0; k < o->n_stages && n > 0 && (size_t)n < left; k++) {
        const gd_stage_stats *t = &o->stage[k];
        const double blocked = share(t->blocked_ms, t, span), idle = share(t->idle_ms, t, span);
        if (k == o->bottleneck || (blocked < 20 && idle < 20)) continue;
        at += n;
        left -= (size_t)n;
        n = snprintf(at, left, "%s%.40s waits for %s %.0f %%", sep, t->name,
                     blocked >= idle ? "room" : "work", blocked >= idle ? blocked : idle);
        sep = ", ";
    }
    /* A part that does not fit is left out whole. */
    if (n < 0 || (size_t)n >= left) *at = '\0';
}

void gd_chain_stats_get(gd_chain *c, gd_chain_stats *out) {
    memset(out, 0, sizeof *out);
    (void)pthread_mutex_lock(&c->lock);
    const double now = c->running ? gd_pipeline_now_ms() : c->ended_ms;
    const double span = c->started ? now - c->start_ms : 0;
    out->n_stages = c->n;
    out->seconds = span / 1e3;
    out->finished = c->finished;
    out->fps = span > 0 ? (double)c->finished / out->seconds : 0;
    for (int k = 0; k < c->n; k++) {
        fill_stage(&c->stage[k], span, &out->stage[k]);
        if (out->stage[k].utilisation > out->stage[out->bottleneck].utilisation)
            out->bottleneck = k;
    }
    (void)pthread_mutex_unlock(&c->lock);
    describe(out);
}
