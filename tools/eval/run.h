/* run.h -- the pictures of a data set through a model, with the time that takes. */
#ifndef GD_TOOLS_EVAL_RUN_H
#define GD_TOOLS_EVAL_RUN_H

#include "tools/bench/samples.h"
#include "tools/cli/flags.h"
#include "tools/eval/ahead.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Picture i gave this result; an error ends the run. */
typedef gd_status (*gd_eval_take)(void *ctx, int i, const gd_picture *picture,
                                  const gd_result *result, gd_error *err);

typedef struct gd_eval_source {
    const char *path;
    int         width, height; /* as annotated; 0: not known */
} gd_eval_source;

typedef struct gd_eval_run {
    const gd_flags    *flags;
    gd_decoder *const *decoders; /* one for each thread that reads ahead */
    int                n_decoders;
    gd_session        *session;
    gd_eval_source (*source)(void *ctx, int i); /* picture i of n; from any thread */
    gd_eval_take take;
    void        *ctx;
    int          n;
    /* What came of it. */
    int        n_ok, n_failed, first_failure; /* exit code of the first failure */
    int        batch;                         /* pictures that ran together at the end */
    gd_samples decode, infer;                 /* ms of a picture; of a batch its share */
    double     wall_ms;
    bool       interrupted;
} gd_eval_run;

/* Runs all of them, in order. A picture that cannot be read or run is reported, counted and
 * left out. GD_ERR_CHECK, GD_ERR_DEVICE, GD_ERR_NOMEM: the run cannot go on. */
gd_status gd_eval_run_all(gd_eval_run *r, gd_error *err) GD_MUST_CHECK;
void      gd_eval_run_free(gd_eval_run *r); /* what it measured */

#ifdef __cplusplus
}
#endif
#endif
