/* join.h -- finds for every weight of an architecture its tensor in a checkpoint.
 *
 * Names are compared after the architecture's key rules. All that does not fit is collected
 * first, so that one message can tell the whole story; only then the join fails. */
#ifndef GD_TOOLS_CONVERT_JOIN_H
#define GD_TOOLS_CONVERT_JOIN_H

#include "engine/arena.h"
#include "layers/arch.h"
#include "weights/import/checkpoint.h"

typedef struct gd_join_row {
    const gd_weight_spec *spec;
    const gd_ckpt_tensor *from;   /* NULL: missing, or to be made fresh */
    int64_t               dim[4]; /* in our layout, as the checkpoint has them */
    bool                  fresh;  /* a reset head: random values of the spec's shape */
    bool                  odd;    /* rank or window of *from are not those of the weight */
} gd_join_row;

typedef struct gd_join {
    const gd_arch         *arch;
    gd_join_row           *row; /* as many as the architecture has weights, in its order */
    int                    count;
    int                    n_missing, n_unexpected, n_shape;
    const gd_ckpt_tensor **unexpected; /* n_unexpected of them */
} gd_join;

/* Outputs of the class head that the checkpoint holds; 0: it has no such tensor. */
int gd_join_head(const gd_arch *a, const gd_ckpt *c);

/* Joins for `n_class` outputs (0: nominal). `reset_head`: tensors of the class head are made
 * fresh, whatever the checkpoint has. Fills *out even when nothing fits; fails only when memory
 * is exhausted or the architecture itself is at fault. All of *out lives in the arena. */
gd_status gd_join_make(const gd_arch *a, const gd_ckpt *c, int n_class, bool reset_head,
                       gd_arena *arena, gd_join *out, gd_error *err) GD_MUST_CHECK;
/* True when every weight was found in its nominal shape and nothing was left over. */
bool gd_join_fits(const gd_join *j);
/* The mismatch in words: counts, and at most ten names of each kind. GD_ERR_FORMAT; E461, or
 * E460 when the architecture was not chosen but is merely the nearest one. */
gd_status gd_join_refuse(const gd_join *j, const gd_ckpt *c, bool nearest, gd_error *err);

#endif
