/* assign.c -- shortest augmenting paths; see assign.h.
 *
 * The least-cost view: cost = -gain, and a row may stay alone for 0. With dual variables u
 * (rows) and v (columns, <= 0), every pair's slack cost - u - v is >= 0 and that of an
 * assigned pair is 0. Each row in turn searches, as Dijkstra does, for the cheapest way to a
 * free column or to a row that gives up its column and stays alone; the duals then move so
 * that the slack of the found path is 0. A row once alone is never reached again: only its
 * column could lead there. */
#include "tools/track/assign.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"

typedef struct solver {
    const gd_pairs *p;
    bool            must; /* no row may stay alone */
    int            *column_of, *row_of;
    double         *u, *v;
    double         *distance; /* of each column from the row that searches */
    int            *before;   /* the row through which a column was reached */
    int            *stack;    /* columns reached: [0, n_done) settled, [n_done, n_seen) not */
    int            *settled;  /* the last row whose search settled the column */
    int             n_done, n_seen;
} solver;

static gd_status make_room(gd_assign_room *room, int rows, int columns, solver *s,
                           gd_error *err) {
    const size_t r = (size_t)rows, c = (size_t)columns;
    const size_t need = r * sizeof(double) + c * (2 * sizeof(double) + 4 * sizeof(int));
    if (need > room->size) {
        gd_assign_room_free(room);
        room->data = gd_mem_get(need);
        if (!room->data)
            return gd_fail(err, GD_ERR_NOMEM, "no memory to assign %d rows to %d columns", rows,
                           columns);
        room->size = need;
    }
    s->u = room->data;
    s->v = s->u + r;
    s->distance = s->v + c;
    s->row_of = (int *)(s->distance + c);
    s->before = s->row_of + c;
    s->stack = s->before + c;
    s->settled = s->stack + c;
    return GD_OK;
}

void gd_assign_room_free(gd_assign_room *room) {
    gd_mem_put(room->data);
    *room = (gd_assign_room){0};
}

/* Duals that fit, and the pairs that are best for their row while their column is free. */
static void start(solver *s) {
    const gd_pairs *p = s->p;
    for (int j = 0; j < p->n_columns; j++) {
        s->v[j] = 0;
        s->row_of[j] = s->settled[j] = -1;
        s->distance[j] = INFINITY;
    }
    for (int i = 0; i < p->n_rows; i++) {
        double best = s->must ? INFINITY : 0;
        int    at = -1;
        for (int e = p->first[i]; e < p->first[i + 1]; e++)
            if (-p->gain[e] < best) {
                best = -p->gain[e];
                at = p->column[e];
            }
        s->u[i] = best;
        s->column_of[i] = -1;
        if (at >= 0 && s->row_of[at] < 0) {
            s->column_of[i] = at;
            s->row_of[at] = i;
        }
    }
}

/* Columns that row i reaches; `so_far` is the length of the path to i. Rounding may promise a
 * shorter way to a settled column: taking it would close a circle. */
static void reach(solver *s, int root, int i, double so_far) {
    const gd_pairs *p = s->p;
    for (int e = p->first[i]; e < p->first[i + 1]; e++) {
        const int    j = p->column[e];
        const double d = so_far - p->gain[e] - s->u[i] - s->v[j];
        if (!(d < s->distance[j]) || s->settled[j] == root) continue;
        if (s->distance[j] == INFINITY) s->stack[s->n_seen++] = j;
        s->distance[j] = d;
        s->before[j] = i;
    }
}

/* Moves the nearest column that is not settled to the settled ones; -1 if there is none. */
static int settle(solver *s, int root) {
    int best = s->n_done;
    if (s->n_done == s->n_seen) return -1;
    for (int k = s->n_done + 1; k < s->n_seen; k++) {
        const int    a = s->stack[k], b = s->stack[best];
        const double d = s->distance[a] - s->distance[b];
        if (d < 0 || (d == 0 && s->row_of[a] < 0 && s->row_of[b] >= 0)) best = k;
    }
    const int j = s->stack[best];
    s->stack[best] = s->stack[s->n_done];
    s->stack[s->n_done++] = j;
    s->settled[j] = root;
    return j;
}

/* Gives column j to the row it was reached through, that row's column to the one before, and
 * so on back to `root`. */
static void flip(solver *s, int root, int j) {
    for (;;) {
        const int i = s->before[j], next = s->column_of[i];
        s->row_of[j] = i;
        s->column_of[i] = j;
        if (i == root) return;
        j = next;
    }
}

static void search(solver *s, int root) {
    double so_far = 0, alone = INFINITY;
    int    i = root, last = root, end = -1, n_tree;
    s->n_done = s->n_seen = 0;
    for (;;) {
        if (!s->must && so_far - s->u[i] < alone) {
            alone = so_far - s->u[i];
            last = i;
        }
        reach(s, root, i, so_far);
        end = settle(s, root);
        if (end >= 0 && s->distance[end] > alone) {
            s->n_done--; /* it lies behind the end of the path */
            end = -1;
        }
        if (end < 0) break;
        so_far = s->distance[end];
        if (s->row_of[end] < 0) break;
        i = s->row_of[end];
    }
    if (end < 0) so_far = alone;
    n_tree = s->n_done - (end >= 0);
    s->u[root] += so_far;
    for (int k = 0; k < n_tree; k++) {
        const int j = s->stack[k];
        s->u[s->row_of[j]] += so_far - s->distance[j];
        s->v[j] -= so_far - s->distance[j];
    }
    if (end < 0 && last != root) {
        end = s->column_of[last];
        s->column_of[last] = -1;
    }
    if (end >= 0) flip(s, root, end);
    for (int k = 0; k < s->n_seen; k++) s->distance[s->stack[k]] = INFINITY;
}

static gd_status solve(const gd_pairs *p, bool must, gd_assign_room *room, int *column_of,
                       gd_error *err) {
    solver s = {.p = p, .must = must, .column_of = column_of};
    GD_TRY(make_room(room, p->n_rows, p->n_columns, &s, err));
    start(&s);
    for (int i = 0; i < p->n_rows; i++)
        if (column_of[i] < 0 && p->first[i] < p->first[i + 1]) search(&s, i);
    return GD_OK;
}

gd_status gd_assign(const gd_pairs *p, gd_assign_room *room, int *column_of, gd_error *err) {
    return solve(p, false, room, column_of, err);
}

/* ---- the full matrix --------------------------------------------------------------------- */

gd_status gd_assign_full(const double *cost, int n_rows, int n_columns, gd_assign_room *room,
                         int *column_of, gd_error *err) {
    const bool turned = n_rows > n_columns; /* every row of the smaller side finds a partner */
    const int  rows = turned ? n_columns : n_rows, columns = turned ? n_rows : n_columns;
    const size_t r = (size_t)rows, c = (size_t)columns;
    size_t       n, bytes;
    gd_status    st;
    char        *block;
    if (n_rows < 0 || n_columns < 0 || !gd_mul_size(r, c, &n) || n > INT32_MAX ||
        !gd_mul_size(n, sizeof(double) + sizeof(int), &bytes))
        return gd_fail(err, GD_ERR_ARG, "a matrix of %d x %d costs cannot be assigned", n_rows,
                       n_columns);
    for (int i = 0; i < n_rows; i++) column_of[i] = -1;
    if (n == 0) return GD_OK;
    block = gd_mem_get(bytes + (2 * r + 1) * sizeof(int));
    if (!block)
        return gd_fail(err, GD_ERR_NOMEM, "no memory to assign %d rows to %d columns", n_rows,
                       n_columns);
    double *gain = (double *)block;
    int    *column = (int *)(gain + n), *first = column + n, *partner = first + r + 1;
    for (size_t i = 0; i <= r; i++) first[i] = (int)(i * c);
    for (size_t e = 0; e < n; e++) {
        const size_t i = e / c, j = e % c;
        column[e] = (int)j;
        gain[e] = -cost[turned ? j * r + i : e];
    }
    const gd_pairs p = {rows, columns, first, column, gain};
    GD_GO(solve(&p, true, room, partner, err));
    for (int i = 0; i < rows; i++) {
        if (turned)
            column_of[partner[i]] = i;
        else
            column_of[i] = partner[i];
    }
done:
    gd_mem_put(block);
    return st;
}
