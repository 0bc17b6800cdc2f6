/* attention_pick.h -- how attention is dealt out to the blocks of a GPU. */
#ifndef GD_KERNELS_ATTENTION_PICK_H
#define GD_KERNELS_ATTENTION_PICK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* True: the warps of a block share 16 queries and divide the keys among them; false: each has
 * 16 queries of its own and sees all keys. The former is for few queries, whose blocks would
 * leave multiprocessors idle, as long as there are keys to divide. */
bool gdk_attention_divides(int64_t groups, int64_t queries, int64_t keys, int n_sm);

#ifdef __cplusplus
}
#endif
#endif
