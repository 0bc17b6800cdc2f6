/* rows.h -- the two reference rows that every operator has, written once.
 *
 *     GD_REF_DECLARE(relu)                      both builds of relu_ref.c
 *     .kernels = (const gd_kernel[]){{...}, GD_REF_ROWS(relu), {0}}
 *
 * GD_ROW_REF_AS names one row of another type that shares a run function. */
#ifndef GD_KERNELS_ROWS_H
#define GD_KERNELS_ROWS_H

#include "engine/op.h"

#define GD_REF_DECLARE(op)                                           \
    gd_status gdk_##op##_ref_f32(const gd_launch *l, gd_error *err); \
    gd_status gdk_##op##_ref_f64(const gd_launch *l, gd_error *err);

#define GD_ROW_REF_AS(title, type, function)                      \
    {                                                             \
        .name = title, .backend = GD_CPU, .dtype = type,          \
        .flags = GD_ROW_REFERENCE | GD_ROW_PITCH, .run = function \
    }

/* A CPU row that takes any pitch; its fields, for rows with more of them. */
#define GD_CPU_ROW(title, type, function) \
    .name = title, .backend = GD_CPU, .dtype = type, .flags = GD_ROW_PITCH, .run = function
#define GD_ROW_CPU(title, type, function) \
    { GD_CPU_ROW(title, type, function) }

#define GD_REF_ROWS(op)                                        \
    GD_ROW_REF_AS(#op "_ref_f32", GD_F32, gdk_##op##_ref_f32), \
        GD_ROW_REF_AS(#op "_ref_f64", GD_F64, gdk_##op##_ref_f64)

#endif
