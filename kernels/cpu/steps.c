/* steps.c -- the tail of a kernel that makes tiles: absorbed steps, then the store. */
#include "kernels/cpu/steps.h"

#include <string.h>

#include "kernels/activation/activation.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/vmath.h"

/* In the order of gdk_step_kind: the binary one first. */
const char *const gdk_steps_absorbs[] = {"add",     "relu",  "leaky_relu",  "silu",
                                         "sigmoid", "relu6", "hardsigmoid", "hardswish",
                                         "mish",    "gelu",  NULL};

bool gdk_steps_fit(const gd_launch *l) {
    for (int i = 0; i < l->n_step; i++) {
        const gd_tensor *arg = l->step[i].arg;
        if (arg && (arg->dtype != GD_F32 || !gd_tensor_same_shape(arg, l->out[0])))
            return false;
    }
    return true;
}

void gdk_steps_read(const gd_launch *l, gdk_steps *s) {
    s->n = l->n_step;
    s->out = l->out[0]->data;
    s->out_pitch = l->out[0]->pitch;
    for (int i = 0; i < l->n_step; i++) {
        const gd_step *from = &l->step[i];
        int            kind = 0;
        while (strcmp(gdk_steps_absorbs[kind], from->op->name) != 0) kind++;
        if (kind == GDK_STEP_GELU && ((const gd_gelu *)from->attr)->tanh)
            kind = GDK_STEP_GELU_TANH;
        s->kind[i] = (gdk_step_kind)kind;
        s->slope[i] = kind == GDK_STEP_LEAKY ? ((const gd_leaky_relu *)from->attr)->slope : 0;
        s->arg[i] = from->arg ? from->arg->data : NULL;
        s->arg_pitch[i] = from->arg ? from->arg->pitch : 0;
    }
}

#define STEP (float *t, int64_t n, gdk_step_kind kind, float slope)

GD_ISA_BODY void step_body STEP {
    switch (kind) {
    case GDK_STEP_ADD: break; /* needs its operand: add_rows */
    case GDK_STEP_RELU:
        for (int64_t i = 0; i < n; i++) t[i] = t[i] <= 0 ? 0 : t[i];
        break;
    case GDK_STEP_LEAKY:
        for (int64_t i = 0; i < n; i++) t[i] = t[i] > 0 ? t[i] : t[i] * slope;
        break;
    case GDK_STEP_SILU:
        for (int64_t i = 0; i < n; i++) t[i] = gd_silu_f32(t[i]);
        break;
    case GDK_STEP_SIGMOID:
        for (int64_t i = 0; i < n; i++) t[i] = gd_sigmoid_f32(t[i]);
        break;
    case GDK_STEP_RELU6:
        for (int64_t i = 0; i < n; i++) t[i] = gd_relu6_f32(t[i]);
        break;
    case GDK_STEP_HARDSIGMOID:
        for (int64_t i = 0; i < n; i++) t[i] = gd_hardsigmoid_f32(t[i]);
        break;
    case GDK_STEP_HARDSWISH:
        for (int64_t i = 0; i < n; i++) t[i] = gd_hardswish_f32(t[i]);
        break;
    case GDK_STEP_MISH:
        for (int64_t i = 0; i < n; i++) t[i] = gd_mish_f32(t[i]);
        break;
    case GDK_STEP_GELU:
        for (int64_t i = 0; i < n; i++) t[i] = gd_gelu_f32(t[i]);
        break;
    case GDK_STEP_GELU_TANH:
        for (int64_t i = 0; i < n; i++) t[i] = gd_gelu_tanh_f32(t[i]);
        break;
    }
}
GD_ISA(step, STEP, (t, n, kind, slope))

#define ADD \
    (float *t, int64_t width, int64_t rows, int64_t cols, const float *arg, int64_t pitch)

GD_ISA_BODY void add_rows_body ADD {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) t[i * width + j] += arg[i * pitch + j];
}
GD_ISA(add_rows, ADD, (t, width, rows, cols, arg, pitch))

void gdk_steps_store(const gdk_steps *s, float *tile, int width, int rows, int cols,
                     int64_t pixel, int64_t k) {
    for (int i = 0; i < s->n; i++)
        if (s->kind[i] == GDK_STEP_ADD)
            add_rows(tile, width, rows, cols, s->arg[i] + pixel * s->arg_pitch[i] + k,
                     s->arg_pitch[i]);
        else
            step(tile, (int64_t)rows * width, s->kind[i], s->slope[i]);
    for (int i = 0; i < rows; i++)
        memcpy(s->out + (pixel + i) * s->out_pitch + k, tile + i * width,
               (size_t)cols * sizeof *tile);
}

void gdk_steps_apply(const gdk_steps *s, int64_t pixel, int64_t count, int64_t k, int64_t n) {
    const bool dense = s->out_pitch == n;
    float     *y = s->out + pixel * s->out_pitch + k;
    for (int i = 0; i < s->n; i++)
        for (int64_t p = 0; p < (dense ? 1 : count); p++)
            step(y + p * s->out_pitch, dense ? n * count : n, s->kind[i], s->slope[i]);
}
