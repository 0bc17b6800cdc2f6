/* compare.h -- layer by layer: a model against a dump of its PyTorch original.
 *
 * The dump is a safetensors file that tools/dump_layers.py writes: "pixels" u8 [H, W, 3],
 * "input" f32 [1, 3, h, w], and the output of every leaf module under its path
 * ("layer1.0.relu#3" is the module's third call), maps as [N, C, H, W]. The network runs on
 * the dump's own input, so that the first layer that differs is the first that is wrong; and a
 * detector's box head on the dump's own proposals ("rpn.proposals" [n, 4]). */
#ifndef GD_TOOLS_COMPARE_COMPARE_H
#define GD_TOOLS_COMPARE_COMPARE_H

#include "layers/model.h"
#include "weights/import/checkpoint.h"

typedef struct gd_compare_row {
    const char *name, *op;
    char        shape[GD_SHAPE_TEXT];
    double      max_abs; /* largest difference */
    double      scale;   /* largest magnitude of the reference */
    double      cosine;
    bool        ok; /* max_abs <= tolerance * scale */
} gd_compare_row;

typedef struct gd_compare_options {
    double tolerance; /* relative to the largest magnitude of the layer */
    bool   fused;     /* as a session runs it, compared where fused layers end */
    bool   all;       /* go on after the first layer that fails */
} gd_compare_options;

typedef struct gd_compare_summary {
    int    n_layer, n_failed, n_unmatched; /* unmatched: nodes the dump knows nothing of */
    double worst;                          /* max_abs / scale */
} gd_compare_summary;

typedef void (*gd_compare_sink)(void *ctx, const gd_compare_row *row);

/* GD_OK also when layers differ: the summary says so. Constant memory: one layer of the dump at
 * a time. The row for the preprocessed input comes first. */
gd_status gd_compare_run(const gd_model *m, gd_ckpt *dump, const gd_compare_options *opt,
                         gd_compare_sink sink, void *ctx, gd_compare_summary *sum,
                         gd_error *err) GD_MUST_CHECK;

#endif
