/* darknet_cfg.h -- a Darknet network as its .cfg describes it: layers, sizes, channels.
 *
 * Read are the sections of YOLOv3 and v4, their tiny versions and Yolo-Fastest: net,
 * convolutional, maxpool, route, shortcut, upsample, dropout, yolo. Any other section or key,
 * and what would change results in a way that is not implemented, is an error that names the
 * line (E437); keys of training are known and passed over. Layers are numbered as Darknet does:
 * every section after [net] counts, dropout too. */
#ifndef GD_WEIGHTS_IMPORT_DARKNET_CFG_H
#define GD_WEIGHTS_IMPORT_DARKNET_CFG_H

#include <stdbool.h>

#include "weights/import/darknet_text.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GD_CFG_MAX_LAYERS = 1024,
    GD_CFG_MAX_FROM = 16, /* inputs of a route or shortcut */
    GD_CFG_MAX_HEADS = 5,
    GD_CFG_MAX_MASK = 8,
    GD_CFG_MAX_ANCHORS = 64,
    GD_CFG_MAX_CHANNELS = 65536
};

typedef enum gd_cfg_kind {
    GD_CFG_CONVOLUTIONAL,
    GD_CFG_MAXPOOL,
    GD_CFG_ROUTE,
    GD_CFG_SHORTCUT,
    GD_CFG_UPSAMPLE,
    GD_CFG_DROPOUT,
    GD_CFG_YOLO
} gd_cfg_kind;

typedef enum gd_cfg_activation {
    GD_CFG_LINEAR,
    GD_CFG_LEAKY, /* slope 0.1 */
    GD_CFG_RELU,
    GD_CFG_MISH,
    GD_CFG_SWISH,
    GD_CFG_LOGISTIC
} gd_cfg_activation;

/* [yolo]: the anchors of its mask, in pixels of the network's input. */
typedef struct gd_cfg_head {
    int   classes, n_anchor;
    float anchor[GD_CFG_MAX_MASK][2];
    float scale_xy;
    float beta;       /* exponent of the distance in suppression; 0: plain IoU */
    bool  new_coords; /* sizes (2 w)^2 of values that are no logits */
} gd_cfg_head;

typedef struct gd_cfg_layer {
    gd_cfg_kind        kind;
    int                line;         /* of its section */
    int                in_c;         /* channels of the first input */
    int                c, h, w;      /* of the output, at the size that [net] states */
    int                size, groups; /* convolutional, maxpool; route: groups too */
    int                stride[2];    /* vertical, horizontal; upsample: both its factor */
    int                pad;      /* convolutional: on each side; maxpool: on both together */
    int                dilation; /* convolutional */
    bool               norm;     /* convolutional: batch norm */
    gd_cfg_activation  act;      /* convolutional, shortcut */
    int                group_id; /* route */
    int                n_from;   /* route, shortcut: inputs, as numbers of layers; a */
    int                from[GD_CFG_MAX_FROM]; /* shortcut's do not list the layer before it */
    const gd_cfg_head *head;                  /* yolo */
} gd_cfg_layer;

typedef struct gd_cfg {
    int           width, height, n_layer, classes;
    gd_cfg_layer *layer;
    const char   *text; /* the sections without comments and spaces */
} gd_cfg;

/* Reads n bytes of a .cfg; `file` is for messages and must outlive the result, which lives in
 * the arena. */
gd_status gd_cfg_read(const char *file, const char *text, size_t n, gd_arena *arena,
                      gd_cfg *out, gd_error *err) GD_MUST_CHECK;

/* Keys of the sections (darknet_keys_table.c). */
typedef enum gd_cfg_use {
    GD_CFG_USED,     /* read by gd_cfg_read */
    GD_CFG_TRAINING, /* of no consequence for results */
    GD_CFG_ZERO      /* changes results where it is not 0, which is refused */
} gd_cfg_use;
typedef struct gd_cfg_key {
    const char *name;
    gd_cfg_use  use;
} gd_cfg_key;
typedef struct gd_cfg_keys {
    const char       *name, *also; /* of the section */
    const gd_cfg_key *key;         /* ends with {0} */
} gd_cfg_keys;
/* [net] first, then the layers in the order of gd_cfg_kind. */
enum { GD_CFG_SECTIONS = GD_CFG_YOLO + 2 };
extern const gd_cfg_keys gd_cfg_sections[GD_CFG_SECTIONS];

#ifdef __cplusplus
}
#endif
#endif
