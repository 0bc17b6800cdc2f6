/* blocks.h -- parts that several networks share. Each returns a value id, -1 after a
 * failure. */
#ifndef GD_LAYERS_BLOCKS_BLOCKS_H
#define GD_LAYERS_BLOCKS_BLOCKS_H

#include "layers/arch.h"
#include "layers/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* conv (no bias) -> batch norm -> activation `act` (NULL: none) under the name `module`; names
 * as PyTorch gives them. */
int gd_block_conv_bn(gd_net *n, int x, const char *conv, const char *bn, const gd_conv_args *a,
                     const char *module, const char *act);

/* A ResNet trunk of torchvision's layout at the current path: conv1, bn1, layer1 .. layer4.
 * depth: blocks of the four stages; bottleneck: 1x1-3x3-1x1 with expansion 4 (He et al. 2016;
 * stride on the 3x3, as torchvision). dilate[i] (NULL: none) is torchvision's
 * replace_stride_with_dilation: layer i+2 keeps the size of its input, and its 3x3 windows
 * after the first block are twice as far spread. stage[i] receives the output of layer i+1. */
void gd_block_resnet(gd_net *n, int x, const int depth[4], bool bottleneck,
                     const bool dilate[3], int stage[4]);

/* Feature pyramid of torchvision's FeaturePyramidNetwork at the current path: inner_blocks.i,
 * layer_blocks.i for n_in maps, finest first, plus a stride-2 pick of the last ("pool").
 * out[0 .. n_in] finest first. `width`: nominal channels. */
void gd_block_fpn(gd_net *n, int n_in, const int *in, int width, int *out);

/* Region proposals of torchvision's RegionProposalNetwork at the current path (head.conv,
 * head.cls_logits, head.bbox_pred), one anchor size a level. */
typedef struct gd_rpn_args {
    int   n_level;
    float size[5];           /* anchor size of each level, in pixels of the network input */
    float ratio[3];          /* heights over widths */
    int   pre_nms, post_nms; /* proposals kept before (each level) and after (all levels) */
    float nms_iou;
} gd_rpn_args;
/* boxes f32 [B, post_nms, 4] in network pixels, count i32 [B]. */
void gd_block_rpn(gd_net *n, const gd_rpn_args *a, const int *feature, int image, int geom,
                  int *boxes, int *count);

/* `max_det` as suppression takes it: never more than `boxes` [B, n, 4] can give, so that a
 * large limit takes no memory. 0 stays 0: no limit. */
int32_t gd_block_max_out(const gd_net *n, int boxes, int max_det);

/* Marks the outputs of a detector (arch.h); boxes are mapped back to the source picture.
 * value: boxes, scores, labels, count, top, dropped. */
void gd_block_detections(gd_net *n, const int value[6], int geom, int restore_mode, bool clip);

#ifdef __cplusplus
}
#endif
#endif
