/* conv2d_pick.c -- what a tile and a split cost, and the cheapest of them. */
#include "kernels/conv2d/conv2d_pick.h"

#define TILE(m, n, wm, wn, blocks) {m, n, wm, wn, blocks, 0},
#define GMMA_TILE(m, n, blocks) {m, n, 16, n, blocks, 1},
const gdk_conv2d_tile gdk_conv2d_tiles[] = {GD_CONV2D_TILES(TILE)
                                                GD_CONV2D_GMMA_TILES(GMMA_TILE)};
#undef TILE
#undef GMMA_TILE
const int gdk_conv2d_n_tiles = (int)(sizeof gdk_conv2d_tiles / sizeof gdk_conv2d_tiles[0]);

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Shared memory that the tail of a tile needs: a strip for each warp. */
static size_t strip_bytes(const gdk_conv2d_tile *t) {
    const int warps = t->m / t->warp_m * (t->n / t->warp_n);
    const int rows = t->warp_m < 32 ? 16 : 32, cols = t->warp_n < 128 ? t->warp_n : 128;
    return (size_t)(warps * rows * (cols + 8)) * sizeof(float);
}

int gdk_conv2d_clusters(const gdk_conv2d_work *w) { return w->sm >= 90; }

/* Thread blocks of a tile and a split. */
static int64_t grid_of(const gdk_conv2d_work *w, const gdk_conv2d_tile *t, int split) {
    return ceil_div(w->M, t->m) * ceil_div(w->K, t->n) * split;
}

/* Tiles whose thread blocks can run at once, r of them on a multiprocessor. A cluster stays in
 * one part of the chip: on an H200 (132 multiprocessors) seven of 16 or more, one of 14. */
static int64_t tiles_at_once(const gdk_conv2d_work *w, int split, int64_t r) {
    if (split < 3 || !gdk_conv2d_clusters(w)) return w->n_sm * r / split;
    const int64_t n = w->n_sm / 18 * (16 * r / split) + 14 * r / split;
    return n < 1 ? 1 : n;
}

void gdk_conv2d_ring(const gdk_conv2d_work *w, gdk_conv2d_choice *c) {
    const gdk_conv2d_tile *t = &gdk_conv2d_tiles[c->tile];
    const size_t           stage = (size_t)(t->m + t->n) * GD_CONV2D_ROW_BYTES;
    /* Taken by the system, by the kernel's statics, and lost to alignment. */
    const size_t own = t->gmma ? 2048 : 1280, statics = own - 1024;
    const size_t whole = w->smem_optin > statics ? w->smem_optin - statics : 0;
    /* Small grids leave each block more room, and deep rings hide the way from memory. */
    const int64_t tiles = grid_of(w, t, 1);
    int64_t       each = 1;
    while (each < t->blocks && tiles_at_once(w, c->split, each) < tiles) each++;
    const size_t share = (w->smem_optin + 1024) / (size_t)each - own;
    /* wgmma still reads a stage while the one before it waits for all warps. Without
     * asynchronous copies a third stage brings nothing. */
    const size_t  least = t->gmma ? 3 : 2, most = w->sm < 80 ? 2 : 8;
    const int64_t use = ceil_div(w->blocks, c->split) + (t->gmma ? 2 : 1);
    size_t        n = share / stage, tail = strip_bytes(t);
    if (n < least) n = whole / stage;
    if (n > most) n = most;
    if (n > (size_t)use) n = (size_t)use;
    if (c->split > 1 && gdk_conv2d_clusters(w))
        tail = (size_t)t->m * (size_t)(t->n + 8) * sizeof(float);
    c->smem = n * stage > tail ? n * stage : tail;
    c->stages = n < least || c->smem > whole || (t->gmma && w->sm != 90) ? 0 : (int)n;
}

/* Microseconds, fitted to runs on an H200 of all layers of ResNet-50 and Faster R-CNN with
 * every tile and split; elsewhere they still rank. */
typedef struct price {
    double launch;
    double block, block_each; /* one block of the reduction: alone, and for each that shares */
    double tail, tail_each;   /* the same for what a tile costs beside */
    double meet, meet_each;   /* a split, and each of its parts */
    double add;               /* share of tail_each that an addition to the output costs */
} price;

static const price f16_price[] = {{0.00, 0.023, 1.313, 1.23, 4.66, 1.76, 0.24, 0.82},
                                  {0.00, 0.191, 1.295, 2.76, 4.36, 1.10, 0.27, 0.63},
                                  {0.67, 0.350, 0.699, 4.55, 0.81, 1.83, 0.00, 1.79},
                                  {1.09, 0.654, 0.300, 0.00, 2.50, 1.46, 0.01, 0.07},
                                  {0.99, 0.627, 0.290, 0.00, 2.24, 1.56, 0.02, 0.14},
                                  {1.75, 0.307, 0.226, 1.04, 0.40, 1.32, 0.09, 0.47},
                                  {1.72, 0.405, 0.120, 0.00, 0.91, 0.13, 0.15, 0.18},
                                  {0.00, 0.008, 0.877, 2.01, 3.83, 2.08, 0.11, 0.71},
                                  {0.00, 0.026, 0.956, 2.21, 2.89, 1.33, 0.48, 0.40},
                                  {0.00, 0.005, 0.559, 2.29, 1.24, 1.95, 0.08, 0.51},
                                  {0.50, 0.476, 0.270, 0.00, 2.08, 1.27, 0.12, 0.07},
                                  {1.64, 0.388, 0.290, 0.45, 1.43, 1.17, 0.02, 0.27},
                                  {1.46, 0.263, 0.194, 1.13, 0.38, 1.07, 0.08, 0.44}};
static const price tf32_price[] = {{0.00, 0.002, 1.532, 0.87, 6.26, 0.00, 0.00, 0.84},
                                   {0.00, 0.005, 1.515, 1.33, 6.33, 0.00, 0.00, 0.75},
                                   {0.71, 1.022, 0.742, 3.28, 2.39, 0.00, 0.00, 1.06},
                                   {1.15, 0.943, 0.400, 0.16, 2.64, 0.00, 0.00, 0.42},
                                   {0.91, 0.889, 0.390, 0.00, 2.61, 0.00, 0.00, 0.58},
                                   {0.85, 0.745, 0.270, 0.00, 1.49, 0.16, 0.00, 0.40},
                                   {0.98, 0.612, 0.220, 0.00, 0.94, 0.31, 0.01, 0.00},
                                   {0.00, 0.004, 0.827, 1.81, 4.87, 0.00, 0.00, 0.95},
                                   {0.00, 0.003, 0.910, 2.72, 3.59, 0.00, 0.00, 0.85},
                                   {0.00, 0.018, 0.543, 2.68, 1.68, 0.00, 0.00, 1.05},
                                   {0.04, 0.401, 0.323, 2.45, 0.91, 0.13, 0.04, 0.76},
                                   {0.51, 0.320, 0.323, 1.80, 0.95, 0.00, 0.00, 1.00},
                                   {0.65, 0.334, 0.202, 1.78, 0.46, 0.18, 0.02, 1.16}};

gdk_conv2d_choice gdk_conv2d_price(const gdk_conv2d_work *w, int tile, int split) {
    const gdk_conv2d_tile *t = &gdk_conv2d_tiles[tile];
    const price           *p = w->tf32 ? &tf32_price[tile] : &f16_price[tile];
    gdk_conv2d_choice      c = {.tile = tile, .split = split};
    gdk_conv2d_ring(w, &c);
    if (!c.stages) {
        c.tile = -1;
        return c;
    }
    const int64_t fit = (int64_t)((w->smem_optin + 1024) / (c.smem + (t->gmma ? 2048 : 1280)));
    const int64_t r = fit < 1 ? 1 : fit < t->blocks ? fit : t->blocks;
    const int64_t at_once = tiles_at_once(w, split, r), tiles = grid_of(w, t, 1);
    const int64_t full = tiles / at_once, rest = ceil_div(tiles % at_once * split, w->n_sm);
    const double  blocks = (double)ceil_div(w->blocks, split);
    const int64_t wave[2] = {full ? r : 0, rest}, times[2] = {full, 1};
    c.us = p->launch + (split > 1 ? p->meet + p->meet_each * split : 0);
    for (int i = 0; i < 2; i++) {
        const double share = (double)wave[i], shared = share * p->block_each;
        if (!wave[i]) continue;
        c.us += (double)times[i] * (blocks * (p->block > shared ? p->block : shared) + p->tail +
                                    share * p->tail_each * (w->add ? 1 + p->add : 1));
    }
    return c;
}

gdk_conv2d_choice gdk_conv2d_pick(const gdk_conv2d_work *w) {
    gdk_conv2d_choice best = {.tile = -1};
    const int         most = gdk_conv2d_clusters(w) ? 8 : GD_CONV2D_MAX_SPLIT;
    for (int tile = 0; tile < gdk_conv2d_n_tiles; tile++)
        for (int split = 1; split <= most && gdk_conv2d_tiles[tile].gmma == w->gmma; split++) {
            /* Every part gets work, two blocks or more, and a multiprocessor of its own. */
            if (split > 1 &&
                (w->blocks < 2 * split ||
                 ceil_div(w->blocks, ceil_div(w->blocks, split)) != split ||
                 grid_of(w, &gdk_conv2d_tiles[tile], 1) > tiles_at_once(w, split, 1)))
                continue;
            const gdk_conv2d_choice c = gdk_conv2d_price(w, tile, split);
            if (c.tile >= 0 && (best.tile < 0 || c.us < best.us)) best = c;
        }
    return best;
}
