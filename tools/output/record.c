/* record.c -- defaults of a record and the names of its classes; see record.h. */
#include "tools/output/record.h"

#include <stdio.h>
#include <string.h>

gd_record gd_record_defaults(void) {
    gd_record r = {.pts = -1,
                   .orientation = 1,
                   .ms = {-1, -1, -1, -1, -1, -1},
                   .latency_ms = -1,
                   .age_ms = -1};
    return r;
}

const char *const gd_timing_names[GD_TIMING_PARTS] = {"decode", "pre",   "infer",
                                                      "post",   "track", "classify"};

void gd_timing_parts(const gd_timing *t, double part[GD_TIMING_PARTS]) {
    const double all[] = {t->decode, t->pre, t->infer, t->post, t->track, t->classify};
    for (int i = 0; i < GD_TIMING_PARTS; i++) part[i] = all[i];
}

const char *gd_run_class_name(const gd_run_info *info, int class_id, char *buffer,
                              size_t room) {
    if (info->names && class_id >= 0 && class_id < info->n_classes && info->names[class_id])
        return info->names[class_id];
    snprintf(buffer, room, "class %d", class_id);
    return buffer;
}

const char *gd_run_sub_name(const gd_run_info *info, const gd_record *r, int i, char *buffer,
                            size_t room) {
    const gd_run_info sub = {.n_classes = info->n_sub, .names = info->sub_names};
    if (!r->subs || r->subs[i].class_id < 0) return NULL;
    return gd_run_class_name(&sub, r->subs[i].class_id, buffer, room);
}

void gd_run_sub_text(const gd_run_info *info, const gd_class_score *sub, bool no_conf,
                     char *out, size_t room) {
    const gd_record one = {.subs = sub};
    char            number[32];
    const char     *name = gd_run_sub_name(info, &one, 0, number, sizeof number);
    const int       p = (int)(100 * sub->score + 0.5f); /* a point under every locale */
    if (no_conf || !name)
        snprintf(out, room, "%s", name ? name : "");
    else
        snprintf(out, room, "%.*s %d.%02d", (int)room - 8, name, p / 100, p % 100);
}

int gd_run_category_id(const gd_run_info *info, int class_id) {
    return info->category_ids && class_id >= 0 && class_id < info->n_classes
               ? info->category_ids[class_id]
               : class_id;
}

int gd_run_background(const gd_run_info *info) {
    const char *first = info->names && info->n_classes > 0 ? info->names[0] : NULL;
    return first && (!strcmp(first, "background") || !strcmp(first, "__background__")) ? 0 : -1;
}

int gd_record_segments(const gd_record *r, gd_segment out[256]) {
    const double pixels = (double)r->width * r->height;
    int          n = 0;
    for (int c = 0; r->map_count && c < r->map_classes && c < 256; c++) {
        const int32_t own = r->map_count[c];
        int           at = n;
        if (own <= 0) continue;
        for (; at > 0 && out[at - 1].pixels < own; at--) out[at] = out[at - 1];
        out[at] = (gd_segment){c, own, own / pixels};
        n++;
    }
    return n;
}
