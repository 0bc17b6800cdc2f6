/* pipeline_stats.c -- what a pipeline did, where its time went, and what sets its pace. */
#include <stdio.h>
#include <string.h>

#include "engine/pipeline/pipeline_impl.h"

static void add_histogram(gd_latency *to, const gd_latency *h) {
    if (h->n == 0) return;
    for (int i = 0; i < GD_LATENCY_CELLS; i++) to->cell[i] += h->cell[i];
    if (to->n == 0 || h->least < to->least) to->least = h->least;
    if (to->n == 0 || h->most > to->most) to->most = h->most;
    to->n += h->n;
    to->sum += h->sum;
}

static double share(double part, double whole) {
    if (!(whole > 0)) return 0;
    return part < whole ? part / whole : 1;
}

/* Busy sessions are the limit; else whoever was waited for longer is. */
static void describe(gd_pipeline_stats *o) {
    const double span = o->seconds * 1e3;
    if (o->run.n == 0) {
        o->bottleneck = "source";
        (void)snprintf(o->sentence, sizeof o->sentence, "nothing has run yet");
    } else if (o->busy >= 0.8) {
        o->bottleneck = "inference";
        (void)snprintf(
            o->sentence, sizeof o->sentence,
            "inference sets the pace: %d session%s busy %.0f %% of the time, %.2f ms "
            "a run of %.1f pictures",
            o->sessions, o->sessions == 1 ? "" : "s", 100 * o->busy, o->run.mean,
            o->batch_mean);
    } else if (o->submit_wait_ms > o->get_wait_ms) {
        o->bottleneck = "consumer";
        (void)snprintf(o->sentence, sizeof o->sentence,
                       "the consumer sets the pace: no slot was free for %.0f %% of the time, "
                       "since results were not released, and sessions were busy %.0f %%",
                       100 * share(o->submit_wait_ms, span), 100 * o->busy);
    } else {
        o->bottleneck = "source";
        (void)snprintf(o->sentence, sizeof o->sentence,
                       "the source sets the pace: results were waited for %.0f %% of the time, "
                       "and sessions were busy %.0f %%",
                       100 * share(o->get_wait_ms, span), 100 * o->busy);
    }
}

void gd_pipeline_stats_get(gd_pipeline *p, gd_pipeline_stats *out) {
    gd_latency       run = {0};
    gd_batcher_stats b;
    double           busy = 0, device = 0;
    memset(out, 0, sizeof *out);
    (void)pthread_mutex_lock(&p->lock);
    out->submitted = p->n_submitted;
    out->done = p->n_done;
    out->dropped = p->n_dropped;
    out->failed = p->n_failed;
    out->submit_wait_ms = p->submit_wait_ms;
    out->get_wait_ms = p->get_wait_ms;
    for (int i = 0; i < p->o.sessions; i++) {
        busy += p->worker[i].busy_ms;
        device += p->worker[i].device_ms;
        add_histogram(&run, &p->worker[i].run);
    }
    const double   span = p->last_ms > p->first_ms ? p->last_ms - p->first_ms : 0;
    const uint64_t runs = p->n_runs, ran = p->n_ran;
    (void)pthread_mutex_unlock(&p->lock);
    out->sessions = p->o.sessions;
    out->batch_max = p->o.batch_max;
    out->depth = p->o.depth;
    out->seconds = span / 1e3;
    out->fps = span > 0 ? (double)out->done / out->seconds : 0;
    out->batch_mean = runs ? (double)ran / (double)runs : 0;
    out->busy = share(busy, span * p->o.sessions);
    out->device_busy = share(device, span);
    gd_batcher_stats_get(p->batcher, &b);
    out->wait = b.wait;
    out->latency = b.whole;
    gd_latency_stats_get(&run, &out->run);
    for (int i = 0; i < p->o.sessions; i++) {
        gd_session_stats s;
        gd_worker       *w = &p->worker[i];
        (void)pthread_mutex_lock(&w->running);
        gd_session_stats_get(w->session, &s);
        (void)pthread_mutex_unlock(&w->running);
        if (i == 0) out->session = s;
        out->bytes += s.bytes;
    }
    describe(out);
}
