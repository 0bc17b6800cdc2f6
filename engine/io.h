/* io.h -- files by pread and pwrite: sweepable by fault injection, atomic for outputs.
 *
 * Not stdio: its internal writes cannot be made to fail one by one. Not mmap: a file truncated
 * after mapping kills the process. EINTR and short transfers are handled here and nowhere
 * else. */
#ifndef GD_ENGINE_IO_H
#define GD_ENGINE_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- reading: regular files only; a FIFO, device or directory is refused without blocking  */

typedef struct gd_file {
    int      fd;
    uint64_t size; /* at open; a file that shrinks later gives a short read: GD_ERR_FORMAT */
    char     path[4096]; /* for messages */
} gd_file;

gd_status gd_file_open(gd_file *f, const char *path, gd_error *err) GD_MUST_CHECK;
/* Exactly n bytes at `at`, or an error. */
gd_status gd_file_read(gd_file *f, uint64_t at, void *dst, size_t n,
                       gd_error *err) GD_MUST_CHECK;
void      gd_file_close(gd_file *f); /* an unopened {.fd = -1} is allowed */

/* The whole file in memory (gd_mem_put); refused above max_size before anything is
 * allocated. */
gd_status gd_file_slurp(const char *path, uint64_t max_size, unsigned char **out, size_t *size,
                        gd_error *err) GD_MUST_CHECK;

/* ---- writing: NAME.part, fsync, rename; nothing is left behind by a failure
 * -------------------
 *
 * An existing regular file is replaced only with GD_OUT_REPLACE. A target that exists and is
 * not a regular file (device, FIFO) is written directly and never renamed over; a directory is
 * refused. A symbolic link is refused (O_NOFOLLOW). */

typedef struct gd_out {
    int      fd;
    uint64_t at;     /* bytes appended so far */
    bool     direct; /* a device or FIFO: no rename */
    char     path[4096], part[4104];
} gd_out;

enum { GD_OUT_REPLACE = 1 };

gd_status gd_out_open(gd_out *o, const char *path, unsigned flags, gd_error *err) GD_MUST_CHECK;
gd_status gd_out_write(gd_out *o, const void *src, size_t n, gd_error *err) GD_MUST_CHECK;
/* Overwrites bytes written before (a header whose checksum is known last). */
gd_status gd_out_patch(gd_out *o, uint64_t at, const void *src, size_t n,
                       gd_error *err) GD_MUST_CHECK;
/* Makes the file durable and visible under its name; the handle is closed either way. */
gd_status gd_out_commit(gd_out *o, gd_error *err) GD_MUST_CHECK;
/* Drops what was written; harmless after a commit and on {.fd = -1}. */
void gd_out_abort(gd_out *o);

#ifdef __cplusplus
}
#endif
#endif
