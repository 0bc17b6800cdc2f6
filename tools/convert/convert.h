/* convert.h -- one conversion: a checkpoint in, a .gdw file out.
 *
 * Metadata written: arch, n_class (outputs of the class head), classes (names, one a line),
 * category_ids (with commas), every key of the architecture's recipe (layers/recipe.h), source
 * (name of the file), source_format, source_sha256, converter, and license where one is
 * given. */
#ifndef GD_TOOLS_CONVERT_CONVERT_H
#define GD_TOOLS_CONVERT_CONVERT_H

#include "engine/status.h"
#include "tools/cli/report.h"
#include "weights/import/checkpoint.h"

typedef struct gd_convert_job {
    const char        *input, *output;
    const char        *arch;    /* NULL: recognised by the tensors */
    const char        *names;   /* file of class names, or NULL */
    const char        *license; /* file of the licence text, or NULL */
    const char        *weights; /* the .weights of a Darknet .cfg, or NULL: beside it */
    const char *const *set;     /* "KEY=VALUE" of the recipe, n_set of them */
    int                n_set;
    int                num_classes;   /* outputs the head must have; 0: not said */
    bool               reset_head;    /* replace the class head by a fresh one */
    bool               allow_deflate; /* read compressed zip records */
    bool               strict;        /* doubts about values are errors */
    bool               half;          /* store convolution and linear weights as fp16 */
    bool               replace;       /* the output may exist */
} gd_convert_job;

/* Opens the input and prints its warnings. */
gd_status gd_convert_open(const gd_convert_job *job, gd_ckpt **out,
                          gd_error *err) GD_MUST_CHECK;
/* Says what it does by gd_say and gd_warn. On failure no output exists, and *subject is what
 * the error is about: GD_EXIT_MODEL for the input, GD_EXIT_OUTPUT for the output. */
gd_status gd_convert(const gd_convert_job *job, gd_exit *subject, gd_error *err) GD_MUST_CHECK;

#endif
