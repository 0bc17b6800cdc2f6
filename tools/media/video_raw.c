/* video_raw.c -- frames without a container, from a pipe: raw:WxH:rgb24[@RATE]:-; see video.h.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/media/video_host.h"

struct gd_video_raw {
    int             fd;
    gd_video_info   info;
    pthread_mutex_t lock; /* for counts, which any thread may ask for */
    gd_video_counts counts;
    int64_t         first, end; /* frames [first, end) are handed out */
    int64_t         at;         /* frames taken from the pipe */
    const gd_alloc *pixels;
    bool            done;
    atomic_bool     stop;
};

/* Digits only, 1 .. most; NULL when it is none. */
static const char *read_number(const char *p, long most, int *out) {
    char *end;
    if (*p < '1' || *p > '9') return NULL;
    errno = 0;
    const long v = strtol(p, &end, 10);
    if (errno || v > most) return NULL;
    *out = (int)v;
    return end;
}

static bool parse(const char *path, gd_video_info *i) {
    const char *p = read_number(path + strlen("raw:"), GD_VIDEO_SIDE, &i->width);
    if (!p || *p != 'x') return false;
    p = read_number(p + 1, GD_VIDEO_SIDE, &i->height);
    if (!p || strncmp(p, ":rgb24", 6) != 0) return false;
    p += 6;
    i->frame_rate = (gd_rational){25, 1};
    if (*p == '@') {
        p = read_number(p + 1, 1000000, &i->frame_rate.num);
        if (p && *p == '/') p = read_number(p + 1, 1000000, &i->frame_rate.den);
    }
    return p && !strcmp(p, ":-");
}

gd_status gd_video_raw_open(const char *path, int fd, const gd_video_source_options *opt,
                            gd_video_raw **out, gd_error *err) {
    static const gd_rational us = {1, 1000000};
    gd_video_info            i = {.duration = -1, .frames = -1, .full_range = true};
    *out = NULL;
    if (!parse(path, &i)) {
        const gd_status st = gd_fail_code(err, GD_ERR_ARG, 372, "'%s' is no raw source", path);
        gd_error_hint(err,
                      "raw:WIDTHxHEIGHT:rgb24:-, or raw:640x480:rgb24@30000/1001:- with "
                      "a frame rate; sides of 1 to %d",
                      GD_VIDEO_SIDE);
        return st;
    }
    const int64_t most = opt->max_pixels > 0 ? opt->max_pixels : GD_VIDEO_PIXELS;
    if ((int64_t)i.width * i.height > most)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 376,
                            "frames of %d x %d are above the limit of %lld pixels", i.width,
                            i.height, (long long)most);
    gd_video_raw *r = gd_mem_get_zero(sizeof *r);
    if (!r) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for a raw source");
    i.time_base = (gd_rational){i.frame_rate.den, i.frame_rate.num};
    (void)snprintf(i.container, sizeof i.container, "raw");
    (void)snprintf(i.codec, sizeof i.codec, "rawvideo");
    (void)snprintf(i.decoder, sizeof i.decoder, "none");
    (void)snprintf(i.pixel_format, sizeof i.pixel_format, "rgb24");
    (void)pthread_mutex_init(&r->lock, NULL);
    r->fd = fd;
    r->info = i;
    r->counts.promised = -1;
    r->first = gd_video_rescale(opt->start_us, us, i.time_base);
    r->end = opt->end_us > 0 ? gd_video_rescale(opt->end_us, us, i.time_base) : INT64_MAX;
    r->pixels = opt->pixels;
    *out = r;
    return GD_OK;
}

void gd_video_raw_close(gd_video_raw *r) {
    if (r) (void)pthread_mutex_destroy(&r->lock);
    gd_mem_put(r);
}

const gd_video_info *gd_video_raw_info(const gd_video_raw *r) { return &r->info; }

void gd_video_raw_stop(gd_video_raw *r) { atomic_store(&r->stop, true); }

void gd_video_raw_counts(gd_video_raw *r, gd_video_counts *out) {
    (void)pthread_mutex_lock(&r->lock);
    *out = r->counts;
    (void)pthread_mutex_unlock(&r->lock);
}

/* Adds one to a count; its value before. */
static int64_t count(gd_video_raw *r, int64_t *which) {
    (void)pthread_mutex_lock(&r->lock);
    const int64_t before = (*which)++;
    (void)pthread_mutex_unlock(&r->lock);
    return before;
}

/* As much of n bytes as there is until the end of the pipe or a stop. */
static gd_status read_bytes(gd_video_raw *r, uint8_t *to, size_t n, size_t *got,
                            gd_error *err) {
    *got = 0;
    while (*got < n && !atomic_load(&r->stop)) {
        struct pollfd p = {.fd = r->fd, .events = POLLIN};
        /* A pipe that nobody writes to must not hold up a stop. */
        const int ready = poll(&p, 1, 100);
        if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
        const ssize_t k = ready < 0 ? -1 : read(r->fd, to + *got, n - *got);
        if (k == 0) return GD_OK;
        if (k < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (k < 0)
            return gd_fail_code(err, GD_ERR_IO, 354, "reading raw frames: %s", strerror(errno));
        *got += (size_t)k;
    }
    return GD_OK;
}

gd_status gd_video_raw_read(gd_video_raw *r, gd_video_frame *f, gd_error *err) {
    size_t       got = 0;
    const size_t n = 3 * (size_t)r->info.width * (size_t)r->info.height;
    for (;;) {
        f->rgb = f->device = NULL; /* what another source left in it */
        if (r->done || r->at >= r->end || atomic_load(&r->stop)) break;
        GD_TRY(gd_video_frame_room(f, r->info.width, r->info.height, r->pixels, err));
        const gd_status st = read_bytes(r, f->own, n, &got, err);
        f->rgb = NULL;
        if (st != GD_OK || got < n) {
            (void)pthread_mutex_lock(&r->lock);
            r->counts.truncated = got > 0 && !atomic_load(&r->stop);
            (void)pthread_mutex_unlock(&r->lock);
            r->done = true;
            return st;
        }
        const int64_t at = r->at++;
        if (at < r->first) {
            (void)count(r, &r->counts.skipped);
            continue;
        }
        f->rgb = f->own;
        f->pts = at;
        f->duration = 1;
        f->index = count(r, &r->counts.decoded);
        f->captured = 0;
        f->key = true;
        f->corrupt = false;
        break;
    }
    return GD_OK;
}
