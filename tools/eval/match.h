/* match.h -- one threshold on the score: what is found, missed and mistaken for something else.
 *
 * Average precision sums over all thresholds; a program that is in use has one. Here every
 * detection of at least that score is held against every object of its picture, whatever its
 * class, at an IoU of 0.5. */
#ifndef GD_TOOLS_EVAL_MATCH_H
#define GD_TOOLS_EVAL_MATCH_H

#include "tools/eval/eval.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- thresholds -------------------------------------------------------------------------- */

/* What a threshold does. Shares of nothing are 0. */
typedef struct gd_eval_level {
    double score; /* detections with at least this one count */
    int    hits, misses, n_truth;
    double precision, recall, f1;
} gd_eval_level;

/* The detections of all classes together, best first: the same form as those of a class. The
 * caller releases *out with gd_mem_put. */
gd_status     gd_eval_all_hits(const gd_eval_coco *c, gd_eval_hit **out,
                               gd_error *err) GD_MUST_CHECK;
gd_eval_level gd_eval_level_at(const gd_eval_hit *hit, int n, int n_truth, double score);
/* The threshold of the largest F1, the highest of equals; with nothing found its score is 1. */
gd_eval_level gd_eval_best_level(const gd_eval_hit *hit, int n, int n_truth);

/* ---- pairs ------------------------------------------------------------------------------- */

enum { GD_EVAL_ALONE = -1, GD_EVAL_ASIDE = -2 };

/* For each object the detection that is its partner, and the other way round, by their places
 * in the set; ALONE: none; ASIDE: not judged (crowds and difficult objects, detections on them
 * or below the threshold, both where they lie outside the set). */
typedef struct gd_eval_pairs {
    double score;
    int   *of_truth, *of_found;
} gd_eval_pairs;

/* Partners of the same class first, then of any, each from the largest IoU down. */
gd_status gd_eval_pair(const gd_eval_set *set, double score, gd_eval_pairs *out,
                       gd_error *err) GD_MUST_CHECK;
void      gd_eval_pairs_free(gd_eval_pairs *p);

/* count[true * (n + 1) + found]; class n is the background: nothing there, or nothing found. */
gd_status gd_eval_confusion(const gd_eval_set *set, const gd_eval_pairs *p, int64_t **count,
                            gd_error *err) GD_MUST_CHECK;

/* ---- misses ------------------------------------------------------------------------------ */

typedef enum gd_eval_why {
    GD_EVAL_UNSEEN,     /* no detection near */
    GD_EVAL_UNSURE,     /* found, but below the threshold */
    GD_EVAL_POOR_BOX,   /* of the class, IoU below 0.5 */
    GD_EVAL_CALLED,     /* taken for another class */
    GD_EVAL_FALSE_ALARM /* a detection of nothing */
} gd_eval_why;

typedef struct gd_eval_miss {
    gd_eval_why why;
    int         truth, found; /* places in the set; -1: none (UNSEEN has no found, FALSE_ALARM
                               * no truth) */
    double      iou;
} gd_eval_miss;

typedef struct gd_eval_picture {
    int image;
    int n_truth, missed, alarms; /* objects; of these not found or of another class; detections
                                  * of nothing */
    int first, n;                /* its misses: gd_eval_misses.miss[first .. first + n) */
} gd_eval_picture;

typedef struct gd_eval_misses {
    gd_eval_picture *picture; /* worst first: most missed and false; equal: lower number */
    gd_eval_miss    *miss;
    int              n, n_miss;
} gd_eval_misses;

/* The `most` pictures with most misses; pictures without any are not among them. */
gd_status gd_eval_worst(const gd_eval_set *set, const gd_eval_pairs *p, int most,
                        gd_eval_misses *out, gd_error *err) GD_MUST_CHECK;
void      gd_eval_misses_free(gd_eval_misses *m);

#ifdef __cplusplus
}
#endif
#endif
