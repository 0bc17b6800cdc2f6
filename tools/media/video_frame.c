/* video_frame.c -- the pixels of a frame, and time from one base to another; see video.h. */
#include <string.h>

#include "engine/safe.h"
#include "tools/media/video.h"

static void free_host(gd_video_frame *f) {
    if (f->from)
        f->from->put(f->from->ctx, f->own);
    else
        gd_mem_put(f->own);
    f->own = f->rgb = NULL;
    f->room = 0;
    f->from = NULL;
}

static void free_device(gd_video_frame *f) {
    if (f->gpu) f->gpu->put(f->gpu->ctx, f->device_own);
    f->device_own = f->device = NULL;
    f->device_room = 0;
    f->gpu = NULL;
}

void gd_video_frame_free(gd_video_frame *f) {
    free_host(f);
    free_device(f);
    memset(f, 0, sizeof *f);
}

/* libswscale reads a row in whole vectors, past its end: where a frame fills its pages to the
 * last byte (768 x 432 does), that would be a fault. */
enum { SLACK = 64 };

/* Bytes of the pixels, to which SLACK can be added; 0: no such size. */
static size_t bytes_of(int width, int height) {
    size_t bytes, whole;
    if (width < 1 || height < 1 || !gd_mul_size((size_t)width, (size_t)height, &bytes) ||
        !gd_mul_size(bytes, 3, &bytes) || !gd_add_size(bytes, SLACK, &whole))
        return 0;
    return bytes;
}

static gd_status no_size(int width, int height, gd_error *err) {
    return gd_fail(err, GD_ERR_ARG, "a frame of %d x %d pixels", width, height);
}

/* Room on the host; what is on a device stays. */
static gd_status host_room(gd_video_frame *f, int width, int height, const gd_alloc *from,
                           gd_error *err) {
    const size_t bytes = bytes_of(width, height);
    if (!bytes) return no_size(width, height, err);
    if (bytes > f->room || f->from != from) {
        free_host(f);
        f->own = from ? from->get(from->ctx, bytes + SLACK) : gd_mem_get(bytes + SLACK);
        if (!f->own)
            return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for a frame of %d x %d",
                                width, height);
        f->room = bytes;
        f->from = from;
    }
    f->rgb = f->own;
    return GD_OK;
}

gd_status gd_video_frame_room(gd_video_frame *f, int width, int height, const gd_alloc *from,
                              gd_error *err) {
    f->device = NULL;
    GD_TRY(host_room(f, width, height, from, err));
    f->width = width;
    f->height = height;
    return GD_OK;
}

gd_status gd_video_frame_device(gd_video_frame *f, int width, int height,
                                const gd_video_gpu *gpu, gd_error *err) {
    const size_t bytes = bytes_of(width, height);
    void        *p;
    f->rgb = f->device = NULL;
    if (!bytes) return no_size(width, height, err);
    if (bytes > f->device_room || f->gpu != gpu) {
        free_device(f);
        GD_TRY(gpu->take(gpu->ctx, bytes, &p, err));
        f->device_own = p;
        f->device_room = bytes;
        f->gpu = gpu;
    }
    f->device = f->device_own;
    f->width = width;
    f->height = height;
    return GD_OK;
}

gd_status gd_video_frame_host_room(gd_video_frame *f, gd_error *err) {
    return f->rgb ? GD_OK : host_room(f, f->width, f->height, f->gpu->pixels, err);
}

gd_status gd_video_frame_host(gd_video_frame *f, gd_error *err) {
    const gd_video_gpu *gpu = f->gpu;
    if (f->rgb || !f->device) return GD_OK;
    GD_TRY(gd_video_frame_host_room(f, err));
    const size_t    bytes = 3 * (size_t)f->width * (size_t)f->height;
    const gd_status st = gpu->fetch(gpu->ctx, f->own, f->device, bytes, err);
    if (st != GD_OK) f->rgb = NULL;
    return st;
}

int64_t gd_video_rescale(int64_t value, gd_rational from, gd_rational to) {
    if (from.num <= 0 || from.den <= 0 || to.num <= 0 || to.den <= 0) return 0;
    if (value == INT64_MAX || value == INT64_MIN) return value;
    /* |value| < 2^63 and each product of two ints < 2^62: 125 bits at most. */
    const __int128 above = (__int128)value * ((int64_t)from.num * to.den);
    const __int128 below = (__int128)from.den * to.num;
    const __int128 half = below / 2;
    const __int128 q = above >= 0 ? (above + half) / below : -((-above + half) / below);
    if (q >= INT64_MAX) return INT64_MAX;
    return q <= INT64_MIN ? INT64_MIN : (int64_t)q;
}
