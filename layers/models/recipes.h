/* recipes.h -- recipes that several models share, as the entries of a gd_meta_pair list. */
#ifndef GD_LAYERS_MODELS_RECIPES_H
#define GD_LAYERS_MODELS_RECIPES_H

#define GD_BYTE_TO_ONE \
    { "input.scale", "0.00392156862745098" } /* 1 / 255 */

/* torchvision's evaluation of ImageNet classifiers, those of the first weights: Resize(256),
 * CenterCrop(224) on a PIL picture. */
#define GD_RECIPE_IMAGENET(eps)                                                       \
    {"input.rule", "center_crop"}, {"input.short", "256"}, {"input.size", "224x224"}, \
        {"input.filter", "pil_bilinear"}, {"input.order", "rgb"}, GD_BYTE_TO_ONE,     \
        {"input.mean", "0.485,0.456,0.406"}, {"input.std", "0.229,0.224,0.225"},      \
        {"bn_eps", eps}, {                                                            \
        0                                                                             \
    }

/* torchvision's detectors on feature pyramids. */
#define GD_RECIPE_PYRAMID(shortest, longest, most)                                            \
    {"input.rule", "shortest_edge"}, {"input.short", shortest}, {"input.long", longest},      \
        {"input.multiple", "32"}, {"input.filter", "torch_bilinear"}, {"input.order", "rgb"}, \
        GD_BYTE_TO_ONE, {"input.mean", "0.485,0.456,0.406"},                                  \
        {"input.std", "0.229,0.224,0.225"}, {"input.pad", "0,0,0"}, {"post.conf", "0.05"},    \
        {"post.iou", "0.5"}, {"post.max_det", most}, {"bn_eps", "1e-05"}, {                   \
        0                                                                                     \
    }

/* YOLOv5 and YOLOv8: grey of 114 around the picture in the middle, sides of whole strides. */
#define GD_RECIPE_YOLO(side, stride, iou)                                                 \
    {"input.rule", "letterbox_center"}, {"input.size", side}, {"input.multiple", stride}, \
        {"input.filter", "opencv"}, {"input.order", "rgb"}, GD_BYTE_TO_ONE,               \
        {"input.mean", "0,0,0"}, {"input.std", "1,1,1"},                                  \
        {"input.pad", "0.4470588235294118,0.4470588235294118,0.4470588235294118"},        \
        {"post.conf", "0.25"}, {"post.iou", iou}, {"post.max_det", "300"},                \
        {"post.multi_label", "0"}, {"bn_eps", "0.001"}, {                                 \
        0                                                                                 \
    }

#endif
