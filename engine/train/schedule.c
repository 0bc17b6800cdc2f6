/* schedule.c -- factors of the learning rate; formulas in schedule.h. */
#include "engine/train/schedule.h"

#include <math.h>

static gd_status bad(gd_error *err, const char *what, double v) {
    return gd_fail(err, GD_ERR_ARG, "schedule: %s is %g", what, v);
}

static bool is_factor(double v) { return isfinite(v) && v >= 0; }

gd_status gd_schedule_check(const gd_schedule *s, gd_error *err) {
    const bool drops = s->kind == GD_SCHEDULE_STEP || s->kind == GD_SCHEDULE_MULTI_STEP;
    const bool has_period = s->kind == GD_SCHEDULE_STEP || s->kind == GD_SCHEDULE_COSINE;
    if (has_period && s->period < 1) return bad(err, "period", (double)s->period);
    if (drops && !is_factor(s->gamma)) return bad(err, "gamma", s->gamma);
    if (s->kind == GD_SCHEDULE_COSINE && !is_factor(s->least))
        return bad(err, "least", s->least);
    if (s->warmup < 0) return bad(err, "warmup", (double)s->warmup);
    if (s->warmup > 0 && !is_factor(s->start)) return bad(err, "start", s->start);
    if (!is_factor(s->power)) return bad(err, "power", s->power);
    if (s->n_milestone < 0 || s->n_milestone > GD_MAX_MILESTONE)
        return bad(err, "the number of milestones", s->n_milestone);
    for (int i = 1; i < s->n_milestone; i++)
        if (s->milestone[i] <= s->milestone[i - 1])
            return bad(err, "a milestone that does not rise", (double)s->milestone[i]);
    return GD_OK;
}

static double main_factor(const gd_schedule *s, int64_t i) {
    int64_t drops = 0;
    switch (s->kind) {
    case GD_SCHEDULE_CONSTANT: return 1;
    case GD_SCHEDULE_STEP: return pow(s->gamma, (double)(i / s->period));
    case GD_SCHEDULE_MULTI_STEP:
        while (drops < s->n_milestone && s->milestone[drops] <= i) drops++;
        return pow(s->gamma, (double)drops);
    case GD_SCHEDULE_COSINE:
        if (i >= s->period) return s->least;
        return s->least + (1 - s->least) / 2 *
                              (1 + cos(3.14159265358979323846 * (double)i / (double)s->period));
    }
    return 1;
}

double gd_schedule_factor(const gd_schedule *s, int64_t i) {
    double warm = 1;
    if (i < s->warmup) {
        const double share = (double)i / (double)s->warmup;
        warm = s->start + (1 - s->start) * pow(share, s->power > 0 ? s->power : 1);
        if (s->then) return warm;
    }
    return warm * main_factor(s, s->then ? i - s->warmup : i);
}
