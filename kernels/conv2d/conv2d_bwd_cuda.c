/* conv2d_bwd_cuda.c -- the CUDA rows of convolution's gradients, in order of preference. */
#include "engine/mem.h"
#include "kernels/conv2d/conv2d_dgrad_cuda.h"
#include "kernels/conv2d/conv2d_wgrad_cuda.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/epilogue.h"

extern const gd_kernel gdk_conv2d_bwd_data_cuda_rows[];
extern const gd_kernel gdk_conv2d_bwd_weight_cuda_rows[];

const gd_kernel gdk_conv2d_bwd_data_cuda_rows[] = {
    {GD_ROW_DGRAD_OF("conv2d_bwd_data_wgmma_f16", GD_F16, conv2d_dgrad_wgmma,
                     conv2d_dgrad_wgmma),
     .min_sm = 90, .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE | GD_ROW_BULK_STORE},
    {GD_ROW_DGRAD("conv2d_bwd_data_f16", GD_F16, conv2d_dgrad), .min_sm = 75,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE | GD_ROW_BULK_STORE},
    {GD_ROW_DGRAD("conv2d_bwd_data_tf32", GD_F32, conv2d_dgrad_tf32), .min_sm = 80,
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE | GD_ROW_TF32},
    {GD_ROW_DGRAD("conv2d_bwd_data_f32", GD_F32, conv2d_dgrad),
     .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE},
    {0}};

const gd_kernel gdk_conv2d_bwd_weight_cuda_rows[] = {
    {GD_ROW_WGRAD("conv2d_bwd_weight_wgmma_f16", GD_F16, conv2d_wgrad_wgmma), .min_sm = 90},
    {GD_ROW_WGRAD("conv2d_bwd_weight_mma_f16", GD_F16, conv2d_wgrad_mma), .min_sm = 75},
    {GD_ROW_WGRAD("conv2d_bwd_weight_any_f16", GD_F16, conv2d_wgrad_any)},
    {GD_ROW_WGRAD("conv2d_bwd_weight_simt_f32", GD_F32, conv2d_wgrad_simt)},
    {GD_ROW_WGRAD("conv2d_bwd_weight_any_f32", GD_F32, conv2d_wgrad_any)},
    {0}};
