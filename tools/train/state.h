/* state.h -- a trainer's tensors as those of a checkpoint, and back.
 *
 * The file's NAME is what other commands use: the weight, or its average where one is kept; the
 * weight itself is "train/weight/NAME" then. Everything else of the store keeps its name
 * ("train/momentum/NAME", "train/scale", ...). Tensors of the model that do not learn are
 * written as they came. */
#ifndef GD_TOOLS_TRAIN_STATE_H
#define GD_TOOLS_TRAIN_STATE_H

#include "layers/train/trainer.h"
#include "tools/train/checkpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_train_state {
    gd_arena       arena;
    unsigned char *host; /* one block for all of the store */
    gd_gdw_tensor *tensor;
    size_t         n_tensor;
    gd_train_pair *meta; /* of the model's file, without what a run left there */
    int            n_meta;
    int           *from; /* by tensor: place in the store, -1: of the file */
} gd_train_state;

/* After the first plan. Strings and the tensors that do not learn stay the model's. */
gd_status gd_train_state_open(gd_train_state *s, const gd_model *m, gd_store *store,
                              gd_error *err) GD_MUST_CHECK;
void      gd_train_state_close(gd_train_state *s);
/* The model is made for pictures on a canvas of this size: checkpoints say so in their recipe,
 * so that every command shows them to the model as training did. */
gd_status gd_train_state_canvas(gd_train_state *s, const gd_geometry_rule *rule, int height,
                                int width, gd_error *err) GD_MUST_CHECK;
/* Brings the store's bytes to the host: tensor[] holds them then. */
gd_status gd_train_state_fetch(gd_train_state *s, gd_store *store, gd_error *err) GD_MUST_CHECK;
/* Sets the store from a checkpoint. Code 481 names a tensor that it lacks or that has another
 * shape. */
gd_status gd_train_state_restore(const gd_train_state *s, gd_store *store, const gd_gdw *file,
                                 gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
