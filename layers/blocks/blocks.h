/* blocks.h -- parts that several networks share. Each returns a value id, -1 after a
 * failure. */
#ifndef GD_LAYERS_BLOCKS_BLOCKS_H
#define GD_LAYERS_BLOCKS_BLOCKS_H

#include "kernels/class_boxes/class_boxes.h"
#include "layers/arch.h"
#include "layers/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* conv (no bias) -> batch norm -> activation `act` (NULL: none) under the name `module`; names
 * as PyTorch gives them. */
int gd_block_conv_bn(gd_net *n, int x, const char *conv, const char *bn, const gd_conv_args *a,
                     const char *module, const char *act);

/* Convolution, batch norm and SiLU as submodules conv, bn and act of `name`; padded to keep the
 * size, depthwise without regard to k. A file whose norms were folded has conv.bias instead. */
int gd_block_silu_conv(gd_net *n, int x, const char *name, int k, int size, int stride,
                       bool depthwise);
/* A 3x3 one; depthwise: as the separable pair dconv and pconv. */
int gd_block_silu_conv3(gd_net *n, int x, const char *name, int k, int stride, bool depthwise);
/* A cross-stage partial block with three convolutions, "conv1" to "conv3": one branch goes
 * through `depth` bottlenecks m.i, the other passes them by, the third joins them. */
typedef struct gd_csp_args {
    const char *conv; /* "conv", or how the family calls them */
    int         k, depth;
    bool        shortcut, depthwise;
} gd_csp_args;
int gd_block_csp(gd_net *n, int x, const char *name, const gd_csp_args *a);
/* How many bottlenecks m.i with cv1 and cv2 the file has in `name`; without a file: nominal. */
int gd_block_bottlenecks(gd_net *n, const char *name, int nominal);
/* Spatial pyramid pooling of the YOLO family: what `first` gives, its maxima over 5, 9 and 13
 * pixels, all joined and put through `second`. */
int gd_block_sppf(gd_net *n, int x, const char *name, const char *first, const char *second,
                  int k);
/* `top` upsampled to the size of `lateral`, and both joined. */
int gd_block_join_up(gd_net *n, int top, int lateral);

/* A ResNet trunk of torchvision's layout at the current path: conv1, bn1, layer1 .. layer4.
 * depth: blocks of the four stages; bottleneck: 1x1-3x3-1x1 with expansion 4 (He et al. 2016;
 * stride on the 3x3, as torchvision). dilate[i] (NULL: none) is torchvision's
 * replace_stride_with_dilation: layer i+2 keeps the size of its input, and its 3x3 windows
 * after the first block are twice as far spread. stage[i] receives the output of layer i+1. */
void gd_block_resnet(gd_net *n, int x, const int depth[4], bool bottleneck,
                     const bool dilate[3], int stage[4]);

/* Feature pyramid of torchvision's FeaturePyramidNetwork at the current path: inner_blocks.i,
 * layer_blocks.i for n maps, finest first, into out[0 .. n). width: nominal channels; norm:
 * batch norm for a bias (inner_blocks.i.0 and .1). Further levels are the caller's. */
void gd_block_fpn(gd_net *n, int count, const int *in, int width, bool norm, int *out);

enum { GD_LEVELS_MAX = 5, GD_SIZES_MAX = 5 };

/* Region proposals of torchvision's RegionProposalNetwork at the current path (head.conv,
 * head.cls_logits, head.bbox_pred). */
typedef struct gd_rpn_args {
    int   n_level, n_size;
    float size[GD_LEVELS_MAX][GD_SIZES_MAX]; /* anchors of each level, in network pixels */
    float ratio[3];                          /* heights over widths */
    int   conv_depth;        /* convolutions head.conv.i.0; 0: one, named head.conv */
    int   pre_nms, post_nms; /* proposals kept before (each level) and after (all levels) */
    float nms_iou, min_score;
} gd_rpn_args;
typedef struct gd_rpn_out {
    int boxes, count; /* f32 [B, post_nms, 4] in network pixels, i32 [B] */
    /* Of each level with k anchors: [B, k], [B, k, 4], [k, 4]. */
    int logits[GD_LEVELS_MAX], deltas[GD_LEVELS_MAX], anchors[GD_LEVELS_MAX];
} gd_rpn_out;
void gd_block_rpn(gd_net *n, const gd_rpn_args *a, const int *feature, int image, int geom,
                  gd_rpn_out *out);

/* The second stage of torchvision's Faster R-CNN at the current path (box_roi_pool, box_head,
 * box_predictor). */
typedef struct gd_roi_args {
    int   n_level;              /* maps that are cropped from, finest first */
    float scale[GD_LEVELS_MAX]; /* powers of two: 1/4, 1/8, ... */
    int   conv_depth;           /* FastRCNNConvFCHead with so many; 0: TwoMLPHead */
} gd_roi_args;
/* Logits [B*n, K] and deltas [B*n, 4K] of boxes [B, n, 4]. */
void gd_block_box_head(gd_net *n, const gd_roi_args *a, const int *feature, int boxes,
                       int count, int *logits, int *deltas);
/* Down to the detector's outputs. */
void gd_block_roi_heads(gd_net *n, const gd_roi_args *a, const gd_net_options *opt,
                        const int *feature, int boxes, int count, int geom);

/* Layers of torchvision's VGGs at the current path, modules numbered from 0: a width is a 3x3
 * convolution (with batch norm if `norm`) and relu, a negative entry a 2x2 pooling; 0 ends. */
enum { GD_VGG_POOL = -1, GD_VGG_POOL_CEIL = -2 };
int gd_block_vgg(gd_net *n, int x, const int *layer, bool norm);

/* Marks the outputs of a classifier (arch.h) from its logits [B, n_class]. */
void gd_block_classes(gd_net *n, int logits);

/* `max_det` as suppression takes it: never more than `boxes` [B, n, 4] can give, so that a
 * large limit takes no memory. 0 stays 0: no limit. */
int32_t gd_block_max_out(const gd_net *n, int boxes, int max_det);

/* The common end of torchvision's detectors: candidates of every class from scores [B, n, K]
 * and boxes [B, n, 4] or [B, n, 4K] in network pixels (count i32 [B], or -1), suppression by
 * class, outputs. */
void gd_block_select(gd_net *n, const gd_class_boxes *a, const gd_net_options *opt, int scores,
                     int boxes, int count, int geom);

/* From the decoded cells of a dense detector -- boxes [B, n, 4] in network pixels, scores
 * [B, n], labels i32 [B, n], or where gd_net.multi_label is set boxes and scores
 * [B, n, classes] -- to its outputs: suppression within classes, or across them where the
 * session says so. */
typedef struct gd_dense_args {
    bool strict; /* scores must be above the threshold, not at it */
    bool clip;   /* boxes end where the picture does */
} gd_dense_args;
void gd_block_dense(gd_net *n, const int decoded[3], const gd_net_options *opt,
                    const gd_dense_args *a, int geom);

/* Marks the outputs of a detector (arch.h); boxes are mapped back to the source picture.
 * value: boxes, scores, labels, count, top, dropped. */
void gd_block_detections(gd_net *n, const int value[6], int geom, int restore_mode, bool clip);

/* Marks the outputs of a segmenter (arch.h): the class of each pixel of the source out of
 * logits [B, h, w, n_class] of the preprocessed input `image`. */
void gd_block_class_map(gd_net *n, int logits, int geom, int image, const gd_net_options *opt);

#ifdef __cplusplus
}
#endif
#endif
