/* cmd_eval.c -- `gdrun eval`: a model, or its detections, judged by annotated pictures. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/device.h"
#include "tools/cli/model.h"
#include "tools/cli/program.h"
#include "tools/cli/sources.h"
#include "tools/cmd.h"
#include "tools/eval/job.h"
#include "tools/output/sink.h"

enum { PATH_ROOM = 4096, REPORTS = 2 };

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* What -o asks for. */
typedef struct target {
    const char *path; /* NULL: nothing */
    bool        folder, json;
    unsigned    flags; /* of gd_out_open */
} target;

static target target_of(const gd_flags *f) {
    const char *path = gd_flag_text(f, GD_OPT_EVAL_OUT);
    target      t = {.path = path, .flags = gd_flag_on(f, GD_OPT_YES) ? GD_OUT_REPLACE : 0};
    if (!path) return t;
    t.json = ends_with(path, ".json");
    t.folder = !t.json && !ends_with(path, ".md");
    return t;
}

/* ---- before anything is done ------------------------------------------------------------- */

static gd_status missing(const char *what, const char *hint, gd_error *err) {
    if (gd_fail_code(err, GD_ERR_ARG, 207, "%s", what)) gd_error_hint(err, "%s", hint);
    return GD_ERR_ARG;
}

static gd_status check_flags(const gd_flags *f, gd_error *err) {
    const char *model = gd_flag_text(f, GD_OPT_MODEL);
    const char *found = gd_flag_text(f, GD_OPT_DETECTIONS);
    const char *json = gd_flag_text(f, GD_OPT_JSON), *coco = gd_flag_text(f, GD_OPT_COCO);
    if (f->n_args)
        return gd_fail_code(err, GD_ERR_ARG, 200, "eval takes no argument: '%.100s'",
                            f->args[0]);
    if (!gd_flag_text(f, GD_OPT_DATA))
        return missing("no data set was given", "--data instances.json --images FOLDER", err);
    if (!model && !found)
        return missing("no model was given", "-m MODEL.gdw, or --detections FILE", err);
    if (model && found)
        return gd_fail_code(err, GD_ERR_ARG, 209,
                            "--detections takes the place of --model: one of them");
    if (found && coco)
        return gd_fail_code(err, GD_ERR_ARG, 209, "--coco writes what --detections reads");
    if (json && coco && !strcmp(json, "-") && !strcmp(coco, "-"))
        return gd_fail_code(err, GD_ERR_ARG, 209, "--json and --coco both go to stdout");
    const char *const out[] = {json, coco, gd_flag_text(f, GD_OPT_EVAL_OUT)};
    const char *const in[] = {gd_flag_text(f, GD_OPT_DATA), model, found};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++)
            if (out[i] && in[k] && strcmp(out[i], "-") && gd_same_file(out[i], in[k]))
                return gd_fail_code(err, GD_ERR_ARG, 208, "%.300s is read and written", out[i]);
    return GD_OK;
}

/* A file that cannot be written is known before the pictures are run. */
static gd_status try_file(const char *path, unsigned flags, gd_error *err) {
    gd_out o;
    if (!path || !strcmp(path, "-")) return GD_OK;
    GD_TRY(gd_out_open(&o, path, flags, err));
    gd_out_abort(&o);
    return GD_OK;
}

static gd_status in_folder(char out[PATH_ROOM], const target *t, const char *name,
                           gd_error *err) {
    const int n = snprintf(out, PATH_ROOM, "%s/%s", t->path, name);
    if (n > 0 && n < PATH_ROOM) return GD_OK;
    return gd_fail_code(err, GD_ERR_IO, 952, "%.200s: the path is too long", t->path);
}

static const char *const report_names[REPORTS] = {"report.md", "report.json"};

static gd_status try_outputs(const gd_flags *f, gd_error *err) {
    const target t = target_of(f);
    char         path[PATH_ROOM];
    GD_TRY(try_file(gd_flag_text(f, GD_OPT_JSON), t.flags, err));
    GD_TRY(try_file(gd_flag_text(f, GD_OPT_COCO), t.flags, err));
    if (!t.path) return GD_OK;
    if (!t.folder) return try_file(t.path, t.flags, err);
    if (mkdir(t.path, 0777) != 0 && errno != EEXIST)
        return gd_fail_code(err, GD_ERR_IO, 952, "%.300s: %s", t.path, strerror(errno));
    for (int i = 0; i < REPORTS; i++) {
        GD_TRY(in_folder(path, &t, report_names[i], err));
        GD_TRY(try_file(path, t.flags, err));
    }
    return GD_OK;
}

/* ---- after ------------------------------------------------------------------------------- */

static gd_status write_text(const char *path, unsigned flags, const char *text, size_t n,
                            gd_error *err) {
    gd_sink   s = GD_SINK_NONE;
    gd_status st;
    GD_GO(gd_sink_open(&s, path, flags != 0, err));
    gd_put_bytes(&s.text, text, n);
    st = gd_sink_commit(&s, err);
done:
    gd_sink_abort(&s);
    return st;
}

static gd_status write_report(const gd_eval_report *r, const char *path, bool json,
                              unsigned flags, gd_error *err) {
    gd_buffer b = {0};
    char     *text = NULL;
    gd_status st;
    if (json) {
        text = gd_eval_json_text(r);
        st = text ? write_text(path, flags, text, strlen(text), err)
                  : gd_fail(err, GD_ERR_NOMEM, "no memory for the report");
    } else {
        gd_eval_markdown(r, &b);
        st = b.failed ? gd_fail(err, GD_ERR_NOMEM, "no memory for the report")
                      : write_text(path, flags, b.data, b.size, err);
    }
    gd_mem_put(text);
    gd_buffer_free(&b);
    return st;
}

static gd_status write_folder(const gd_eval_report *r, const target *t, gd_error *err) {
    char path[PATH_ROOM];
    for (int i = 0; i < REPORTS; i++) {
        GD_TRY(in_folder(path, t, report_names[i], err));
        GD_TRY(write_report(r, path, i == 1, t->flags, err));
    }
    for (int i = 0; gd_eval_chart_name(r, i); i++) {
        GD_TRY(in_folder(path, t, gd_eval_chart_name(r, i), err));
        GD_TRY(gd_eval_chart(r, i, path, t->flags, err));
    }
    return GD_OK;
}

/* The table goes to stdout unless something else does. */
static gd_status write_outputs(const gd_eval_job *j, gd_error *err) {
    const gd_flags *f = j->flags;
    const target    t = target_of(f);
    const char     *json = gd_flag_text(f, GD_OPT_JSON), *coco = gd_flag_text(f, GD_OPT_COCO);
    const bool      taken = (json && !strcmp(json, "-")) || (coco && !strcmp(coco, "-"));
    if (coco) GD_TRY(gd_eval_job_coco(j, coco, t.flags != 0, err));
    if (json) GD_TRY(write_report(&j->report, json, true, t.flags, err));
    if (t.path && t.folder) GD_TRY(write_folder(&j->report, &t, err));
    if (t.path && !t.folder) GD_TRY(write_report(&j->report, t.path, t.json, t.flags, err));
    if (taken) return GD_OK;
    gd_buffer b = {0};
    gd_eval_markdown(&j->report, &b);
    if (!b.failed) gd_print_bytes(b.data, b.size);
    const gd_status st =
        b.failed ? gd_fail(err, GD_ERR_NOMEM, "no memory for the report") : GD_OK;
    gd_buffer_free(&b);
    return st;
}

static gd_status hold_gate(const gd_eval_job *j, gd_error *err) {
    const char  *name;
    const double v = gd_eval_main_number(&j->report, &name);
    if (!gd_flag_given(j->flags, GD_OPT_GATE)) return GD_OK;
    const double least = gd_flag_real(j->flags, GD_OPT_GATE);
    if (v >= least) return GD_OK;
    return gd_fail_code(err, GD_ERR_CHECK, 702, "%s is %.6f, below the gate of %g", name, v,
                        least);
}

/* ---- the command ------------------------------------------------------------------------- */

static gd_status open_model(gd_eval_job *j, gd_error *err) {
    GD_TRY(gd_model_find(j->model_name, j->model_path, sizeof j->model_path, err));
    GD_TRY(gd_model_load(j->model_path, &j->model, err));
    if (gd_flag_on(j->flags, GD_OPT_STRICT)) GD_TRY(gd_model_finite(j->model, err));
    j->task = gd_model_task(j->model);
    return GD_OK;
}

/* What the pictures came to; the failure of some is not that of all. */
static int end_code(const gd_eval_job *j) {
    if (!j->run.n_failed) return GD_EXIT_OK;
    if (!j->run.n_ok) return j->run.first_failure;
    gd_say(GD_LEVEL_INFO, "%d of %d pictures failed; their objects count as missed",
           j->run.n_failed, j->run.n);
    return GD_EXIT_SOME_FAILED;
}

int gd_cmd_eval(gd_flags *f) {
    gd_eval_job j = {.flags = f, .task = GD_TASK_DETECT, .report = {.conf = -1, .iou = -1}};
    gd_error    err = {0};
    gd_exit     subject = GD_EXIT_USAGE;
    gd_status   st;
    int         code = GD_EXIT_OK;
    j.model_name = gd_flag_text(f, GD_OPT_MODEL);
    GD_GO(check_flags(f, &err));
    GD_GO(gd_device_check(f, &err));
    subject = GD_EXIT_INPUT;
    if (j.model_name) GD_GO(gd_eval_job_decoders(&j, &err));
    subject = GD_EXIT_MODEL;
    if (j.model_name) GD_GO(open_model(&j, &err));
    subject = GD_EXIT_TRAINING;
    GD_GO(gd_eval_job_data(&j, &err));
    subject = GD_EXIT_OUTPUT;
    GD_GO(try_outputs(f, &err));
    subject = GD_EXIT_MODEL;
    if (j.model) GD_GO(gd_eval_job_session(&j, &err));
    subject = j.model ? GD_EXIT_TRAINING : GD_EXIT_INPUT;
    GD_GO(gd_eval_job_results(&j, &err));
    if (j.run.interrupted) {
        gd_say(GD_LEVEL_INFO, "interrupted after %d of %d pictures; nothing is judged",
               j.run.n_ok, j.run.n);
        goto done;
    }
    code = end_code(&j);
    if (j.model && !j.run.n_ok) goto done;
    GD_GO(gd_eval_job_judge(&j, &err));
    subject = GD_EXIT_OUTPUT;
    GD_GO(write_outputs(&j, &err));
    GD_GO(hold_gate(&j, &err));
done:
    gd_eval_job_free(&j);
    if (st == GD_OK) return code;
    if (err.code == 951) { /* the reader of stdout went away */
        gd_stdout_fail(EPIPE);
        return GD_EXIT_OUTPUT;
    }
    return (int)gd_report_error(&err, subject, NULL);
}
