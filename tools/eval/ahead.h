/* ahead.h -- pictures read in advance: threads that decode while the model runs, order kept. */
#ifndef GD_TOOLS_EVAL_AHEAD_H
#define GD_TOOLS_EVAL_AHEAD_H

#include "tools/media/picture.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_AHEAD_THREADS = 16 };

/* Reads picture i with this decoder; called by several threads, each with a decoder of its
 * own. */
typedef gd_status (*gd_ahead_read)(void *ctx, int i, gd_decoder *d, gd_picture *out,
                                   gd_error *err);

typedef struct gd_ahead gd_ahead;

/* Starts a thread for each decoder, which reads pictures 0 .. n - 1 at most `room` ahead; with
 * fewer threads than asked for it goes on, with none it reads when asked. Decoders are
 * borrowed. */
gd_status gd_ahead_open(gd_decoder *const *decoders, int n_decoders, int room, int n,
                        gd_ahead_read read, void *ctx, gd_ahead **out,
                        gd_error *err) GD_MUST_CHECK;
/* Stops the threads; NULL is allowed. */
void gd_ahead_close(gd_ahead *a);

/* The next picture, in order: what its read returned, and the milliseconds that took. Swaps the
 * pixels with those of *picture. After n calls GD_ERR_ARG. */
gd_status gd_ahead_next(gd_ahead *a, gd_picture *picture, double *ms,
                        gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
