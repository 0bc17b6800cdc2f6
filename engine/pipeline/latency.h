/* latency.h -- percentiles of times in fixed memory: a histogram of 32 steps an octave.
 *
 * A percentile is right to 2.2 % (half a step of 2^(1/32)); mean, least and most are exact.
 * Not locked. */
#ifndef GD_ENGINE_PIPELINE_LATENCY_H
#define GD_ENGINE_PIPELINE_LATENCY_H

#include <stdint.h>

#include "engine/gdrun.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From 2^-10 ms (a microsecond) to 2^22 ms (an hour); what lies outside counts as the ends. */
enum { GD_LATENCY_STEPS = 32, GD_LATENCY_CELLS = 32 * GD_LATENCY_STEPS };

typedef struct gd_latency {
    uint64_t n, cell[GD_LATENCY_CELLS];
    double   sum, least, most;
} gd_latency; /* starts as {0} */

void gd_latency_add(gd_latency *h, double ms);
/* The smallest time that a share p (0 .. 1) of all does not exceed; 0 when there is none. */
double gd_latency_percentile(const gd_latency *h, double p);
void   gd_latency_stats_get(const gd_latency *h, gd_latency_stats *out);

#ifdef __cplusplus
}
#endif
#endif
