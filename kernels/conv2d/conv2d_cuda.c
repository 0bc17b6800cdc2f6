/* conv2d_cuda.c -- the CUDA rows of convolution, in order of preference. */
#include "kernels/conv2d/conv2d_cuda.h"
#include "kernels/conv2d/conv2d_mma.h"
#include "kernels/conv2d/conv2d_wgmma.h"

extern const gd_kernel gdk_conv2d_cuda_rows[];

const gd_kernel gdk_conv2d_cuda_rows[] = {
    {GD_ROW_CUDA("conv2d_stem_f16", GD_F16, gdk_conv2d_stem_run), .min_sm = 75,
     .packs = 1u << 1, .flags = GD_ROW_PITCH, .fits = gdk_conv2d_stem_fits,
     .absorbs = gdk_conv2d_stem_absorbs, .prepare = gdk_conv2d_stem_prepare,
     .release = gdk_conv2d_direct_release},
    {GD_ROW_CUDA("conv2d_stem_f32", GD_F32, gdk_conv2d_stem_run), .packs = 1u << 1,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_conv2d_stem_fits,
     .absorbs = gdk_epilogue_absorbs, .prepare = gdk_conv2d_stem_prepare,
     .release = gdk_conv2d_direct_release},
    {GD_ROW_CUDA("conv2d_depthwise_f16", GD_F16, gdk_conv2d_depthwise_run), .packs = 1u << 1,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_conv2d_depthwise_fits,
     .absorbs = gdk_epilogue_absorbs, .prepare = gdk_conv2d_depthwise_prepare,
     .release = gdk_conv2d_direct_release},
    {GD_ROW_CUDA("conv2d_depthwise_f32", GD_F32, gdk_conv2d_depthwise_run), .packs = 1u << 1,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_conv2d_depthwise_fits,
     .absorbs = gdk_epilogue_absorbs, .prepare = gdk_conv2d_depthwise_prepare,
     .release = gdk_conv2d_direct_release},
    {GD_ROW_CUDA("conv2d_wgmma_f16", GD_F16, gdk_conv2d_wgmma_run), .min_sm = 90,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_conv2d_wgmma_fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = gdk_conv2d_wgmma_scratch,
     .prepare = gdk_conv2d_wgmma_prepare, .release = gdk_conv2d_wgmma_release},
    {GD_ROW_CUDA("conv2d_mma_f16", GD_F16, gdk_conv2d_mma_run), .min_sm = 75,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_conv2d_mma_fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = gdk_conv2d_mma_scratch,
     .prepare = gdk_conv2d_mma_prepare, .release = gdk_conv2d_mma_release},
    {GD_ROW_CUDA("conv2d_any_f16", GD_F16, gdk_conv2d_any_run),
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_conv2d_any_fits,
     .absorbs = gdk_epilogue_absorbs},
    {GD_ROW_CUDA("conv2d_mma_tf32", GD_F32, gdk_conv2d_mma_run), .min_sm = 80,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE | GD_ROW_TF32, .fits = gdk_conv2d_mma_fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = gdk_conv2d_mma_scratch,
     .prepare = gdk_conv2d_mma_prepare, .release = gdk_conv2d_mma_release},
    {GD_ROW_CUDA("conv2d_simt_f32", GD_F32, gdk_conv2d_simt_run),
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_conv2d_mma_fits,
     .absorbs = gdk_epilogue_absorbs, .scratch = gdk_conv2d_simt_scratch,
     .prepare = gdk_conv2d_simt_prepare, .release = gdk_conv2d_simt_release},
    {GD_ROW_CUDA("conv2d_any_f32", GD_F32, gdk_conv2d_any_run),
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE, .fits = gdk_conv2d_any_fits,
     .absorbs = gdk_epilogue_absorbs},
    {0}};
