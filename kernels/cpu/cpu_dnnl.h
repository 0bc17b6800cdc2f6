/* cpu_dnnl.h -- the one door to oneDNN: convolution and linear as prepared primitives.
 *
 * Only cpu_dnnl.c includes oneDNN's headers, so a new major version of it changes one file.
 * Both operators take in[0] = x, in[1] = constant weights, in[2] = bias or NULL and the steps
 * that gdk_dnnl_absorbs names; all tensors are dense f32. Present when GD_HAVE_ONEDNN is 1. */
#ifndef GD_KERNELS_CPU_DNNL_H
#define GD_KERNELS_CPU_DNNL_H

#include "engine/op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_dnnl_window {
    int64_t stride[2], pad[4], dilation[2], groups; /* as gd_conv2d */
} gdk_dnnl_window;

extern const char *const gdk_dnnl_absorbs[];

/* Whether weights are constant and the operand of each binary step looks like the output. */
bool gdk_dnnl_takes(const gd_launch *l);
/* Fill *state with a primitive for so many threads and the weights in the order it wants. */
gd_status gdk_dnnl_conv_open(const gd_launch *l, const gdk_dnnl_window *win, int threads,
                             void **state, gd_error *err);
gd_status gdk_dnnl_linear_open(const gd_launch *l, int threads, void **state, gd_error *err);
void      gdk_dnnl_close(void *state);
/* Runs l->state. oneDNN itself makes a few small short-lived allocations in each call. */
gd_status gdk_dnnl_run(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
