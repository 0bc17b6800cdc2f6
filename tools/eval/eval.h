/* eval.h -- results held against the truth: boxes in, average precision and its curves out.
 *
 * Input is two arrays, so that it does not matter which file they came from. Pictures are
 * numbered in ascending order of their ids and detections stand in the order of their file:
 * detections of equal score are ranked by both. What names a picture or class outside the set
 * counts for nothing. Nothing here prints. */
#ifndef GD_TOOLS_EVAL_EVAL_H
#define GD_TOOLS_EVAL_EVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An object that somebody marked. Boxes are x, y, width, height in pixels, all finite. */
typedef struct gd_eval_truth {
    double  box[4];
    double  area; /* of the object's mask where the file has it, else of the box */
    int32_t image, class_id;
    bool    crowd;     /* COCO: a region of many; detections inside it count for nothing */
    bool    difficult; /* VOC: neither finding nor missing it counts */
} gd_eval_truth;

/* A detection. */
typedef struct gd_eval_found {
    double  box[4];
    double  score; /* finite */
    int32_t image, class_id;
} gd_eval_found;

typedef struct gd_eval_set { /* borrowed */
    int                  n_images, n_classes;
    const gd_eval_truth *truth;
    const gd_eval_found *found;
    int                  n_truth, n_found;
} gd_eval_set;

/* ---- COCO -------------------------------------------------------------------------------- */

enum {
    GD_EVAL_IOUS = 10,     /* 0.50, 0.55 .. 0.95 */
    GD_EVAL_RECALLS = 101, /* 0, 0.01 .. 1 */
    GD_EVAL_AREAS = 4,     /* all, small (to 32 x 32), medium (to 96 x 96), large */
    GD_EVAL_STATS = 12,
    GD_EVAL_MOST = 100 /* detections of a class in a picture that count */
};
/* "AP", "AP50", "AP75", "AP_small", ..., "AR_1", "AR_10", "AR_100", "AR_small", ... */
extern const char *const gd_eval_stat_name[GD_EVAL_STATS];

/* What a class came to; -1 where it has no object of that size. */
typedef struct gd_eval_class {
    int    n_truth; /* objects that count: neither crowd nor difficult */
    int    n_found; /* detections, of which at most GD_EVAL_MOST a picture count */
    double ap, ap50, ap75;
    double ar; /* at 100 detections a picture */
} gd_eval_class;

/* One detection on a curve: what it was at an IoU of 0.5, and how sure the model was. */
typedef struct gd_eval_hit {
    double  score;
    int32_t found; /* its place in the set */
    bool    hit;   /* an object that no better detection had; else nothing of the class */
} gd_eval_hit;

typedef struct gd_eval_coco {
    double         stat[GD_EVAL_STATS]; /* -1: no object of that size */
    int            n_classes;
    gd_eval_class *by_class;
    /* At IoU 0.5 and all sizes: [n_classes][GD_EVAL_RECALLS], the best precision at each recall
     * or a higher one; -1 in classes without objects. */
    float *precision;
    /* The detections of class k that count, best first: hit[first[k]] .. hit[first[k + 1]]. */
    gd_eval_hit *hit;
    int         *first; /* n_classes + 1 */
} gd_eval_coco;

/* The 12 numbers of pycocotools (bbox, its default parameters) to the last digits, with one
 * difference: an annotation whose id is 0 is found like any other. Difficult objects are
 * treated as crowds are: ignored, but matched by ordinary IoU. */
gd_status gd_eval_coco_run(const gd_eval_set *set, gd_eval_coco *out,
                           gd_error *err) GD_MUST_CHECK;
void      gd_eval_coco_free(gd_eval_coco *c);

/* ---- Pascal VOC -------------------------------------------------------------------------- */

typedef struct gd_eval_voc {
    double  map07, map; /* means over the classes with objects; -1: there are none */
    int     n_classes;
    double *ap07; /* of each class: 11 points of recall, as VOC 2007 asks; -1: no objects */
    double *ap;   /* the area under the curve, as VOC asks since 2010 */
} gd_eval_voc;

/* At an IoU of 0.5 (reached, not passed), without limits on the number of detections. Boxes are
 * taken as they are: the reader has turned VOC's inclusive pixels into edges. A crowd, which
 * VOC does not know, takes what lies inside it and reaches no object: neither counts. */
gd_status gd_eval_voc_run(const gd_eval_set *set, gd_eval_voc *out,
                          gd_error *err) GD_MUST_CHECK;
void      gd_eval_voc_free(gd_eval_voc *v);

/* Intersection over union of boxes x, y, width, height; over the area of `a` alone where
 * `inside`. */
double gd_eval_iou(const double a[4], const double b[4], bool inside);

/* ---- order ------------------------------------------------------------------------------- */

/* The set sorted: truth by class and picture, found by class, picture and score (best first),
 * equal ones in their order. Both leave out what lies outside the set. */
typedef struct gd_eval_order {
    int *truth, *found; /* places in the set */
    int  n_truth, n_found;
} gd_eval_order;
gd_status gd_eval_sort(const gd_eval_set *set, gd_eval_order *out, gd_error *err) GD_MUST_CHECK;
void      gd_eval_order_free(gd_eval_order *o);
/* The end of the run of equal class, and of equal class and picture, that begins at `i`. */
int gd_eval_truth_end(const gd_eval_set *set, const gd_eval_order *o, int i, bool picture);
int gd_eval_found_end(const gd_eval_set *set, const gd_eval_order *o, int i, bool picture);
/* Sorts n places by score, best first, equal ones in their order; `spare` is room for n. */
void gd_eval_sort_scores(const double *score, int *place, int *spare, int n);

#ifdef __cplusplus
}
#endif
#endif
