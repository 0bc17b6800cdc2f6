/* annotate.c -- boxes with labels that stay inside the picture and out of each other's way. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/draw/canvas.h"

typedef struct layout {
    const gd_canvas     *c;
    const gd_draw_style *style;
    float                font;   /* pixels an em */
    int                  line;   /* pixels */
    int                  pad_x;  /* between the label's edge and its text */
    int                  height; /* of a label */
    int                  rise;   /* from a label's top to the baseline */
} layout;

static layout layout_for(const gd_canvas *c, const gd_draw_style *style) {
    layout l = {.c = c, .style = style};
    float  pad;
    l.font = gd_style_font_size(c, style);
    l.line = gd_style_line_width(c, style);
    pad = roundf(0.24f * l.font);
    l.pad_x = (int)roundf(0.34f * l.font);
    l.rise = (int)(pad + ceilf(gd_text_ascent(l.font)));
    l.height = l.rise + (int)fmaxf(pad, ceilf(gd_text_descent(l.font)) + 1);
    return l;
}

/* The part of the box inside the picture, in whole pixels. NaN and empty boxes have none. */
static bool clip_box(const gd_canvas *c, const float box[4], gd_rect *out) {
    float w = (float)c->width, h = (float)c->height;
    for (int i = 0; i < 4; i++)
        if (isnan(box[i])) return false;
    if (!(box[2] > box[0]) || !(box[3] > box[1])) return false;
    if (box[2] <= 0 || box[3] <= 0 || box[0] >= w || box[1] >= h) return false;
    out->x1 = (int)floorf(gdk_clampf(box[0] + 0.5f, 0, w - 1));
    out->y1 = (int)floorf(gdk_clampf(box[1] + 0.5f, 0, h - 1));
    out->x2 = (int)floorf(gdk_clampf(box[2] + 0.5f, (float)out->x1 + 1, w));
    out->y2 = (int)floorf(gdk_clampf(box[3] + 0.5f, (float)out->y1 + 1, h));
    return true;
}

static void label_text(gd_draw_mark *m, const gd_draw_item *item, bool no_conf) {
    char        number[32], score[16] = "", track[32] = "";
    const char *name = item->name;
    if (!name) {
        snprintf(number, sizeof number, "class %d", (int)item->det.class_id);
        name = number;
    }
    if (item->id >= 0) snprintf(track, sizeof track, "ID:%lld ", (long long)item->id);
    if (!no_conf) {
        /* Hundredths as integers: the decimal mark is a point under every locale. */
        int p = (int)lrintf(100.0f * gdk_clampf(item->det.score, 0, 1));
        snprintf(score, sizeof score, " %d.%02d", p / 100, p % 100);
    }
    snprintf(m->text, sizeof m->text, "%s%.*s%s%s%.*s", track, 100, name, score,
             item->sub[0] ? " \xc2\xbb " : "", (int)sizeof item->sub - 1, item->sub);
}

/* Shortens the text from its end, with an ellipsis, to at most `room` pixels. */
static void fit_text(char *text, float font, float room) {
    static const char dots[] = "\xe2\x80\xa6";
    size_t            n = strlen(text);
    while (n > 0 && gd_text_width(text, font) > room) {
        if (n >= 4 && memcmp(text + n - 3, dots, 3) == 0) n -= 3;
        do n--; /* never into a character's continuation bytes */
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80);
        memcpy(text + n, n > 0 ? dots : "", n > 0 ? 4 : 1);
        n = strlen(text);
    }
}

static bool meets(gd_rect a, gd_rect b) {
    return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

/* Pixels of `at` that better marks' labels have taken already. */
static long covered(const gd_draw_mark *marks, int n, gd_rect at) {
    long sum = 0;
    for (int i = 0; i < n; i++) {
        gd_rect r = marks[i].label;
        if (!marks[i].shown || !meets(r, at)) continue;
        long w = (r.x2 < at.x2 ? r.x2 : at.x2) - (r.x1 > at.x1 ? r.x1 : at.x1);
        long h = (r.y2 < at.y2 ? r.y2 : at.y2) - (r.y1 > at.y1 ? r.y1 : at.y1);
        sum += w * h;
    }
    return sum;
}

/* Above the box, else inside its top, below it, inside its bottom: the first place that is in
 * the picture and free, else the least covered one. */
static void place_label(const layout *l, gd_draw_mark *marks, int i) {
    gd_draw_mark *m = &marks[i];
    const int     w = l->c->width, h = l->c->height;
    const int tops[4] = {m->box.y1 - l->height, m->box.y1, m->box.y2, m->box.y2 - l->height};
    long      best = -1;
    fit_text(m->text, l->font, (float)(w - 2 * l->pad_x));
    int width = (int)ceilf(gd_text_width(m->text, l->font)) + 2 * l->pad_x;
    int x = m->box.x1 + width > w ? w - width : m->box.x1;
    if (x < 0) x = 0;
    for (int k = 0; k < 4 && best != 0; k++) {
        int y = tops[k];
        if (y < 0 || y + l->height > h) continue;
        gd_rect at = {x, y, x + width, y + l->height};
        long    cost = covered(marks, i, at);
        if (best >= 0 && cost >= best) continue;
        best = cost;
        m->label = at;
    }
    /* A picture lower than a label shows the label's top part. */
    if (best < 0) m->label = (gd_rect){x, 0, x + width, l->height};
}

/* A dark hairline on both sides keeps the colour apart from a background like it. */
static void draw_box(const layout *l, const gd_draw_mark *m) {
    const gd_rect  b = m->box;
    const int      t = l->line, dark = 70;
    const gd_color black = {0, 0, 0};
    gd_draw_rect(l->c, b.x1, b.y1, b.x2, b.y2, t, m->color);
    if (b.x2 - b.x1 <= 2 * t + 2 || b.y2 - b.y1 <= 2 * t + 2) return;
    gd_fill_rect(l->c, b.x1 - 1, b.y1 - 1, b.x2 + 1, b.y1, black, dark);
    gd_fill_rect(l->c, b.x1 - 1, b.y2, b.x2 + 1, b.y2 + 1, black, dark);
    gd_fill_rect(l->c, b.x1 - 1, b.y1, b.x1, b.y2, black, dark);
    gd_fill_rect(l->c, b.x2, b.y1, b.x2 + 1, b.y2, black, dark);
    gd_fill_rect(l->c, b.x1 + t, b.y1 + t, b.x2 - t, b.y1 + t + 1, black, dark);
    gd_fill_rect(l->c, b.x1 + t, b.y2 - t - 1, b.x2 - t, b.y2 - t, black, dark);
    gd_fill_rect(l->c, b.x1 + t, b.y1 + t + 1, b.x1 + t + 1, b.y2 - t - 1, black, dark);
    gd_fill_rect(l->c, b.x2 - t - 1, b.y1 + t + 1, b.x2 - t, b.y2 - t - 1, black, dark);
}

static void draw_label(const layout *l, const gd_draw_mark *m) {
    const gd_rect r = m->label;
    gd_fill_rect(l->c, r.x1, r.y1, r.x2, r.y2, m->color, 255);
    gd_draw_text(l->c, (float)(r.x1 + l->pad_x), (float)(r.y1 + l->rise), m->text, l->font,
                 gd_contrast_color(m->color));
}

gd_color gd_item_color(const gd_draw_item *item, const gd_draw_style *style) {
    const bool by_track = style->track_color && item->id >= 0;
    return gd_class_color(by_track ? (int)(item->id & 0x7fffffff) : item->det.class_id);
}

gd_status gd_draw_items(const gd_canvas *c, const gd_draw_item *items, int n,
                        gd_draw_mark *marks, const gd_draw_style *style, gd_error *err) {
    const gd_draw_style plain = gd_draw_defaults();
    GD_TRY(gd_canvas_check(c, err));
    if (n < 0 || (n > 0 && (!items || !marks)))
        return gd_fail(err, GD_ERR_ARG, "%d detections at %p cannot be drawn", n,
                       (const void *)items);
    if (!style) style = &plain;
    layout l = layout_for(c, style);
    for (int i = 0; i < n; i++) {
        marks[i].shown = clip_box(c, items[i].det.box, &marks[i].box);
        if (!marks[i].shown) continue;
        marks[i].color = gd_item_color(&items[i], style);
        label_text(&marks[i], &items[i], style->no_conf);
        if (!style->no_labels) place_label(&l, marks, i);
    }
    /* The best is drawn last. Every label lies above every box. */
    for (int i = n - 1; i >= 0; i--)
        if (marks[i].shown) draw_box(&l, &marks[i]);
    for (int i = n - 1; i >= 0 && !style->no_labels; i--)
        if (marks[i].shown) draw_label(&l, &marks[i]);
    return GD_OK;
}

gd_status gd_draw_detections(const gd_canvas *c, const gd_detection *dets, int n,
                             const char *const *names, int n_names, const int64_t *ids,
                             const gd_draw_style *style, gd_error *err) {
    gd_status st;
    GD_TRY(gd_canvas_check(c, err));
    if (n < 0 || (n > 0 && !dets))
        return gd_fail(err, GD_ERR_ARG, "%d detections at %p cannot be drawn", n,
                       (const void *)dets);
    if (n == 0) return GD_OK;
    gd_draw_item *items = gd_mem_array((size_t)n, sizeof *items);
    gd_draw_mark *marks = gd_mem_array((size_t)n, sizeof *marks);
    if (!items || !marks) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory to draw %d detections", n);
        goto done;
    }
    for (int i = 0; i < n; i++) {
        const int class_id = dets[i].class_id;
        items[i].det = dets[i];
        items[i].id = ids ? ids[i] : -1;
        if (names && class_id >= 0 && class_id < n_names) items[i].name = names[class_id];
    }
    st = gd_draw_items(c, items, n, marks, style, err);
done:
    gd_mem_put(items);
    gd_mem_put(marks);
    return st;
}

/* Copies the line at `p` into `room` bytes; returns the next line, or NULL after the last. */
static const char *take_line(const char *p, char *line, size_t room) {
    size_t n = strcspn(p, "\n"), keep = n < room ? n : room - 1;
    memcpy(line, p, keep);
    line[keep] = '\0';
    return p[n] ? p + n + 1 : NULL;
}

gd_status gd_draw_caption(const gd_canvas *c, const char *text, const gd_draw_style *style,
                          gd_error *err) {
    const gd_draw_style plain = gd_draw_defaults();
    char                line[256];
    int                 lines = 0;
    float               widest = 0;
    GD_TRY(gd_canvas_check(c, err));
    if (!text) return gd_fail(err, GD_ERR_ARG, "a caption needs a text");
    layout l = layout_for(c, style ? style : &plain);
    int    margin = l.pad_x, step = (int)ceilf(1.45f * l.font), y = margin + l.rise;
    for (const char *p = text; p; lines++) {
        p = take_line(p, line, sizeof line);
        widest = fmaxf(widest, gd_text_width(line, l.font));
    }
    gd_fill_rect(c, margin, margin, margin + (int)ceilf(widest) + 2 * l.pad_x,
                 margin + l.height + (lines - 1) * step, (gd_color){0, 0, 0}, 160);
    for (const char *p = text; p; y += step) {
        p = take_line(p, line, sizeof line);
        gd_draw_text(c, (float)(margin + l.pad_x), (float)y, line, l.font,
                     (gd_color){255, 255, 255});
    }
    return GD_OK;
}
