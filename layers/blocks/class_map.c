/* class_map.c -- the end of a segmentation network: logits to a class for each pixel. */
#include "kernels/class_map/class_map.h"

#include "layers/blocks/blocks.h"

void gd_block_class_map(gd_net *n, int logits, int geom, int image, const gd_net_options *opt) {
    const int64_t net_h = gd_net_dim(n, image, 1), net_w = gd_net_dim(n, image, 2);
    const int64_t pixels = opt->pixels ? opt->pixels : net_h * net_w;
    if (pixels > INT32_MAX) {
        gd_net_fail(n, GD_ERR_UNSUPPORTED,
                    "a picture of %lld pixels, a map of classes has room "
                    "for %d",
                    (long long)pixels, INT32_MAX);
        return;
    }
    const gd_arg_max best = {(int32_t)net_h, (int32_t)net_w, (int32_t)pixels};
    const size_t     mark = gd_net_enter(n, "class_map");
    int              map = gd_net_op(n, "arg_max", &best, 2, (const int[]){logits, geom}, NULL);
    if (opt->smooth) {
        const gd_mode_filter mode = {opt->smooth};
        map = gd_net_op(n, "mode_filter", &mode, 2, (const int[]){map, geom}, NULL);
    }
    const gd_class_count each = {(int32_t)n->n_class};
    const int count = gd_net_op(n, "class_count", &each, 2, (const int[]){map, geom}, NULL);
    gd_net_leave(n, mark);
    if (gd_net_ok(n)) n->st = gd_graph_output(n->g, "map", map, n->err);
    if (gd_net_ok(n)) n->st = gd_graph_output(n->g, "count", count, n->err);
}
