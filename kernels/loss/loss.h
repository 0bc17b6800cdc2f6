/* loss.h -- what all losses share: rows, weights, norm, and how they become one number.
 *
 * Inputs of every loss: pred [..., C], whose channel vectors are the rows; a target (each
 * operator says which); optional weight, one a row: floats (0: the row is left out, whatever it
 * holds), or I32, as matches are (kernels/match): negative ones are left out, others weigh 1;
 * optional norm [G, ...], floats or I32.
 *
 *   out[1] = factor * sum over groups g of  sum of w_r l_r over the rows of g
 *                                           -------------------------------------
 *                                           max(sum of norm[g, ...], min_norm)
 *
 * The rows fall into G equal groups in their order (the pictures of a batch); with `total` all
 * rows are one group, divided by the sum of the whole norm. Without a norm nothing is divided.
 * A tensor that has one entry a row may have any shape of as many elements, read row-major: so
 * a count I32[B], a mask [B, n] or the weights themselves can be the norm.
 *
 * <loss>_bwd takes d_out [1] in front of the same inputs and gives d_pred; targets, weights and
 * norms get no gradient. Losses compute in FP32. Sums have a fixed order. */
#ifndef GD_KERNELS_LOSS_H
#define GD_KERNELS_LOSS_H

#include "engine/graph.h"
#include "kernels/rows.h"

/* The first member of each loss's attributes. */
typedef struct gd_loss {
    float   factor;
    float   min_norm;
    int32_t total;
} gd_loss;

#define GDK_LOSS_FIELDS(type)                                             \
    {"factor", GD_ATTR_F32, offsetof(type, loss.factor), 0, 1},           \
        {"min_norm", GD_ATTR_F32, offsetof(type, loss.min_norm), 0, 1}, { \
        "total", GD_ATTR_I32, offsetof(type, loss.total), 0, 0            \
    }

/* The inputs of a loss, or those behind d_out of its backward node. */
typedef struct gdk_loss_in {
    const gd_tensor *pred, *target, *weight, *norm, *extra; /* the last three may be NULL */
    int64_t          rows, C;
    const void      *attr;
} gdk_loss_in;

/* first: 0 for a loss, 1 for its backward node. */
gdk_loss_in gdk_loss_read(const gd_launch *l, int first);

/* Groups of rows: 1 without a norm. */
static inline int64_t gdk_loss_groups(const gdk_loss_in *in) {
    return !in->norm || ((const gd_loss *)in->attr)->total ? 1 : in->norm->dim[0];
}

/* Where the entry of row r is, in elements, of a tensor that has one a row. */
static inline int64_t gdk_loss_at(const gd_tensor *t, int64_t r) {
    const int64_t n = gd_tensor_channels(t);
    return t->pitch == n ? r : r / n * t->pitch + r % n;
}
static inline int32_t gdk_loss_label(const gd_tensor *t, int64_t r) {
    return ((const int32_t *)t->data)[gdk_loss_at(t, r)];
}

/* Whether a tensor has one entry a row of in->pred. */
static inline bool gdk_loss_each(const gdk_loss_in *in, const gd_tensor *t) {
    return t->ndim > 0 && gd_tensor_count(t) == in->rows;
}

/* Checks pred, weight, norm, d_out (first: 1) and the common attributes, and fills the shape of
 * the output. The target and what follows the norm are the operator's own to check. */
gd_status gdk_loss_infer(const gd_launch *l, const char *op, int first, gd_error *err);
/* Target or extra at input i, as seen by the loss: I32, one a row. */
gd_status gdk_loss_want_labels(const gd_launch *l, const char *op, int first, int i,
                               gd_error *err);
/* The target: rows like pred's, C of them a row, of the launch's floating type. */
gd_status gdk_loss_want_values(const gd_launch *l, const char *op, int first, int64_t C,
                               gd_error *err);

/* Appends the backward node: d_out and the inputs of n. */
gd_status gdk_loss_grad(gd_graph *g, const gd_node *n, const char *bwd, const int *d_out,
                        int *d_in, gd_error *err);

/* ---- rows of the CPU --------------------------------------------------------------------- */

/* l_r of one row. */
typedef float (*gdk_loss_row_f32)(const gdk_loss_in *in, int64_t r);
/* d[0 .. C) = scale * dl_r/dpred. */
typedef void (*gdk_loss_row_bwd_f32)(const gdk_loss_in *in, int64_t r, float scale, float *d);

size_t    gdk_loss_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_loss_cpu(const gd_launch *l, gdk_loss_row_f32 row, gd_error *err);
gd_status gdk_loss_bwd_cpu(const gd_launch *l, gdk_loss_row_bwd_f32 row, gd_error *err);

/* A loss whose CPU rows are its definition, row by row: the functions of <op>_ref.c that both
 * builds export. */
#define GDK_LOSS_ROWS_DECLARE(op)                                                             \
    float  gdk_##op##_row_ref_f32(const gdk_loss_in *in, int64_t r);                          \
    double gdk_##op##_row_ref_f64(const gdk_loss_in *in, int64_t r);                          \
    void   gdk_##op##_slope_ref_f32(const gdk_loss_in *in, int64_t r, float scale, float *d); \
    void   gdk_##op##_slope_ref_f64(const gdk_loss_in *in, int64_t r, double scale, double *d);

/* The CPU row of a loss `op`, and of its backward node. */
#define GDK_LOSS_CPU(op)                                                                   \
    {                                                                                      \
        .name = #op "_cpu_f32", .backend = GD_CPU, .dtype = GD_F32, .flags = GD_ROW_PITCH, \
        .scratch = gdk_loss_cpu_scratch, .run = gdk_##op##_cpu_f32                         \
    }
#define GDK_LOSS_BWD_CPU(op) GD_ROW_CPU(#op "_bwd_cpu_f32", GD_F32, gdk_##op##_bwd_cpu_f32)

#endif
