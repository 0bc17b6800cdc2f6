/* classes.c -- the common end of every classifier: probabilities, named outputs. */
#include "layers/blocks/blocks.h"

void gd_block_classes(gd_net *n, int logits) {
    const int probs = gd_net_unary(n, "softmax", "softmax", logits);
    if (gd_net_ok(n)) n->st = gd_graph_output(n->g, "logits", logits, n->err);
    if (gd_net_ok(n)) n->st = gd_graph_output(n->g, "probs", probs, n->err);
}
