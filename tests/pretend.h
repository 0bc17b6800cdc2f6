/* pretend.h -- a GPU that is not there: rows for every operator that can be planned, never run.
 *
 * Its rows take FP32, FP16 and 32-bit integers at any pitch. Those of convolutions, linear
 * layers and crops absorb what our CUDA rows do, those of preprocessing and pointwise operators
 * a change of type. So passes and plans for a device are tested on the host. */
#ifndef GD_TESTS_PRETEND_H
#define GD_TESTS_PRETEND_H

#include <string.h>

#include "engine/op.h"

static const char *const pretend_chain[] = {"add", "relu", "leaky_relu", "silu", "cast", NULL};
static const char *const pretend_cast[] = {"cast", NULL};

#define PRETEND_ROW(type, list)                                                      \
    {                                                                                \
        .name = "pretend", .backend = GD_CUDA, .dtype = type, .flags = GD_ROW_PITCH, \
        .absorbs = list                                                              \
    }
#define PRETEND_ROWS(list)                                                                     \
    {                                                                                          \
        PRETEND_ROW(GD_F32, list), PRETEND_ROW(GD_F16, list), PRETEND_ROW(GD_I32, list), { 0 } \
    }

static inline const gd_kernel *pretend_rows(const char *op) {
    static const gd_kernel   chain[] = PRETEND_ROWS(pretend_chain);
    static const gd_kernel   cast[] = PRETEND_ROWS(pretend_cast);
    static const gd_kernel   plain[] = PRETEND_ROWS(NULL);
    static const char *const host[] = {"conv2d", "linear", NULL};
    static const char *const typed[] = {"preprocess", "add", "relu", "roi_align", NULL};
    for (int i = 0; host[i]; i++)
        if (!strcmp(op, host[i])) return chain;
    for (int i = 0; typed[i]; i++)
        if (!strcmp(op, typed[i])) return cast;
    return plain;
}

static inline gd_device_caps pretend_device(void) {
    gd_op_register(GD_CUDA, pretend_rows);
    return (gd_device_caps){.backend = GD_CUDA, .sm = 90, .n_sm = 132};
}

#endif
