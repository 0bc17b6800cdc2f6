/* job.c -- an evaluation, step by step; see job.h. */
#include "tools/eval/job.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/mem.h"
#include "layers/model.h"
#include "tools/cli/device.h"
#include "tools/cli/model.h"
#include "tools/cli/report.h"
#include "tools/output/sink.h"

/* Average precision wants unsure detections too; a model's own threshold above this one is for
 * showing, not for judging. */
static const float own_most = 0.05f, else_conf = 0.001f;

enum { READERS_MOST = 8 };

/* ---- the data set ------------------------------------------------------------------------ */

/* A GPU waits for pictures unless several are decoded at a time; a model on the CPU has use for
 * the cores itself. */
gd_status gd_eval_job_decoders(gd_eval_job *j, gd_error *err) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int        n = cores < READERS_MOST ? (int)cores : READERS_MOST;
    if (n < 1 || !strcmp(gd_flag_text(j->flags, GD_OPT_DEVICE), "cpu")) n = 1;
    GD_TRY(gd_decoder_open(NULL, &j->decoder, err));
    for (; j->n_readers < n; j->n_readers++)
        GD_TRY(gd_decoder_open(NULL, &j->readers[j->n_readers], err));
    return GD_OK;
}

static gd_status wrong_kind(const gd_eval_job *j, const char *what, gd_error *err) {
    return gd_fail_code(err, GD_ERR_FORMAT, 832, "%.200s: %s, but the model is for '%s'",
                        j->truth.data->path, what, gd_task_name(j->task));
}

gd_status gd_eval_job_data(gd_eval_job *j, gd_error *err) {
    const gd_flags *f = j->flags;
    const char     *path = gd_flag_text(f, GD_OPT_DATA);
    const char     *split = gd_flag_text(f, GD_OPT_SPLIT);
    const char     *images = gd_flag_text(f, GD_OPT_IMAGES);
    if (j->task == GD_TASK_SEGMENT)
        return gd_eval_maps_open(path, split, images, &j->maps, err);
    GD_TRY(gd_truth_open(path, split, images, gd_flag_on(f, GD_OPT_STRICT), &j->truth, err));
    const bool folders = !strcmp(j->truth.data->format, "folders");
    if (j->task == GD_TASK_DETECT && folders)
        return wrong_kind(j, "its pictures have classes and no boxes", err);
    if (j->task == GD_TASK_CLASSIFY && !folders)
        return wrong_kind(j, "its pictures have boxes and no class of their own", err);
    if (!j->truth.data->n_images)
        return gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: has no pictures", path);
    if (!j->model) return GD_OK;
    return gd_truth_classes(&j->truth, j->model, &j->class_of, err);
}

/* ---- the model --------------------------------------------------------------------------- */

/* A float as it was typed: 0.001, not 0.0010000000475. */
static double shown(float v) { return round((double)v * 1e6) / 1e6; }

gd_status gd_eval_job_session(gd_eval_job *j, gd_error *err) {
    gd_session_options o = gd_session_flags(j->flags, j->model);
    const gd_recipe   *own = &j->model->recipe;
    if (j->task == GD_TASK_CLASSIFY) o.top_k = GD_EVAL_TOP;
    if (j->task == GD_TASK_DETECT) {
        o.conf = own->conf <= own_most ? own->conf : else_conf;
        if (gd_flag_given(j->flags, GD_OPT_EVAL_CONF))
            o.conf = (float)gd_flag_real(j->flags, GD_OPT_EVAL_CONF);
        j->report.conf = shown(o.conf);
        j->report.iou = shown(o.iou >= 0 ? o.iou : own->iou);
    }
    GD_TRY(gd_session_open(j->model, &o, &j->session, err));
    gd_session_stats_get(j->session, &j->stats);
    gd_device_say(j->flags, &j->stats);
    return GD_OK;
}

/* ---- results ----------------------------------------------------------------------------- */

static gd_eval_source data_source(void *ctx, int i) {
    const gd_data_image *p = &((const gd_eval_job *)ctx)->truth.data->images[i];
    return (gd_eval_source){p->path, p->width, p->height};
}

static gd_eval_source map_source(void *ctx, int i) {
    return (gd_eval_source){((const gd_eval_job *)ctx)->maps.item[i].picture, 0, 0};
}

/* Boxes as they would stand in a results file: floats, corner and size. */
static gd_status take_boxes(void *ctx, int i, const gd_picture *picture,
                            const gd_result *result, gd_error *err) {
    gd_eval_job *j = ctx;
    (void)picture;
    for (int k = 0; k < result->n_detections; k++) {
        const gd_detection *d = &result->detections[k];
        const float         w = d->box[2] - d->box[0], h = d->box[3] - d->box[1];
        const gd_eval_found found = {
            .box = {(double)d->box[0], (double)d->box[1], (double)w, (double)h},
            .score = (double)d->score,
            .image = i,
            .class_id = j->class_of[d->class_id]};
        j->results.n_read++;
        if (found.class_id < 0)
            j->results.other_classes++;
        else
            GD_TRY(gd_results_add(&j->results, &found, err));
    }
    return GD_OK;
}

static gd_status take_label(void *ctx, int i, const gd_picture *picture,
                            const gd_result *result, gd_error *err) {
    gd_eval_job *j = ctx;
    int          best[GD_EVAL_TOP];
    int          n = 0;
    (void)picture;
    for (; n < result->n_classes && n < GD_EVAL_TOP; n++)
        best[n] = j->class_of[result->classes[n].class_id];
    return gd_eval_labels_add(&j->labels, i, j->truth.data->images[i].label, best, n,
                              n ? result->classes[0].score : 0, err);
}

static gd_status take_map(void *ctx, int i, const gd_picture *picture, const gd_result *result,
                          gd_error *err) {
    gd_eval_job *j = ctx;
    const char  *path = j->maps.item[i].map;
    uint8_t     *truth;
    int          width, height;
    gd_error     e = {0};
    GD_TRY(gd_eval_map_read(j->decoder, path, &truth, &width, &height, err));
    gd_status st = GD_OK;
    if (width != picture->width || height != picture->height)
        st = gd_fail_code(err, GD_ERR_FORMAT, 835, "%.200s is %d x %d, its picture %d x %d",
                          path, width, height, picture->width, picture->height);
    else if (gd_eval_pixels_add(&j->pixels, truth, result->map, (size_t)width * (size_t)height,
                                &e) != GD_OK)
        st = gd_fail_code(err, GD_ERR_FORMAT, 835, "%.200s: %s", path, e.msg);
    gd_mem_put(truth);
    return st;
}

/* Results of a data set of which pictures are missing would be wrong in silence. */
static gd_status too_many_failed(const gd_eval_job *j, gd_error *err) {
    if (j->run.n_failed < 2 || 100 * (int64_t)j->run.n_failed <= j->run.n) return GD_OK;
    return gd_fail_code(err, GD_ERR_FORMAT, 801, "%d of %d pictures cannot be used",
                        j->run.n_failed, j->run.n);
}

static gd_status run_model(gd_eval_job *j, gd_error *err) {
    const bool maps = j->task == GD_TASK_SEGMENT;
    j->run.flags = j->flags;
    j->run.decoders = j->readers;
    j->run.n_decoders = j->n_readers;
    j->run.session = j->session;
    j->run.ctx = j;
    j->run.source = maps ? map_source : data_source;
    j->run.take = maps ? take_map : j->task == GD_TASK_CLASSIFY ? take_label : take_boxes;
    j->run.n = maps ? j->maps.n : (int)j->truth.data->n_images;
    if (j->task == GD_TASK_CLASSIFY)
        GD_TRY(gd_eval_labels_open(j->truth.data->n_classes, &j->labels, err));
    if (maps) GD_TRY(gd_eval_pixels_open(gd_model_class_count(j->model), &j->pixels, err));
    GD_TRY(gd_eval_run_all(&j->run, err));
    if (j->results.other_classes)
        gd_say(GD_LEVEL_VERBOSE, "%lld detections of classes that the data set has not",
               (long long)j->results.other_classes);
    return too_many_failed(j, err);
}

static gd_status read_detections(gd_eval_job *j, gd_error *err) {
    const char      *path = gd_flag_text(j->flags, GD_OPT_DETECTIONS);
    gd_results      *r = &j->results;
    gd_results_names names;
    GD_TRY(gd_truth_names(&j->truth, &names, err));
    GD_TRY(gd_results_read(path, &names, r, err));
    if (!r->other_images && !r->other_classes) return GD_OK;
    const bool  images = r->other_images > 0;
    const char *what = images ? "pictures" : "classes";
    const char *first = images ? r->image : r->class_name;
    if (r->n == 0 || gd_flag_on(j->flags, GD_OPT_STRICT)) {
        gd_fail_code(err, GD_ERR_FORMAT, 363,
                     "%.200s: %lld of %lld detections are of %s that the data set has not (%s)",
                     path, (long long)(images ? r->other_images : r->other_classes),
                     (long long)r->n_read, what, first);
        return GD_ERR_FORMAT;
    }
    gd_warn(364, "%lld of %lld detections are of %s that the data set has not (%s)",
            (long long)(images ? r->other_images : r->other_classes), (long long)r->n_read,
            what, first);
    return GD_OK;
}

gd_status gd_eval_job_results(gd_eval_job *j, gd_error *err) {
    return j->model ? run_model(j, err) : read_detections(j, err);
}

/* ---- judging ----------------------------------------------------------------------------- */

/* Names of classes, the last for what is none of them, and of pictures. */
static gd_status take_names(gd_eval_job *j, gd_error *err) {
    const gd_data *d = j->truth.data;
    const bool     maps = j->task == GD_TASK_SEGMENT;
    const int      n = maps ? gd_model_class_count(j->model) : d->n_classes;
    const size_t   n_images = maps ? (size_t)j->maps.n : d->n_images;
    j->names = gd_mem_array((size_t)n + 1, sizeof *j->names);
    j->images = gd_mem_array(n_images, sizeof *j->images);
    if (!j->names || !j->images)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu names", n_images);
    for (int i = 0; i < n; i++)
        j->names[i] = maps ? gd_model_class_name(j->model, i) : d->classes[i].name;
    j->names[n] = j->task == GD_TASK_DETECT ? "background" : "another class";
    for (size_t i = 0; i < n_images; i++)
        j->images[i] = maps ? j->maps.item[i].name : d->images[i].name;
    j->report.n_classes = n;
    j->report.n_images = (int)n_images;
    return GD_OK;
}

static gd_status judge(gd_eval_job *j, gd_error *err) {
    gd_eval_report *r = &j->report;
    if (j->task == GD_TASK_CLASSIFY) {
        gd_eval_labels_end(&j->labels);
        r->labels = &j->labels;
    } else if (j->task == GD_TASK_SEGMENT) {
        gd_eval_pixels_end(&j->pixels);
        r->pixels = &j->pixels;
    } else {
        const gd_eval_set set = {.n_images = (int)j->truth.data->n_images,
                                 .n_classes = j->truth.data->n_classes,
                                 .truth = j->truth.box,
                                 .found = j->results.found,
                                 .n_truth = j->truth.n,
                                 .n_found = j->results.n};
        GD_TRY(
            gd_eval_boxes_run(&set, (int)gd_flag_int(j->flags, GD_OPT_WORST), &j->boxes, err));
        r->boxes = &j->boxes;
    }
    return GD_OK;
}

gd_status gd_eval_job_judge(gd_eval_job *j, gd_error *err) {
    const bool      maps = j->task == GD_TASK_SEGMENT;
    const time_t    now = time(NULL);
    struct tm       utc;
    gd_eval_report *r = &j->report;
    GD_TRY(take_names(j, err));
    GD_TRY(judge(j, err));
    r->model = j->model_name ? j->model_path : NULL;
    r->results = gd_flag_text(j->flags, GD_OPT_DETECTIONS);
    r->arch = j->model ? gd_model_arch(j->model) : "";
    r->device = j->stats.device;
    r->precision = j->stats.precision;
    r->data = gd_flag_text(j->flags, GD_OPT_DATA);
    r->format = maps ? j->maps.format : j->truth.data->format;
    r->split = maps ? j->maps.split : j->truth.data->split;
    if (gmtime_r(&now, &utc)) strftime(r->date, sizeof r->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    r->n_failed = j->run.n_failed;
    r->batch = j->run.batch;
    if (j->run.decode.n) r->decode = gd_samples_timing(&j->run.decode);
    if (j->run.infer.n) r->infer = gd_samples_timing(&j->run.infer);
    r->wall_ms = j->run.wall_ms;
    r->classes = j->names;
    r->images = j->images;
    return GD_OK;
}

/* ---- outputs ----------------------------------------------------------------------------- */

gd_status gd_eval_job_coco(const gd_eval_job *j, const char *path, bool replace,
                           gd_error *err) {
    enum { FLUSH = 1 << 16 };
    const gd_data *d = j->truth.data;
    gd_sink        s = GD_SINK_NONE;
    gd_status      st;
    GD_GO(gd_sink_open(&s, path, replace, err));
    gd_put(&s.text, "[");
    for (int i = 0; i < j->results.n; i++) {
        const gd_eval_found *f = &j->results.found[i];
        gd_put(&s.text, i ? ",\n{\"image_id\":" : "\n{\"image_id\":");
        gd_put_int(&s.text, d->images[f->image].id);
        gd_put_key_int(&s.text, "category_id", d->classes[f->class_id].id);
        for (int k = 0; k < 4; k++) {
            gd_put(&s.text, k ? "," : ",\"bbox\":[");
            gd_put_float(&s.text, (float)f->box[k]);
        }
        gd_put(&s.text, "],\"score\":");
        gd_put_float(&s.text, (float)f->score);
        gd_put(&s.text, "}");
        if (s.text.size > FLUSH) GD_GO(gd_sink_flush(&s, err));
    }
    gd_put(&s.text, "\n]\n");
    st = gd_sink_commit(&s, err);
done:
    gd_sink_abort(&s);
    return st;
}

void gd_eval_job_free(gd_eval_job *j) {
    gd_eval_boxes_free(&j->boxes);
    gd_eval_labels_free(&j->labels);
    gd_eval_pixels_free(&j->pixels);
    gd_eval_run_free(&j->run);
    gd_results_free(&j->results);
    gd_mem_put(j->class_of);
    gd_mem_put(j->names);
    gd_mem_put(j->images);
    gd_eval_maps_free(&j->maps);
    gd_truth_close(&j->truth);
    gd_session_close(j->session);
    gd_model_close(j->model);
    gd_decoder_close(j->decoder);
    for (int i = 0; i < j->n_readers; i++) gd_decoder_close(j->readers[i]);
}
