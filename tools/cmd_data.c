/* cmd_data.c -- `gdrun data`: data sets checked, counted, converted, divided, and made. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/cli/device.h"
#include "tools/cli/model.h"
#include "tools/cli/number.h"
#include "tools/cli/program.h"
#include "tools/cli/read.h"
#include "tools/cmd.h"
#include "tools/data/annotate.h"
#include "tools/data/check.h"
#include "tools/data/order.h"
#include "tools/data/tell.h"
#include "tools/data/write.h"

enum { SPLITS = 64 };

/* A data set with all its splits, or the one that was asked for. */
typedef struct set {
    const gd_flags    *f;
    const char        *path;
    gd_arena           arena;
    const char *const *splits;
    int                n_splits; /* 0: one part without a name */
} set;

static gd_status usage(gd_error *err, const char *what, const char *hint) {
    if (gd_fail_code(err, GD_ERR_ARG, 207, "data: %s", what)) gd_error_hint(err, "%s", hint);
    return GD_ERR_ARG;
}

static gd_data_options options(const gd_flags *f) {
    gd_data_options o = gd_data_defaults();
    o.format = gd_flag_text(f, GD_OPT_FORMAT);
    o.images = gd_flag_text(f, GD_OPT_IMAGES);
    o.most_bad = gd_flag_on(f, GD_OPT_STRICT) ? 0 : gd_flag_real(f, GD_OPT_MAX_BAD);
    return o;
}

static gd_status set_open(set *s, const gd_flags *f, gd_error *err) {
    const gd_data_options o = options(f);
    *s = (set){.f = f};
    if (f->n_args != 2)
        return usage(err, "an action and one data set are needed", "gdrun data check PATH");
    s->path = f->args[1];
    if (gd_flag_text(f, GD_OPT_SPLIT)) {
        const char **one = gd_arena_array(&s->arena, 1, sizeof *one);
        if (!one) return gd_fail(err, GD_ERR_NOMEM, "no memory");
        one[0] = gd_flag_text(f, GD_OPT_SPLIT);
        s->splits = one;
        s->n_splits = 1;
        return GD_OK;
    }
    return gd_data_splits(s->path, &o, &s->arena, &s->splits, &s->n_splits, err);
}

static int part_count(const set *s) { return s->n_splits ? s->n_splits : 1; }

/* Part i; `tolerant`: whatever is wrong with it. */
static gd_status part_open(const set *s, int i, bool tolerant, gd_data **out, gd_error *err) {
    gd_data_options o = options(s->f);
    o.split = s->n_splits ? s->splits[i] : NULL;
    if (tolerant) o.most_bad = -1;
    return gd_data_open(s->path, &o, out, err);
}

/* One warning for what was left out of a part that is not checked. */
static void warn_left_out(const gd_data *d) {
    const uint64_t labels = gd_data_bad(&d->report, GD_DATA_LABEL);
    const uint64_t pictures = gd_data_bad(&d->report, GD_DATA_PICTURE);
    if (labels + pictures)
        gd_warn_each(831,
                     "%s%s%s: %" PRIu64 " labels and %" PRIu64
                     " pictures are left out; gdrun data check lists them",
                     d->path, *d->split ? ", split " : "", d->split, labels, pictures);
}

/* ---- what is written --------------------------------------------------------------------- */

static gd_status writer_of(const gd_flags *f, const char *format, gd_data_writer *w,
                           gd_error *err) {
    static const char *const how[] = {"link", "copy", "none"};
    const char              *pictures = gd_flag_text(f, GD_OPT_PICTURES);
    *w = (gd_data_writer){.format = format,
                          .out = gd_flag_text(f, GD_OPT_DATA_OUT),
                          .replace = gd_flag_on(f, GD_OPT_YES)};
    for (int k = 0; k < 3; k++)
        if (!strcmp(pictures, how[k])) w->pictures = (gd_data_pictures)k;
    if (!w->out) return usage(err, "nothing to write to", "-o FOLDER");
    if (!strcmp(format, "folders"))
        return gd_fail_code(err, GD_ERR_ARG, 209,
                            "data: a folder a class is no format that is written");
    const size_t n = strlen(w->out);
    if (n > 5 && !strcmp(w->out + n - 5, ".json") && strcmp(format, "coco"))
        return gd_fail_code(err, GD_ERR_ARG, 209, "data: %s writes a folder, not %.200s",
                            format, w->out);
    return GD_OK;
}

static void say_written(const gd_data_writer *w) {
    gd_say(GD_LEVEL_INFO, "%s: %" PRIu64 " pictures, %" PRIu64 " boxes, as %s", w->out,
           w->written_images, w->written_boxes, w->format);
    if (w->lost_masks)
        gd_warn(806, "%" PRIu64 " outlines are not carried over: boxes alone are written",
                w->lost_masks);
    if (w->lost_crowds)
        gd_warn(806, "%" PRIu64 " crowds are left out: YOLO has none", w->lost_crowds);
    if (w->lost_twins)
        gd_say(GD_LEVEL_INFO, "%" PRIu64 " boxes that stood there twice are written once",
               w->lost_twins);
}

static const char *name_of(const set *s, int i) { return s->n_splits ? s->splits[i] : "train"; }

/* A file holds one part. */
static gd_status check_parts(const gd_data_writer *w, int n, gd_error *err) {
    const size_t m = strlen(w->out);
    if (n < 2 || m < 6 || strcmp(w->out + m - 5, ".json")) return GD_OK;
    return gd_fail_code(err, GD_ERR_ARG, 209, "data: %d splits do not go into one file", n);
}

/* ---- check ------------------------------------------------------------------------------- */

static bool progress(size_t done, size_t all) {
    gd_progress((long)done, (long)all);
    return gd_interrupted() != 0;
}

/* The good pictures of a part, as a list of indices. */
static gd_status write_good(gd_data_writer *w, const gd_data *d, const char *split,
                            const bool *usable, gd_error *err) {
    uint32_t *list = gd_mem_array(d->n_images + 1, sizeof *list);
    size_t    n = 0;
    gd_status st;
    if (!list) return gd_fail(err, GD_ERR_NOMEM, "no memory to write the data set");
    for (size_t i = 0; i < d->n_images; i++)
        if (!usable || usable[i]) list[n++] = (uint32_t)i;
    w->clean = true;
    st = gd_data_write(w, d, split, list, n, err);
    gd_mem_put(list);
    return st;
}

static gd_status check_part(const set *s, int i, gd_check *c, gd_data_writer *w, gd_teller *t,
                            gd_error *refusal, gd_error *err) {
    const bool fix = gd_flag_on(s->f, GD_OPT_FIX);
    gd_data   *d = NULL;
    bool      *usable = NULL;
    gd_error   verdict = {0};
    gd_status  st;
    GD_GO(part_open(s, i, true, &d, err));
    if (c) {
        usable = gd_mem_array(d->n_images + 1, sizeof *usable);
        if (!usable) GD_GO(gd_fail(err, GD_ERR_NOMEM, "no memory to check pictures"));
        gd_progress_begin("pictures");
        GD_GO(gd_check_pictures(c, d, usable, progress, err));
        gd_progress_clear();
        if (gd_interrupted()) goto done;
    }
    st = gd_data_judge(&d->report, d->path, options(s->f).most_bad, &verdict);
    if (st == GD_ERR_NOMEM) {
        *err = verdict;
        goto done;
    }
    if (st != GD_OK && !t->refused) *refusal = verdict;
    GD_GO(gd_tell_check(t, d, st != GD_OK, err));
    if (fix && i == 0) GD_GO(writer_of(s->f, d->format, w, err));
    if (fix && i == 0) GD_GO(check_parts(w, part_count(s), err));
    if (fix) GD_GO(write_good(w, d, name_of(s, i), usable, err));
    if (fix && i + 1 == part_count(s)) {
        const char *const only[] = {"train"};
        GD_GO(gd_data_write_end(w, d, s->n_splits ? s->splits : only, part_count(s), err));
        say_written(w);
    }
done:
    gd_mem_put(usable);
    gd_data_close(d);
    return st;
}

static gd_status do_check(const gd_flags *f, int *code, gd_error *err) {
    set            s;
    gd_error       refusal = {0};
    gd_check      *c = NULL;
    gd_data_writer w = {0};
    gd_teller      t = {.json = gd_flag_on(f, GD_OPT_INFO_JSON),
                        .all = gd_flag_int(f, GD_OPT_VERBOSE) > 0};
    gd_status      st = set_open(&s, f, err);
    if (st == GD_OK && gd_flag_on(f, GD_OPT_FIX) && !gd_flag_text(f, GD_OPT_DATA_OUT))
        st =
            usage(err, "--fix needs a place to write to", "gdrun data check PATH --fix -o OUT");
    if (st != GD_OK) goto done;
    if (!gd_flag_on(f, GD_OPT_NO_DECODE)) GD_GO(gd_check_open(gd_thread_count(f), &c, err));
    for (int i = 0; i < part_count(&s) && !gd_interrupted(); i++)
        GD_GO(check_part(&s, i, c, &w, &t, &refusal, err));
    GD_GO(gd_tell_end(&t, s.path, "check", err));
    *code = t.refused ? GD_EXIT_TRAINING : GD_EXIT_OK;
    if (t.refused) { /* the list is on stdout, the verdict on stderr */
        *err = refusal;
        st = refusal.status;
    }
done:
    gd_check_close(c);
    gd_tell_free(&t);
    gd_arena_free(&s.arena);
    return st;
}

/* ---- stats, convert ---------------------------------------------------------------------- */

static gd_status do_stats(const gd_flags *f, gd_error *err) {
    set       s;
    gd_teller t = {.json = gd_flag_on(f, GD_OPT_INFO_JSON)};
    gd_data  *d = NULL;
    gd_status st;
    GD_GO(set_open(&s, f, err));
    for (int i = 0; i < part_count(&s); i++) {
        GD_GO(part_open(&s, i, false, &d, err));
        warn_left_out(d);
        GD_GO(gd_tell_stats(&t, d, err));
        gd_data_close(d);
        d = NULL;
    }
    st = gd_tell_end(&t, s.path, "stats", err);
done:
    gd_data_close(d);
    gd_tell_free(&t);
    gd_arena_free(&s.arena);
    return st;
}

static gd_status do_convert(const gd_flags *f, gd_error *err) {
    const char *const only[] = {"train"};
    set               s;
    gd_data_writer    w;
    gd_data          *d = NULL;
    gd_status         st;
    GD_GO(set_open(&s, f, err));
    if (!gd_flag_text(f, GD_OPT_TO)) GD_GO(usage(err, "to what?", "--to coco|voc|yolo"));
    GD_GO(writer_of(f, gd_flag_text(f, GD_OPT_TO), &w, err));
    GD_GO(check_parts(&w, part_count(&s), err));
    for (int i = 0; i < part_count(&s); i++) {
        gd_data_close(d);
        d = NULL;
        GD_GO(part_open(&s, i, false, &d, err));
        warn_left_out(d);
        if (!strcmp(d->format, "folders"))
            GD_GO(gd_fail_code(err, GD_ERR_ARG, 209, "data: a folder a class holds no boxes"));
        GD_GO(gd_data_write(&w, d, name_of(&s, i), NULL, d->n_images, err));
    }
    GD_GO(gd_data_write_end(&w, d, s.n_splits ? s.splits : only, part_count(&s), err));
    say_written(&w);
done:
    gd_data_close(d);
    gd_arena_free(&s.arena);
    return st;
}

/* ---- split ------------------------------------------------------------------------------- */

typedef struct parts {
    const char *name[SPLITS];
    double      share[SPLITS];
    int         n;
} parts;

static gd_status read_parts(const gd_flags *f, gd_arena *arena, parts *p, gd_error *err) {
    const gd_flag_value *v = gd_flag_get(f, GD_OPT_PARTS);
    double               sum = 0;
    for (p->n = 0; p->n < v->n_items && p->n < SPLITS; p->n++) {
        const char *item = v->items[p->n], *eq = strchr(item, '=');
        if (!eq || eq == item || !gd_number_real(eq + 1, &p->share[p->n]) ||
            p->share[p->n] < 0 || strchr(item, '/') || item[0] == '.')
            return gd_fail_code(err, GD_ERR_ARG, 204,
                                "--parts: '%.60s' is no NAME=SHARE such as val=0.1", item);
        p->name[p->n] = gd_arena_bytes(arena, item, (size_t)(eq - item));
        if (!p->name[p->n]) return gd_fail(err, GD_ERR_NOMEM, "no memory");
        sum += p->share[p->n];
    }
    if (sum < 0.999 || sum > 1.001)
        return gd_fail_code(err, GD_ERR_ARG, 204, "--parts: the shares add up to %g, not 1",
                            sum);
    return GD_OK;
}

static gd_status do_split(const gd_flags *f, gd_error *err) {
    set            s;
    gd_data_writer w;
    gd_data       *d = NULL;
    gd_order       order = {0};
    parts          p;
    double         end = 0;
    size_t         from = 0;
    gd_status      st;
    GD_GO(set_open(&s, f, err));
    if (s.n_splits > 1 && !gd_flag_text(f, GD_OPT_SPLIT) &&
        strcmp(gd_flag_text(f, GD_OPT_FORMAT) ? gd_flag_text(f, GD_OPT_FORMAT) : "", "voc"))
        GD_GO(
            usage(err, "the data set has splits already", "--split NAME divides one of them"));
    GD_GO(read_parts(f, &s.arena, &p, err));
    GD_GO(part_open(&s, 0, false, &d, err));
    warn_left_out(d);
    GD_GO(writer_of(f, gd_flag_text(f, GD_OPT_TO) ? gd_flag_text(f, GD_OPT_TO) : d->format, &w,
                    err));
    GD_GO(check_parts(&w, p.n, err));
    GD_GO(gd_order_open(&order, d, (uint64_t)gd_flag_int(f, GD_OPT_DATA_SEED), 1, true, false,
                        err));
    gd_order_epoch(&order, 0);
    for (int i = 0; i < p.n; i++) {
        end += p.share[i];
        size_t to = i + 1 == p.n ? d->n_images : (size_t)(end * (double)d->n_images + 0.5);
        if (to < from) to = from;
        GD_GO(gd_data_write(&w, d, p.name[i], order.at[0] + from, to - from, err));
        gd_say(GD_LEVEL_INFO, "%s: %zu pictures", p.name[i], to - from);
        from = to;
    }
    GD_GO(gd_data_write_end(&w, d, p.name, p.n, err));
    say_written(&w);
done:
    gd_order_close(&order);
    gd_data_close(d);
    gd_arena_free(&s.arena);
    return st;
}

/* ---- annotate ---------------------------------------------------------------------------- */

typedef struct labelling { /* what annotate has open */
    gd_decoder  *decoder;
    gd_model    *model;
    gd_session  *session;
    gd_annotate *labels;
    gd_sources   sources;
    gd_picture   picture;
    gd_data     *d;
    long         failed;
} labelling;

static gd_status label_one(labelling *l, const gd_flags *f, const gd_source *src,
                           gd_error *err) {
    gd_result r;
    gd_image  image;
    gd_error  why = {0};
    gd_status st = gd_source_read(src, l->decoder, f, &l->picture, &why);
    if (st != GD_OK) {
        l->failed++;
        gd_report_error(&why, GD_EXIT_INPUT, src->path);
        return st == GD_ERR_NOMEM ? st : GD_OK;
    }
    image = gd_picture_image(&l->picture);
    GD_TRY(gd_session_run(l->session, &image, 1, &r, err));
    return gd_annotate_add(l->labels, src->path, image.width, image.height, r.detections,
                           r.n_detections, err);
}

static gd_status do_annotate(gd_flags *f, int *code, gd_error *err) {
    labelling          l = {0};
    gd_data_writer     w;
    char               path[4096];
    const char        *to = gd_flag_text(f, GD_OPT_TO);
    const char *const  only[] = {"train"};
    gd_session_options opt = gd_session_defaults();
    gd_session_stats   stats;
    gd_status          st;
    if (!gd_flag_text(f, GD_OPT_MODEL)) return usage(err, "no model", "-m MODEL.gdw");
    GD_GO(writer_of(f, to ? to : "coco", &w, err));
    GD_GO(gd_decoder_open(NULL, &l.decoder, err));
    for (int i = 1; i < f->n_args; i++) GD_GO(gd_sources_add(&l.sources, f->args[i], err));
    if (!l.sources.n)
        GD_GO(usage(err, "no pictures", "gdrun data annotate -m MODEL.gdw FOLDER"));
    *code = GD_EXIT_MODEL;
    GD_GO(gd_model_find(gd_flag_text(f, GD_OPT_MODEL), path, sizeof path, err));
    GD_GO(gd_model_load(path, &l.model, err));
    if (gd_model_task(l.model) != GD_TASK_DETECT)
        GD_GO(gd_fail_code(err, GD_ERR_ARG, 209, "data: %.200s finds no boxes", path));
    opt.device = gd_flag_text(f, GD_OPT_DEVICE);
    opt.threads = gd_thread_count(f);
    opt.conf = (float)gd_flag_real(f, GD_OPT_CONF);
    GD_GO(gd_session_open(l.model, &opt, &l.session, err));
    gd_session_stats_get(l.session, &stats);
    gd_device_say(f, &stats);
    GD_GO(gd_annotate_open(l.model, &l.labels, err));
    *code = GD_EXIT_INPUT;
    gd_progress_begin("pictures");
    for (int i = 0; i < l.sources.n && !gd_interrupted(); i++) {
        GD_GO(label_one(&l, f, &l.sources.items[i], err));
        gd_progress(i + 1, l.sources.n);
    }
    gd_progress_clear();
    GD_GO(gd_annotate_end(l.labels, &l.d, err));
    if (!l.d->n_images)
        GD_GO(gd_fail_code(err, GD_ERR_FORMAT, 300, "data: no picture could be read"));
    w.clean = true;
    GD_GO(gd_data_write(&w, l.d, "train", NULL, l.d->n_images, err));
    GD_GO(gd_data_write_end(&w, l.d, only, 1, err));
    say_written(&w);
    *code = l.failed ? GD_EXIT_SOME_FAILED : GD_EXIT_OK;
done:
    gd_data_close(l.d);
    gd_annotate_close(l.labels);
    gd_session_close(l.session);
    gd_model_close(l.model);
    gd_picture_free(&l.picture);
    gd_sources_free(&l.sources);
    gd_decoder_close(l.decoder);
    return st;
}

int gd_cmd_data(gd_flags *f) {
    const char *action = f->n_args ? f->args[0] : "";
    gd_error    err = {0};
    int         code = GD_EXIT_TRAINING;
    gd_status   st;
    if (!strcmp(action, "check")) {
        st = do_check(f, &code, &err);
    } else if (!strcmp(action, "stats")) {
        st = do_stats(f, &err);
    } else if (!strcmp(action, "convert")) {
        st = do_convert(f, &err);
    } else if (!strcmp(action, "split")) {
        st = do_split(f, &err);
    } else if (!strcmp(action, "annotate")) {
        st = do_annotate(f, &code, &err);
    } else {
        st = usage(&err, "the action is one of check, stats, convert, split, annotate",
                   "gdrun data check PATH");
    }
    gd_progress_clear();
    if (gd_interrupted()) return 128 + gd_interrupted();
    if (st != GD_OK) return (int)gd_report_error(&err, (gd_exit)code, NULL);
    return code == GD_EXIT_TRAINING && strcmp(action, "check") ? GD_EXIT_OK : code;
}
