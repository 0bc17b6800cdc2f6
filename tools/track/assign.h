/* assign.h -- the best way to give each row at most one column: exact, O(n^3) at worst.
 *
 * Shortest augmenting paths with dual variables (Jonker and Volgenant 1987) over a sparse list
 * of pairs. Pairs that are not listed are forbidden, so a search never leaves the connected
 * component it began in: a thousand rows with a few pairs each cost microseconds. */
#ifndef GD_TOOLS_TRACK_ASSIGN_H
#define GD_TOOLS_TRACK_ASSIGN_H

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The pairs of row r are first[r] .. first[r + 1] - 1. */
typedef struct gd_pairs {
    int           n_rows, n_columns;
    const int    *first;  /* n_rows + 1 */
    const int    *column; /* 0 .. n_columns - 1, at most once a row */
    const double *gain;   /* what the pair is worth: finite */
} gd_pairs;

/* Memory that grows to the largest problem so far and is used again. {0} is empty. */
typedef struct gd_assign_room {
    void  *data;
    size_t size;
} gd_assign_room;

/* Writes to column_of[n_rows] the column of each row, or -1, so that the sum of gains is the
 * greatest possible. Rows and columns may stay alone, so no pair of gain < 0 is taken.
 * GD_ERR_NOMEM. */
gd_status gd_assign(const gd_pairs *p, gd_assign_room *room, int *column_of,
                    gd_error *err) GD_MUST_CHECK;
/* The textbook problem: min(n_rows, n_columns) pairs of a full matrix cost[row * n_columns +
 * column] (finite) of the least total. */
gd_status gd_assign_full(const double *cost, int n_rows, int n_columns, gd_assign_room *room,
                         int *column_of, gd_error *err) GD_MUST_CHECK;
void      gd_assign_room_free(gd_assign_room *room);

#ifdef __cplusplus
}
#endif
#endif
