/* results.h -- detections from a file in the results format of COCO, read as a stream.
 *
 *     [{"image_id": 139, "category_id": 1, "bbox": [x, y, width, height], "score": 0.98}, ...]
 *
 * Other keys are passed over. image_id and category_id may also be strings: the name of a
 * picture (with or without its folder and extension) and of a class. */
#ifndef GD_TOOLS_EVAL_RESULTS_H
#define GD_TOOLS_EVAL_RESULTS_H

#include "tools/eval/eval.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the truth numbers its pictures and classes; -1: it has no such one. */
typedef struct gd_results_names {
    void *ctx;
    int32_t (*image_id)(void *ctx, int64_t id);
    int32_t (*image_name)(void *ctx, const char *name);
    int32_t (*class_id)(void *ctx, int64_t id);
    int32_t (*class_name)(void *ctx, const char *name);
} gd_results_names;

typedef struct gd_results { /* {0} is empty */
    gd_eval_found *found;   /* those of unknown pictures or classes are left out */
    int            n, room;
    int64_t        n_read, other_images, other_classes; /* entries; of these left out */
    char           image[96]; /* the first picture, and class, that is not known */
    char           class_name[96];
} gd_results;

enum { GD_RESULTS_MOST = 1 << 28 };

/* Adds one; its arrays grow by half. */
gd_status gd_results_add(gd_results *r, const gd_eval_found *f, gd_error *err) GD_MUST_CHECK;
/* GD_ERR_FORMAT (E363) names the entry (from 1) and its byte; GD_ERR_IO: not readable. */
gd_status gd_results_read(const char *path, const gd_results_names *names, gd_results *out,
                          gd_error *err) GD_MUST_CHECK;
void      gd_results_free(gd_results *r);

#ifdef __cplusplus
}
#endif
#endif
