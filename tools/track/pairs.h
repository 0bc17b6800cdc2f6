/* pairs.h -- which boxes of two sets overlap enough: a sweep from left to right. */
#ifndef GD_TOOLS_TRACK_PAIRS_H
#define GD_TOOLS_TRACK_PAIRS_H

#include <stddef.h>

#include "tools/track/assign.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One box of either set. */
typedef struct gd_pair_box {
    double x1, y1, x2, y2;
    double weight;   /* multiplied into the IoU of its pairs */
    int    class_id; /* pairs are of equal classes */
} gd_pair_box;

/* More pairs than this are refused: the memory for them would be gigabytes. */
enum { GD_PAIRS_MAX = 1 << 26 };

/* Memory that is used again; {0} is empty. */
typedef struct gd_pair_room {
    struct gd_pair *found;
    size_t          n, room;
    void           *sweep, *table;
    size_t          sweep_size, table_size;
} gd_pair_room;

/* IoU as published: 0 for boxes without area. */
double gd_box_iou(const gd_pair_box *a, const gd_pair_box *b);

/* All pairs with IoU > 0 and IoU * weight * weight >= least; their gain is the amount above
 * `base`. Rows in order, columns in order within a row. The result lives in `room`.
 * GD_ERR_NOMEM; GD_ERR_UNSUPPORTED beyond GD_PAIRS_MAX. */
gd_status gd_pairs_find(const gd_pair_box *rows, int n_rows, const gd_pair_box *columns,
                        int n_columns, double least, double base, gd_pair_room *room,
                        gd_pairs *out, gd_error *err) GD_MUST_CHECK;
void      gd_pair_room_free(gd_pair_room *room);

#ifdef __cplusplus
}
#endif
#endif
