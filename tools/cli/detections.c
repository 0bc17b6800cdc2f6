/* detections.c -- see detections.h. */
#include "tools/cli/detections.h"

#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/cli/model.h"
#include "tools/cli/number.h"
#include "tools/cli/report.h"
#include "tools/cli/run.h"

/* Which detections are reported, class by class. */
typedef struct selection {
    int    n_classes;
    bool  *wanted;
    float *least;   /* score */
    int    fail_on; /* class id, -1: none, -2: any */
} selection;

static void select_detections(const gd_run *run, gd_detection *d, int *n) {
    const selection *s = run->filter_data;
    int              kept = 0;
    for (int i = 0; i < *n; i++) {
        int id = d[i].class_id;
        if (id < 0 || id >= s->n_classes || !s->wanted[id] || !(d[i].score >= s->least[id]))
            continue;
        d[kept++] = d[i];
    }
    *n = kept;
}

/* ByteTrack wants the weak detections too. */
static float general_conf(const gd_flags *f) {
    if (f->command == GD_CMD_TRACK && !gd_flag_given(f, GD_OPT_CONF) &&
        !strcmp(gd_flag_text(f, GD_OPT_TRACKER), "bytetrack"))
        return (float)gd_flag_real(f, GD_OPT_TRACK_LOW);
    return (float)gd_flag_real(f, GD_OPT_CONF);
}

/* --conf-class person=0.3 */
static gd_status read_conf_class(selection *s, const gd_model *m, const char *item,
                                 gd_error *err) {
    char        name[256];
    const char *equals = strrchr(item, '=');
    double      least;
    int         id;
    if (!equals || (size_t)(equals - item) >= sizeof name ||
        !gd_number_real(equals + 1, &least) || !(least >= 0 && least <= 1))
        return gd_fail_code(err, GD_ERR_ARG, 204,
                            "--conf-class takes NAME=SCORE with a score from 0 to 1, not '%s'",
                            item);
    snprintf(name, sizeof name, "%.*s", (int)(equals - item), item);
    GD_TRY(gd_class_find(m, name, &id, err));
    s->least[id] = (float)least;
    return GD_OK;
}

static gd_status select_open(selection *s, const gd_flags *f, const gd_model *m,
                             gd_error *err) {
    const gd_flag_value *only = gd_flag_get(f, GD_OPT_CLASSES);
    const gd_flag_value *conf = gd_flag_get(f, GD_OPT_CONF_CLASS);
    const char          *fail_on = gd_flag_text(f, GD_OPT_FAIL_ON);
    s->n_classes = gd_model_class_count(m);
    s->wanted = gd_mem_array((size_t)s->n_classes, sizeof *s->wanted);
    s->least = gd_mem_array((size_t)s->n_classes, sizeof *s->least);
    if (!s->wanted || !s->least)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d classes", s->n_classes);
    for (int i = 0; i < s->n_classes; i++) {
        s->wanted[i] = only->n_items == 0;
        s->least[i] = general_conf(f);
    }
    for (int i = 0; i < only->n_items; i++) {
        int id;
        GD_TRY(gd_class_find(m, only->items[i], &id, err));
        s->wanted[id] = true;
    }
    for (int i = 0; i < conf->n_items; i++) GD_TRY(read_conf_class(s, m, conf->items[i], err));
    s->fail_on = -1;
    if (!strcmp(fail_on, "any")) s->fail_on = -2;
    if (s->fail_on == -1 && strcmp(fail_on, "none"))
        GD_TRY(gd_class_find(m, fail_on, &s->fail_on, err));
    return GD_OK;
}

/* The lowest threshold of any wanted class: what the session must not drop. */
static float lowest(const selection *s) {
    float v = 1;
    for (int i = 0; i < s->n_classes; i++)
        if (s->wanted[i] && s->least[i] < v) v = s->least[i];
    return v;
}

/* Nothing was found in any picture: what a user would look at next. */
static void hint_block(const gd_run *r) {
    const gd_flags *f = r->flags;
    char            why[384], hint[256], seen[64] = "unknown";
    const char     *arch = gd_model_arch(r->model);
    double          conf = gd_flag_real(f, GD_OPT_CONF);
    if (r->top_score >= 0) snprintf(seen, sizeof seen, "%.4f", (double)r->top_score);
    snprintf(
        why, sizeof why,
        "best score seen: %s; threshold: --conf %g; classes: %s; "
        "input: %s; recipe of %s",
        seen, conf, gd_flag_get(f, GD_OPT_CLASSES)->n_items ? "filtered by --classes" : "all",
        gd_flag_given(f, GD_OPT_IMGSZ) ? gd_flag_text(f, GD_OPT_IMGSZ) : "by the model's rule",
        arch ? arch : "the model");
    if (r->top_score >= 0 && r->top_score < (float)conf)
        snprintf(hint, sizeof hint, "--conf %.2g", (double)r->top_score * 0.9);
    else
        snprintf(hint, sizeof hint, "%s",
                 gd_flag_get(f, GD_OPT_CLASSES)->n_items
                     ? "without --classes"
                     : "a picture that shows one of the classes");
    gd_note("no detections", why, hint);
}

static bool failed_on(const gd_run *r, const selection *s) {
    if (s->fail_on == -2) return r->summary.detections > 0;
    return s->fail_on >= 0 && r->summary.class_count[s->fail_on] > 0;
}

int gd_run_detections(gd_flags *f) {
    gd_run    run;
    gd_error  err = {0};
    selection s = {0};
    int       code = gd_run_open(&run, f, GD_TASK_DETECT);
    if (code >= 0) goto done;
    if (select_open(&s, f, run.model, &err) != GD_OK) {
        code = (int)gd_report_error(&err, GD_EXIT_USAGE, NULL);
        goto done;
    }
    run.filter = select_detections;
    run.filter_data = &s;
    run.session_conf = lowest(&s);
    code = gd_run_all(&run);
    if (run.n_ok > 0 && run.summary.detections == 0) hint_block(&run);
    if (code == GD_EXIT_OK && failed_on(&run, &s)) {
        gd_say(GD_LEVEL_INFO, "--fail-on %s: found", gd_flag_text(f, GD_OPT_FAIL_ON));
        code = GD_EXIT_SOME_FAILED;
    }
done:
    gd_run_close(&run);
    gd_mem_put(s.wanted);
    gd_mem_put(s.least);
    return code;
}
