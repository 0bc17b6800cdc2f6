/* all.c -- the passes of inference in their order, each followed by the verifier. */
#include "engine/graph.h"

gd_status gd_pass_all(gd_graph *g, const gd_device_caps *dev, gd_dtype precision,
                      gd_error *err) {
    GD_TRY(gd_graph_verify(g, "building", err));
    GD_TRY(gd_pass_fold(g, err));
    GD_TRY(gd_graph_verify(g, "fold", err));
    GD_TRY(gd_pass_precision(g, precision, err));
    GD_TRY(gd_graph_verify(g, "precision", err));
    GD_TRY(gd_pass_tf32(g, dev, err));
    GD_TRY(gd_pass_fuse(g, dev, err));
    GD_TRY(gd_graph_verify(g, "fuse", err));
    GD_TRY(gd_pass_dead(g, err));
    return gd_graph_verify(g, "dead", err);
}
