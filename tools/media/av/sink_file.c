/* sink_file.c -- NAME.part below the muxer, so that every byte goes through gd_out.
 *
 * The muxer seeks back to patch sizes, and a second pass that moves the index to the front
 * reads the file again. The first failure is kept with its errno: FFmpeg forgets it. */
#include <errno.h>
#include <libavutil/mem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/media/av/sink_impl.h"

enum { BUFFER = 256 << 10 };

/* FFmpeg 7 made the bytes to be written constant. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
typedef const uint8_t written_byte;
#else
typedef uint8_t written_byte;
#endif

static int keep_failure(gd_av_sink *k, const gd_error *e, int number) {
    if (k->file_error.status == GD_OK) {
        k->file_error = *e;
        if (number == ENOSPC || number == EDQUOT || number == EFBIG) {
            k->file_error.code = 966;
            gd_error_hint(&k->file_error, "what was written is in %s", k->file.part);
        }
    }
    return AVERROR(number ? number : EIO);
}

/* Anywhere, also behind the end: making room for the index moves the data further than it is
 * long, and the index fills the gap. */
static int write_bytes(void *ctx, written_byte *bytes, int size) {
    gd_av_sink *k = ctx;
    gd_error    e = {0};
    errno = 0;
    if (gd_out_patch(&k->file, (uint64_t)k->file_at, bytes, (size_t)size, &e) != GD_OK)
        return keep_failure(k, &e, errno);
    k->file_at += size;
    if ((uint64_t)k->file_at > k->file.at) k->file.at = (uint64_t)k->file_at;
    return size;
}

static int64_t seek_to(gd_av_sink *k, int64_t *at, int64_t offset, int whence) {
    const int64_t size = (int64_t)k->file.at;
    whence &= ~AVSEEK_FORCE;
    if (whence == AVSEEK_SIZE) return size;
    if (whence == SEEK_CUR) offset += *at;
    if (whence == SEEK_END) offset += size;
    if (offset < 0) return AVERROR(EINVAL);
    return *at = offset;
}

static int64_t seek_written(void *ctx, int64_t offset, int whence) {
    gd_av_sink *k = ctx;
    return seek_to(k, &k->file_at, offset, whence);
}

/* ---- the same file, read again ---------------------------------------------------------- */

typedef struct gd_av_again {
    gd_av_sink *sink;
    int64_t     at;
} gd_av_again;

static int read_again(void *ctx, uint8_t *bytes, int size) {
    gd_av_again *a = ctx;
    ssize_t      n;
    do n = pread(a->sink->file.fd, bytes, (size_t)size, (off_t)a->at);
    while (n < 0 && errno == EINTR);
    if (n < 0) return AVERROR(errno);
    a->at += n;
    return n ? (int)n : AVERROR_EOF;
}

static int64_t seek_again(void *ctx, int64_t offset, int whence) {
    gd_av_again *a = ctx;
    return seek_to(a->sink, &a->at, offset, whence);
}

static void free_io(AVIOContext **io) {
    if (*io) av_freep(&(*io)->buffer);
    avio_context_free(io);
}

/* The muxer opens nothing but its own file, and only to read it. */
static int open_again(AVFormatContext *mux, AVIOContext **io, const char *url, int flags,
                      AVDictionary **options) {
    (void)url;
    (void)options;
    *io = NULL;
    if (flags & AVIO_FLAG_WRITE) return AVERROR(EPERM);
    gd_av_again *a = gd_mem_get_zero(sizeof *a);
    uint8_t     *buffer = av_malloc(BUFFER);
    if (a && buffer) {
        a->sink = mux->opaque;
        *io = avio_alloc_context(buffer, BUFFER, 0, a, read_again, NULL, seek_again);
    }
    if (*io) return 0;
    av_free(buffer);
    gd_mem_put(a);
    return AVERROR(ENOMEM);
}

static int close_again(AVFormatContext *mux, AVIOContext *io) {
    (void)mux;
    gd_mem_put(io->opaque);
    free_io(&io);
    return 0;
}

gd_status gd_av_file_open(gd_av_sink *k, const char *path, gd_error *err) {
    struct stat there;
    /* Before it is opened: a pipe would wait for its reader. */
    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode) &&
        !S_ISLNK(there.st_mode))
        return gd_fail_code(err, GD_ERR_IO, 967,
                            "%s: a video is written to a regular file, not to a pipe or device",
                            path);
    GD_TRY(gd_out_open(&k->file, path, k->opt.replace ? GD_OUT_REPLACE : 0, err));
    uint8_t *buffer = av_malloc(BUFFER);
    if (buffer)
        k->mux->pb = avio_alloc_context(buffer, BUFFER, 1, k, NULL, write_bytes, seek_written);
    if (!k->mux->pb) {
        av_free(buffer);
        return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for the output's buffer", path);
    }
    k->mux->flags |= AVFMT_FLAG_CUSTOM_IO;
    k->mux->opaque = k;
    k->mux->io_open = open_again;
    k->mux->io_close2 = close_again;
    return GD_OK;
}

void gd_av_file_detach(gd_av_sink *k) {
    if (k->mux) free_io(&k->mux->pb);
}
