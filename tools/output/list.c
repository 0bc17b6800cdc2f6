/* list.c -- results for people: how many objects, then class, confidence and box of each; of a
 * map, the classes and their shares. */
#include <string.h>

#include "tools/cli/text.h"
#include "tools/output/writer_kind.h"

enum { NAME_ROOM = 256 };

static void put_escaped(gd_buffer *b, const char *text) {
    char shown[NAME_ROOM];
    gd_put(b, gd_escape(shown, sizeof shown, text));
}

static void put_count(gd_buffer *b, int64_t n, const char *one, const char *many) {
    gd_put_int(b, n);
    gd_put(b, " ");
    gd_put(b, n == 1 ? one : many);
}

/* Characters, which is columns for all scripts but a few. */
static int columns(const char *text) {
    int n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void put_padded(gd_buffer *b, const char *text, int width) {
    gd_put(b, text);
    for (int n = columns(text); n < width; n++) gd_put(b, " ");
}

static void put_total_time(gd_buffer *b, const gd_timing *t) {
    double part[GD_TIMING_PARTS], ms = 0;
    gd_timing_parts(t, part);
    for (int i = 0; i < GD_TIMING_PARTS; i++)
        if (part[i] >= 0) ms += part[i];
    if (ms <= 0) return;
    gd_put(b, ", ");
    gd_put_fixed(b, ms, 1);
    gd_put(b, " ms");
}

/* Names side by side need the width of the longest, up to a limit. */
static void widen(int *width, const gd_writer *w, int class_id) {
    char name[32], shown[NAME_ROOM];
    int  n = columns(gd_escape(shown, sizeof shown,
                               gd_run_class_name(w->info, class_id, name, sizeof name)));
    if (n > *width) *width = n < 40 ? n : 40;
}

static int name_width(const gd_writer *w, const gd_record *r, const gd_segment *segment,
                      int n) {
    int width = 0;
    for (int i = 0; i < r->n_detections; i++) widen(&width, w, r->detections[i].class_id);
    for (int i = 0; i < r->n_classes; i++) widen(&width, w, r->classes[i].class_id);
    for (int i = 0; i < n; i++) widen(&width, w, segment[i].class_id);
    return width;
}

static void put_name(gd_buffer *b, const gd_writer *w, int class_id, int width) {
    char name[32], shown[NAME_ROOM];
    put_padded(
        b,
        gd_escape(shown, sizeof shown, gd_run_class_name(w->info, class_id, name, sizeof name)),
        width);
}

/* "  academic gown 0.41": what a cascade's classifier saw there. */
static void put_sub(gd_buffer *b, const gd_writer *w, const gd_record *r, int i) {
    char        room[32];
    const char *name = gd_run_sub_name(w->info, r, i, room, sizeof room);
    if (!name) return;
    gd_put(b, "  ");
    put_escaped(b, name);
    gd_put(b, " ");
    gd_put_fixed(b, (double)r->subs[i].score, 2);
}

static void put_results(gd_buffer *b, const gd_writer *w, const gd_record *r) {
    gd_segment segment[256];
    const int  n = gd_record_segments(r, segment), width = name_width(w, r, segment, n);
    for (int i = 0; i < n; i++) {
        gd_put(b, "  ");
        put_name(b, w, segment[i].class_id, width);
        gd_put(b, segment[i].share < 0.0995 ? "   " : segment[i].share < 0.9995 ? "  " : " ");
        gd_put_fixed(b, 100 * segment[i].share, 1);
        gd_put(b, " %\n");
    }
    for (int i = 0; i < r->n_classes; i++) {
        gd_put(b, "  ");
        put_name(b, w, r->classes[i].class_id, width);
        gd_put(b, "  ");
        gd_put_fixed(b, (double)r->classes[i].score, 4);
        gd_put(b, "\n");
    }
    for (int i = 0; i < r->n_detections; i++) {
        const gd_detection *d = &r->detections[i];
        gd_put(b, "  ");
        put_name(b, w, d->class_id, width);
        gd_put(b, "  ");
        gd_put_fixed(b, (double)d->score, 2);
        gd_put(b, "  [");
        for (int k = 0; k < 4; k++) {
            if (k) gd_put(b, ", ");
            gd_put_fixed(b, (double)d->box[k], 1);
        }
        gd_put(b, "]");
        put_sub(b, w, r, i);
        gd_put(b, "\n");
    }
}

static int shown_classes(const gd_record *r) {
    gd_segment segment[256];
    return gd_record_segments(r, segment);
}

static gd_status list_put(gd_writer *w, const gd_record *r, gd_error *err) {
    gd_buffer *b = &w->sink.text;
    (void)err;
    if (w->opt.color) gd_put(b, "\033[1m");
    put_escaped(b, r->source);
    if (w->opt.color) gd_put(b, "\033[0m");
    if (r->pts >= 0) {
        gd_put(b, " frame ");
        gd_put_int(b, r->frame);
    }
    gd_put(b, ": ");
    if (r->error) {
        gd_put(b, "failed\n");
        return GD_OK;
    }
    if (w->info->task == GD_TASK_DETECT && r->n_detections == 0)
        gd_put(b, "no objects");
    else if (w->info->task == GD_TASK_DETECT)
        put_count(b, r->n_detections, "object", "objects");
    else
        put_count(b, r->n_classes + shown_classes(r), "class", "classes");
    gd_put(b, " (");
    gd_put_int(b, r->width);
    gd_put(b, "x");
    gd_put_int(b, r->height);
    put_total_time(b, &r->ms);
    gd_put(b, ")\n");
    put_results(b, w, r);
    return GD_OK;
}

static gd_status list_finish(gd_writer *w, const gd_summary *sum, gd_error *err) {
    gd_buffer *b = &w->sink.text;
    (void)err;
    if (!sum || !w->n_put || sum->frames + sum->failed < 2) return GD_OK;
    put_count(b, sum->frames, sum->chain ? "frame" : "picture",
              sum->chain ? "frames" : "pictures");
    if (w->info->task == GD_TASK_DETECT) {
        gd_put(b, ", ");
        put_count(b, sum->detections, "object", "objects");
    }
    if (sum->failed > 0) {
        gd_put(b, ", ");
        gd_put_int(b, sum->failed);
        gd_put(b, " failed");
    }
    if (sum->wall_ms > 0) {
        gd_put(b, ", ");
        gd_put_fixed(b, 1000.0 * (double)sum->frames / sum->wall_ms, 1);
        gd_put(b, " a second");
    }
    gd_put(b, "\n");
    return GD_OK;
}

const gd_writer_kind gd_writer_list = {.name = "list", .put = list_put, .finish = list_finish};
