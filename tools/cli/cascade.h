/* cascade.h -- `--classify MODEL`: a classifier on what a detector found.
 *
 * Each detection is cut from the full-resolution picture (every pixel that its box touches:
 * gd_crop_of) and goes through the classifier as that piece would as a picture; all of one
 * picture run as one batch. For pictures and frames of videos alike. */
#ifndef GD_TOOLS_CLI_CASCADE_H
#define GD_TOOLS_CLI_CASCADE_H

#include "tools/cli/flags.h"
#include "tools/output/record.h"

typedef struct gd_cascade gd_cascade;

/* Loads the classifier of --classify and checks it and the flags beside it; *out stays NULL
 * where the flag was not given. Returns -1, or an exit code after the error was printed: 4 for
 * a model that is none, or no classifier, 2 for classes that `detector` has not. */
int         gd_cascade_open(const gd_flags *f, const gd_model *detector, gd_cascade **out);
void        gd_cascade_close(gd_cascade *c); /* NULL is allowed */
const char *gd_cascade_path(const gd_cascade *c);

/* Opens a session on `device`, as the detector's stats name it, and tells `info` the model and
 * its classes; `with_hash`: its SHA-256 as well. */
gd_status gd_cascade_start(gd_cascade *c, const char *device, bool with_hash, gd_run_info *info,
                           gd_error *err) GD_MUST_CHECK;

/* Another of the same model with a session of its own, for a thread of its own; c, which was
 * started, outlives it. `threads` of the CPU for it. */
gd_status gd_cascade_twin(const gd_cascade *c, int threads, gd_cascade **out,
                          gd_error *err) GD_MUST_CHECK;

/* Classifies the n detections of one picture: sub[i] is the best class of detection i, with
 * class_id -1 where it is not looked at (class, size, nothing of it inside the picture). `held`
 * and `picture`: the detector's session, where the picture was number `picture` of its last
 * run, or NULL. */
gd_status gd_cascade_run(gd_cascade *c, const gd_session *held, int picture,
                         const gd_image *image, const gd_detection *d, int n,
                         gd_class_score *sub, gd_error *err) GD_MUST_CHECK;

#endif
