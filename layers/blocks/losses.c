/* losses.c -- the outputs of a training graph, and the loss of a classifier. */
#include "layers/blocks/losses.h"

#include <stdio.h>

#include "kernels/loss_softmax/loss_softmax.h"

void gd_block_losses(gd_net *n, int count, const char *const *name, const int *loss) {
    const size_t mark = gd_net_enter(n, "loss");
    int          sum = loss[0];
    for (int i = 0; i < count; i++) {
        char text[64];
        snprintf(text, sizeof text, "loss.%s", name[i]);
        if (gd_net_ok(n)) n->st = gd_graph_output(n->g, text, loss[i], n->err);
        if (i > 0) sum = gd_net_add(n, sum, loss[i]);
    }
    if (gd_net_ok(n)) n->st = gd_graph_output(n->g, "loss", sum, n->err);
    gd_net_leave(n, mark);
}

void gd_block_class_loss(gd_net *n, const gd_train_options *opt, int logits,
                         const gd_truth_values *truth) {
    static const char *const       name[] = {"classification"};
    const int64_t                  B = gd_net_dim(n, logits, 0);
    const gd_softmax_cross_entropy a = {.loss = {.factor = B ? 1 / (float)B : 1, .min_norm = 1},
                                        .smoothing = opt->smoothing};
    const size_t                   mark = gd_net_enter(n, "loss");
    const int                      loss = gd_net_op(n, "softmax_cross_entropy", &a, 2,
                                                    (const int[]){logits, truth->labels}, NULL);
    gd_net_leave(n, mark);
    gd_block_losses(n, 1, name, &loss);
}
