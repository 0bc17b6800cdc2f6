/* overlay.c -- trails and frame rate of a video, and the snapshots that are drawn; see
 * overlay.h. */
#include "tools/draw/overlay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/draw/canvas.h"

enum { TABLE = 2 * GD_TRAIL_TRACKS }; /* a power of two: half empty at the fullest */

/* The last positions of one track, in a ring of opt.trails points. */
typedef struct trail {
    int64_t  id, seen; /* seen: number of the frame */
    int      n, head;  /* head: where the next point goes */
    gd_color color;
} trail;

struct gd_overlay {
    gd_overlay_options opt;
    int64_t            frame;
    double             time[GD_RATE_FRAMES + 1]; /* ring */
    int                n_times, time_at;
    int                n; /* trails[0 .. n) live, in any order */
    trail              trails[GD_TRAIL_TRACKS];
    short              table[TABLE]; /* open addressing: index of a trail, or -1 */
    float             *points;       /* [GD_TRAIL_TRACKS][opt.trails][2] */
};

/* ---- opening ----------------------------------------------------------------------------- */

gd_status gd_overlay_open(const gd_overlay_options *opt, gd_overlay **out, gd_error *err) {
    *out = NULL;
    if (opt->trails < 0 || opt->trails > GD_TRAIL_MOST || opt->max_age < 0)
        return gd_fail(err, GD_ERR_ARG,
                       "%d positions a trail (0 to %d) kept for %d frames cannot be drawn",
                       opt->trails, GD_TRAIL_MOST, opt->max_age);
    gd_overlay *o = gd_mem_get_zero(sizeof *o);
    float      *points =
        gd_mem_array((size_t)GD_TRAIL_TRACKS * (size_t)opt->trails, 2 * sizeof *points);
    if (!o || !points) {
        gd_mem_put(o);
        gd_mem_put(points);
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d trails of %d positions",
                       (int)GD_TRAIL_TRACKS, opt->trails);
    }
    o->opt = *opt;
    if (o->opt.max_age == 0) o->opt.max_age = 30;
    o->points = points;
    gd_overlay_reset(o);
    *out = o;
    return GD_OK;
}

void gd_overlay_close(gd_overlay *o) {
    if (!o) return;
    gd_mem_put(o->points);
    gd_mem_put(o);
}

void gd_overlay_reset(gd_overlay *o) {
    o->frame = 0;
    o->n_times = o->time_at = o->n = 0;
    memset(o->table, -1, sizeof o->table);
}

/* ---- trails by track id ------------------------------------------------------------------ */

/* Where probing for an id begins (Fibonacci hashing: ids are mostly consecutive). */
static unsigned home(int64_t id) {
    return (unsigned)((uint64_t)id * 0x9e3779b97f4a7c15u >> 32) & (TABLE - 1);
}

/* The entry that holds `id`, or the empty one where it would go. */
static unsigned probe(const gd_overlay *o, int64_t id) {
    unsigned at = home(id);
    while (o->table[at] >= 0 && o->trails[o->table[at]].id != id) at = (at + 1) & (TABLE - 1);
    return at;
}

/* Empties an entry; those behind it move up where the gap would end their probing. */
static void vacate(gd_overlay *o, unsigned gap) {
    for (unsigned at = (gap + 1) & (TABLE - 1); o->table[at] >= 0;
         at = (at + 1) & (TABLE - 1)) {
        const unsigned want = home(o->trails[o->table[at]].id);
        if (((at - want) & (TABLE - 1)) < ((at - gap) & (TABLE - 1))) continue;
        o->table[gap] = o->table[at];
        gap = at;
    }
    o->table[gap] = -1;
}

static float *points_of(const gd_overlay *o, int i) {
    return o->points + 2 * (size_t)i * (size_t)o->opt.trails;
}

/* The last trail takes the place of the one that ends. */
static void end_trail(gd_overlay *o, int i) {
    const int last = --o->n;
    vacate(o, probe(o, o->trails[i].id));
    if (i == last) return;
    const unsigned at = probe(o, o->trails[last].id);
    o->trails[i] = o->trails[last];
    memcpy(points_of(o, i), points_of(o, last), 2 * sizeof(float) * (size_t)o->opt.trails);
    o->table[at] = (short)i;
}

void gd_overlay_forget(gd_overlay *o, int64_t id) {
    const unsigned at = probe(o, id);
    if (o->table[at] >= 0) end_trail(o, o->table[at]);
}

static void end_old(gd_overlay *o) {
    for (int i = o->n - 1; i >= 0; i--)
        if (o->frame - o->trails[i].seen > o->opt.max_age) end_trail(o, i);
}

/* Room for one more trail; false when every trail is of this frame. */
static bool make_room(gd_overlay *o) {
    int oldest = 0;
    if (o->n < GD_TRAIL_TRACKS) return true;
    for (int i = 1; i < o->n; i++)
        if (o->trails[i].seen < o->trails[oldest].seen) oldest = i;
    if (o->trails[oldest].seen == o->frame) return false;
    end_trail(o, oldest);
    return true;
}

/* The middle of the box becomes the newest position of its track. */
static void extend(gd_overlay *o, const gd_draw_item *item) {
    const float *b = item->det.box;
    const float  x = 0.5f * (b[0] + b[2]), y = 0.5f * (b[1] + b[3]);
    if (item->id < 0 || !isfinite(x) || !isfinite(y)) return;
    unsigned at = probe(o, item->id);
    if (o->table[at] < 0) {
        if (!make_room(o)) return;
        at = probe(o, item->id); /* entries may have moved */
        o->trails[o->n] = (trail){.id = item->id, .seen = -1};
        o->table[at] = (short)o->n++;
    }
    trail *t = &o->trails[o->table[at]];
    float *p = points_of(o, o->table[at]) + 2 * t->head;
    if (t->seen == o->frame) return; /* the better of two detections of one track counts */
    t->seen = o->frame;
    t->color = gd_item_color(item, &o->opt.style);
    p[0] = x;
    p[1] = y;
    t->head = (t->head + 1) % o->opt.trails;
    if (t->n < o->opt.trails) t->n++;
}

/* ---- the rate ---------------------------------------------------------------------------- */

static void take_time(gd_overlay *o, double now) {
    if (!isfinite(now)) return;
    o->time[o->time_at] = now;
    o->time_at = (o->time_at + 1) % (GD_RATE_FRAMES + 1);
    if (o->n_times <= GD_RATE_FRAMES) o->n_times++;
}

double gd_overlay_fps(const gd_overlay *o) {
    const int ring = GD_RATE_FRAMES + 1;
    if (o->n_times < 2) return -1;
    const double last = o->time[(o->time_at + ring - 1) % ring];
    const double first = o->time[(o->time_at + ring - o->n_times) % ring];
    return last > first ? (o->n_times - 1) / (last - first) : -1;
}

/* ---- one frame --------------------------------------------------------------------------- */

/* `n` elements in an array of `room`; doubling, so that a run soon stops growing. */
static void *grow(void *p, int *room, int n, size_t size, gd_status *st) {
    int more = *room > 0 ? *room : 16;
    if (n <= *room || *st != GD_OK) return p;
    while (more < n) more *= 2;
    void *q = gd_mem_array((size_t)more, size);
    if (!q) {
        *st = GD_ERR_NOMEM;
        return p;
    }
    gd_mem_put(p);
    *room = more;
    return q;
}

static gd_status reserve(gd_overlay_look *look, int n_items, int n_pieces, gd_error *err) {
    gd_status st = GD_OK;
    int       mark_room = look->item_room;
    look->marks = grow(look->marks, &mark_room, n_items, sizeof *look->marks, &st);
    /* Marks may have more room than items after a failure, never less. */
    look->items = grow(look->items, &look->item_room, n_items, sizeof *look->items, &st);
    look->pieces = grow(look->pieces, &look->piece_room, n_pieces, sizeof *look->pieces, &st);
    if (st == GD_OK) return GD_OK;
    return gd_fail(err, st, "no memory to draw %d detections and %d positions of trails",
                   n_items, n_pieces);
}

static void fill_item(const gd_overlay *o, gd_draw_item *item, const gd_overlay_input *in,
                      int i) {
    const int  class_id = in->detections[i].class_id;
    const bool named = o->opt.names && class_id >= 0 && class_id < o->opt.n_names;
    item->det = in->detections[i];
    item->id = in->ids ? in->ids[i] : -1;
    item->name = named ? o->opt.names[class_id] : NULL;
    snprintf(item->sub, sizeof item->sub, "%s", in->subs && in->subs[i] ? in->subs[i] : "");
}

/* From the oldest position to the newest, growing wider. */
static void show_trail(const gd_overlay *o, gd_overlay_look *look, int i) {
    const trail *t = &o->trails[i];
    const int    ring = o->opt.trails;
    for (int k = 0; k < t->n; k++) {
        const float *p = points_of(o, i) + 2 * ((t->head + ring - t->n + k) % ring);
        look->pieces[look->n_pieces++] =
            (struct gd_trail_piece){.x = p[0],
                                    .y = p[1],
                                    .first = k == 0,
                                    .color = t->color,
                                    .width = 0.4f + 0.6f * (float)(k + 1) / (float)t->n};
    }
}

gd_status gd_overlay_take(gd_overlay *o, gd_overlay_look *look, const gd_overlay_input *in,
                          gd_error *err) {
    int pieces = 0;
    look->n_items = look->n_pieces = 0;
    look->fps = -1;
    look->style = o->opt.style;
    if (in->n < 0 || (in->n > 0 && !in->detections))
        return gd_fail(err, GD_ERR_ARG, "%d detections at %p cannot be drawn", in->n,
                       (const void *)in->detections);
    for (int i = 0; i < o->n && o->opt.trails > 0; i++) pieces += o->trails[i].n;
    GD_TRY(reserve(look, in->n, pieces + (o->opt.trails > 0 && in->ids ? in->n : 0), err));
    o->frame++;
    take_time(o, in->now);
    for (int i = 0; i < in->n; i++) fill_item(o, &look->items[i], in, i);
    look->n_items = in->n;
    if (o->opt.show_fps) look->fps = gd_overlay_fps(o);
    if (o->opt.trails == 0) return GD_OK;
    end_old(o);
    for (int i = 0; i < in->n; i++) extend(o, &look->items[i]);
    for (int i = 0; i < o->n; i++) show_trail(o, look, i);
    return GD_OK;
}

gd_status gd_overlay_draw(const gd_overlay_look *look, const gd_canvas *c, gd_error *err) {
    char text[32];
    GD_TRY(gd_canvas_check(c, err));
    const float width = (float)gd_style_line_width(c, &look->style);
    for (int i = 0; i < look->n_pieces; i++) {
        const struct gd_trail_piece *p = &look->pieces[i];
        const struct gd_trail_piece *from = p->first ? p : p - 1;
        gd_draw_line(c, from->x, from->y, p->x, p->y, fmaxf(1, width * p->width), p->color);
    }
    GD_TRY(gd_draw_items(c, look->items, look->n_items, look->marks, &look->style, err));
    if (!(look->fps >= 0)) return GD_OK;
    /* Tenths as integers: the decimal mark is a point under every locale. */
    const long tenths = lrint(10 * fmin(look->fps, 99999));
    snprintf(text, sizeof text, "%ld.%ld FPS", tenths / 10, tenths % 10);
    return gd_draw_caption(c, text, &look->style, err);
}

void gd_overlay_look_free(gd_overlay_look *look) {
    gd_mem_put(look->items);
    gd_mem_put(look->marks);
    gd_mem_put(look->pieces);
    memset(look, 0, sizeof *look);
}
