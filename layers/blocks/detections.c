/* detections.c -- the common end of every detector: back to source pixels, named outputs. */
#include "kernels/box_restore/box_restore.h"
#include "layers/blocks/blocks.h"

int32_t gd_block_max_out(const gd_net *n, int boxes, int max_det) {
    const int64_t most = gd_net_dim(n, boxes, 1);
    return max_det < most ? max_det : (int32_t)most;
}

void gd_block_detections(gd_net *n, const int value[6], int geom, int restore_mode, bool clip) {
    static const char *const name[6] = {"boxes", "scores", "labels", "count", "top", "dropped"};
    const gd_box_restore     a = {.mode = restore_mode, .clip = clip};
    const int                in[2] = {value[0], geom};
    const int                source = gd_net_op(n, "box_restore", &a, 2, in, NULL);
    for (int i = 0; i < 6 && gd_net_ok(n); i++)
        n->st = gd_graph_output(n->g, name[i], i ? value[i] : source, n->err);
}
