/* stats.h -- what a data set holds: classes, sizes of boxes and pictures. */
#ifndef GD_TOOLS_DATA_STATS_H
#define GD_TOOLS_DATA_STATS_H

#include "tools/data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_data_class_stats {
    uint64_t boxes, pictures; /* pictures: that hold at least one, or are of the class */
} gd_data_class_stats;

typedef struct gd_data_stats {
    uint64_t pictures, empty; /* empty: without boxes */
    uint64_t boxes, crowds, difficult, masks;
    uint64_t small, medium, large; /* area below 32 * 32, below 96 * 96, and the rest */
    uint64_t most_boxes;           /* of one picture */
    double   mean_boxes;           /* of all pictures */
    int      width[3], height[3];  /* least, middle, most; 0 where no size is told */
    uint64_t wide, tall;           /* width >= height, and not; only where sizes are told */
    gd_data_class_stats *classes;  /* [n_classes] */
} gd_data_stats;

gd_status gd_data_stats_of(const gd_data *d, gd_data_stats *out, gd_error *err) GD_MUST_CHECK;
void      gd_data_stats_free(gd_data_stats *s);

#ifdef __cplusplus
}
#endif
#endif
