/* append.h -- files that grow while a run lasts: what was put there can be read at once. */
#ifndef GD_TOOLS_TRAIN_APPEND_H
#define GD_TOOLS_TRAIN_APPEND_H

#include <stddef.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens `path` to be written at its end, making it where it is missing; a symbolic link is
 * refused. *fd is -1 after a failure (E900). */
gd_status gd_append_open(const char *path, int *fd, gd_error *err) GD_MUST_CHECK;
/* All n bytes, in one write where the system takes them so; `path` is for messages. */
gd_status gd_append(int fd, const char *path, const void *data, size_t n,
                    gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
