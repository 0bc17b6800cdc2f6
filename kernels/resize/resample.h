/* resample.h -- resizes pictures of bytes as PIL, OpenCV and PyTorch do, row by row.
 *
 * A gdk_resample sees one RGB picture (src_h x src_w x 3) through a window of its resized
 * version new_h x new_w: columns [x0, x0 + n_col), rows [y0, y0 + n_row). The caller lends
 * memory for the plan, made once, and for a cache of rows, one for each thread; a thread that
 * walks down the rows computes each horizontal pass once. Byte for byte equal to Pillow's two
 * passes of
 * 22-bit fixed point and to OpenCV's 11-bit INTER_LINEAR. */
#ifndef GD_KERNELS_RESAMPLE_H
#define GD_KERNELS_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/status.h"

enum {
    GD_FILTER_TORCH, /* bilinear in float, no antialiasing: interpolate(align_corners=False) */
    GD_FILTER_PIL_BILINEAR,
    GD_FILTER_PIL_BICUBIC,
    GD_FILTER_OPENCV, /* INTER_LINEAR on 8 bit */
    GD_FILTER_NEAREST,
    GD_FILTER_CORNERS, /* bilinear in float, corners aligned: Darknet's resize_image */
    GD_N_FILTER
};

/* What one output column or row reads along its axis: source pixels lo and hi with two
 * weights, or (PIL) `count` pixels from lo on with the weights from `first` on. */
typedef struct gdk_tap {
    int32_t lo;
    int32_t hi; /* PIL: count */
    union {
        float   w[2];
        int32_t k[2]; /* PIL: k[0] is first */
    };
} gdk_tap;

typedef struct gdk_resample {
    int            filter;
    const uint8_t *src;
    size_t         stride; /* bytes from line to line of src; 0: 3 * src_w */
    int            src_h, src_w, new_h, new_w;
    int            x0, n_col, y0, n_row;
    gdk_tap       *col, *row;
    int32_t       *col_weight, *row_weight; /* PIL */
} gdk_resample;

/* Bytes of a plan whose picture is at most max_h x max_w and whose window is n_col x n_row. */
size_t gdk_resample_plan_bytes(int filter, int max_h, int max_w, int n_col, int n_row);
/* Fills the plan from the fields up to n_row; memory is 8-byte aligned. */
void gdk_resample_plan(gdk_resample *r, void *memory);
/* Bytes of one thread's cache, and its reset before the first row. */
size_t gdk_resample_cache_bytes(int filter, int n_col);
void   gdk_resample_cache_reset(void *cache);
/* Row y of the window (0 .. n_row - 1), n_col * 3 bytes. Any filter that blends bytes. */
void gdk_resample_row(const gdk_resample *r, int y, void *cache, uint8_t *out);
/* Whether a filter blends values, not bytes: TORCH, CORNERS. */
bool gdk_resample_is_float(int filter);
/* Row y by such a filter: byte v of channel c enters as table[c][v]. n_col * 3 floats. */
void gdk_resample_row_f32(const gdk_resample *r, const float table[3][256], int y, void *cache,
                          float *out);

/* A whole picture: dst is new_h x new_w x 3 bytes. Any filter that blends bytes; all sizes at
 * least 1. */
gd_status gdk_resize_u8(int filter, const uint8_t *src, int src_h, int src_w, uint8_t *dst,
                        int new_h, int new_w, gd_error *err) GD_MUST_CHECK;

#endif
