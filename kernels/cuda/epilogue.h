/* epilogue.h -- the tail that CUDA kernels with a matrix-like output share: its parameters.
 *
 *   v = sum + bias[k]; then the absorbed steps in order (add and the activations); then one
 *   rounding to the output's type, F16 or F32. All in FP32.
 *
 * The output and each added tensor are rows of channel vectors ("pixels") with a pitch of their
 * own. kernels/cuda/epilogue.cuh applies what gdk_epilogue_read has translated. */
#ifndef GD_KERNELS_CUDA_EPILOGUE_H
#define GD_KERNELS_CUDA_EPILOGUE_H

#include "engine/op.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GDK_EPILOGUE_STEPS = GD_MAX_STEP + 1 };

typedef enum gdk_epilogue_kind {
    GDK_EPILOGUE_ADD,
    GDK_EPILOGUE_RELU,
    GDK_EPILOGUE_LEAKY,
    GDK_EPILOGUE_SILU,
    GDK_EPILOGUE_MISH,
    GDK_EPILOGUE_GELU,
    GDK_EPILOGUE_RELU6,
    GDK_EPILOGUE_HARDSIGMOID,
    GDK_EPILOGUE_HARDSWISH,
    GDK_EPILOGUE_TF32 /* rounds to the nearest TF32 value */
} gdk_epilogue_kind;

/* Passed to kernels by value, inside their own parameters. */
typedef struct gdk_epilogue {
    const float *bias; /* K values, or NULL */
    void        *out;
    int64_t      out_pitch; /* elements */
    int32_t      out_wide;  /* 1: F32, 0: F16 */
    int32_t      vec;       /* rows of the output and of every operand are 16-byte aligned */
    int32_t      n;         /* steps */
    int32_t      kind[GDK_EPILOGUE_STEPS];
    int32_t      arg_wide[GDK_EPILOGUE_STEPS];
    float        slope[GDK_EPILOGUE_STEPS];
    const void  *arg[GDK_EPILOGUE_STEPS];
    int64_t      arg_pitch[GDK_EPILOGUE_STEPS]; /* elements */
} gdk_epilogue;

/* For gd_kernel.absorbs: all of the above (of gelu the exact form) and `cast`, which is the
 * output's type alone. */
extern const char *const gdk_epilogue_absorbs[];
/* Whether the output, the bias (in[bias], may be absent) and the operands have types and shapes
 * that gdk_epilogue takes. For fits. */
bool gdk_epilogue_fits(const gd_launch *l, int bias);
/* Fills e for a launch whose tensors have their device addresses. */
void gdk_epilogue_read(const gd_launch *l, int bias, gdk_epilogue *e);
/* What kernels that compute in TF32 add at the end: they hand on TF32 values, as those of FP16
 * hand on halves. Tensor cores drop the bits that TF32 has not; that no longer makes every
 * product a little smaller. Nothing is done where halves are stored. */
void gdk_epilogue_round(gdk_epilogue *e);

#ifdef __cplusplus
}
#endif
#endif
