/* summary.c -- counts and latencies of a whole run in constant memory; see record.h. */
#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/output/record.h"

/* Bin i holds the latencies from FIRST * STEP^i milliseconds on: 1 us to 6 hours. */
static const double FIRST = 1e-3, STEP = 1.01;

gd_status gd_summary_init(gd_summary *s, const gd_run_info *info, gd_error *err) {
    memset(s, 0, sizeof *s);
    if (info->n_classes < 0)
        return gd_fail(err, GD_ERR_ARG, "%d classes cannot be counted", info->n_classes);
    s->class_count = gd_mem_array((size_t)info->n_classes, sizeof *s->class_count);
    if (!s->class_count)
        return gd_fail(err, GD_ERR_NOMEM, "no memory to count %d classes", info->n_classes);
    s->n_classes = info->n_classes;
    s->video = GD_SUMMARY_VIDEO_UNKNOWN;
    return GD_OK;
}

void gd_summary_free(gd_summary *s) {
    for (int i = 0; i < s->n_errors; i++) {
        gd_mem_put(s->errors[i].source);
        gd_mem_put(s->errors[i].message);
    }
    gd_mem_put(s->errors);
    gd_mem_put(s->class_count);
    gd_mem_put(s->pages);
    memset(s, 0, sizeof *s);
}

static gd_status keep_error(gd_summary *s, const gd_record *r, gd_error *err) {
    s->failed++;
    if (s->n_errors == GD_ERRORS_KEPT) return GD_OK;
    if (s->n_errors == s->error_room) {
        int   room = s->error_room ? 2 * s->error_room : 16;
        void *p = gd_mem_array((size_t)room, sizeof *s->errors);
        if (!p) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d errors", room);
        if (s->n_errors) memcpy(p, s->errors, (size_t)s->n_errors * sizeof *s->errors);
        gd_mem_put(s->errors);
        s->errors = p;
        s->error_room = room;
    }
    gd_summary_error e = {.code = r->error->code};
    e.source = gd_mem_string(r->source ? r->source : "");
    e.message = gd_mem_string(r->error->msg);
    if (!e.source || !e.message) {
        gd_mem_put(e.source);
        gd_mem_put(e.message);
        return gd_fail(err, GD_ERR_NOMEM, "no memory to keep an error");
    }
    s->errors[s->n_errors++] = e;
    return GD_OK;
}

static void count_class(gd_summary *s, int class_id) {
    if (class_id >= 0 && class_id < s->n_classes) s->class_count[class_id]++;
}

static void count_time(gd_summary_time *t, double ms) {
    if (!(ms >= 0) || !isfinite(ms)) return;
    t->n++;
    t->sum += ms;
    t->max = fmax(t->max, ms);
}

static void count_latency(gd_summary *s, const gd_record *r) {
    double part[GD_TIMING_PARTS], ms = 0;
    int    known = 0;
    gd_timing_parts(&r->ms, part);
    for (int i = 0; i < GD_TIMING_PARTS; i++) {
        count_time(&s->part[i], part[i]);
        if (part[i] >= 0) ms += part[i], known++;
    }
    if (r->latency_ms >= 0) ms = r->latency_ms, known++;
    if (!known || !isfinite(ms)) return;
    double at = ms > FIRST ? floor(log(ms / FIRST) / log(STEP)) : 0;
    s->bin[at < GD_LATENCY_BINS ? (int)at : GD_LATENCY_BINS - 1]++;
    s->timed++;
    s->latency_sum += ms;
    s->latency_max = fmax(s->latency_max, ms);
}

/* ---- different tracks -------------------------------------------------------------------- */

/* Trackers count ids up from one, so a bit for each of 64 neighbours is what few bytes hold. */
struct gd_track_page {
    uint64_t source; /* hash of its name */
    int64_t  number; /* id / 64 */
    uint64_t seen;   /* 0: an empty entry */
};
/* 16 million ids; beyond that the table starts anew and the count goes on. */
enum { PAGES_MOST = 1 << 18 };

/* FNV-1a. */
static uint64_t hash_name(const char *name) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++) h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return h;
}

/* The entry of the page, or the empty one where it would go. `room` is a power of two. */
static struct gd_track_page *find_page(struct gd_track_page *pages, int room, uint64_t source,
                                       int64_t number) {
    uint64_t at = (source ^ (uint64_t)number * 0x9e3779b97f4a7c15u) >> 20;
    for (;; at++) {
        struct gd_track_page *p = &pages[at & (uint64_t)(room - 1)];
        if (!p->seen || (p->source == source && p->number == number)) return p;
    }
}

/* Keeps a quarter of the table empty. */
static gd_status grow_pages(gd_summary *s, gd_error *err) {
    const int             room = s->page_room ? 2 * s->page_room : 64;
    struct gd_track_page *pages;
    if (4 * (s->n_pages + 1) <= 3 * s->page_room) return GD_OK;
    if (room > PAGES_MOST) {
        memset(s->pages, 0, (size_t)s->page_room * sizeof *s->pages);
        s->n_pages = 0;
        return GD_OK;
    }
    pages = gd_mem_array((size_t)room, sizeof *pages);
    if (!pages) return gd_fail(err, GD_ERR_NOMEM, "no memory to count %d tracks", 64 * room);
    for (int i = 0; i < s->page_room; i++) {
        const struct gd_track_page *p = &s->pages[i];
        if (p->seen) *find_page(pages, room, p->source, p->number) = *p;
    }
    gd_mem_put(s->pages);
    s->pages = pages;
    s->page_room = room;
    return GD_OK;
}

static gd_status count_tracks(gd_summary *s, const gd_record *r, gd_error *err) {
    if (!r->track_ids) return GD_OK;
    const uint64_t source = hash_name(r->source ? r->source : "");
    s->tracked = true;
    for (int i = 0; i < r->n_detections; i++) {
        if (r->track_ids[i] < 0) continue;
        GD_TRY(grow_pages(s, err));
        const int64_t         number = r->track_ids[i] / 64;
        const uint64_t        bit = (uint64_t)1 << r->track_ids[i] % 64;
        struct gd_track_page *p = find_page(s->pages, s->page_room, source, number);
        if (!p->seen) {
            *p = (struct gd_track_page){.source = source, .number = number};
            s->n_pages++;
        }
        if (!(p->seen & bit)) s->tracks++;
        p->seen |= bit;
    }
    return GD_OK;
}

gd_status gd_summary_add(gd_summary *s, const gd_record *r, gd_error *err) {
    if (r->error) return keep_error(s, r, err);
    GD_TRY(count_tracks(s, r, err));
    s->frames++;
    s->detections += r->n_detections;
    s->hit_frames += r->n_detections > 0;
    s->dropped += r->n_dropped;
    for (int i = 0; i < r->n_detections; i++) count_class(s, r->detections[i].class_id);
    if (r->n_classes > 0) count_class(s, r->classes[0].class_id);
    for (int i = 0; r->map_count && i < r->map_classes && i < s->n_classes; i++)
        s->class_count[i] += r->map_count[i];
    count_latency(s, r);
    count_time(&s->age, r->age_ms);
    return GD_OK;
}

double gd_summary_latency(const gd_summary *s, double q) {
    double want = fmax(1, ceil(q * (double)s->timed)), seen = 0;
    int    i = 0;
    if (s->timed == 0) return -1;
    while (i < GD_LATENCY_BINS - 1 && (seen += s->bin[i]) < want) i++;
    return fmin(FIRST * pow(STEP, i + 0.5), s->latency_max);
}
