/* sandbox.h -- a decoder in a process of its own that can reach nothing but the picture.
 *
 *   caller --(request, shared memory)--> worker        decodes; jailed (jail.h)
 *     |                                    ^
 *     +--("a new worker, please")--> nursery       forked early, sees no picture, forks workers
 *
 * The nursery exists so that a worker lost to a crash can be replaced by fork after the
 * caller has started threads or a GPU, and so that a worker never inherits more than the
 * program's start. */
#ifndef GD_TOOLS_MEDIA_SANDBOX_H
#define GD_TOOLS_MEDIA_SANDBOX_H

#include <sys/types.h>

#include "tools/media/front_door.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_sandbox gd_sandbox;

/* Forks the nursery. timeout_ms: for one picture. */
gd_status gd_sandbox_open(int timeout_ms, gd_sandbox **out, gd_error *err) GD_MUST_CHECK;
void      gd_sandbox_close(gd_sandbox *b); /* NULL is allowed */

/* Decodes bytes that passed the front door. *pixels: RGB [height, width, 3] as stored, valid
 * until the next call; its contents are as untrusted as the file. A worker that crashes,
 * hangs or is killed costs this picture (GD_ERR_FORMAT) and is replaced by the next call. */
gd_status gd_sandbox_decode(gd_sandbox *b, const gd_source *s, const unsigned char *data,
                            const char *name, const uint8_t **pixels,
                            gd_error *err) GD_MUST_CHECK;

/* Process id of the current worker, -1 when there is none: for tests that kill it. */
pid_t gd_sandbox_worker(const gd_sandbox *b);

#ifdef __cplusplus
}
#endif
#endif
