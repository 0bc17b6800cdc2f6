/* rows.c -- the CUDA rows of every operator that has some, found by the operator's name. */
#include "kernels/cuda/rows.h"

#include <string.h>

#define GD_CUDA(op) extern const gd_kernel gdk_##op##_cuda_rows[];
#include "kernels/cuda/rows.def"
#undef GD_CUDA

static const struct {
    const char      *op;
    const gd_kernel *rows;
} all[] = {
#define GD_CUDA(op) {#op, gdk_##op##_cuda_rows},
#include "kernels/cuda/rows.def"
#undef GD_CUDA
    {NULL, NULL}};

const gd_kernel *gdk_cuda_rows_of(const char *op) {
    for (int i = 0; all[i].op; i++)
        if (!strcmp(all[i].op, op)) return all[i].rows;
    return NULL;
}
