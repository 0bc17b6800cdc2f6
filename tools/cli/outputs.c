/* outputs.c -- see outputs.h. */
#include "tools/cli/outputs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/report.h"
#include "tools/draw/canvas.h"
#include "tools/draw/class_map.h"
#include "tools/media/encode.h"
#include "tools/media/video.h"

/* Every flag that names a result, with the writer behind it. */
static const struct {
    gd_flag_id  id;
    const char *kind;
    bool        folder;
} kinds[] = {{GD_OPT_JSON, "json", false},       {GD_OPT_JSONL, "jsonl", false},
             {GD_OPT_CSV, "csv", false},         {GD_OPT_COCO, "coco", false},
             {GD_OPT_MOT, "mot", false},         {GD_OPT_STATS, "stats", false},
             {GD_OPT_VOC, "voc", true},          {GD_OPT_YOLO_TXT, "yolo", true},
             {GD_OPT_SAVE_CROPS, "crops", true}, {GD_OPT_MASKS, "masks", true}};
enum { KINDS = sizeof kinds / sizeof *kinds, LEGEND = 8 };

static bool wanted(const gd_flags *f, gd_flag_id id) {
    return (gd_flag_table[id].commands & f->command) && gd_flag_text(f, id);
}

/* ---- before any work --------------------------------------------------------------------- */

static bool is_folder(const char *path) {
    struct stat st;
    size_t      n = strlen(path);
    if (stat(path, &st) == 0) return S_ISDIR(st.st_mode);
    return n > 0 && path[n - 1] == '/';
}

/* The extension of the last component, "" if there is none. */
static const char *extension(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? dot : "";
}

/* -o null: run, and write nothing annotated. A folder of that name is ./null. */
static bool is_null(const char *path) { return !strcmp(path, "null"); }

/* True for -o FILE, false for -o FOLDER. */
static bool names_file(const char *path) { return !is_folder(path) && *extension(path); }

/* -o FILE: of a kind that is written, for the one source, which is of the same kind. */
static gd_status check_annotated(const char *path, const gd_sources *s, gd_error *err) {
    const bool video = gd_is_video_output(path);
    if (!names_file(path)) return GD_OK;
    if (!video && gd_encode_format_of(path) == GD_ENCODE_NONE) {
        gd_fail_code(err, GD_ERR_ARG, 204, "-o %s: '%s' is no extension that is written", path,
                     extension(path));
        gd_error_hint(err, ".jpg, .png, .bmp, .mp4, .mkv, .mov, .webm, .avi, or a folder "
                           "ending in /");
        return GD_ERR_ARG;
    }
    if (s->n > 1) {
        gd_fail_code(err, GD_ERR_ARG, 209, "-o %s is one file for %d sources", path, s->n);
        gd_error_hint(err, "name a folder: -o annotated/");
        return GD_ERR_ARG;
    }
    if (s->n == 1 && !s->items[0].error && video != s->items[0].video) {
        gd_fail_code(err, GD_ERR_ARG, 209, "-o %s is a %s, but %s is a %s", path,
                     video ? "video" : "picture", s->items[0].path,
                     video ? "picture" : "video");
        gd_error_hint(err, "-o out.%s, or a folder: -o annotated/", video ? "png" : "mp4");
        return GD_ERR_ARG;
    }
    return GD_OK;
}

/* Annotated pictures and crops may carry a source's name: not into the folder it is in. */
static gd_status check_folder(const char *folder, const gd_sources *s, gd_error *err) {
    struct stat out, in;
    char        parent[4096], last[4096] = "";
    if (stat(folder, &out) != 0) return GD_OK;
    for (int i = 0; i < s->n; i++) {
        const char *path = s->items[i].path, *slash = strrchr(path, '/');
        size_t      n = slash ? (size_t)(slash - path) : 0;
        if (s->items[i].error || !strcmp(path, "-") || n >= sizeof parent) continue;
        snprintf(parent, sizeof parent, "%.*s", (int)n, path);
        if (!slash || !n) snprintf(parent, sizeof parent, "%s", slash ? "/" : ".");
        if (!strcmp(parent, last)) continue;
        snprintf(last, sizeof last, "%s", parent);
        if (stat(parent, &in) != 0 || in.st_dev != out.st_dev || in.st_ino != out.st_ino)
            continue;
        gd_fail_code(err, GD_ERR_ARG, 208, "%s is the folder of the sources", folder);
        gd_error_hint(err,
                      "pictures could be overwritten by their own outputs: choose another");
        return GD_ERR_ARG;
    }
    return GD_OK;
}

/* `path` against the sources, the model and the outputs before it. */
static gd_status check_file(const char *path, const gd_sources *s, const char *model,
                            const char *const *before, int n, gd_error *err) {
    struct stat st;
    GD_TRY(gd_sources_clash(s, path, err));
    if (gd_same_file(path, model))
        return gd_fail_code(err, GD_ERR_ARG, 208, "%s is the model", path);
    for (int i = 0; i < n; i++)
        if (!strcmp(before[i], path) ||
            (stat(path, &st) == 0 && S_ISREG(st.st_mode) && gd_same_file(before[i], path)))
            return gd_fail_code(err, GD_ERR_ARG, 209, "%s would hold two outputs", path);
    return GD_OK;
}

gd_status gd_outputs_check(const gd_flags *f, const gd_sources *s, const char *model,
                           gd_error *err) {
    const char *files[KINDS + 1] = {NULL}, *on_stdout = NULL;
    int         n = 0;
    if (wanted(f, GD_OPT_OUTPUT)) {
        const char *path = gd_flag_text(f, GD_OPT_OUTPUT);
        GD_TRY(check_annotated(path, s, err));
        if (is_null(path)) {
            /* nothing to clash with */
        } else if (names_file(path)) {
            GD_TRY(check_file(path, s, model, files, n, err));
            files[n++] = path;
        } else {
            GD_TRY(check_folder(path, s, err));
        }
    }
    if (wanted(f, GD_OPT_MOT) && s->n_videos && s->n > 1)
        return gd_fail_code(err, GD_ERR_ARG, 209,
                            "--mot %s holds one sequence, and %d sources are named",
                            gd_flag_text(f, GD_OPT_MOT), s->n);
    for (int i = 0; i < KINDS; i++) {
        const char *path = gd_flag_text(f, kinds[i].id);
        if (!wanted(f, kinds[i].id)) continue;
        if (kinds[i].folder) {
            if (kinds[i].id == GD_OPT_SAVE_CROPS || kinds[i].id == GD_OPT_MASKS)
                GD_TRY(check_folder(path, s, err));
        } else if (strcmp(path, "-")) {
            GD_TRY(check_file(path, s, model, files, n, err));
            files[n++] = path;
        } else if (on_stdout) {
            return gd_fail_code(err, GD_ERR_ARG, 209, "--%s and --%s both go to stdout",
                                on_stdout, kinds[i].kind);
        } else {
            on_stdout = kinds[i].kind;
        }
    }
    return GD_OK;
}

/* ---- opening ----------------------------------------------------------------------------- */

static gd_status open_writer(gd_outputs *o, const char *kind, const char *target, bool folder,
                             const gd_writer_options *opt, gd_error *err) {
    struct gd_output_slot *slot = &o->slot[o->n];
    GD_TRY(gd_writer_open(kind, target, o->info, opt, &slot->writer, err));
    slot->target = target;
    slot->to_stdout = !folder && !strcmp(target, "-");
    slot->list = !strcmp(kind, "list");
    o->n++;
    return GD_OK;
}

gd_status gd_outputs_open(gd_outputs *o, const gd_flags *f, const gd_run_info *info,
                          gd_error *err) {
    gd_writer_options opt = {.replace = gd_flag_on(f, GD_OPT_YES),
                             .coco_instances = gd_flag_text(f, GD_OPT_COCO_IMAGES)};
    bool              results = false;
    memset(o, 0, sizeof *o);
    o->info = info;
    o->out_flags = opt.replace ? GD_OUT_REPLACE : 0;
    o->style = gd_draw_defaults();
    if (gd_flag_text(f, GD_OPT_LINE_WIDTH))
        o->style.line_width = (float)gd_flag_int(f, GD_OPT_LINE_WIDTH);
    o->style.font_scale = (float)gd_flag_real(f, GD_OPT_FONT_SCALE);
    o->style.no_labels = gd_flag_on(f, GD_OPT_NO_LABELS);
    o->style.no_conf = gd_flag_on(f, GD_OPT_NO_CONF);
    o->opacity = (int)(255 * gd_flag_real(f, GD_OPT_OPACITY) + 0.5);
    for (int i = 0; i < KINDS; i++) {
        if (!wanted(f, kinds[i].id)) continue;
        GD_TRY(open_writer(o, kinds[i].kind, gd_flag_text(f, kinds[i].id), kinds[i].folder,
                           &opt, err));
        results = results || (kinds[i].id != GD_OPT_SAVE_CROPS && kinds[i].id != GD_OPT_STATS &&
                              kinds[i].id != GD_OPT_MASKS);
    }
    if (wanted(f, GD_OPT_OUTPUT)) {
        const char *path = gd_flag_text(f, GD_OPT_OUTPUT);
        o->null = is_null(path);
        if (!o->null && names_file(path))
            o->file = path;
        else if (!o->null)
            GD_TRY(gd_namer_open(path, &o->namer, err));
    }
    if (results || o->null || gd_flag_on(f, GD_OPT_QUIET)) return GD_OK;
    o->list = true;
    opt.color = isatty(1) && !gd_flag_on(f, GD_OPT_NO_COLOR);
    return open_writer(o, "list", "-", false, &opt, err);
}

/* ---- pictures ---------------------------------------------------------------------------- */

/* "cat 0.93\n...": the best classes, for the caption of a classified picture. */
static void caption(const gd_outputs *o, const gd_record *r, char *out, size_t room) {
    size_t at = 0;
    char   name[64];
    out[0] = '\0';
    for (int i = 0; i < r->n_classes && i < 5 && at + 1 < room; i++) {
        const char *text =
            gd_run_class_name(o->info, r->classes[i].class_id, name, sizeof name);
        int n = snprintf(out + at, room - at, "%s%s", at ? "\n" : "", text);
        if (n > 0) at += (size_t)n < room - at ? (size_t)n : room - at - 1;
        if (o->style.no_conf || at + 1 >= room) continue;
        n = snprintf(out + at, room - at, " %.2f", (double)r->classes[i].score);
        if (n > 0) at += (size_t)n < room - at ? (size_t)n : room - at - 1;
    }
}

/* Boxes with labels; those of a cascade have its classes behind them. */
static gd_status draw(const gd_outputs *o, const gd_canvas *c, const gd_record *r,
                      gd_error *err) {
    const int     n = r->n_detections;
    gd_draw_item *items = gd_mem_array((size_t)n + 1, sizeof *items);
    gd_draw_mark *marks = gd_mem_array((size_t)n + 1, sizeof *marks);
    gd_status     st = GD_ERR_NOMEM;
    for (int i = 0; items && i < n; i++) {
        const int id = r->detections[i].class_id;
        items[i].det = r->detections[i];
        items[i].id = r->track_ids ? r->track_ids[i] : -1;
        items[i].name = id >= 0 && id < o->info->n_classes ? o->info->names[id] : NULL;
        if (r->subs)
            gd_run_sub_text(o->info, &r->subs[i], o->style.no_conf, items[i].sub,
                            sizeof items[i].sub);
    }
    st = items && marks ? gd_draw_items(c, items, n, marks, &o->style, err)
                        : gd_fail(err, GD_ERR_NOMEM, "no memory to draw %d detections", n);
    gd_mem_put(items);
    gd_mem_put(marks);
    return st;
}

/* Colours over all but the background, and what they stand for. */
gd_status gd_outputs_draw_map(const gd_outputs *o, const gd_canvas *c, const gd_record *r,
                              bool captioned, gd_error *err) {
    const int      clear = gd_run_background(o->info);
    gd_segment     segment[256];
    gd_legend_line line[LEGEND];
    const int      n = gd_record_segments(r, segment);
    int            lines = 0;
    gd_draw_class_map(c, r->map, clear, o->opacity);
    for (int i = 0; i < n && lines < LEGEND && !o->style.no_labels; i++) {
        const int share = (int)(1000 * segment[i].share + 0.5); /* a point under every locale */
        char      name[32];
        if (segment[i].class_id == clear || share == 0) continue;
        line[lines].color = gd_map_color(segment[i].class_id);
        snprintf(line[lines++].text, sizeof line->text, "%.60s %d.%d %%",
                 gd_run_class_name(o->info, segment[i].class_id, name, sizeof name), share / 10,
                 share % 10);
    }
    return gd_draw_legend(c, line, lines, captioned, &o->style, err);
}

/* Draws on a copy: crops and later outputs need the pixels as they were. */
static gd_status annotate(gd_outputs *o, const gd_record *r, const char *path, gd_error *err) {
    gd_canvas c = {.width = r->width, .height = r->height, .stride = 3 * (size_t)r->width};
    size_t    stride = r->stride ? r->stride : 3 * (size_t)r->width;
    gd_image  image = {.width = r->width, .height = r->height, .stride = c.stride};
    gd_status st;
    char      text[512];
    c.rgb = gd_mem_array((size_t)r->height, c.stride);
    if (!c.rgb) return gd_fail(err, GD_ERR_NOMEM, "no memory to annotate %s", path);
    const gd_image as_read = {r->rgb, r->width, r->height, stride, 0};
    if (o->backdrop) {
        GD_GO(gd_backdrop_draw(o->backdrop, &as_read, r->map, c.rgb, err));
        image.rgb = c.rgb;
        GD_GO(gd_encode_file(path, o->out_flags, &image, err));
        goto done;
    }
    if (o->filter) {
        GD_GO(gd_filter_run(o->filter, &as_read, c.rgb, c.stride, err));
    } else {
        for (int y = 0; y < r->height; y++)
            memcpy(c.rgb + (size_t)y * c.stride, r->rgb + (size_t)y * stride, c.stride);
    }
    image.rgb = c.rgb;
    if (o->info->task == GD_TASK_CLASSIFY) {
        caption(o, r, text, sizeof text);
        GD_GO(gd_draw_caption(&c, text, &o->style, err));
    } else if (o->info->task == GD_TASK_SEGMENT) {
        GD_GO(gd_outputs_draw_map(o, &c, r, false, err));
    } else {
        GD_GO(draw(o, &c, r, err));
    }
    GD_GO(gd_encode_file(path, o->out_flags, &image, err));
done:
    gd_mem_put(c.rgb);
    return st;
}

static gd_status put_picture(gd_outputs *o, const gd_record *r, gd_error *err) {
    char        path[4096];
    const char *ext = extension(r->source);
    if (r->error || r->pts >= 0 || (!o->file && !o->namer)) return GD_OK;
    if (o->file) return annotate(o, r, o->file, err);
    if (gd_encode_format_of(r->source) == GD_ENCODE_NONE) ext = ".png";
    GD_TRY(gd_namer_next(o->namer, r->source, -1, ext, path, sizeof path, err));
    return annotate(o, r, path, err);
}

gd_status gd_outputs_video(gd_outputs *o, const char *source, char *path, size_t room,
                           gd_error *err) {
    path[0] = '\0';
    if (o->file) snprintf(path, room, "%s", o->file);
    if (!o->namer) return GD_OK;
    return gd_namer_next(o->namer, source, -1,
                         gd_is_video_output(source) ? extension(source) : ".mp4", path, room,
                         err);
}

gd_status gd_outputs_event(gd_outputs *o, const gd_event *e, gd_error *err) {
    for (int i = 0; i < o->n; i++) GD_TRY(gd_writer_event(o->slot[i].writer, e, err));
    return GD_OK;
}

gd_status gd_outputs_put(gd_outputs *o, const gd_record *r, gd_error *err) {
    if (o->list) gd_progress_clear();
    for (int i = 0; i < o->n; i++) {
        gd_status st;
        /* Whoever asks for an annotated video does not want to read every frame of it. */
        if (o->slot[i].list && r->pts >= 0 && (o->file || o->namer)) continue;
        st = gd_writer_put(o->slot[i].writer, r, err);
        if (st == GD_OK) continue;
        /* This output is lost; the others can still be finished. */
        gd_writer_close(o->slot[i].writer);
        o->slot[i] = o->slot[--o->n];
        return st;
    }
    return put_picture(o, r, err);
}

gd_status gd_outputs_finish(gd_outputs *o, const gd_summary *sum, gd_error *err) {
    gd_status st = GD_OK;
    for (int i = 0; i < o->n; i++) {
        gd_error  one = {0};
        gd_status now = gd_writer_finish(o->slot[i].writer, sum, &one);
        if (now == GD_OK || st != GD_OK) continue;
        st = now;
        if (err) *err = one;
    }
    return st;
}

void gd_outputs_close(gd_outputs *o) {
    for (int i = 0; i < o->n; i++) gd_writer_close(o->slot[i].writer);
    gd_namer_close(o->namer);
    memset(o, 0, sizeof *o);
}
