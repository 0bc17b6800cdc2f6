/* report.h -- everything an evaluation found, and how it is shown: Markdown, JSON, charts. */
#ifndef GD_TOOLS_EVAL_REPORT_H
#define GD_TOOLS_EVAL_REPORT_H

#include <jansson.h>

#include "tools/bench/samples.h"
#include "tools/eval/labels.h"
#include "tools/eval/match.h"
#include "tools/output/buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_EVAL_TABLE_MOST = 4096 }; /* classes of a confusion table */

/* Boxes: what gd_eval_boxes makes of a set. */
typedef struct gd_eval_boxes {
    gd_eval_set    set;
    gd_eval_coco   coco;
    gd_eval_voc    voc;
    gd_eval_hit   *hit; /* of all classes, best first */
    int            n_hit, n_truth;
    gd_eval_level  best;       /* of all classes together */
    gd_eval_level *class_best; /* n_classes */
    gd_eval_pairs  pairs;      /* at best.score */
    int64_t       *confusion;  /* [n_classes + 1][n_classes + 1]; NULL: too many classes */
    gd_eval_misses worst;
} gd_eval_boxes;

/* Judges the set in every way; `worst` is how many pictures are listed. */
gd_status gd_eval_boxes_run(const gd_eval_set *set, int worst, gd_eval_boxes *out,
                            gd_error *err) GD_MUST_CHECK;
void      gd_eval_boxes_free(gd_eval_boxes *b);

/* Strings are borrowed. Exactly one of boxes, labels and pixels is there. */
typedef struct gd_eval_report {
    const char *model; /* NULL: detections came from a file */
    const char *results, *arch, *device, *precision;
    const char *data, *format, *split;
    char        date[24]; /* UTC, ISO 8601 */
    int         n_images, n_failed, batch;
    double      conf, iou; /* thresholds in force; < 0: none known */
    gd_timing   decode, infer;
    double      wall_ms;

    int                n_classes;
    const char *const *classes; /* n_classes + 1: the last is "background" */
    const char *const *images;  /* names, as the data set has them */

    const gd_eval_boxes  *boxes;
    const gd_eval_labels *labels;
    const gd_eval_pixels *pixels;
} gd_eval_report;

/* The number that a gate looks at, and its name: AP, top-1, mIoU. */
double gd_eval_main_number(const gd_eval_report *r, const char **name);

/* Adds the report as Markdown. */
void gd_eval_markdown(const gd_eval_report *r, gd_buffer *out);
/* The report as a JSON object; `ok` as in json_make.h. */
json_t *gd_eval_json(const gd_eval_report *r, bool *ok);
/* The report as JSON text, with a final newline; gd_mem_put. NULL: no memory. */
char *gd_eval_json_text(const gd_eval_report *r);

/* Charts that this report has: file names such as "pr_curve.png"; NULL: there are no more. */
const char *gd_eval_chart_name(const gd_eval_report *r, int i);
/* Draws chart `i` into the file `path`; flags as for gd_out_open. */
gd_status gd_eval_chart(const gd_eval_report *r, int i, const char *path, unsigned flags,
                        gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
