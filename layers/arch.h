/* arch.h -- what gdrun knows of one architecture: builder, key maps, recipe, truth.
 *
 * One row of layers/models/models.def is one gd_arch. Commands, the converter and the session
 * know models only through this table. */
#ifndef GD_LAYERS_ARCH_H
#define GD_LAYERS_ARCH_H

#include "layers/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Metadata keys and values written into a .gdw; see layers/recipe.h for their meaning. */
typedef struct gd_meta_pair {
    const char *key, *value;
} gd_meta_pair;

/* A key of a checkpoint that matches `from` is read as `to`; '*' stands for a run without dots
 * and is carried over in order. The first rule that matches wins; no rule: the name is kept. */
typedef struct gd_key_rule {
    const char *from, *to; /* to NULL: the key is known and not needed */
} gd_key_rule;

/* A checkpoint that holds `key` (as it stands in the file) implies these metadata:
 * torchvision's COCO_V1 detection files have keys of the first generation and a batch-norm
 * epsilon of 0. */
typedef struct gd_key_sign {
    const char  *key;
    gd_meta_pair meta;
} gd_key_sign;

/* What a builder may choose at session open, beyond the recipe. */
typedef struct gd_net_options {
    int     batch, net_h, net_w; /* of the preprocessed input */
    float   conf, iou;
    int     max_det; /* 0: no limit */
    bool    agnostic_nms;
    bool    crops;  /* the pictures are rectangles of one: see gd_model_graph */
    int64_t pixels; /* segmenters: room for a picture's map; 0: as the network's input has */
    int     smooth; /* segmenters: radius of the majority filter, 0: none */
} gd_net_options;

/* What a builder of a training graph may choose beyond the model's own; zeros: nothing. */
typedef struct gd_train_options {
    int   anchors, proposals; /* drawn of a picture for the loss of each stage */
    float smoothing;          /* classifiers: label smoothing */
    bool  l1;                 /* YOLOX: the raw boxes learn by L1, too (its last epochs) */
} gd_train_options;

/* The ground truth of a batch: inputs of the graph, -1 where the task has none. */
typedef struct gd_truth_values {
    int boxes;  /* f32 [B, G, 4]: x1 y1 x2 y2 in pixels of the network's input */
    int labels; /* i32 [B, G]: classes without the background; of classifiers i32 [B] */
    int count;  /* i32 [B]: rows beyond are not read */
    int rng;    /* i32 [4]: seed low, seed high, step low, step high */
} gd_truth_values;

typedef struct gd_arch {
    const char         *name;  /* "fasterrcnn_resnet50_fpn" */
    const char         *truth; /* reference implementation that parity is checked against */
    gd_task             task;
    int                 n_class;      /* nominal outputs of the class head */
    int                 n_background; /* leading outputs that are no class (0 or 1) */
    const char         *names;  /* class list used when a file brings none: "coco80", ... */
    const gd_meta_pair *recipe; /* defaults of every recipe key; ends with {0} */
    const gd_key_rule  *rules;  /* ends with {0}; NULL: none */
    const gd_key_sign  *signs;  /* ends with {0}; NULL: none */
    const int          *config; /* the builder's own: depths, widths */
    /* The network leaves out what lies beside the pictures (geom says where they end), so that
     * pictures of different sizes run as one batch, on a canvas that takes all of them. */
    bool masks_padding;
    /* Adds the network to the graph. `image` is f32 [B, H, W, 3], preprocessed; `geom` is
     * f32 [B, 8] (kernels/preprocess). Classifiers mark output "probs" [B, n_class] and
     * "logits"; detectors "boxes" [B, m, 4] in source pixels, "scores" [B, m], "labels"
     * i32 [B, m], "count" i32 [B], "top" f32 [B] and "dropped" i32 [B]; segmenters "map" u8
     * [B, pixels, 1], a class for each pixel of the source (kernels/class_map), and "count"
     * i32 [B, n_class], pixels of each class. */
    void (*build)(gd_net *n, const struct gd_arch *arch, const gd_net_options *opt, int image,
                  int geom);
    /* Adds the same network and its losses: outputs "loss.<name>" f32 [1] and their sum "loss",
     * which is to be made small. NULL: this architecture cannot be trained. */
    void (*train)(gd_net *n, const struct gd_arch *arch, const gd_train_options *opt, int image,
                  int geom, const gd_truth_values *truth);
    bool learns_norms; /* batch norms learn and use the batch; false: they are frozen */
    /* The weight from whose first axis the number of classes is read: class_per anchors (0: 1)
     * of the classes, the background and class_extra outputs more each. NULL: the checkpoint's
     * metadata "n_class" says it. */
    const char *class_key;
    int         class_per, class_extra;
    /* Metadata of the checkpoint that the builder needs, and that go into the model file; ends
     * with NULL. NULL: none. */
    const char *const *facts;
    /* Smallest nominal input of the network, for the converter's enumeration. */
    int nominal_h, nominal_w;
} gd_arch;

/* All architectures in models.def order, then NULL. */
extern const gd_arch *const gd_archs[];
const gd_arch              *gd_arch_find(const char *name); /* NULL: unknown */
/* Name of the test under tests/parity that holds it to its truth; NULL: none does. */
const char *gd_arch_test(const gd_arch *a);

/* Every weight the architecture asks for, in the graph's order, from nominal shapes. Strings
 * and array live in `arena`. n_class 0: the nominal count. facts NULL: without a file. */
gd_status gd_arch_weights(const gd_arch *a, int n_class, const gd_net_facts *facts,
                          gd_arena *arena, const gd_weight_spec **spec, int *count,
                          gd_error *err) GD_MUST_CHECK;
/* Checks the tensors of `source` against each other by building the graph at the nominal size:
 * mis-shaped weights give GD_ERR_SHAPE naming the first. facts may be NULL. */
gd_status gd_arch_check(const gd_arch *a, int n_class, const gd_weight_source *source,
                        const gd_net_facts *facts, gd_error *err) GD_MUST_CHECK;
/* Outputs per anchor, background included, of a head whose class_key tensor has `n` rows; 0:
 * that is no number of classes. */
int gd_arch_head(const gd_arch *a, int64_t n);
/* Applies the rules to a checkpoint key: the name here, NULL if the key is not needed. Result
 * is `key` itself or lives in buf. */
const char *gd_arch_rename(const gd_arch *a, const char *key, char *buf, size_t size);
/* Names of a built-in class list, one a line ("coco80", "coco90", "coco91", "voc21",
 * "cifar10", "imagenet1000"), and its category ids, comma-separated or NULL when they are 0, 1,
 * 2, ... */
const char *gd_class_list(const char *list);
const char *gd_class_list_ids(const char *list);

#ifdef __cplusplus
}
#endif
#endif
