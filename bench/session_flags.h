/* session_flags.h -- the flags of the benches of whole models, as fields of the session. */
#ifndef GD_BENCH_SESSION_FLAGS_H
#define GD_BENCH_SESSION_FLAGS_H

#include <stdlib.h>
#include <string.h>

#include "engine/gdrun.h"

enum { BENCH_MAX_BATCH = 256 };

/* 1: taken; 0: the value is not one; -1: no flag of this list. */
static inline int bench_session_flag(gd_session_options *o, int *batch, const char *name,
                                     const char *value) {
    static const char *const precision[GD_N_PRECISION] = {"auto", "fp32", "tf32", "fp16"};
    if (!strcmp(name, "--device")) return (o->device = value) != NULL;
    if (!strcmp(name, "--providers")) return (o->providers = atoi(value)) >= 0;
    if (!strcmp(name, "--batch"))
        return (*batch = atoi(value)) > 0 && *batch <= BENCH_MAX_BATCH;
    if (strcmp(name, "--precision") != 0) return -1;
    for (o->precision = 0; o->precision < GD_N_PRECISION; o->precision++)
        if (!strcmp(value, precision[o->precision])) return 1;
    return 0;
}

#endif
