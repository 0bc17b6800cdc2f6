/* backdrop.c -- see backdrop.h. */
#include "tools/cli/backdrop.h"

#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "kernels/resize/resample.h"
#include "tools/cli/model.h"
#include "tools/cli/number.h"
#include "tools/cli/report.h"
#include "tools/draw/canvas.h"
#include "tools/draw/class_map.h"

enum { SOFT = 1, CLASSES = 256 };

struct gd_backdrop {
    bool       keep[CLASSES];
    gd_filter *blur;    /* or */
    gd_picture picture; /* rgb NULL: none, or */
    gd_color   colour;
    uint8_t   *alpha;         /* of a picture, and a line */
    uint8_t   *behind;        /* what stands behind it */
    size_t     room;          /* pixels of both */
    int        width, height; /* that `behind` holds; 0: none yet. A blur is anew each time */
};

/* ---- what the flags say ------------------------------------------------------------------ */

static const struct {
    const char *name;
    gd_color    is;
} colours[] = {{"white", {255, 255, 255}}, {"black", {0, 0, 0}},     {"grey", {128, 128, 128}},
               {"gray", {128, 128, 128}},  {"red", {255, 0, 0}},     {"green", {0, 128, 0}},
               {"blue", {0, 0, 255}},      {"yellow", {255, 255, 0}}};

static int hex_digit(char c) {
    const char *digits = "0123456789abcdef", *at;
    if (c >= 'A' && c <= 'F') c = (char)(c - 'A' + 'a');
    at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* A name, #rrggbb or #rgb. */
static bool read_colour(const char *text, gd_color *out) {
    const size_t n = strlen(text), each = n == 7 ? 2 : 1;
    uint8_t      v[3];
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (!strcmp(colours[i].name, text)) {
            *out = colours[i].is;
            return true;
        }
    if (text[0] != '#' || (n != 7 && n != 4)) return false;
    for (size_t i = 0; i < 3; i++) {
        const int high = hex_digit(text[1 + i * each]), low = hex_digit(text[i * each + each]);
        if (high < 0 || low < 0) return false;
        v[i] = (uint8_t)(16 * high + low);
    }
    *out = (gd_color){v[0], v[1], v[2]};
    return true;
}

/* "blur", "blur:20". */
static gd_status open_blur(gd_backdrop *b, const gd_flags *f, const char *sigma,
                           gd_error *err) {
    gd_filter_options o = gd_filter_defaults();
    char              text[64];
    double            v = 12;
    if (*sigma && (!gd_number_real(sigma + 1, &v) || !(v >= 0.5 && v <= 100)))
        return gd_fail_code(err, GD_ERR_ARG, 204,
                            "--background blur:SIGMA takes 0.5 to 100 pixels, not '%s'",
                            sigma + 1);
    const int whole = (int)(v * 100 + 0.5); /* a point under every locale */
    snprintf(text, sizeof text, "gaussian:sigma=%d.%02d", whole / 100, whole % 100);
    o.device = gd_flag_text(f, GD_OPT_DEVICE);
    o.threads = (int)gd_flag_int(f, GD_OPT_THREADS);
    o.memory_limit = (uint64_t)gd_flag_int(f, GD_OPT_DEVICE_MEM_CAP);
    return gd_filter_open(text, &o, &b->blur, err);
}

static gd_status read_keep(gd_backdrop *b, const gd_flags *f, const gd_model *m,
                           gd_error *err) {
    const gd_flag_value *keep = gd_flag_get(f, GD_OPT_KEEP);
    int                  id;
    for (int i = 0; i < keep->n_items; i++) {
        GD_TRY(gd_class_find(m, keep->items[i], &id, err));
        if (id < CLASSES) b->keep[id] = true;
    }
    if (keep->n_items) return GD_OK;
    if (gd_class_find(m, "person", &id, err) != GD_OK) {
        gd_error_hint(err, "name what stays with --keep");
        return GD_ERR_ARG;
    }
    b->keep[id < CLASSES ? id : 0] = true;
    return GD_OK;
}

static gd_status read_kind(gd_backdrop *b, const gd_flags *f, gd_decoder *dec, int *subject,
                           gd_error *err) {
    const gd_read_options opt = {.allow_truncated = gd_flag_on(f, GD_OPT_ALLOW_TRUNCATED),
                                 .no_exif = gd_flag_on(f, GD_OPT_NO_EXIF)};
    const char           *text = gd_flag_text(f, GD_OPT_BACKGROUND);
    if (!strcmp(text, "blur") || !strncmp(text, "blur:", 5)) {
        *subject = GD_EXIT_DEVICE;
        return open_blur(b, f, text + 4, err);
    }
    if (read_colour(text, &b->colour)) return GD_OK;
    if (text[0] == '#')
        return gd_fail_code(err, GD_ERR_ARG, 204, "--background: '%s' is no colour, #rrggbb is",
                            text);
    *subject = GD_EXIT_INPUT;
    const gd_status st = gd_decoder_read(dec, text, &opt, &b->picture, err);
    if (st != GD_OK && !strchr(text, '.') && !strchr(text, '/'))
        gd_error_hint(err, "--background takes blur, a colour (white, #1e90ff) or a picture");
    return st;
}

gd_status gd_backdrop_open(const gd_flags *f, const gd_model *m, gd_decoder *dec,
                           gd_backdrop **out, int *subject, gd_error *err) {
    *out = NULL;
    *subject = GD_EXIT_USAGE;
    if (!gd_flag_text(f, GD_OPT_BACKGROUND)) {
        if (!gd_flag_get(f, GD_OPT_KEEP)->n_items) return GD_OK;
        gd_fail_code(err, GD_ERR_ARG, 207, "--keep without --background");
        gd_error_hint(err, "--background blur");
        return GD_ERR_ARG;
    }
    if (!gd_flag_text(f, GD_OPT_OUTPUT) && !gd_flag_on(f, GD_OPT_SHOW) &&
        !gd_flag_text(f, GD_OPT_PREVIEW)) {
        gd_fail_code(err, GD_ERR_ARG, 207,
                     "--background changes what -o writes, which is not given");
        gd_error_hint(err, "-o FILE.png, -o FILE.mp4, a folder: -o out/, or --preview");
        return GD_ERR_ARG;
    }
    gd_backdrop *b = gd_mem_get_zero(sizeof *b);
    if (!b) return gd_fail(err, GD_ERR_NOMEM, "no memory for a background");
    gd_status st = read_keep(b, f, m, err);
    if (st == GD_OK) st = read_kind(b, f, dec, subject, err);
    if (st == GD_OK)
        *out = b;
    else
        gd_backdrop_close(b);
    return st;
}

void gd_backdrop_close(gd_backdrop *b) {
    if (!b) return;
    gd_filter_close(b->blur);
    gd_picture_free(&b->picture);
    gd_mem_put(b->alpha);
    gd_mem_put(b->behind);
    gd_mem_put(b);
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* The middle of the picture, as large as covers the other, resized as Pillow does. */
static gd_status cover(const gd_picture *p, int width, int height, uint8_t *out,
                       gd_error *err) {
    const double y = (double)height / p->height, x = (double)width / p->width;
    int          new_w = (int)(p->width * (x > y ? x : y) + 0.5),
        new_h = (int)(p->height * (x > y ? x : y) + 0.5);
    if (new_w < width) new_w = width;
    if (new_h < height) new_h = height;
    gdk_resample r = {.filter = GD_FILTER_PIL_BILINEAR,
                      .src = p->rgb,
                      .src_h = p->height,
                      .src_w = p->width,
                      .new_h = new_h,
                      .new_w = new_w,
                      .x0 = (new_w - width) / 2,
                      .n_col = width,
                      .y0 = (new_h - height) / 2,
                      .n_row = height};
    void        *plan =
        gd_mem_get(gdk_resample_plan_bytes(r.filter, p->height, p->width, r.n_col, r.n_row));
    void *cache = gd_mem_get(gdk_resample_cache_bytes(r.filter, r.n_col));
    if (plan && cache) {
        gdk_resample_plan(&r, plan);
        gdk_resample_cache_reset(cache);
        for (int i = 0; i < height; i++)
            gdk_resample_row(&r, i, cache, out + (size_t)i * (size_t)width * 3);
    }
    const bool good = plan && cache;
    gd_mem_put(plan);
    gd_mem_put(cache);
    return good ? GD_OK : gd_fail(err, GD_ERR_NOMEM, "no memory for a background");
}

static gd_status reserve(gd_backdrop *b, int width, int height, gd_error *err) {
    const size_t pixels = (size_t)width * (size_t)height;
    const size_t want = pixels + (size_t)(width > height ? width : height);
    if (b->room >= want) return GD_OK;
    gd_mem_put(b->alpha);
    gd_mem_put(b->behind);
    b->alpha = gd_mem_get(want);
    b->behind = gd_mem_array(want, 3);
    b->room = b->alpha && b->behind ? want : 0;
    b->width = b->height = 0;
    return b->room ? GD_OK
                   : gd_fail(err, GD_ERR_NOMEM, "no memory for a background of %d x %d", width,
                             height);
}

/* Frames of a video share a colour or a picture. */
static gd_status draw_behind(gd_backdrop *b, const gd_image *in, gd_error *err) {
    if (b->blur) return gd_filter_run(b->blur, in, b->behind, 0, err);
    if (b->width == in->width && b->height == in->height) return GD_OK;
    b->width = 0;
    if (b->picture.rgb) GD_TRY(cover(&b->picture, in->width, in->height, b->behind, err));
    for (size_t i = 0; !b->picture.rgb && i < (size_t)in->width * (size_t)in->height; i++)
        memcpy(b->behind + 3 * i, &b->colour, 3);
    b->width = in->width;
    b->height = in->height;
    return GD_OK;
}

gd_status gd_backdrop_draw(gd_backdrop *b, const gd_image *in, const uint8_t *map, uint8_t *out,
                           gd_error *err) {
    const size_t w = (size_t)in->width, h = (size_t)in->height;
    const size_t stride = in->stride ? in->stride : 3 * w;
    GD_TRY(reserve(b, in->width, in->height, err));
    GD_TRY(draw_behind(b, in, err));
    for (size_t i = 0; i < w * h; i++) b->alpha[i] = b->keep[map[i]] ? 255 : 0;
    gd_soften(b->alpha, in->width, in->height, SOFT, b->alpha + w * h);
    for (size_t i = 0; i < w * h; i++) {
        const uint8_t *p = in->rgb + i / w * stride + 3 * (i % w);
        uint8_t        mixed[3];
        memcpy(mixed, b->behind + 3 * i, 3);
        gd_blend(mixed, (gd_color){p[0], p[1], p[2]}, b->alpha[i]);
        memcpy(out + 3 * i, mixed, 3);
    }
    return GD_OK;
}
