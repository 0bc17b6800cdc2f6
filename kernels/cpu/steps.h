/* steps.h -- the tail of a kernel that makes tiles: absorbed steps, then the store. */
#ifndef GD_KERNELS_CPU_STEPS_H
#define GD_KERNELS_CPU_STEPS_H

#include "engine/op.h"

typedef enum gdk_step_kind {
    GDK_STEP_ADD,
    GDK_STEP_RELU,
    GDK_STEP_LEAKY,
    GDK_STEP_SILU,
    GDK_STEP_SIGMOID,
    GDK_STEP_RELU6,
    GDK_STEP_HARDSIGMOID,
    GDK_STEP_HARDSWISH,
    GDK_STEP_MISH,
    GDK_STEP_GELU,
    GDK_STEP_GELU_TANH /* gelu with its attribute set */
} gdk_step_kind;

/* The steps of a launch, read once for many tiles, and where the output lies. */
typedef struct gdk_steps {
    int           n;
    gdk_step_kind kind[GD_MAX_STEP];
    float         slope[GD_MAX_STEP];
    const float  *arg[GD_MAX_STEP];
    int64_t       arg_pitch[GD_MAX_STEP];
    float        *out;
    int64_t       out_pitch;
} gdk_steps;

/* What gdk_steps_read understands, for gd_kernel.absorbs. */
extern const char *const gdk_steps_absorbs[];
/* The same without the binary one: for rows that write the output before they apply steps. */
#define GDK_STEPS_UNARY (gdk_steps_absorbs + 1)
/* Whether the operand of each binary step is f32 and looks like the output. */
bool gdk_steps_fit(const gd_launch *l);
void gdk_steps_read(const gd_launch *l, gdk_steps *s);
/* Stores tile[i * width + j], i < rows, j < cols, into channels k .. k + cols - 1 of output
 * pixels `pixel` .. pixel + rows - 1. The tile is used up. */
void gdk_steps_store(const gdk_steps *s, float *tile, int width, int rows, int cols,
                     int64_t pixel, int64_t k);
/* Puts channels k .. k + n - 1 of `count` output pixels through the steps, of which none is
 * binary, where they lie. */
void gdk_steps_apply(const gdk_steps *s, int64_t pixel, int64_t count, int64_t k, int64_t n);

#endif
