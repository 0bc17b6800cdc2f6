/* hungarian_assign.h -- the assignment of least total cost, by shortest augmenting paths.
 *
 * Rows enter one after the other. Each time the cheapest path of alternating edges to a free
 * column is grown (Dijkstra on costs reduced by the potentials u and v) and turned over:
 * O(rows^2 columns). Column 0 stands for the row that enters; rows and columns count from 1. */
#ifndef GD_KERNELS_HUNGARIAN_ASSIGN_H
#define GD_KERNELS_HUNGARIAN_ASSIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/cuda/host_device.h"

/* A finite cost; NaN is the worst. */
#define GDK_ASSIGN_WORST 1e30
static inline GD_HOST_DEVICE double gdk_assign_finite(double c) {
    return c < -GDK_ASSIGN_WORST  ? -GDK_ASSIGN_WORST
           : c < GDK_ASSIGN_WORST ? c
                                  : GDK_ASSIGN_WORST;
}

/* Cost of row i, column j: cost[i * row + j * column]; rows <= columns. */
typedef struct gdk_assign {
    const double *cost;
    int64_t       row, column;
    int32_t       rows, columns;
    double       *u, *v, *least; /* [rows + 1], [columns + 1] twice */
    int32_t      *owner, *from;  /* [columns + 1]: row of a column, 0: free; path to it */
    uint8_t      *reached;       /* [columns + 1] */
} gdk_assign;

/* Bytes for u, v, least, owner, from and reached. */
static inline GD_HOST_DEVICE size_t gdk_assign_bytes(int64_t rows, int64_t columns) {
    return (size_t)(rows + 1 + 2 * (columns + 1)) * sizeof(double) +
           2 * (size_t)(columns + 1) * sizeof(int32_t) + ((size_t)columns + 8) / 8 * 8;
}

static inline GD_HOST_DEVICE void gdk_assign_place(gdk_assign *a, void *memory) {
    a->u = (double *)memory;
    a->v = a->u + a->rows + 1;
    a->least = a->v + a->columns + 1;
    a->owner = (int32_t *)(void *)(a->least + a->columns + 1);
    a->from = a->owner + a->columns + 1;
    a->reached = (uint8_t *)(void *)(a->from + a->columns + 1);
}

/* Reaches the nearest column that is not yet; returns it. `at` was reached last. */
static inline int32_t gdk_assign_reach(gdk_assign *a, int32_t at) {
    const int32_t i = a->owner[at];
    const double *cost = a->cost + (i - 1) * a->row;
    int32_t       next = 0;
    for (int32_t j = 1; j <= a->columns; j++) {
        if (a->reached[j]) continue;
        const double c = cost[(j - 1) * a->column] - a->u[i] - a->v[j];
        if (c < a->least[j]) {
            a->least[j] = c;
            a->from[j] = at;
        }
        if (!next || a->least[j] < a->least[next]) next = j;
    }
    const double delta = a->least[next];
    for (int32_t j = 0; j <= a->columns; j++) {
        if (a->reached[j]) {
            a->u[a->owner[j]] += delta;
            a->v[j] -= delta;
        } else {
            a->least[j] -= delta;
        }
    }
    return next;
}

static inline void gdk_assign_run(gdk_assign *a) {
    for (int32_t i = 0; i <= a->rows; i++) a->u[i] = 0;
    for (int32_t j = 0; j <= a->columns; j++) {
        a->v[j] = 0;
        a->owner[j] = 0;
    }
    for (int32_t i = 1; i <= a->rows; i++) {
        int32_t at = 0;
        a->owner[0] = i;
        for (int32_t j = 0; j <= a->columns; j++) {
            a->least[j] = 1e300;
            a->reached[j] = 0;
        }
        do {
            a->reached[at] = 1;
            at = gdk_assign_reach(a, at);
        } while (a->owner[at]);
        for (; at; at = a->from[at]) a->owner[at] = a->owner[a->from[at]];
    }
}

#endif
