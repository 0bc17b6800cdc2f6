/* group_norm_plan.h -- how a block of the CUDA kernel of group norm shares out its sums.
 *
 * A channel unit is `each` adjacent channels (1 or 4) of one group. A block owns `most` whole
 * groups of one picture over `GDK_GROUP_NORM_PIXELS` pixels. Thread t adds up unit t % units of
 * pixels t / units, + lanes, + 2 lanes ...; one group with more units than threads is walked in
 * steps of the block. Functions compile for the host and the device. */
#ifndef GD_KERNELS_GROUP_NORM_PLAN_H
#define GD_KERNELS_GROUP_NORM_PLAN_H

#include <stdint.h>

#include "kernels/cuda/host_device.h"

enum { GDK_GROUP_NORM_THREADS = 256, GDK_GROUP_NORM_PIXELS = 64 };

typedef struct gdk_group_norm_plan {
    int32_t groups, width; /* channels of a group */
    int32_t each;          /* channels of a unit */
    int32_t most;          /* groups of a block */
    int32_t units;         /* of a full block; more than there are threads only with most 1 */
    int32_t lanes;         /* pixels that a block reads at once */
    int32_t tiles;         /* blocks beside each other: groups / most, rounded up */
    int32_t chunks;        /* blocks over the pixels of a picture */
} gdk_group_norm_plan;

static inline gdk_group_norm_plan gdk_group_norm_plan_of(int32_t C, int32_t groups,
                                                         int64_t pixels, int vec) {
    gdk_group_norm_plan p;
    p.groups = groups;
    p.width = C / groups;
    p.each = vec && p.width % 4 == 0 ? 4 : 1;
    const int32_t of_group = p.width / p.each;
    p.most = of_group < GDK_GROUP_NORM_THREADS ? GDK_GROUP_NORM_THREADS / of_group : 1;
    if (p.most > groups) p.most = groups;
    p.units = p.most * of_group;
    p.lanes = p.units < GDK_GROUP_NORM_THREADS ? GDK_GROUP_NORM_THREADS / p.units : 1;
    p.tiles = (groups + p.most - 1) / p.most;
    p.chunks = (int32_t)((pixels + GDK_GROUP_NORM_PIXELS - 1) / GDK_GROUP_NORM_PIXELS);
    return p;
}

/* What one thread does in the block of tile `tile`: units first, first + step .. below `end`
 * (counted from the tile's first), pixels lane, lane + lanes .. of the chunk. */
typedef struct gdk_group_norm_share {
    int32_t lane, first, step, end;
} gdk_group_norm_share;

static inline GD_HOST_DEVICE gdk_group_norm_share
gdk_group_norm_share_of(const gdk_group_norm_plan *p, int32_t tile, int32_t thread) {
    const int32_t        left = p->groups - tile * p->most, of_group = p->width / p->each;
    gdk_group_norm_share s;
    s.end = (left < p->most ? left : p->most) * of_group;
    s.step = p->units < GDK_GROUP_NORM_THREADS ? p->units : GDK_GROUP_NORM_THREADS;
    s.lane = thread / s.step;
    s.first = s.lane < p->lanes ? thread % s.step : s.end;
    return s;
}

/* Entry j of group `group` of the tile among the sums that threads have left, 0 <= j <
 * gdk_group_norm_entries: the thread whose sums it is. */
static inline GD_HOST_DEVICE int32_t gdk_group_norm_entries(const gdk_group_norm_plan *p) {
    const int32_t of_group = p->width / p->each;
    return (of_group < GDK_GROUP_NORM_THREADS ? of_group : GDK_GROUP_NORM_THREADS) * p->lanes;
}
static inline GD_HOST_DEVICE int32_t gdk_group_norm_entry(const gdk_group_norm_plan *p,
                                                          int32_t group, int32_t j) {
    const int32_t of_group = p->width / p->each;
    if (of_group >= GDK_GROUP_NORM_THREADS) return j;
    return j / of_group * p->units + group * of_group + j % of_group;
}

#endif
