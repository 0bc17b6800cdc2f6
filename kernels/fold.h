/* fold.h -- folding y * scale[k] + shift[k] into the weights that made y. */
#ifndef GD_KERNELS_FOLD_H
#define GD_KERNELS_FOLD_H

#include "engine/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* gd_op.fold_affine of operators whose inputs are x, w [K, ...] and an optional bias [K]: gives
 * the node its own scaled constants, in double arithmetic, since others may read the old ones.
 * Variables are scaled by nodes appended to the graph (row_scale, affine): the caller moves
 * them in front of the node. GD_ERR_UNSUPPORTED, and nothing changed, when weights or bias are
 * neither. */
gd_status gdk_fold_affine(gd_graph *g, gd_node *n, const double *scale, const double *shift,
                          gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
