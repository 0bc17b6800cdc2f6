/* samples.h -- times of repeated runs, and what they say together. */
#ifndef GD_TOOLS_BENCH_SAMPLES_H
#define GD_TOOLS_BENCH_SAMPLES_H

#include "engine/status.h"

/* Start from {0}. */
typedef struct gd_samples {
    double *ms;
    int     n, room;
} gd_samples;

gd_status gd_samples_add(gd_samples *s, double ms, gd_error *err) GD_MUST_CHECK;
void      gd_samples_free(gd_samples *s);

typedef struct gd_timing {
    int    n; /* 0: nothing was measured, and the rest is 0 */
    double best, mean, median, p90, p99;
    double spread; /* (upper quartile - lower quartile) / median */
} gd_timing;

/* Sorts the samples. Quantiles between two samples are interpolated. */
gd_timing gd_samples_timing(gd_samples *s);

#endif
