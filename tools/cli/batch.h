/* batch.h -- how many pictures run together when --batch is auto. */
#ifndef GD_TOOLS_CLI_BATCH_H
#define GD_TOOLS_CLI_BATCH_H

#include "engine/status.h"

enum { GD_BATCH_MOST = 64, GD_BATCH_MOST_CPU = 16 };

/* The largest power of two whose plan takes at most four fifths of the device's free memory,
 * up to GD_BATCH_MOST (_CPU), and no more than `n` pictures can fill; says which on stderr.
 * Nothing is allocated on the device. GD_ERR_NOMEM (E603) when not even one fits. */
gd_status gd_batch_auto(gd_session *s, int width, int height, int n, int *batch,
                        gd_error *err) GD_MUST_CHECK;
/* The largest power of two below n > 1. */
int gd_batch_half(int n);

#endif
