/* attention_pick.h -- how attention is dealt out to the blocks of a GPU. */
#ifndef GD_KERNELS_ATTENTION_PICK_H
#define GD_KERNELS_ATTENTION_PICK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gdk_attention_choice {
    /* True: the warps of a block share 16 queries and divide the keys among them; false: each
     * has 16 queries of its own and sees all keys of the block. */
    bool divide;
    int  split; /* blocks that divide the keys of the same queries, a cluster: 1 below sm_90 */
    int  part;  /* tiles of keys that each of them takes, the last one no more than that */
} gdk_attention_choice;

/* For groups (pictures times heads) of queries, each with its own keys. Few queries would leave
 * multiprocessors idle: the keys are divided then, as long as there are keys to divide. */
gdk_attention_choice gdk_attention_pick(int64_t groups, int64_t queries, int64_t keys, int sm,
                                        int n_sm);

#ifdef __cplusplus
}
#endif
#endif
