/* pairs.c -- see pairs.h.
 *
 * Both sets are sorted by their left edges and met in one order. A box is compared with
 * those of the other set whose right edge has not been passed: for objects spread over a
 * picture that is a narrow strip of it. */
#include "tools/track/pairs.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"

typedef struct gd_pair {
    int    row, column;
    double gain;
} gd_pair;

typedef struct edge {
    double x;
    int    box;
} edge;

typedef struct side {
    const gd_pair_box *box;
    edge              *order; /* by left edge */
    int               *open;  /* met, and perhaps not yet passed */
    int                n, at, n_open;
} side;

typedef struct rule {
    double least, base;
} rule;

void gd_pair_room_free(gd_pair_room *room) {
    gd_mem_put(room->found);
    gd_mem_put(room->sweep);
    gd_mem_put(room->table);
    *room = (gd_pair_room){0};
}

static bool grow_to(void **p, size_t *size, size_t need) {
    if (need <= *size) return true;
    gd_mem_put(*p);
    *size = 0;
    *p = gd_mem_get(need + need / 2);
    if (*p) *size = need + need / 2;
    return *p != NULL;
}

double gd_box_iou(const gd_pair_box *a, const gd_pair_box *b) {
    const double w = fmin(a->x2, b->x2) - fmax(a->x1, b->x1);
    const double h = fmin(a->y2, b->y2) - fmax(a->y1, b->y1);
    if (!(w > 0 && h > 0)) return 0;
    const double area_a = (a->x2 - a->x1) * (a->y2 - a->y1);
    const double area_b = (b->x2 - b->x1) * (b->y2 - b->y1);
    return w * h / (area_a + area_b - w * h);
}

static int by_left(const void *a, const void *b) {
    const edge *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    return (p->box > q->box) - (p->box < q->box);
}

static void sort_side(side *s) {
    for (int i = 0; i < s->n; i++) s->order[i] = (edge){s->box[i].x1, i};
    qsort(s->order, (size_t)s->n, sizeof *s->order, by_left);
}

static gd_status add(gd_pair_room *room, int row, int column, double gain, gd_error *err) {
    if (room->n == room->room) {
        const size_t more = room->room ? 2 * room->room : 1024;
        gd_pair     *p;
        if (room->n >= GD_PAIRS_MAX)
            return gd_fail(err, GD_ERR_UNSUPPORTED,
                           "more than %d pairs of boxes overlap in one frame", GD_PAIRS_MAX);
        p = gd_mem_grow(room->found, room->n * sizeof *p, more * sizeof *p);
        if (!p)
            return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu pairs of boxes that overlap",
                           more);
        room->found = p;
        room->room = more;
    }
    room->found[room->n++] = (gd_pair){row, column, gain};
    return GD_OK;
}

/* Meets box i of `mine`: compares it with what is open on the other side, and opens it. */
static gd_status meet(side *mine, side *other, bool mine_is_row, const rule *r,
                      gd_pair_room *room, gd_error *err) {
    const int          i = mine->order[mine->at++].box;
    const gd_pair_box *a = &mine->box[i];
    int                kept = 0;
    gd_status          st = GD_OK;
    for (int k = 0; k < other->n_open; k++) {
        const int          j = other->open[k];
        const gd_pair_box *b = &other->box[j];
        if (!(b->x2 > a->x1)) continue; /* passed for good */
        other->open[kept++] = j;
        if (st != GD_OK || a->class_id != b->class_id || !(a->y1 < b->y2 && b->y1 < a->y2))
            continue;
        const double like = gd_box_iou(a, b) * a->weight * b->weight;
        if (like > 0 && like >= r->least)
            st = add(room, mine_is_row ? i : j, mine_is_row ? j : i, like - r->base, err);
    }
    other->n_open = kept;
    if (a->x2 > a->x1) mine->open[mine->n_open++] = i;
    return st;
}

/* Two stable counting sorts: by column, then by row. */
static gd_status table(gd_pair_room *room, int n_rows, int n_columns, gd_pairs *out,
                       gd_error *err) {
    const size_t n = room->n, span = (size_t)(n_rows > n_columns ? n_rows : n_columns) + 1;
    const size_t need = n * (sizeof(double) + 2 * sizeof(int)) + 2 * span * sizeof(int);
    if (!grow_to(&room->table, &room->table_size, need))
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu pairs of boxes that overlap", n);
    double *gain = room->table;
    int    *column = (int *)(gain + n), *order = column + n, *first = order + n;
    int    *at = first + span;
    memset(first, 0, 2 * span * sizeof *first);
    for (size_t k = 0; k < n; k++) at[room->found[k].column + 1]++;
    for (int j = 1; j <= n_columns; j++) at[j] += at[j - 1];
    for (size_t k = 0; k < n; k++) order[at[room->found[k].column]++] = (int)k;
    for (size_t k = 0; k < n; k++) first[room->found[k].row + 1]++;
    for (int i = 0; i < n_rows; i++) first[i + 1] += first[i];
    memcpy(at, first, (size_t)n_rows * sizeof *at);
    for (size_t k = 0; k < n; k++) {
        const gd_pair *p = &room->found[order[k]];
        column[at[p->row]] = p->column;
        gain[at[p->row]++] = p->gain;
    }
    *out = (gd_pairs){n_rows, n_columns, first, column, gain};
    return GD_OK;
}

gd_status gd_pairs_find(const gd_pair_box *rows, int n_rows, const gd_pair_box *columns,
                        int n_columns, double least, double base, gd_pair_room *room,
                        gd_pairs *out, gd_error *err) {
    const size_t n = (size_t)n_rows + (size_t)n_columns;
    const rule   r = {least, base};
    if (!grow_to(&room->sweep, &room->sweep_size, n * (sizeof(edge) + sizeof(int)) + 64))
        return gd_fail(err, GD_ERR_NOMEM, "no memory to compare %d boxes with %d", n_rows,
                       n_columns);
    edge *order = room->sweep;
    int  *open = (int *)(order + n);
    side  a = {.box = rows, .order = order, .open = open, .n = n_rows};
    side  b = {.box = columns, .order = order + n_rows, .open = open + n_rows, .n = n_columns};
    sort_side(&a);
    sort_side(&b);
    room->n = 0;
    while (a.at < a.n || b.at < b.n) {
        if (b.at == b.n || (a.at < a.n && a.order[a.at].x <= b.order[b.at].x))
            GD_TRY(meet(&a, &b, true, &r, room, err));
        else
            GD_TRY(meet(&b, &a, false, &r, room, err));
    }
    return table(room, n_rows, n_columns, out, err);
}
