/* conv2d_wgrad_pick.c -- the model behind conv2d_wgrad_pick.h: waves of ranges of tiles. */
#include "kernels/conv2d/conv2d_wgrad_pick.h"

/* Filters and columns of a tile, thread blocks that share a multiprocessor, and microseconds of
 * a step while they do and of what a range costs beside. */
typedef struct tile {
    int    m, n, blocks;
    double step, range;
} tile;

static const struct {
    int  pixels, n; /* of a step; tiles */
    tile tile[3];
} family[GDK_WGRAD_FAMILIES] = {
    [GDK_WGRAD_MMA] = {GDK_WGRAD_STEP, 2, {{128, 128, 2, 0.80, 6}, {64, 64, 4, 0.50, 4}}},
    [GDK_WGRAD_SIMT] = {GDK_WGRAD_STEP_SIMT, 2, {{128, 128, 2, 3.2, 6}, {64, 64, 6, 2.6, 4}}},
    [GDK_WGRAD_WGMMA] = {GDK_WGRAD_STEP_WGMMA,
                         3,
                         {{128, 256, 1, 0.66, 4},
                          {128, 128, 1, 0.40, 3},
                          {64, 256, 1, 0.45, 3}}},
    [GDK_WGRAD_ANY] = {1, 1, {{1, 256, 8, 0.15, 2}}}};

enum { MOST_SPLITS = 1024, MOST_PART_BYTES = 96 << 20 };

/* Sums of ranges are written once and read once, at three bytes a picosecond. */
static double sum_us(int64_t size, int splits) {
    return splits > 1 ? 3 + (double)size * 8 * splits / 3e6 : 0;
}

gdk_wgrad_choice gdk_wgrad_pick(const gdk_wgrad_work *w) {
    gdk_wgrad_choice best = {.tile = -1};
    for (int i = 0; i < family[w->family].n; i++) {
        const tile      *t = &family[w->family].tile[i];
        gdk_wgrad_choice c = {.tile = i};
        c.tiles_k = (w->K + t->m - 1) / t->m;
        c.tiles = c.tiles_k * ((w->columns + t->n - 1) / t->n);
        c.steps = (w->M + family[w->family].pixels - 1) / family[w->family].pixels;
        const int64_t slots = (int64_t)w->n_sm * t->blocks;
        for (c.splits = 1; c.splits <= MOST_SPLITS && c.splits <= c.steps; c.splits++) {
            if (c.splits > 1 && (w->size * c.splits * 4 > MOST_PART_BYTES ||
                                 c.tiles * (c.splits - 1) > 4 * slots))
                break;
            const int64_t waves = (c.tiles * c.splits + slots - 1) / slots;
            const int64_t steps = (c.steps + c.splits - 1) / c.splits;
            c.us = 3 + (double)waves * ((double)steps * t->step + t->range) +
                   sum_us(w->size, c.splits);
            if (best.tile < 0 || c.us < best.us) best = c;
        }
    }
    return best;
}
