/* conv2d_simt_pick.c -- what a tile and a split cost on CUDA cores; the cheapest. */
#include "kernels/conv2d/conv2d_simt_pick.h"

#define TILE(m, n, rows, blocks) {m, n, rows, blocks},
const gdk_simt_tile gdk_simt_tiles[] = {GD_SIMT_TILES(TILE)};
#undef TILE
const int gdk_simt_n_tiles = (int)(sizeof gdk_simt_tiles / sizeof gdk_simt_tiles[0]);

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Multiply-adds a cycle of a multiprocessor (of 128) that `n` blocks of a tile share, as an
 * H200 was seen to do them. Threads of more rows want two warps a scheduler to hide their
 * reads. */
static double rate_of(const gdk_simt_tile *t, int64_t n) {
    const double warps = (double)n * t->m * t->n / (t->rows * 8 * 32);
    if (t->rows == 16) return warps < 8 ? 15 + 11 * warps : 103;
    return warps < 4 ? 21 * warps : warps < 12 ? 77 + 2 * warps : 101;
}

/* The shared memory that keeps all but `resident` blocks off a multiprocessor. */
static size_t smem_of(const gdk_simt_work *w, const gdk_simt_tile *t, int resident) {
    const size_t own = 1024; /* taken by the system for each block */
    const size_t ring = (size_t)(GD_SIMT_RING * (t->m + t->n) * GD_SIMT_DEPTH) * sizeof(float);
    const size_t share = (w->smem_optin + own) / (size_t)resident / 128 * 128 - own;
    return share > ring && resident < t->blocks ? share : ring;
}

gdk_simt_choice gdk_simt_price(const gdk_simt_work *w, int tile, int split, int resident) {
    const gdk_simt_tile *t = &gdk_simt_tiles[tile];
    const double         clock = 1700; /* cycles of a microsecond */
    const double         block = (double)t->m * t->n * GD_SIMT_DEPTH;
    const int64_t tiles = ceil_div(w->M, t->m) * ceil_div(w->K, t->n), grid = tiles * split;
    const int64_t wave = (int64_t)w->n_sm * resident, full = grid / wave;
    /* Blocks of a wave end together: what is left goes to the first multiprocessors that are
     * free, as many as they take, unless there was no wave before. */
    const int64_t left = grid - full * wave, spread = ceil_div(left, w->n_sm);
    const int64_t rest = full && left ? (left < resident ? left : resident) : spread;
    const double  part = (double)ceil_div(w->blocks, split);
    const double  turns = (double)(full * resident) / rate_of(t, resident) +
                         (rest ? (double)rest / rate_of(t, rest) : 0);
    const double tail = (double)(full * resident + rest) * t->m * t->n / 24;
    const double moved = split > 1 ? 8.0 * (double)grid * t->m * t->n : 0;
    return (gdk_simt_choice){.tile = tile,
                             .split = split,
                             .resident = resident,
                             .smem = smem_of(w, t, resident),
                             .us = 2.0 + (turns * block * part + tail) / clock + moved / 2.0e6 +
                                   (split > 1 ? 5.0 : 0)};
}

gdk_simt_choice gdk_simt_pick(const gdk_simt_work *w) {
    gdk_simt_choice best = {.tile = -1};
    for (int tile = 0; tile < gdk_simt_n_tiles; tile++) {
        const gdk_simt_tile *t = &gdk_simt_tiles[tile];
        if (w->sm >= 100 && t->rows > GD_SIMT_ROWS_SM100) continue;
        for (int split = 1; split <= GD_SIMT_MAX_SPLIT; split++) {
            /* Every part gets work: four blocks or more, none left empty. */
            if (split > 1 && (w->blocks < 4 * split ||
                              ceil_div(w->blocks, ceil_div(w->blocks, split)) != split))
                continue;
            for (int resident = t->blocks; resident > 0; resident--) {
                const gdk_simt_choice c = gdk_simt_price(w, tile, split, resident);
                if (best.tile < 0 || c.us < best.us) best = c;
            }
        }
    }
    return best;
}
