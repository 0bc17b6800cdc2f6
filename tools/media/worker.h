/* worker.h -- the other side of sandbox.c: messages, and the processes that answer them. */
#ifndef GD_TOOLS_MEDIA_WORKER_H
#define GD_TOOLS_MEDIA_WORKER_H

#include <sys/types.h>

#include "tools/media/front_door.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Caller to worker; the descriptor of the shared memory comes along when new_map is set. */
typedef struct gd_worker_request {
    gd_source source;
    uint64_t  pixels_at, map_size;
    bool      new_map;
} gd_worker_request;

/* Worker to caller: once when it is ready, then once for each request. */
typedef struct gd_worker_reply {
    int32_t status, code;
    char    text[384];
} gd_worker_reply;

/* Nursery to caller, for each descriptor it is sent. */
typedef struct gd_worker_birth {
    pid_t    pid;      /* of the new worker; -1: none, see error */
    int      error;    /* errno of fork */
    int      ended;    /* wait status of the worker before it, 0: none */
    uint64_t vm_bytes; /* address space the new one starts with */
} gd_worker_birth;

/* Serves in the forked child until the other end closes; never returns. */
void gd_worker_nursery(int fd) GD_NORETURN;

/* One message of n bytes and, unless fd is -1, a descriptor. 0, or -1 with errno; no
 * SIGPIPE. */
int gd_worker_send_fd(int to, const void *src, size_t n, int fd);

#ifdef __cplusplus
}
#endif
#endif
