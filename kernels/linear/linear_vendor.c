/* linear_vendor.c -- the fully connected layer through cuBLASLt. */
#include "kernels/linear/linear.h"
#include "kernels/vendor/vendor.h"

extern const gd_kernel gdk_linear_vendor_rows[];

GDK_VENDOR_ENTRIES(strict, gdk_lt_row_fits, gdk_lt_row_scratch, gdk_lt_row_prepare, false)
GDK_VENDOR_ENTRIES(rounded, gdk_lt_row_fits, gdk_lt_row_scratch, gdk_lt_row_prepare, true)

const gd_kernel gdk_linear_vendor_rows[] = {
    {GDK_VENDOR_ROW("linear_cublaslt_f16", GD_F16, 0, gdk_vendor_absorbs_cast, strict,
                    gdk_lt_row_release, gdk_lt_row_run)},
    {GDK_VENDOR_ROW("linear_cublaslt_tf32", GD_F32, GD_ROW_TF32, gdk_vendor_absorbs, rounded,
                    gdk_lt_row_release, gdk_lt_row_run)},
    {GDK_VENDOR_ROW("linear_cublaslt_f32", GD_F32, 0, gdk_vendor_absorbs, strict,
                    gdk_lt_row_release, gdk_lt_row_run)},
    {0}};
