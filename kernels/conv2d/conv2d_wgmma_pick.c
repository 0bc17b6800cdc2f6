/* conv2d_wgmma_pick.c -- the model behind conv2d_wgmma_pick.h: waves of tiles on all
 * multiprocessors, fitted to times on an H200. */
#include "kernels/conv2d/conv2d_wgmma_pick.h"

/* One step of one tile, and what a tile costs beside its steps, in microseconds. */
static const struct {
    int    cols;
    double step, tile, add;
} width[] = {{64, 0.22, 1.5, 0.4}, {128, 0.34, 1.9, 0.9}, {256, 0.66, 3.2, 3.0}};

static const double launch_us = 2.5;

/* Partial sums go out and come back through L2: more of it the more there are. */
static double gather_us(int splits) { return splits > 1 ? 1.2 + 0.45 * splits : 0; }

gdk_wgmma_choice gdk_wgmma_pick(int64_t M, int64_t K, int64_t steps, bool add, int n_sm) {
    gdk_wgmma_choice best = {0, 0, 0};
    for (int w = 0; w < 3; w++) {
        const int64_t tiles = ((M + GDK_WGMMA_ROWS - 1) / GDK_WGMMA_ROWS) *
                              ((K + width[w].cols - 1) / width[w].cols);
        for (int s = 1; s <= GDK_WGMMA_MAX_SPLIT && s <= steps; s++) {
            if (s > 1 && tiles * s > 2 * n_sm) break;
            const int64_t waves = (tiles * s + n_sm - 1) / n_sm;
            const double  tile = width[w].tile + (add ? width[w].add : 0);
            const double  us =
                launch_us + gather_us(s) +
                (double)waves * ((double)((steps + s - 1) / s) * width[w].step + tile);
            if (!best.cols || us < best.us) best = (gdk_wgmma_choice){width[w].cols, s, us};
        }
    }
    return best;
}
