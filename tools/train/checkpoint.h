/* checkpoint.h -- what a checkpoint holds besides a model: where the run stood, what it was.
 *
 * A checkpoint is a model file: its weights run in every command. What training needs besides
 * are tensors named "train/..." (momenta, loss scale, unaveraged weights) and metadata:
 *
 *   train.epoch, .batch, .step, .seed, .best, .best_epoch, .stale
 *                      where the run stands (gd_train_place)
 *   train.with.NAME    how it was set up (optimizer, batch, data, ...): a run goes on only
 *                      under the same */
#ifndef GD_TOOLS_TRAIN_CHECKPOINT_H
#define GD_TOOLS_TRAIN_CHECKPOINT_H

#include "tools/train/run_folder.h"
#include "weights/gdw.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_train_place {
    uint64_t seed;
    int64_t  epoch; /* whole ones that are done */
    int64_t  batch; /* done of the epoch that runs */
    int64_t  step;  /* of the optimiser, skipped ones among them */
    double   best;  /* figure of best.gdw; NaN: none yet */
    int64_t  best_epoch;
    int64_t  stale; /* judged epochs since */
} gd_train_place;

typedef struct gd_train_pair {
    const char *key, *value;
} gd_train_pair;

typedef struct gd_checkpoint {
    const gd_train_pair *meta; /* of the model: arch, class_names, recipe, ... */
    int                  n_meta;
    const gd_train_pair *with; /* how the run was set up; keys without "train.with." */
    int                  n_with;
    gd_train_place       place;
    const gd_gdw_tensor *tensor; /* in any order; their data must stay until the end */
    size_t               n_tensor;
} gd_checkpoint;

/* Writes the file `path`, replacing it. Fits gd_run_write with a gd_checkpoint as ctx. */
gd_status gd_checkpoint_write(void *checkpoint, const char *path, gd_error *err) GD_MUST_CHECK;

/* The newest whole checkpoint of a run: `path` is its folder, or one checkpoint in it. In a
 * folder previous.gdw stands in for a last.gdw that is damaged or missing; then `fallback`
 * tells why (else it is empty). GD_ERR_IO or GD_ERR_FORMAT: there is none. */
gd_status gd_checkpoint_open(const char *path, gd_gdw **out, gd_error *fallback,
                             gd_error *err) GD_MUST_CHECK;
/* Code 480: the file is a model without the state of a run. */
gd_status gd_checkpoint_place(const gd_gdw *file, gd_train_place *out,
                              gd_error *err) GD_MUST_CHECK;
/* Code 481: the run was set up otherwise; the message names the first difference and how many
 * there are. Both sides must have the same keys. */
gd_status gd_checkpoint_match(const gd_gdw *file, const gd_train_pair *with, int n_with,
                              gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
