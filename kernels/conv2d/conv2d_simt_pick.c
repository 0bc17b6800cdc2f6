/* conv2d_simt_pick.c -- what a tile and a split cost on CUDA cores; the cheapest. */
#include "kernels/conv2d/conv2d_simt_pick.h"

#define TILE(m, n, rows, blocks) {m, n, rows, blocks},
const gdk_simt_tile gdk_simt_tiles[] = {GD_SIMT_TILES(TILE)};
#undef TILE
const int gdk_simt_n_tiles = (int)(sizeof gdk_simt_tiles / sizeof gdk_simt_tiles[0]);

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Multiply-adds a cycle of a multiprocessor (of 128) that `n` blocks of a tile share. A
 * scheduler needs two warps and more to hide its reads. */
static double rate_of(const gdk_simt_tile *t, int64_t n) {
    const double warps = (double)n * t->m * t->n / (t->rows * 8 * 32);
    const double best = t->rows == 16 ? 102 : t->n == 64 && t->m == 128 ? 96 : 92;
    return warps < 8 ? best * (0.25 + 0.09375 * warps) : best;
}

gdk_simt_choice gdk_simt_price(const gdk_simt_work *w, int tile, int split) {
    const gdk_simt_tile *t = &gdk_simt_tiles[tile];
    const double         clock = 1700; /* cycles of a microsecond */
    const double         block = (double)t->m * t->n * GD_SIMT_DEPTH;
    const int64_t tiles = ceil_div(w->M, t->m) * ceil_div(w->K, t->n), grid = tiles * split;
    const int64_t full = grid / ((int64_t)w->n_sm * t->blocks);
    const int64_t rest = ceil_div(grid - full * w->n_sm * t->blocks, w->n_sm);
    const double  part = (double)ceil_div(w->blocks, split);
    const double  turns = (double)(full * t->blocks) / rate_of(t, t->blocks) +
                         (rest ? (double)rest / rate_of(t, rest) : 0);
    const double tail = (double)(full * t->blocks + rest) * t->m * t->n / 24;
    const double moved = split > 1 ? 8.0 * (double)grid * t->m * t->n : 0;
    return (gdk_simt_choice){.tile = tile,
                             .split = split,
                             .us = 2.0 + (turns * block * part + tail) / clock + moved / 3.0e6 +
                                   (split > 1 ? 2.0 : 0)};
}

gdk_simt_choice gdk_simt_pick(const gdk_simt_work *w) {
    gdk_simt_choice best = {.tile = -1};
    for (int tile = 0; tile < gdk_simt_n_tiles; tile++) {
        if (w->sm >= 100 && gdk_simt_tiles[tile].rows > GD_SIMT_ROWS_SM100) continue;
        for (int split = 1; split <= GD_SIMT_MAX_SPLIT; split++) {
            /* Every part gets work: four blocks or more, none left empty. */
            if (split > 1 && (w->blocks < 4 * split ||
                              ceil_div(w->blocks, ceil_div(w->blocks, split)) != split))
                continue;
            const gdk_simt_choice c = gdk_simt_price(w, tile, split);
            if (best.tile < 0 || c.us < best.us) best = c;
        }
    }
    return best;
}
