/* order.h -- which pictures make up each batch: drawn anew each epoch, from the seed alone.
 *
 * Where pictures are grouped by aspect, a batch holds wide ones (width >= height) or tall ones.
 * The last batch of a group is filled up with the first pictures of the epoch, so that every
 * batch is full and every epoch has the same number of batches. */
#ifndef GD_TOOLS_DATA_ORDER_H
#define GD_TOOLS_DATA_ORDER_H

#include "tools/data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_order {
    uint64_t seed;
    int      batch;   /* pictures of a batch, over all shards */
    bool     shuffle; /* false: as in the data set, and the last batch may be short */
    bool     by_aspect;
    uint32_t n[2];    /* pictures of the groups; without grouping all are in the first */
    uint32_t batches; /* of an epoch */
    /* Of one epoch at a time. */
    bool      have_epoch;
    uint32_t  epoch;
    uint32_t *at[2];      /* the pictures of a group, in the epoch's order */
    uint32_t *members[2]; /* the same, in the data set's order */
    uint64_t *key;        /* [most of a group] */
    uint32_t *first;      /* [batches]: group << 31 | place in `at` */
} gd_order;

gd_status gd_order_open(gd_order *o, const gd_data *d, uint64_t seed, int batch, bool shuffle,
                        bool by_aspect, gd_error *err) GD_MUST_CHECK;
void      gd_order_close(gd_order *o);
/* Makes the order of an epoch; others are forgotten. */
void gd_order_epoch(gd_order *o, uint32_t epoch);
/* Pictures [from, from + n) of batch i of the current epoch into out; how many there are (fewer
 * only without shuffle). *tall tells the group. */
int gd_order_batch(const gd_order *o, uint32_t i, int from, int n, uint32_t *out, bool *tall);

#ifdef __cplusplus
}
#endif
#endif
