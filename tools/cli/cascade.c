/* cascade.c -- see cascade.h. */
#include "tools/cli/cascade.h"

#include <string.h>

#include "engine/mem.h"
#include "tools/cli/device.h"
#include "tools/cli/model.h"
#include "tools/cli/report.h"

struct gd_cascade {
    const gd_flags *flags;
    bool            twin; /* flags, model, names and wanted are another's */
    gd_model       *model;
    gd_session     *session;
    char            path[4096], sha256[65];
    const char    **names;  /* of its classes */
    bool           *wanted; /* classes of the detector */
    int             n_wanted;
    int             least; /* pixels of a box's shorter side */
    int             batch;
    gd_crop        *crop;   /* of the detections that are looked at */
    gd_result      *result; /* of each of them */
    int            *of;     /* the detection that it belongs to */
    int             room;
};

/* ---- opening ----------------------------------------------------------------------------- */

static gd_status load(gd_cascade *c, gd_error *err) {
    GD_TRY(
        gd_model_find(gd_flag_text(c->flags, GD_OPT_CLASSIFY), c->path, sizeof c->path, err));
    GD_TRY(gd_model_load(c->path, &c->model, err));
    if (gd_model_task(c->model) != GD_TASK_CLASSIFY) {
        gd_fail_code(err, GD_ERR_UNSUPPORTED, 0,
                     "%s is a model for 'detect', not for --classify", c->path);
        gd_error_hint(err, "--classify takes a classifier, such as a ResNet; -m the detector");
        return GD_ERR_UNSUPPORTED;
    }
    if (gd_flag_on(c->flags, GD_OPT_STRICT)) GD_TRY(gd_model_finite(c->model, err));
    const int n = gd_model_class_count(c->model);
    c->names = gd_mem_array((size_t)n, sizeof *c->names);
    if (!c->names) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d classes", n);
    for (int i = 0; i < n; i++) c->names[i] = gd_model_class_name(c->model, i);
    return GD_OK;
}

static gd_status read_flags(gd_cascade *c, const gd_model *detector, gd_error *err) {
    const gd_flag_value *only = gd_flag_get(c->flags, GD_OPT_CLASSIFY_CLASSES);
    c->least = (int)gd_flag_int(c->flags, GD_OPT_CLASSIFY_MIN);
    c->batch = (int)gd_flag_int(c->flags, GD_OPT_CLASSIFY_BATCH);
    c->n_wanted = gd_model_class_count(detector);
    c->wanted = gd_mem_array((size_t)c->n_wanted, sizeof *c->wanted);
    if (!c->wanted) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d classes", c->n_wanted);
    for (int i = 0; i < c->n_wanted; i++) c->wanted[i] = only->n_items == 0;
    for (int i = 0; i < only->n_items; i++) {
        int id;
        GD_TRY(gd_class_find(detector, only->items[i], &id, err));
        c->wanted[id] = true;
    }
    return GD_OK;
}

/* Flags that say something about a classifier that is not there. */
static gd_status check_alone(const gd_flags *f, gd_error *err) {
    static const gd_flag_id of[] = {GD_OPT_CLASSIFY_CLASSES, GD_OPT_CLASSIFY_MIN,
                                    GD_OPT_CLASSIFY_BATCH};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        if (gd_flag_given(f, of[i])) {
            gd_fail_code(err, GD_ERR_ARG, 207, "--%s needs --classify",
                         gd_flag_table[of[i]].name);
            gd_error_hint(err, "--classify CLASSIFIER.gdw");
            return GD_ERR_ARG;
        }
    return GD_OK;
}

int gd_cascade_open(const gd_flags *f, const gd_model *detector, gd_cascade **out) {
    gd_error err = {0};
    *out = NULL;
    if (!gd_flag_text(f, GD_OPT_CLASSIFY))
        return check_alone(f, &err) == GD_OK ? -1
                                             : (int)gd_report_error(&err, GD_EXIT_USAGE, NULL);
    gd_cascade *c = gd_mem_get_zero(sizeof *c);
    if (!c) {
        (void)gd_fail(&err, GD_ERR_NOMEM, "no memory for a classifier");
        return (int)gd_report_error(&err, GD_EXIT_MEMORY, NULL);
    }
    c->flags = f;
    gd_exit   subject = GD_EXIT_MODEL;
    gd_status st = load(c, &err);
    if (st == GD_OK) {
        subject = GD_EXIT_USAGE;
        st = read_flags(c, detector, &err);
    }
    if (st == GD_OK) {
        *out = c;
        return -1;
    }
    gd_cascade_close(c);
    return (int)gd_report_error(&err, subject, NULL);
}

void gd_cascade_close(gd_cascade *c) {
    if (!c) return;
    gd_session_close(c->session);
    if (!c->twin) {
        gd_model_close(c->model);
        gd_mem_put(c->names);
        gd_mem_put(c->wanted);
    }
    gd_mem_put(c->crop);
    gd_mem_put(c->result);
    gd_mem_put(c->of);
    gd_mem_put(c);
}

const char *gd_cascade_path(const gd_cascade *c) { return c->path; }

static gd_status open_session(gd_cascade *c, const char *device, int threads, gd_error *err) {
    gd_session_options o = gd_session_defaults();
    o.device = device;
    gd_precision_set(&o, gd_flag_text(c->flags, GD_OPT_PRECISION));
    o.threads = threads;
    o.memory_limit = (uint64_t)gd_flag_int(c->flags, GD_OPT_DEVICE_MEM_CAP);
    o.providers = gd_flag_on(c->flags, GD_OPT_PROVIDERS);
    o.check_numerics = gd_flag_on(c->flags, GD_OPT_CHECK_NUMERICS);
    o.top_k = 1;
    return gd_session_open(c->model, &o, &c->session, err);
}

gd_status gd_cascade_twin(const gd_cascade *c, int threads, gd_cascade **out, gd_error *err) {
    gd_session_stats on;
    gd_cascade      *t = gd_mem_get_zero(sizeof *t);
    *out = NULL;
    if (!t) return gd_fail(err, GD_ERR_NOMEM, "no memory for a classifier");
    *t = (gd_cascade){.flags = c->flags,
                      .twin = true,
                      .model = c->model,
                      .names = c->names,
                      .wanted = c->wanted,
                      .n_wanted = c->n_wanted,
                      .least = c->least,
                      .batch = c->batch};
    gd_session_stats_get(c->session, &on);
    const gd_status st = open_session(t, on.device, threads, err);
    if (st == GD_OK)
        *out = t;
    else
        gd_cascade_close(t);
    return st;
}

gd_status gd_cascade_start(gd_cascade *c, const char *device, bool with_hash, gd_run_info *info,
                           gd_error *err) {
    GD_TRY(open_session(c, device, gd_thread_count(c->flags), err));
    if (with_hash) GD_TRY(gd_file_sha256(c->path, c->sha256, err));
    info->sub_model = c->path;
    info->sub_sha256 = with_hash ? c->sha256 : NULL;
    info->n_sub = gd_model_class_count(c->model);
    info->sub_names = c->names;
    return GD_OK;
}

/* ---- running ----------------------------------------------------------------------------- */

static gd_status make_room(gd_cascade *c, int n, gd_error *err) {
    if (n <= c->room) return GD_OK;
    gd_mem_put(c->crop);
    gd_mem_put(c->result);
    gd_mem_put(c->of);
    c->room = 0;
    c->crop = gd_mem_array((size_t)n, sizeof *c->crop);
    c->result = gd_mem_array((size_t)n, sizeof *c->result);
    c->of = gd_mem_array((size_t)n, sizeof *c->of);
    if (!c->crop || !c->result || !c->of)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d crops", n);
    c->room = n;
    return GD_OK;
}

/* The part of the box inside the picture is what counts. */
static bool is_wanted(const gd_cascade *c, const gd_image *p, const gd_detection *d,
                      gd_crop *out) {
    if (d->class_id < 0 || d->class_id >= c->n_wanted || !c->wanted[d->class_id]) return false;
    return gd_crop_of(p->width, p->height, d->box, out) && out->width >= c->least &&
           out->height >= c->least;
}

gd_status gd_cascade_run(gd_cascade *c, const gd_session *held, int picture,
                         const gd_image *image, const gd_detection *d, int n,
                         gd_class_score *sub, gd_error *err) {
    gd_crops run = {.image = *image, .batch = c->batch, .held = held, .picture = picture};
    for (int i = 0; i < n; i++) sub[i] = (gd_class_score){-1, 0};
    GD_TRY(make_room(c, n, err));
    for (int i = 0; i < n; i++)
        if (is_wanted(c, image, &d[i], &c->crop[run.n])) c->of[run.n++] = i;
    run.crop = c->crop;
    if (run.n) GD_TRY(gd_session_run_crops(c->session, &run, c->result, err));
    for (int k = 0; k < run.n; k++) sub[c->of[k]] = c->result[k].classes[0];
    return GD_OK;
}
