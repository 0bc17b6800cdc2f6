/* tell.c -- the words of `gdrun data`; see tell.h. */
#include "tools/data/tell.h"

#include <inttypes.h>

#include "tools/cli/program.h"
#include "tools/cli/text.h"

enum { SHOWN = 5 }; /* cases of a kind in the text, without -v */

static const char *const subjects[] = {"label", "picture", "note"};

/* ---- check ------------------------------------------------------------------------------- */

static void json_case(gd_buffer *b, const gd_data_problem *p, const char *comma) {
    gd_put(b, comma);
    gd_put(b, "{\"kind\":");
    gd_put_json_string(b, gd_data_kind_table[p->kind].name);
    gd_put_key_string(b, "file", p->at.file);
    if (p->at.line > 0) gd_put_key_int(b, "line", p->at.line);
    if (p->at.column > 0) gd_put_key_int(b, "column", p->at.column);
    if (p->at.id >= 0) gd_put_key_int(b, "annotation", p->at.id);
    gd_put_key_string(b, "picture", p->at.picture);
    gd_put_key_string(b, "reason", p->reason);
    gd_put(b, "}");
}

static void json_check(gd_buffer *b, const gd_data *d, bool refused) {
    const gd_data_report *r = &d->report;
    const char           *comma = "";
    gd_put_key_int(b, "labels", (int64_t)r->labels);
    gd_put_key_int(b, "bad_labels", (int64_t)gd_data_bad(r, GD_DATA_LABEL));
    gd_put_key_int(b, "bad_pictures", (int64_t)gd_data_bad(r, GD_DATA_PICTURE));
    gd_put_key_int(b, "notes", (int64_t)gd_data_bad(r, GD_DATA_NOTE));
    gd_put(b,
           refused ? ",\"refused\":true,\"problems\":{" : ",\"refused\":false,\"problems\":{");
    for (int k = 0; k < GD_DATA_KINDS; k++) {
        if (!r->count[k]) continue;
        gd_put(b, comma);
        gd_put_json_string(b, gd_data_kind_table[k].name);
        gd_put(b, ":");
        gd_put_int(b, (int64_t)r->count[k]);
        comma = ",";
    }
    gd_put(b, "},\"cases\":[");
    for (size_t i = 0; i < r->n; i++) json_case(b, &r->list[i], i ? ",\n" : "\n");
    gd_put(b, "]");
}

static void text_kind(const gd_data_report *r, int kind, bool all) {
    const gd_data_kind_info *k = &gd_data_kind_table[kind];
    uint64_t                 shown = 0;
    char                     text[900], safe[1200];
    gd_print("  %-14s %6" PRIu64 "  (%s) %s\n", k->name, r->count[kind], subjects[k->subject],
             k->text);
    for (size_t i = 0; i < r->n && (all || shown < SHOWN); i++) {
        if (r->list[i].kind != (gd_data_kind)kind) continue;
        gd_data_problem_text(&r->list[i], text, sizeof text);
        gd_print("    %s\n", gd_escape(safe, sizeof safe, text));
        shown++;
    }
    if (shown < r->count[kind])
        gd_print("    and %" PRIu64 " more%s\n", r->count[kind] - shown,
                 all ? "" : " (-v lists them)");
}

/* "bccd (voc), split val:" */
static void text_head(const gd_data *d) {
    char path[300], split[80];
    gd_print("%s (%s)%s%s: %zu pictures, %zu boxes, %d classes\n",
             gd_escape(path, sizeof path, d->path), d->format, *d->split ? ", split " : "",
             gd_escape(split, sizeof split, d->split), d->n_images, d->n_boxes, d->n_classes);
}

static void json_part(gd_teller *t, const gd_data *d) {
    gd_buffer *b = &t->text;
    gd_put(b, t->n_parts++ ? ",\n{\"split\":" : "\n{\"split\":");
    gd_put_json_string(b, d->split);
    gd_put_key_string(b, "format", d->format);
    gd_put_key_int(b, "pictures", (int64_t)d->n_images);
    gd_put_key_int(b, "boxes", (int64_t)d->n_boxes);
}

static gd_status state(const gd_teller *t, gd_error *err) {
    return t->text.failed ? gd_fail(err, GD_ERR_NOMEM, "no memory for the report") : GD_OK;
}

gd_status gd_tell_check(gd_teller *t, const gd_data *d, bool refused, gd_error *err) {
    const gd_data_report *r = &d->report;
    t->refused = t->refused || refused;
    if (t->json) {
        json_part(t, d);
        json_check(&t->text, d, refused);
        gd_put(&t->text, "}");
        return state(t, err);
    }
    text_head(d);
    for (int k = 0; k < GD_DATA_KINDS; k++)
        if (r->count[k]) text_kind(r, k, t->all);
    const uint64_t labels = gd_data_bad(r, GD_DATA_LABEL);
    const uint64_t pictures = gd_data_bad(r, GD_DATA_PICTURE);
    if (!labels && !pictures)
        gd_print("  nothing is left out\n");
    else
        gd_print("  %s%" PRIu64 " of %" PRIu64 " labels and %" PRIu64 " of %" PRIu64
                 " pictures cannot be used\n",
                 refused ? "REFUSED: " : "", labels, r->labels, pictures, r->pictures);
    return GD_OK;
}

/* ---- stats ------------------------------------------------------------------------------- */

static void json_sides(gd_buffer *b, const char *key, const int v[3]) {
    gd_put(b, ",\"");
    gd_put(b, key);
    gd_put(b, "\":[");
    for (int i = 0; i < 3; i++) {
        if (i) gd_put(b, ",");
        gd_put_int(b, v[i]);
    }
    gd_put(b, "]");
}

static void json_stats(gd_buffer *b, const gd_data *d, const gd_data_stats *s) {
    const struct {
        const char *key;
        uint64_t    v;
    } n[] = {{"empty", s->empty},          {"crowds", s->crowds}, {"difficult", s->difficult},
             {"masks", s->masks},          {"small", s->small},   {"medium", s->medium},
             {"large", s->large},          {"wide", s->wide},     {"tall", s->tall},
             {"most_boxes", s->most_boxes}};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++)
        gd_put_key_int(b, n[i].key, (int64_t)n[i].v);
    gd_put_key_fixed(b, "mean_boxes", s->mean_boxes, 3);
    json_sides(b, "width", s->width);
    json_sides(b, "height", s->height);
    gd_put(b, ",\"classes\":[");
    for (int i = 0; i < d->n_classes; i++) {
        gd_put(b, i ? ",\n{\"class_id\":" : "\n{\"class_id\":");
        gd_put_int(b, i);
        gd_put_key_int(b, "category_id", d->classes[i].id);
        gd_put_key_string(b, "name", d->classes[i].name);
        gd_put_key_int(b, "boxes", (int64_t)s->classes[i].boxes);
        gd_put_key_int(b, "pictures", (int64_t)s->classes[i].pictures);
        gd_put(b, "}");
    }
    gd_put(b, "]");
}

static void text_stats(const gd_data *d, const gd_data_stats *s) {
    char name[64];
    text_head(d);
    gd_print("  boxes a picture  %.1f in the mean, %" PRIu64 " at most; %" PRIu64
             " pictures without\n",
             s->mean_boxes, s->most_boxes, s->empty);
    gd_print("  sizes of boxes   %" PRIu64 " small, %" PRIu64 " medium, %" PRIu64 " large\n",
             s->small, s->medium, s->large);
    if (s->width[2])
        gd_print("  pictures         %d .. %d wide (half below %d), %d .. %d high (half below "
                 "%d); %" PRIu64 " wide, %" PRIu64 " tall\n",
                 s->width[0], s->width[2], s->width[1], s->height[0], s->height[2],
                 s->height[1], s->wide, s->tall);
    if (s->crowds + s->difficult + s->masks)
        gd_print("  marked           %" PRIu64 " crowds, %" PRIu64 " difficult, %" PRIu64
                 " with outlines\n",
                 s->crowds, s->difficult, s->masks);
    gd_print("  %4s %-24s %9s %9s\n", "", "class", "boxes", "pictures");
    for (int i = 0; i < d->n_classes; i++)
        gd_print("  %4d %-24s %9" PRIu64 " %9" PRIu64 "\n", i,
                 gd_escape(name, sizeof name, d->classes[i].name), s->classes[i].boxes,
                 s->classes[i].pictures);
}

gd_status gd_tell_stats(gd_teller *t, const gd_data *d, gd_error *err) {
    gd_data_stats s;
    GD_TRY(gd_data_stats_of(d, &s, err));
    if (t->json) {
        json_part(t, d);
        json_stats(&t->text, d, &s);
        gd_put(&t->text, "}");
    } else {
        text_stats(d, &s);
    }
    gd_data_stats_free(&s);
    return state(t, err);
}

gd_status gd_tell_end(gd_teller *t, const char *path, const char *type, gd_error *err) {
    gd_buffer head = {0};
    if (!t->json) return GD_OK;
    gd_put(&head, "{\"v\":1");
    gd_put_key_string(&head, "type", type);
    gd_put_key_string(&head, "path", path);
    gd_put(&head, ",\"parts\":[");
    gd_put(&t->text, "]}\n");
    t->text.failed = t->text.failed || head.failed;
    if (!t->text.failed) {
        gd_print_bytes(head.data, head.size);
        gd_print_bytes(t->text.data, t->text.size);
    }
    gd_buffer_free(&head);
    return state(t, err);
}

void gd_tell_free(gd_teller *t) { gd_buffer_free(&t->text); }
