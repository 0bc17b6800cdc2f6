/* linear_cuda.c -- the CUDA rows of linear, in order of preference. */
#include "kernels/conv2d/conv2d_cuda.h"
#include "kernels/conv2d/conv2d_mma.h"
#include "kernels/conv2d/conv2d_wgmma.h"

extern const gd_kernel gdk_linear_cuda_rows[];

const gd_kernel gdk_linear_cuda_rows[] = {
    {GD_ROW_CUDA("linear_wgmma_f16", GD_F16, gdk_conv2d_wgmma_run), .min_sm = 90,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE | GD_ROW_BULK_STORE,
     .fits = gdk_linear_wgmma_fits, .absorbs = gdk_epilogue_absorbs,
     .scratch = gdk_linear_wgmma_scratch, .cost_us = gdk_linear_wgmma_cost,
     .prepare = gdk_linear_wgmma_prepare, .release = gdk_conv2d_wgmma_release},
    {GD_ROW_CUDA("linear_gmma_f16", GD_F16, gdk_conv2d_mma_run), .min_sm = 90,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_linear_gmma_fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = gdk_linear_gmma_scratch,
     .cost_us = gdk_linear_gmma_cost, .prepare = gdk_linear_gmma_prepare,
     .release = gdk_conv2d_mma_release},
    {GD_ROW_CUDA("linear_mma_f16", GD_F16, gdk_conv2d_mma_run), .min_sm = 75,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_linear_mma_fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = gdk_linear_mma_scratch,
     .cost_us = gdk_linear_mma_cost, .prepare = gdk_linear_mma_prepare,
     .release = gdk_conv2d_mma_release},
    {GD_ROW_CUDA("linear_any_f16", GD_F16, gdk_linear_any_run),
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_linear_any_fits,
     .absorbs = gdk_epilogue_absorbs},
    {GD_ROW_CUDA("linear_gmma_tf32", GD_F32, gdk_conv2d_mma_run), .min_sm = 90,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE | GD_ROW_TF32, .fits = gdk_linear_gmma_fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = gdk_linear_gmma_scratch,
     .cost_us = gdk_linear_gmma_cost, .prepare = gdk_linear_gmma_prepare,
     .release = gdk_conv2d_mma_release},
    {GD_ROW_CUDA("linear_mma_tf32", GD_F32, gdk_conv2d_mma_run), .min_sm = 80,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE | GD_ROW_TF32, .fits = gdk_linear_mma_fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = gdk_linear_mma_scratch,
     .cost_us = gdk_linear_mma_cost, .prepare = gdk_linear_mma_prepare,
     .release = gdk_conv2d_mma_release},
    {GD_ROW_CUDA("linear_simt_f32", GD_F32, gdk_conv2d_simt_run),
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_linear_mma_fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = gdk_linear_simt_scratch,
     .prepare = gdk_linear_simt_prepare, .release = gdk_conv2d_simt_release},
    {GD_ROW_CUDA("linear_any_f32", GD_F32, gdk_linear_any_run),
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_linear_any_fits,
     .absorbs = gdk_epilogue_absorbs},
    {0}};
