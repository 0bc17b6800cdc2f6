/* values.h -- the numbers of one weight: read, brought into our layout, checked, stored. */
#ifndef GD_TOOLS_CONVERT_VALUES_H
#define GD_TOOLS_CONVERT_VALUES_H

#include "tools/convert/join.h"

typedef struct gd_value_facts {
    int64_t inf;
    int64_t too_large; /* finite numbers that become infinite as half */
} gd_value_facts;

/* Elements of a row in our layout. */
int64_t gd_values_count(const gd_join_row *r);

/* Fills dst[count] with floats in our layout: convolutions [K,C,R,S] -> [K,R,S,C]; columns of a
 * linear weight after a flatten (c, h, w) -> (h, w, c); the rest as it is. A fresh row gets
 * normal numbers of deviation 0.01 (vectors: zero) from the stream `row` of `seed`. */
gd_status gd_values_read(gd_ckpt *c, const gd_join_row *r, uint64_t seed, uint64_t row,
                         float *dst, gd_error *err) GD_MUST_CHECK;
/* Counts infinities, and what would be one as half. */
gd_value_facts gd_values_examine(const float *v, int64_t n);

#endif
