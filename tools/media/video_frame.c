/* video_frame.c -- the pixels of a frame, and time from one base to another; see video.h. */
#include <string.h>

#include "engine/safe.h"
#include "tools/media/video.h"

void gd_video_frame_free(gd_video_frame *f) {
    if (f->from)
        f->from->put(f->from->ctx, f->own);
    else
        gd_mem_put(f->own);
    memset(f, 0, sizeof *f);
}

/* libswscale reads a row in whole vectors, past its end: where a frame fills its pages to the
 * last byte (768 x 432 does), that would be a fault. */
enum { SLACK = 64 };

gd_status gd_video_frame_room(gd_video_frame *f, int width, int height, const gd_alloc *from,
                              gd_error *err) {
    size_t bytes, whole;
    if (width < 1 || height < 1 || !gd_mul_size((size_t)width, (size_t)height, &bytes) ||
        !gd_mul_size(bytes, 3, &bytes) || !gd_add_size(bytes, SLACK, &whole))
        return gd_fail(err, GD_ERR_ARG, "a frame of %d x %d pixels", width, height);
    if (bytes > f->room || f->from != from) {
        gd_video_frame_free(f);
        f->own = from ? from->get(from->ctx, whole) : gd_mem_get(whole);
        if (!f->own)
            return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for a frame of %d x %d",
                                width, height);
        f->room = bytes;
        f->from = from;
    }
    f->rgb = f->own;
    f->width = width;
    f->height = height;
    return GD_OK;
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
