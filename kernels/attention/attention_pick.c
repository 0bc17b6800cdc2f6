/* attention_pick.c -- how attention is dealt out to the blocks of a GPU. */
#include "kernels/attention/attention_pick.h"

#include "kernels/attention/attention_tile.h"

/* Blocks that a multiprocessor runs at once. */
enum { AT_ONCE = 4 };

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

gdk_attention_choice gdk_attention_pick(int64_t groups, int64_t queries, int64_t keys, int sm,
                                        int n_sm) {
    const int64_t tiles = ceil_div(keys, GDK_ATTENTION_KEYS);
    const int64_t blocks = groups * ceil_div(queries, GDK_ATTENTION_WARPS * GDK_ATTENTION_ROWS);
    gdk_attention_choice c = {.split = 1, .part = (int)tiles};
    if (sm < 90 || tiles < 4) {
        c.divide = blocks < n_sm && tiles > 1;
        return c;
    }
    int64_t split = (int64_t)AT_ONCE * n_sm / (blocks > 0 ? blocks : 1);
    if (split > GDK_ATTENTION_MAX_SPLIT) split = GDK_ATTENTION_MAX_SPLIT;
    if (split > tiles) split = tiles;
    if (split < 2) return c;
    c.part = (int)ceil_div(tiles, split);
    c.split = (int)ceil_div(tiles, c.part);
    return c;
}
