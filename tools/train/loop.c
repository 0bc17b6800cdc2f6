/* loop.c -- the steps of a training run: rates, checks, checkpoints, epochs; see job.h. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/cli/program.h"
#include "tools/cli/progress.h"
#include "tools/output/sink.h"
#include "tools/train/job.h"

enum { SKIPPED_IN_A_ROW = 50 };

/* ---- checkpoints ------------------------------------------------------------------------- */

static gd_checkpoint checkpoint_of(const gd_train_job *j) {
    return (gd_checkpoint){.meta = j->state.meta,
                           .n_meta = j->state.n_meta,
                           .with = j->setup.with,
                           .n_with = j->setup.n_with,
                           .place = j->place,
                           .tensor = j->state.tensor,
                           .n_tensor = j->state.n_tensor};
}

/* A disk that is full does not end what was learnt: the next checkpoint may find room. */
static gd_status save(gd_train_job *j, gd_error *err) {
    gd_error      why = {0};
    gd_checkpoint c = checkpoint_of(j);
    GD_TRY(gd_train_state_fetch(&j->state, gd_trainer_store(j->trainer), err));
    j->save_failed = gd_run_folder_save(&j->folder, gd_checkpoint_write, &c, &why) != GD_OK;
    if (j->save_failed) {
        gd_warn_each(989, "the checkpoint could not be written: %s", why.msg);
        gd_note("the run goes on; the checkpoint before is whole", NULL,
                "make room in the run's folder");
    }
    return GD_OK;
}

static void keep(gd_train_job *j, const char *name) {
    gd_error why = {0};
    if (j->save_failed || gd_run_folder_keep(&j->folder, name, &why) == GD_OK) return;
    gd_warn_each(989, "%s could not be written: %s", name, why.msg);
}

/* ---- what went wrong --------------------------------------------------------------------- */

/* nan_dump.json: the step that diverged, its losses and its pictures. */
static void dump(gd_train_job *j, const gd_batch *b, const gd_train_stats *s) {
    char     path[4096];
    gd_sink  sink = GD_SINK_NONE;
    gd_error err = {0};
    gd_run_folder_file(&j->folder, "nan_dump.json", path, sizeof path);
    if (gd_sink_open(&sink, path, true, &err) != GD_OK) return;
    gd_buffer *t = &sink.text;
    gd_put(t, "{\"step\":");
    gd_put_int(t, j->place.step);
    gd_put_key_int(t, "epoch", j->place.epoch);
    gd_put_key_int(t, "batch", j->place.batch);
    for (int i = 0; i < s->n_loss; i++) {
        char text[32];
        snprintf(text, sizeof text, "%g", (double)s->loss[i]);
        gd_put_key_string(t, s->name[i], text);
    }
    gd_put(t, ",\"images\":[");
    for (int i = 0; i < b->n; i++) {
        if (i) gd_put(t, ",");
        gd_put_json_string(t, j->data->images[b->image[i]].path);
    }
    gd_put(t, "]}\n");
    if (gd_sink_commit(&sink, &err) != GD_OK) gd_warn(989, "%s: %s", path, err.msg);
    gd_sink_abort(&sink);
}

/* FP32: every number must be finite. FP16: an infinite gradient halves the loss scale, and only
 * many in a row are a failure. */
static gd_status check(gd_train_job *j, const gd_batch *b, const gd_train_stats *s,
                       bool applied, gd_error *err) {
    const bool bad = s->stat[GD_STAT_SKIPPED] != 0 || !isfinite(s->loss[0]);
    /* Only an update tells: batches between two of them are neither good nor bad. */
    if (applied) j->in_a_row = bad ? j->in_a_row + 1 : 0;
    if (!bad || (j->setup.trainer.half && j->in_a_row <= SKIPPED_IN_A_ROW)) return GD_OK;
    dump(j, b, s);
    gd_status st =
        j->setup.trainer.half
            ? gd_fail_code(err, GD_ERR_CHECK, 821,
                           "step %lld: gradients were not finite %lld times in a row",
                           (long long)j->place.step, (long long)j->in_a_row)
            : gd_fail_code(err, GD_ERR_CHECK, 820, "step %lld: the loss is %g, gradients %s",
                           (long long)j->place.step, (double)s->loss[0],
                           s->stat[GD_STAT_SKIPPED] != 0 ? "are not finite" : "are finite");
    gd_error_why(err, "nan_dump.json names the pictures of the step");
    gd_error_hint(err, "a smaller --lr, --warmup, --clip; --check-numerics names the layer");
    return st;
}

/* ---- a step ------------------------------------------------------------------------------ */

static gd_train_rates rates_of(const gd_train_job *j) {
    const int64_t at = j->place.batch % j->setup.accumulate;
    const bool    last = at == j->setup.accumulate - 1 || j->place.batch == j->batches - 1;
    return (gd_train_rates){
        .rate = (float)(j->setup.rate * gd_schedule_factor(&j->setup.schedule, j->place.step)),
        .momentum = (float)j->setup.momentum,
        .average = (float)j->setup.average,
        .first = at == 0,
        .apply = last};
}

static double clock_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What the log is told of micro-steps since the last update. */
static void tell(gd_train_job *j, const gd_train_stats *s, double rate) {
    char            name[GD_MAX_LOSS][72];
    gd_figure       f[GD_MAX_LOSS + 3];
    gd_loader_stats l;
    const double    now = clock_s();
    int             n = 0;
    gd_loader_stats_get(j->loader, &l);
    for (int i = 0; i < s->n_loss; i++) {
        snprintf(name[i], sizeof name[i], i ? "loss.%s" : "%s", s->name[i]);
        f[n++] = (gd_figure){name[i], (double)s->loss[i]};
    }
    f[n++] = (gd_figure){"lr", rate};
    f[n++] = (gd_figure){"norm", (double)s->stat[GD_STAT_NORM]};
    if (j->setup.trainer.half) f[n++] = (gd_figure){"scale", (double)s->stat[GD_STAT_SCALE]};
    const gd_log_step line = {.step = j->place.step,
                              .epoch = (int)j->place.epoch + 1,
                              .batch = j->place.batch,
                              .batches = j->batches,
                              .figure = f,
                              .n = n,
                              .images = j->setup.loader.batch * j->micro,
                              .seconds = now - j->told_s,
                              .stall = l.stall_ms / 1e3 - j->told_stall,
                              .bytes = gd_trainer_bytes(j->trainer)};
    gd_train_log_step(&j->log, &line);
    if (s->stat[GD_STAT_SKIPPED] != 0)
        gd_train_log_event(&j->log, j->place.step, "skipped", "a gradient was not finite");
    j->told_s = now;
    j->told_stall = l.stall_ms / 1e3;
    j->micro = 0;
}

static gd_status step(gd_train_job *j, const gd_batch *b, gd_error *err) {
    const bool           whole = j->model->arch->task == GD_TASK_CLASSIFY;
    const gd_train_rates r = rates_of(j);
    const gd_train_batch in = {.net_h = b->height,
                               .net_w = b->width,
                               .pixels = b->pixels,
                               .n_pixels = (int64_t)b->n_pixels,
                               .layer = b->layers,
                               .geom = b->geom,
                               .box = b->gt_boxes,
                               .label = whole ? b->labels : b->gt_labels,
                               .count = b->gt_count,
                               .seed = j->setup.seed,
                               .step = b->number};
    gd_train_stats       s;
    GD_TRY(gd_trainer_step(j->trainer, &in, &r, &s, err));
    GD_TRY(check(j, b, &s, r.apply, err));
    j->place.batch++;
    j->place.step += r.apply;
    j->micro++;
    j->epoch_loss += (double)s.loss[0];
    j->epoch_batches++;
    if (r.apply) tell(j, &s, (double)r.rate);
    return GD_OK;
}

/* ---- epochs ------------------------------------------------------------------------------ */

/* A figure is better when it is larger. */
static gd_status end_epoch(gd_train_job *j, gd_error *err) {
    const char *name = NULL;
    char        kept[32];
    double      figure = NAN;
    j->place.epoch++;
    j->place.batch = 0;
    GD_TRY(save(j, err));
    if (j->val_path[0] && !j->save_failed && !gd_interrupted())
        GD_TRY(gd_train_judge(j, &figure, &name, err));
    const bool best =
        name && isfinite(figure) && (isnan(j->place.best) || figure > j->place.best);
    if (name) j->place.stale = best ? 0 : j->place.stale + 1;
    if (best) {
        j->place.best = figure;
        j->place.best_epoch = j->place.epoch;
        GD_TRY(save(j, err)); /* it knows its figure */
        keep(j, "best.gdw");
    }
    if (j->setup.save_period && j->place.epoch % j->setup.save_period == 0) {
        snprintf(kept, sizeof kept, "epoch-%04lld.gdw", (long long)j->place.epoch);
        keep(j, kept);
    }
    const double    loss = j->epoch_loss / (double)j->epoch_batches;
    const gd_figure f[] = {{"loss.mean", loss}, {name, figure}};
    gd_train_log_epoch(&j->log, j->place.step, (int)j->place.epoch, f, name ? 2 : 1);
    j->epoch_loss = 0;
    j->epoch_batches = 0;
    j->told_s = clock_s(); /* judging is no part of a step */
    return GD_OK;
}

/* Slurm's warning before a job is ended, and a terminal that went away: as SIGTERM does. */
static void on_request(int number) {
    (void)number;
    if (!gd_interrupted()) raise(SIGTERM); /* a second SIGTERM would end it at once */
}

static void catch_requests(void) {
    struct sigaction a = {.sa_handler = on_request}, was;
    sigaction(SIGUSR1, &a, NULL);
    /* nohup: a hangup that is ignored stays so. */
    if (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &a, NULL);
}

/* Why the run ends now; NULL: it goes on. */
static const char *over(const gd_train_job *j) {
    const gd_train_setup *s = &j->setup;
    if (gd_interrupted()) return "interrupted";
    if (j->place.epoch >= s->epochs) return "all epochs are done";
    if (s->max_steps && j->place.step >= s->max_steps) return "all steps are done";
    if (s->patience && j->place.stale >= s->patience) return "no better figure for too long";
    return NULL;
}

static void say_start(gd_train_job *j) {
    gd_log_word word[GD_TRAIN_WITH + 1];
    int         n = 0;
    word[n++] = (gd_log_word){"device", gd_trainer_device(j->trainer)};
    for (int i = 0; i < j->setup.n_with; i++)
        word[n++] = (gd_log_word){j->setup.with[i].key, j->setup.with[i].value};
    gd_train_log_start(&j->log, word, n);
    j->told_s = clock_s();
}

gd_status gd_train_job_run(gd_train_job *j, gd_exit *subject, gd_error *err) {
    const char *why;
    gd_status   st = GD_OK;
    *subject = GD_EXIT_TRAINING;
    catch_requests();
    say_start(j);
    while (st == GD_OK && !(why = over(j))) {
        gd_batch *b;
        if ((st = gd_loader_next(j->loader, &b, err)) != GD_OK) break;
        st = step(j, b, err);
        gd_loader_release(j->loader, b);
        if (st == GD_OK && j->place.batch == j->batches) st = end_epoch(j, err);
    }
    gd_progress_clear();
    if (st != GD_OK) {
        /* What was learnt is whole, unless it is what failed. */
        gd_error second = {0};
        if (st != GD_ERR_DEVICE && st != GD_ERR_CHECK && save(j, &second) != GD_OK)
            gd_warn_each(989, "the checkpoint could not be written: %s", second.msg);
        return st;
    }
    /* In the middle of an epoch: everything that going on needs. */
    if (j->place.batch || j->save_failed) GD_TRY(save(j, err));
    gd_train_log_event(&j->log, j->place.step, "stopped", why);
    gd_say(GD_LEVEL_INFO, "%s: epoch %lld, step %lld; %s/last.gdw", why,
           (long long)j->place.epoch, (long long)j->place.step, j->setup.folder);
    *subject = GD_EXIT_OUTPUT;
    if (j->save_failed)
        return gd_fail_code(err, GD_ERR_IO, 989, "the last checkpoint could not be written");
    return GD_OK;
}
