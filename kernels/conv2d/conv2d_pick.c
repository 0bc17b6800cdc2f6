/* conv2d_pick.c -- what a tile and a split cost, and the cheapest of them. */
#include "kernels/conv2d/conv2d_pick.h"

#define TILE(m, n, wm, wn, blocks) {m, n, wm, wn, blocks},
const gdk_conv2d_tile gdk_conv2d_tiles[] = {GD_CONV2D_TILES(TILE)};
#undef TILE
const int gdk_conv2d_n_tiles = (int)(sizeof gdk_conv2d_tiles / sizeof gdk_conv2d_tiles[0]);

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Shared memory that the tail of a tile needs: a strip of 32 rows for each warp. */
static size_t strip_bytes(const gdk_conv2d_tile *t) {
    const int warps = t->m / t->warp_m * (t->n / t->warp_n);
    return (size_t)warps * 32 * (size_t)(t->warp_n + 8) * sizeof(float);
}

void gdk_conv2d_ring(const gdk_conv2d_work *w, int tile, int *stages, size_t *smem) {
    const gdk_conv2d_tile *t = &gdk_conv2d_tiles[tile];
    const size_t           stage = (size_t)(t->m + t->n) * GD_CONV2D_ROW_BYTES;
    const size_t           own = 1280; /* taken by the system and by the kernel's statics */
    const size_t           whole = w->smem_optin > 256 ? w->smem_optin - 256 : 0;
    const size_t           share = (w->smem_optin + 1024) / (size_t)t->blocks - own;
    size_t                 n = share / stage;
    if (n < 2) n = whole / stage;
    if (n > GD_CONV2D_MAX_STAGES) n = GD_CONV2D_MAX_STAGES;
    /* Without asynchronous copies a third stage brings nothing. */
    if (w->sm < 80 && n > 2) n = 2;
    *smem = n * stage > strip_bytes(t) ? n * stage : strip_bytes(t);
    *stages = n < 2 || *smem > whole ? 0 : (int)n;
}

/* Multiply-adds that one multiprocessor does in a cycle with this tile, at FP16. */
static double rate_of(const gdk_conv2d_tile *t) {
    const double area = (double)t->m * t->n;
    return area >= 32768 ? 1150 : area >= 16384 ? 1050 : area >= 8192 ? 850 : 650;
}

gdk_conv2d_choice gdk_conv2d_price(const gdk_conv2d_work *w, int tile, int split) {
    const gdk_conv2d_tile *t = &gdk_conv2d_tiles[tile];
    gdk_conv2d_choice      c = {.tile = tile, .split = split};
    gdk_conv2d_ring(w, tile, &c.stages, &c.smem);
    if (!c.stages) {
        c.tile = -1;
        return c;
    }
    const double  size = w->tf32 ? 4 : 2, clock = 1600; /* cycles of a microsecond */
    const int64_t tiles = ceil_div(w->M, t->m) * ceil_div(w->K, t->n);
    const int64_t resident = (int64_t)(w->smem_optin + 1024) / (int64_t)(c.smem + 1280);
    const int64_t share = resident < 1 ? 1 : resident < t->blocks ? resident : t->blocks;
    const double  block =
        (double)t->m * t->n * (w->tf32 ? 32 : 64) / (rate_of(t) / (w->tf32 ? 2 : 1));
    /* Blocks of threads that share a multiprocessor take turns; the last wave may be thin. */
    const int64_t grid = tiles * split, slots = w->n_sm * share, full = grid / slots;
    const int64_t rest = ceil_div(grid - full * slots, w->n_sm);
    const double  alone = block * (share > 1 && rest == 1 ? 1.4 : 1) * (double)rest;
    const double  part = (double)ceil_div(w->blocks, split);
    const double  turns = ((double)(full * share) * block + alone) * part;
    const double  tail = (double)(full * share + rest) * t->m * t->n / 24;
    const double  moved =
        size * ((double)w->M * (double)w->K + (double)w->blocks * (128 / size) * (double)w->K);
    const double partial = split > 1 ? 8.0 * split * (double)(tiles * t->m * t->n) : 0;
    c.us = 2.0 + (turns + tail) / clock + moved / 4.3e6 / 2 + partial / 3.0e6 +
           (split > 1 ? 1.5 : 0);
    return c;
}

gdk_conv2d_choice gdk_conv2d_pick(const gdk_conv2d_work *w) {
    gdk_conv2d_choice best = {.tile = -1};
    for (int tile = 0; tile < gdk_conv2d_n_tiles; tile++)
        for (int split = 1; split <= GD_CONV2D_MAX_SPLIT; split++) {
            /* Every part gets work: two blocks or more, none left empty. */
            if (split > 1 && (w->blocks < 2 * split ||
                              ceil_div(w->blocks, ceil_div(w->blocks, split)) != split))
                continue;
            const gdk_conv2d_choice c = gdk_conv2d_price(w, tile, split);
            if (c.tile >= 0 && (best.tile < 0 || c.us < best.us)) best = c;
        }
    return best;
}
