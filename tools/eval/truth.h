/* truth.h -- a data set as the judges take it, and what a model's classes are called in it. */
#ifndef GD_TOOLS_EVAL_TRUTH_H
#define GD_TOOLS_EVAL_TRUTH_H

#include "tools/data/dataset.h"
#include "tools/eval/results.h"
#include "tools/output/name_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pictures and classes have the places that they have in the data set. Start from {0}. */
typedef struct gd_truth {
    gd_data       *data;
    gd_eval_truth *box;
    int            n, n_crowd, n_difficult; /* boxes; of these crowds and difficult ones */
    gd_name_map    by_name;                 /* pictures, once gd_truth_names was called */
} gd_truth;

/* Reads the data set at `path`. `split` NULL: val, else test, else what gd_data_open takes;
 * `images`: its folder of pictures, or NULL. Tells of unusable labels by warnings (W831), under
 * `strict` by an error. GD_ERR_UNSUPPORTED (E830): more pictures or boxes than are judged. */
gd_status gd_truth_open(const char *path, const char *split, const char *images, bool strict,
                        gd_truth *out, gd_error *err) GD_MUST_CHECK;
void      gd_truth_close(gd_truth *t);

/* Place in the data set of each class of the model, by name, else (COCO) by category id; -1:
 * the data set has none such. E832 when no class has a counterpart; W833 tells of classes of
 * the data set that the model does not know. Released with gd_mem_put. */
gd_status gd_truth_classes(const gd_truth *t, const gd_model *m, int **out,
                           gd_error *err) GD_MUST_CHECK;

/* For results files. Pictures are known by id, and by name as the data set has it, without its
 * folder, or without its extension too, where only one is called so. */
gd_status gd_truth_names(gd_truth *t, gd_results_names *out, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
