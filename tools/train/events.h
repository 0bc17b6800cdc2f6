/* events.h -- figures of a training run as TensorBoard reads them.
 *
 * A file events.out.tfevents.<seconds>.<host>.<pid> of records, each
 *
 *     u64 length of data, u32 masked CRC-32C of those 8 bytes, data, u32 masked CRC-32C of data
 *
 * little-endian, where masked(c) = (c rotated right by 15) + 0xa282ead8, and data is a protocol
 * buffer (TensorFlow's event.proto and summary.proto): Event{1: double seconds, 2: int64 step,
 * 3: string version | 5: Summary{1: Value{1: string tag, 2: float value}, ...}}. */
#ifndef GD_TOOLS_TRAIN_EVENTS_H
#define GD_TOOLS_TRAIN_EVENTS_H

#include <stdint.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_figure {
    const char *tag; /* "loss/total", "lr" */
    double      value;
} gd_figure;

typedef struct gd_events {
    int  fd; /* -1: closed */
    char path[4096];
} gd_events;

/* A new file in `folder`. `seconds` since 1970 is part of its name. */
gd_status gd_events_open(gd_events *e, const char *folder, double seconds,
                         gd_error *err) GD_MUST_CHECK;
/* One record with n figures of a step, written at once: a reader never sees half of one for
 * long. */
gd_status gd_events_put(gd_events *e, double seconds, int64_t step, const gd_figure *figure,
                        int n, gd_error *err) GD_MUST_CHECK;
void      gd_events_close(gd_events *e); /* {.fd = -1} is allowed */

#ifdef __cplusplus
}
#endif
#endif
