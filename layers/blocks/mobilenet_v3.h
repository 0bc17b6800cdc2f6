/* mobilenet_v3.h -- the parts of MobileNetV3 (Howard et al. 2019) with torchvision's names. */
#ifndef GD_LAYERS_BLOCKS_MOBILENET_V3_H
#define GD_LAYERS_BLOCKS_MOBILENET_V3_H

#include "layers/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An inverted residual: 1x1 to `expand` channels, depthwise, squeeze and excitation, 1x1 to
 * `out`; the input is added where neither size nor width changes. */
typedef struct gd_mobile_unit {
    int  kernel, in, expand, out; /* nominal; no 1x1 in front where expand is in */
    bool excite, hard;            /* hard-swish for relu */
    int  stride;
} gd_mobile_unit;

enum { GD_MOBILE_LARGE = 15, GD_MOBILE_SMALL = 11, GD_MOBILE_STEM = 16 };
extern const gd_mobile_unit gd_mobile_large[GD_MOBILE_LARGE];
extern const gd_mobile_unit gd_mobile_small[GD_MOBILE_SMALL];

/* torchvision's Conv2dNormActivation at path.module (0, 1 and, unless act is NULL, 2), with the
 * padding that keeps the size; a: k, size, stride, depthwise. */
int gd_block_conv_norm(gd_net *n, int x, const char *module, const gd_conv_args *a,
                       const char *act);
/* The first half of a unit, block.0, as path.module; x where there is none. */
int gd_block_mobile_expand(gd_net *n, int x, const gd_mobile_unit *u, const char *module);
/* The rest of it at the current path, modules from number 0 or, after a first half, 1 on,
 * without the addition. */
int gd_block_mobile_rest(gd_net *n, int x, const gd_mobile_unit *u);
/* A whole unit at the current path ("features.3"). */
int gd_block_mobile(gd_net *n, int x, const gd_mobile_unit *u);

/* All features at the current path: the stem "0", `count` units, the last convolution to six
 * times the last unit's width. stage (NULL: not wanted) receives the outputs of the units. */
int gd_block_mobilenet(gd_net *n, int x, const gd_mobile_unit *unit, int count, int *stage);

#ifdef __cplusplus
}
#endif
#endif
