/* state.c -- a tracker as JSON and back, bit for bit; see track.h.
 *
 *     {"v":1,"type":"gdrun.tracker","tracker":"sort","frame":412,"clock":13.7,"next_id":9,
 *      "tracks":[
 *     {"id":7,"hits":3,...,"box":[4 numbers],"axes":[20 numbers]}]}
 *
 * Members come in any order, each exactly once; nothing else is accepted. Reading is a small
 * machine over the events of the parser: no tree, and nothing is allocated that the file does
 * not hold text for. */
#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/cli/number.h"
#include "tools/output/json_scan.h"
#include "tools/output/sink.h"
#include "tools/track/track_impl.h"

enum { MAX_BYTES = 256 << 20, MAX_TRACKS = GD_TRACK_MAX_LOST + GD_TRACK_MAX_DETECTIONS };
/* Far beyond what boxes within 1e7 pixels and 1e9 frames lead to, and far from overflow. */
#define MAX_REAL 1e60

/* What a track consists of, for the writer and the reader. */
typedef enum field_kind { INTEGER, CLASS, BOOLEAN, SCORE, REALS } field_kind;

typedef struct field {
    const char *name;
    field_kind  kind;
    size_t      at; /* in gd_object */
    int64_t     low, high;
    int         n; /* REALS: how many */
} field;

#define AT(member) offsetof(gd_object, member)
static const field fields[] = {
    {"id", INTEGER, AT(id), 0, GD_TRACK_MAX_ID, 1},
    {"hits", INTEGER, AT(hits), 1, GD_TRACK_MAX_ID, 1},
    {"age", INTEGER, AT(age), 1, GD_TRACK_MAX_ID, 1},
    {"missed", INTEGER, AT(missed), 0, GD_TRACK_MAX_ID, 1},
    {"streak", INTEGER, AT(streak), 0, GD_TRACK_MAX_ID, 1},
    {"confirmed", BOOLEAN, AT(confirmed), 0, 1, 1},
    {"class_id", CLASS, AT(class_id), INT32_MIN, INT32_MAX, 1},
    {"score", SCORE, AT(score), 0, 0, 1},
    {"seen", REALS, AT(seen), 0, 0, 1},
    {"box", REALS, AT(box), 0, 0, 4},
    {"axes", REALS, AT(axis), 0, 0, 20},
};
enum { N_FIELDS = sizeof fields / sizeof *fields };
static_assert(sizeof(gd_axis) == 5 * sizeof(double), "the axes are twenty numbers in a row");

static const char *const heads[] = {"v",     "type",    "tracker", "frame",
                                    "clock", "next_id", "tracks"};
enum { VERSION, TYPE, TRACKER, FRAME, CLOCK, NEXT_ID, TRACKS, N_HEADS };

/* ---- writing ----------------------------------------------------------------------------- */

/* Seventeen digits give every double back; whatever the locale's mark, a point is written. */
static void put_real(gd_buffer *b, double v) {
    char text[40];
    bool real = false;
    snprintf(text, sizeof text, "%.17g", v);
    for (char *p = text; *p; p++) {
        if ((*p < '0' || *p > '9') && *p != '-' && *p != '+' && *p != 'e') *p = '.';
        real = real || *p == '.' || *p == 'e';
    }
    gd_put(b, text);
    if (!real) gd_put(b, ".0");
}

static void put_track(gd_buffer *b, const gd_object *o) {
    for (int f = 0; f < N_FIELDS; f++) {
        const char *p = (const char *)o + fields[f].at;
        gd_put(b, f ? ",\"" : "{\"");
        gd_put(b, fields[f].name);
        gd_put(b, "\":");
        switch (fields[f].kind) {
        case INTEGER: gd_put_int(b, *(const int64_t *)p); break;
        case CLASS: gd_put_int(b, *(const int32_t *)p); break;
        case BOOLEAN: gd_put(b, *(const bool *)p ? "true" : "false"); break;
        case SCORE: put_real(b, (double)*(const float *)p); break;
        case REALS:
            if (fields[f].n > 1) gd_put(b, "[");
            for (int k = 0; k < fields[f].n; k++) {
                if (k) gd_put(b, ",");
                put_real(b, ((const double *)p)[k]);
            }
            if (fields[f].n > 1) gd_put(b, "]");
            break;
        }
    }
    gd_put(b, "}");
}

gd_status gd_tracker_save(const gd_tracker *t, const char *path, bool replace, gd_error *err) {
    gd_sink    s = GD_SINK_NONE;
    gd_buffer *b = &s.text;
    gd_status  st;
    GD_TRY(gd_sink_open(&s, path, replace, err));
    gd_put(b, "{\"v\":1,\"type\":\"gdrun.tracker\",\"tracker\":\"");
    gd_put(b, gd_tracker_kind_name(t->opt.kind));
    gd_put(b, "\",\"frame\":");
    gd_put_int(b, t->frame);
    gd_put(b, ",\"clock\":");
    put_real(b, t->clock);
    gd_put(b, ",\"next_id\":");
    gd_put_int(b, t->next_id);
    gd_put(b, ",\"tracks\":[");
    for (int i = 0; i < t->n_now; i++) {
        gd_put(b, i ? ",\n" : "\n");
        put_track(b, &t->now[i]);
        GD_GO(gd_sink_flush(&s, err));
    }
    gd_put(b, "]}\n");
    GD_GO(gd_sink_commit(&s, err));
done:
    gd_sink_abort(&s);
    return st;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* Where in the text the machine is. */
typedef enum place { OUTSIDE, HEAD, LIST, TRACK, NUMBERS, END } place;

typedef struct reader {
    const gd_tracker *t;
    gd_error         *err;
    gd_status         st;
    const char       *path;
    place             at;
    int               head, field; /* the member whose value is due, or -1 */
    int               number;      /* NUMBERS: how many were read */
    unsigned          heads_seen, fields_seen;
    int64_t           frame, next_id;
    double            clock;
    gd_object        *track;
    int               n, room;
} reader;

/* Ends the scan (a callback returns 0). */
static int bad(reader *r, const char *what) {
    r->st = gd_fail_code(r->err, GD_ERR_FORMAT, 399, "%s: track %d: %s", r->path, r->n, what);
    return 0;
}

static int is(const unsigned char *s, size_t n, const char *text) {
    return strlen(text) == n && memcmp(s, text, n) == 0;
}

static gd_object *current(reader *r) { return &r->track[r->n - 1]; }

/* Stores one number of the field that is due. */
static int take_real(reader *r, double v) {
    const field *f = &fields[r->field];
    char        *p = (char *)current(r) + f->at;
    if (!(fabs(v) <= MAX_REAL)) return bad(r, "a number that no track can have");
    if (f->kind == SCORE) {
        if (!(fabs(v) <= (double)FLT_MAX)) return bad(r, "a score that is no float");
        *(float *)p = (float)v;
    } else {
        ((double *)p)[r->number] = v;
    }
    return 1;
}

static int take_integer(reader *r, int64_t v) {
    const field *f = &fields[r->field];
    char        *p = (char *)current(r) + f->at;
    if (v < f->low || v > f->high) return bad(r, "a number outside its range");
    if (f->kind == CLASS)
        *(int32_t *)p = (int32_t)v;
    else
        *(int64_t *)p = v;
    return 1;
}

static int head_number(reader *r, const char *text) {
    int64_t *whole = r->head == FRAME ? &r->frame : &r->next_id, v;
    double   real;
    if (r->head == CLOCK) {
        if (!gd_number_real(text, &real) || real < -1 || real > 1e9)
            return bad(r, "a clock that is no time");
        r->clock = real;
    } else if (r->head == VERSION) {
        if (!gd_number_int(text, &v) || v != 1) return bad(r, "a version that is not read");
    } else if (r->head == FRAME || r->head == NEXT_ID) {
        if (!gd_number_int(text, &v) || v < 0 || v > GD_TRACK_MAX_ID + 1)
            return bad(r, "frame or next_id is outside its range");
        *whole = v;
    } else {
        return bad(r, "a number where none belongs");
    }
    r->head = -1;
    return 1;
}

static int on_number(void *ctx, const char *s, size_t n) {
    reader *r = ctx;
    char    text[48];
    int64_t whole;
    double  real;
    if (n >= sizeof text) return bad(r, "a number of more than 47 characters");
    memcpy(text, s, n);
    text[n] = '\0';
    if (r->at == HEAD && r->head >= 0) return head_number(r, text);
    if ((r->at != TRACK && r->at != NUMBERS) || r->field < 0)
        return bad(r, "a number where none belongs");
    const field *f = &fields[r->field];
    if (f->kind == INTEGER || f->kind == CLASS) {
        if (!gd_number_int(text, &whole)) return bad(r, "no whole number of 64 bits");
        if (!take_integer(r, whole)) return 0;
    } else if (f->kind == BOOLEAN || (f->n > 1) != (r->at == NUMBERS) || r->number >= f->n) {
        return bad(r, "a number where none belongs");
    } else {
        if (!gd_number_real(text, &real)) return bad(r, "no number");
        if (!take_real(r, real)) return 0;
        r->number++;
    }
    if (r->at == TRACK) r->field = -1;
    return 1;
}

static int on_boolean(void *ctx, int v) {
    reader *r = ctx;
    if (r->at != TRACK || r->field < 0 || fields[r->field].kind != BOOLEAN)
        return bad(r, "true or false where none belongs");
    *(bool *)((char *)current(r) + fields[r->field].at) = v != 0;
    r->field = -1;
    return 1;
}

static int on_null(void *ctx) { return bad(ctx, "null, which nothing can be"); }

static int on_string(void *ctx, const unsigned char *s, size_t n) {
    reader *r = ctx;
    if (r->at != HEAD || (r->head != TYPE && r->head != TRACKER))
        return bad(r, "a string where none belongs");
    if (r->head == TYPE && !is(s, n, "gdrun.tracker"))
        return bad(r, "the type is not gdrun.tracker");
    if (r->head == TRACKER && !is(s, n, gd_tracker_kind_name(r->t->opt.kind))) {
        bad(r, "it was saved by another kind of tracker");
        gd_error_hint(r->err, "this run uses --tracker %s",
                      gd_tracker_kind_name(r->t->opt.kind));
        return 0;
    }
    r->head = -1;
    return 1;
}

static int on_key(void *ctx, const unsigned char *s, size_t n) {
    reader *r = ctx;
    if (r->at == HEAD)
        for (int k = 0; k < N_HEADS; k++)
            if (is(s, n, heads[k])) {
                if (r->heads_seen >> k & 1) return bad(r, "a member that stands twice");
                r->heads_seen |= 1u << k;
                r->head = k;
                return 1;
            }
    if (r->at == TRACK)
        for (int k = 0; k < N_FIELDS; k++)
            if (is(s, n, fields[k].name)) {
                if (r->fields_seen >> k & 1) return bad(r, "a member that stands twice");
                r->fields_seen |= 1u << k;
                r->field = k;
                r->number = 0;
                return 1;
            }
    return bad(r, "a member of unknown name");
}

/* A track that begins: room for it, and nothing of it seen. */
static int begin_track(reader *r) {
    if (r->n == r->room) {
        const int  more = r->room ? 2 * r->room : 64;
        gd_object *p;
        if (r->n >= MAX_TRACKS) return bad(r, "more tracks than any tracker keeps");
        p = gd_mem_grow(r->track, (size_t)r->n * sizeof *p, (size_t)more * sizeof *p);
        if (!p) {
            r->st = gd_fail(r->err, GD_ERR_NOMEM, "%s: no memory for %d tracks", r->path, more);
            return 0;
        }
        r->track = p;
        r->room = more;
    }
    memset(&r->track[r->n++], 0, sizeof *r->track);
    r->at = TRACK;
    r->field = -1;
    r->fields_seen = 0;
    return 1;
}

static int on_object(void *ctx) {
    reader *r = ctx;
    if (r->at == LIST) return begin_track(r);
    if (r->at != OUTSIDE) return bad(r, "an object where none belongs");
    r->at = HEAD;
    return 1;
}

/* What holds for a covariance that a filter can go on with. */
static bool sound_axis(const gd_axis *a) {
    return a->pxx >= 0 && a->pvv >= 0 &&
           a->pxv * a->pxv <= a->pxx * a->pvv * (1 + 1e-9) + 1e-30;
}

/* Members that must fit each other. Tracks stand in the order of their ids. */
static int end_track(reader *r) {
    const gd_object *o = current(r);
    if (r->fields_seen != (1u << N_FIELDS) - 1) return bad(r, "a member is missing");
    if (o->missed >= o->age || o->hits > o->age - o->missed || o->streak >= o->hits + 1)
        return bad(r, "hits, age, missed and streak contradict each other");
    if (r->n > 1 && o->id <= o[-1].id) return bad(r, "ids that do not grow");
    for (int k = 0; k < 4; k++)
        if (!sound_axis(&o->axis[k])) return bad(r, "axes that are no covariance");
    r->at = LIST;
    return 1;
}

static int on_object_end(void *ctx) {
    reader *r = ctx;
    if (r->at == TRACK) return end_track(r);
    if (r->heads_seen != (1u << N_HEADS) - 1) return bad(r, "a member is missing");
    if (r->n > 0 && current(r)->id >= r->next_id)
        return bad(r, "an id that is yet to be given");
    r->at = END;
    return 1;
}

static int on_array(void *ctx) {
    reader *r = ctx;
    if (r->at == HEAD && r->head == TRACKS) {
        r->at = LIST;
    } else if (r->at == TRACK && r->field >= 0 && fields[r->field].n > 1) {
        r->at = NUMBERS;
    } else {
        return bad(r, "an array where none belongs");
    }
    return 1;
}

static int on_array_end(void *ctx) {
    reader *r = ctx;
    if (r->at == NUMBERS) {
        if (r->number != fields[r->field].n) return bad(r, "an array that is too short");
        r->at = TRACK;
        r->field = -1;
    } else {
        r->at = HEAD;
        r->head = -1;
    }
    return 1;
}

static const yajl_callbacks calls = {.yajl_null = on_null,
                                     .yajl_boolean = on_boolean,
                                     .yajl_number = on_number,
                                     .yajl_string = on_string,
                                     .yajl_start_map = on_object,
                                     .yajl_map_key = on_key,
                                     .yajl_end_map = on_object_end,
                                     .yajl_start_array = on_array,
                                     .yajl_end_array = on_array_end};

static gd_status feed(reader *r, gd_json_scan *s, const unsigned char *text, size_t n,
                      uint64_t at) {
    const yajl_status y = gd_json_scan_feed(s, text, n);
    if (r->st != GD_OK) return r->st;
    if (s->starved) return gd_fail(r->err, GD_ERR_NOMEM, "%s: no memory to read it", r->path);
    if (y == yajl_status_ok && (text || r->at == END)) return GD_OK;
    return gd_fail_code(r->err, GD_ERR_FORMAT, 399, "%s: no JSON at or before byte %" PRIu64,
                        r->path, at + n);
}

gd_status gd_tracker_load(gd_tracker *t, const char *path, gd_error *err) {
    static const size_t chunk = 65536;
    gd_file             f = {.fd = -1};
    gd_json_scan        s = {0};
    reader              r = {.t = t, .err = err, .path = path, .head = -1, .field = -1};
    unsigned char      *text = NULL;
    gd_status           st;
    GD_GO(gd_file_open(&f, path, err));
    if (f.size > MAX_BYTES) {
        st = gd_fail_code(err, GD_ERR_FORMAT, 399, "%s: %" PRIu64 " bytes; at most %d are read",
                          path, f.size, MAX_BYTES);
        goto done;
    }
    text = gd_mem_get(chunk);
    if (!text || !gd_json_scan_open(&s, &calls, &r)) {
        st = gd_fail(err, GD_ERR_NOMEM, "%s: no memory to read it", path);
        goto done;
    }
    for (uint64_t at = 0; at < f.size; at += chunk) {
        const size_t n = f.size - at < chunk ? (size_t)(f.size - at) : chunk;
        GD_GO(gd_file_read(&f, at, text, n, err));
        GD_GO(feed(&r, &s, text, n, at));
    }
    GD_GO(feed(&r, &s, NULL, 0, f.size));
    GD_GO(gd_tracker_reserve(t, r.n, 0, err));
    if (r.n) memcpy(t->now, r.track, (size_t)r.n * sizeof *t->now);
    t->n_now = r.n;
    t->n_lost = 0;
    t->frame = r.frame;
    t->next_id = r.next_id;
    t->clock = r.clock;
done:
    gd_json_scan_close(&s);
    gd_file_close(&f);
    gd_mem_put(text);
    gd_mem_put(r.track);
    return st;
}
