/* losses.h -- what the networks learn from: targets and losses behind their heads.
 *
 * Proportions and thresholds are torchvision's. Losses are f32 [1], ready to be added. */
#ifndef GD_LAYERS_BLOCKS_LOSSES_H
#define GD_LAYERS_BLOCKS_LOSSES_H

#include "layers/blocks/blocks.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_LOSSES_MAX = 8 };

/* Marks each loss as output "loss.<name>" and their sum as "loss". */
void gd_block_losses(gd_net *n, int count, const char *const *name, const int *loss);

/* Cross-entropy of a classifier's logits [B, n_class]. */
void gd_block_class_loss(gd_net *n, const gd_train_options *opt, int logits,
                         const gd_truth_values *truth);

/* Losses of the proposal stage, from 256 anchors a picture: whether there is an object, and the
 * deltas to it. */
typedef struct gd_pair_of_losses {
    int classes, boxes;
} gd_pair_of_losses;
gd_pair_of_losses gd_block_rpn_loss(gd_net *n, const gd_rpn_args *a, const gd_rpn_out *rpn,
                                    const gd_train_options *opt, const gd_truth_values *truth);

/* Losses of the second stage at the current path, from 512 of the proposals and the boxes of
 * the ground truth. */
gd_pair_of_losses gd_block_roi_loss(gd_net *n, const gd_roi_args *a,
                                    const gd_train_options *opt, const int *feature, int boxes,
                                    int count, const gd_truth_values *truth);

#ifdef __cplusplus
}
#endif
#endif
