/* labels.h -- one answer a picture or a pixel: classifiers and segmenters against the truth. */
#ifndef GD_TOOLS_EVAL_LABELS_H
#define GD_TOOLS_EVAL_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- classification ---------------------------------------------------------------------- */

enum { GD_EVAL_TOP = 5 };

/* A picture that was classified wrongly. */
typedef struct gd_eval_slip {
    int   image, truth, found;
    float score; /* of what it was taken for */
} gd_eval_slip;

typedef struct gd_eval_labels {
    int           n_classes, n, n_top1, n_top5; /* pictures; of these right */
    int64_t      *confusion;                    /* [true][found], n_classes + 1 each; the
                                 * last is a class that the data set has not */
    int          *top5;                         /* of each class, right among the best five */
    gd_eval_slip *slip; /* surest first, once gd_eval_labels_end was called */
    int           n_slip, room;
} gd_eval_labels;

gd_status gd_eval_labels_open(int n_classes, gd_eval_labels *out, gd_error *err) GD_MUST_CHECK;
/* One picture whose class is `truth`, 0 .. n_classes - 1; best[0 .. n) are the answers, best
 * first, as places of the data set; one below 0 is a class that it has not. */
gd_status gd_eval_labels_add(gd_eval_labels *l, int image, int truth, const int *best, int n,
                             float score, gd_error *err) GD_MUST_CHECK;
void      gd_eval_labels_end(gd_eval_labels *l);
void      gd_eval_labels_free(gd_eval_labels *l);

/* Of class c: its pictures, those that were given its name, and those that were right. */
typedef struct gd_eval_tally {
    int64_t truth, found, right;
    double  precision, recall, f1, iou; /* -1: undefined, for want of pictures or pixels */
} gd_eval_tally;
gd_eval_tally gd_eval_tally_of(const int64_t *confusion, int n_classes, int c);

/* ---- segmentation ------------------------------------------------------------------------ */

enum { GD_EVAL_VOID = 255 }; /* the value of pixels that count for nothing */

typedef struct gd_eval_pixels {
    int      n_classes;
    int64_t *confusion; /* pixels, as above */
    int64_t  n, right, n_void;
    double   accuracy,
        miou; /* after gd_eval_pixels_end; mean over classes that occur; -1: none */
} gd_eval_pixels;

gd_status gd_eval_pixels_open(int n_classes, gd_eval_pixels *out, gd_error *err) GD_MUST_CHECK;
/* n pixels; truth of GD_EVAL_VOID is left out, another at or above n_classes is GD_ERR_ARG and
 * counts nothing. `found` at or above n_classes is wrong wherever it stands. */
gd_status gd_eval_pixels_add(gd_eval_pixels *p, const uint8_t *truth, const uint8_t *found,
                             size_t n, gd_error *err) GD_MUST_CHECK;
void      gd_eval_pixels_end(gd_eval_pixels *p);
void      gd_eval_pixels_free(gd_eval_pixels *p);

#ifdef __cplusplus
}
#endif
#endif
