/* attention_pick.c -- how attention is dealt out to the blocks of a GPU. */
#include "kernels/attention/attention_pick.h"

#include "kernels/attention/attention_tile.h"

bool gdk_attention_divides(int64_t groups, int64_t queries, int64_t keys, int n_sm) {
    const int64_t each = GDK_ATTENTION_WARPS * GDK_ATTENTION_ROWS;
    return groups * ((queries + each - 1) / each) < n_sm && keys > GDK_ATTENTION_KEYS;
}
