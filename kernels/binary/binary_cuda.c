/* binary_cuda.c -- CUDA rows of add and mul: the shared pointwise kernel. */
#include "kernels/binary/binary.h"
#include "kernels/cuda/pointwise.h"

#define ROW(op, type, id)                                                         \
    {                                                                             \
        GD_ROW_CUDA(#op "_cuda_" #type, id, run_##op), .flags = GD_ROW_PITCH,     \
                                                       .fits = gdk_pointwise_fits \
    }
#define OPERATOR(op, function)                                     \
    static gd_status run_##op(const gd_launch *l, gd_error *err) { \
        gdk_pointwise p = {.kind = function};                      \
        return gdk_pointwise_run(l, &p, err);                      \
    }                                                              \
    extern const gd_kernel gdk_##op##_cuda_rows[];                 \
    const gd_kernel gdk_##op##_cuda_rows[] = {ROW(op, f32, GD_F32), ROW(op, f16, GD_F16), {0}};

OPERATOR(add, GDK_POINTWISE_ADD)
OPERATOR(mul, GDK_POINTWISE_MUL)
