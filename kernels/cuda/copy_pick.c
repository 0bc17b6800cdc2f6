/* copy_pick.c -- boxes of elements cut into units of at most 16 bytes. */
#include "kernels/cuda/copy_pick.h"

#include <string.h>

/* Axes that follow each other without a gap on both sides become one. */
static gdk_copy_box merged(gdk_copy_box b) {
    const bool plain = b.x_step == 1 && b.before == 0 && b.from == b.width;
    if (b.inner == 1 || (plain && b.x_inner == b.width && b.y_inner == b.width)) {
        if (b.inner > 1) b.width = b.from = b.width * b.inner;
        b.inner = 1;
        b.x_inner = b.y_inner = 0;
    }
    if (plain && b.inner == 1 && b.mid > 1 && b.x_mid == b.width && b.y_mid == b.width) {
        b.width = b.from = b.width * b.mid;
        b.mid = 1;
    }
    if (b.mid == 1) b.x_mid = b.y_mid = 0;
    if (plain && b.inner == 1 && b.mid == 1 && b.outer > 1 && b.x_outer == b.width &&
        b.y_outer == b.width) {
        b.width = b.from = b.width * b.outer;
        b.outer = 1;
    }
    if (b.outer == 1) b.x_outer = b.y_outer = 0;
    return b;
}

/* The largest of 16, 8, 4 bytes that divides all of it, else the element itself. */
static size_t unit_of(const gdk_copy_box *b, size_t size) {
    const int64_t all = b->x_outer | b->x_mid | b->x_inner | b->y_outer | b->y_mid |
                        b->y_inner | b->width | b->before | b->from;
    const uint64_t bits =
        (uint64_t)all * size | (uint64_t)(uintptr_t)b->x | (uint64_t)(uintptr_t)b->y;
    if (b->x_step != 1) return size;
    for (size_t unit = 16; unit > size; unit /= 2)
        if (bits % unit == 0) return unit;
    return size;
}

void gdk_copy_plan(const gdk_copy_box *box, int n, size_t size, gdk_copy *c) {
    memset(c, 0, sizeof *c);
    c->unit = 16;
    for (int i = 0; i < n; i++) {
        const gdk_copy_box b = merged(box[i]);
        const size_t       unit = unit_of(&b, size);
        if (b.outer * b.mid * b.inner * b.width == 0) continue;
        if ((int32_t)unit < c->unit) c->unit = (int32_t)unit;
    }
    const int64_t u = c->unit / (int64_t)size;
    for (int i = 0; i < n; i++) {
        const gdk_copy_box b = merged(box[i]);
        const int64_t      count = b.outer * b.mid * b.inner * (b.width / u);
        if (count == 0) continue;
        gdk_copy_part *p = &c->part[c->n++];
        *p = (gdk_copy_part){.x = b.x,
                             .y = b.y,
                             .x_outer = b.x_outer / u,
                             .x_mid = b.x_mid / u,
                             .x_inner = b.x_inner / u,
                             .x_step = b.x_step,
                             .y_outer = b.y_outer / u,
                             .y_mid = b.y_mid / u,
                             .y_inner = b.y_inner / u,
                             .n = (uint32_t)count,
                             .before = (uint32_t)(b.before / u),
                             .from = (uint32_t)(b.from / u),
                             .width = gdk_fastdiv_by((int64_t)(b.width / u)),
                             .inner = gdk_fastdiv_by((int64_t)b.inner),
                             .mid = gdk_fastdiv_by((int64_t)b.mid)};
        if (p->n > c->most) c->most = p->n;
    }
}
