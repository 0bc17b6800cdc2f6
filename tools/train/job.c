/* job.c -- opening a training run: data, model, folder, loader, trainer; see job.h. */
#include "tools/train/job.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/cli/model.h"

/* ---- data and model ---------------------------------------------------------------------- */

/* Labels are places in the model's list of classes, which has to hold those of the data set. */
static gd_status open_data(gd_train_job *j, gd_error *err) {
    const gd_flags *f = j->flags;
    gd_data_options o = gd_data_defaults();
    o.split = gd_flag_text(f, GD_OPT_TRAIN_SPLIT);
    o.images = gd_flag_text(f, GD_OPT_IMAGES);
    o.names = j->model->name;
    o.n_names = j->model->n_class;
    GD_TRY(gd_data_open(gd_flag_text(f, GD_OPT_DATA), &o, &j->data, err));
    if (j->data->n_images == 0)
        return gd_fail_code(err, GD_ERR_FORMAT, 803, "%s: no picture to learn from",
                            j->data->path);
    gd_say(GD_LEVEL_INFO, "%zu pictures, %zu boxes, %d classes to learn from",
           j->data->n_images, j->data->n_boxes, j->data->n_classes);
    return GD_OK;
}

static bool has_split(const gd_train_job *j, const char *path, const char *name) {
    const gd_data_options o = gd_data_defaults();
    const char *const    *names;
    gd_arena              arena = {0};
    gd_error              none;
    int                   n = 0;
    bool                  found = false;
    (void)j;
    if (gd_data_splits(path, &o, &arena, &names, &n, &none) == GD_OK)
        for (int i = 0; i < n; i++) found |= !strcmp(names[i], name);
    gd_arena_free(&arena);
    return found;
}

/* What judges an epoch: a split of the same data, or another data set. */
static void choose_val(gd_train_job *j) {
    const char *data = gd_flag_text(j->flags, GD_OPT_DATA);
    const char *val = gd_flag_text(j->flags, GD_OPT_VAL);
    if (val && !strcmp(val, "none")) return;
    if (!val && !has_split(j, data, "val")) return;
    if (!val || has_split(j, data, val)) {
        snprintf(j->val_path, sizeof j->val_path, "%s", data);
        j->val_split = val ? val : "val";
    } else {
        snprintf(j->val_path, sizeof j->val_path, "%s", val);
    }
}

/* What judges is opened before anything is learnt, so that it does not fail an epoch later. */
static gd_status try_val(gd_train_job *j, gd_error *err) {
    gd_data_options o = gd_data_defaults();
    gd_data        *d;
    o.split = j->val_split;
    o.images = gd_flag_text(j->flags, GD_OPT_IMAGES);
    o.keep_degenerate = true;
    GD_TRY(gd_data_open(j->val_path, &o, &d, err));
    gd_data_close(d);
    return GD_OK;
}

static gd_status open_model(gd_train_job *j, gd_error *err) {
    const gd_flags *f = j->flags;
    char            last[4096];
    gd_gdw         *file;
    gd_error        fallback;
    if (!gd_flag_on(f, GD_OPT_RESUME)) {
        GD_TRY(gd_model_find(gd_flag_text(f, GD_OPT_MODEL), j->model_path, sizeof j->model_path,
                             err));
        return gd_model_load(j->model_path, &j->model, err);
    }
    /* The model of a resumed run is its checkpoint. */
    GD_TRY(gd_checkpoint_open(gd_flag_text(f, GD_OPT_TRAIN_OUT), &file, &fallback, err));
    gd_gdw_close(file);
    const bool whole = !fallback.msg[0];
    j->damaged = !whole;
    if (!whole) gd_warn(987, "last.gdw cannot be used: %s", fallback.msg);
    snprintf(last, sizeof last, "%.4000s/%s", gd_flag_text(f, GD_OPT_TRAIN_OUT),
             whole ? "last.gdw" : "previous.gdw");
    snprintf(j->model_path, sizeof j->model_path, "%s", last);
    return gd_model_load(last, &j->model, err);
}

static gd_status open_run(gd_train_job *j, gd_error *err) {
    char last[4096];
    GD_TRY(gd_run_folder_open(&j->folder, j->setup.folder, err));
    gd_run_folder_file(&j->folder, "last.gdw", last, sizeof last);
    FILE *there = fopen(last, "rb");
    if (there) fclose(there);
    if (there && !j->setup.resume && !gd_flag_on(j->flags, GD_OPT_YES)) {
        gd_status st =
            gd_fail_code(err, GD_ERR_ARG, 952, "%s holds a run already", j->setup.folder);
        gd_error_hint(err,
                      "--resume goes on with it, -y begins anew, --out takes another folder");
        return st;
    }
    return GD_OK;
}

/* The next checkpoint takes the name of the one before: a damaged last.gdw would push the whole
 * one out. */
static gd_status leave_damaged(gd_train_job *j, gd_error *err) {
    return j->damaged ? gd_run_folder_drop(&j->folder, "last.gdw", err) : GD_OK;
}

static gd_status open_log(gd_train_job *j, int64_t per_epoch, gd_error *err) {
    const gd_train_setup      *s = &j->setup;
    const int64_t              all = s->epochs * per_epoch;
    const gd_train_log_options o = {.folder = s->folder,
                                    .from_step = j->place.step,
                                    .steps =
                                        s->max_steps && s->max_steps < all ? s->max_steps : all,
                                    .epochs = (int)s->epochs};
    return gd_train_log_open(&j->log, &o, err);
}

/* Where a resumed run stands, and whether it may go on so. */
static gd_status read_place(gd_train_job *j, gd_error *err) {
    j->place = (gd_train_place){.seed = j->setup.seed, .best = NAN, .best_epoch = -1};
    if (!j->setup.resume) return GD_OK;
    GD_TRY(gd_checkpoint_place(j->model->file, &j->place, err));
    return gd_checkpoint_match(j->model->file, j->setup.with, j->setup.n_with, err);
}

gd_status gd_train_job_open(gd_train_job *j, gd_exit *subject, gd_error *err) {
    *subject = GD_EXIT_MODEL;
    GD_TRY(open_model(j, err));
    *subject = GD_EXIT_TRAINING;
    GD_TRY(open_data(j, err));
    choose_val(j);
    *subject = GD_EXIT_USAGE;
    GD_TRY(gd_train_setup_read(&j->setup, j->flags, j->model, j->data, err));
    *subject = GD_EXIT_MODEL;
    GD_TRY(read_place(j, err));
    *subject = GD_EXIT_OUTPUT;
    GD_TRY(open_run(j, err));
    GD_TRY(leave_damaged(j, err));
    *subject = GD_EXIT_TRAINING;
    if (j->val_path[0]) GD_TRY(try_val(j, err));
    gd_loader_options *l = &j->setup.loader;
    /* An epoch has the same number of batches on every road, so a place is a number. */
    GD_TRY(gd_loader_open(j->data, l, &j->loader, err));
    j->batches = gd_loader_batches(j->loader);
    if (j->place.batch >= j->batches || j->place.epoch > j->setup.epochs ||
        j->place.step > (j->place.epoch + 1) * j->batches)
        return gd_fail_code(
            err, GD_ERR_FORMAT, 480,
            "the checkpoint stands at epoch %lld, batch %lld, step %lld of a run "
            "of %lld epochs with %lld batches",
            (long long)j->place.epoch, (long long)j->place.batch, (long long)j->place.step,
            (long long)j->setup.epochs, (long long)j->batches);
    if (j->setup.resume) {
        gd_loader_close(j->loader);
        j->loader = NULL;
        l->first = (uint64_t)(j->place.epoch * j->batches + j->place.batch);
        GD_TRY(gd_loader_open(j->data, l, &j->loader, err));
    }
    const int64_t per_epoch = (j->batches + j->setup.accumulate - 1) / j->setup.accumulate;
    *subject = GD_EXIT_USAGE;
    GD_TRY(gd_train_setup_steps(&j->setup, per_epoch, err));
    *subject = GD_EXIT_OUTPUT;
    return open_log(j, per_epoch, err);
}

/* ---- device and state -------------------------------------------------------------------- */

static gd_status restore(gd_train_job *j, gd_error *err) {
    if (!j->setup.resume) return GD_OK;
    GD_TRY(
        gd_train_state_restore(&j->state, gd_trainer_store(j->trainer), j->model->file, err));
    gd_say(GD_LEVEL_INFO, "resumed at epoch %lld, batch %lld, step %lld",
           (long long)j->place.epoch, (long long)j->place.batch, (long long)j->place.step);
    return GD_OK;
}

gd_status gd_train_job_start(gd_train_job *j, gd_exit *subject, gd_error *err) {
    const gd_loader_options *l = &j->setup.loader;
    *subject = GD_EXIT_MODEL;
    j->setup.trainer.layers = gd_loader_layers(j->loader);
    j->setup.trainer.pixels = (int64_t)gd_loader_pixel_room(j->loader);
    GD_TRY(gd_trainer_open(j->model, &j->setup.trainer, &j->trainer, err));
    GD_TRY(gd_trainer_plan(j->trainer, l->canvas[0][0], l->canvas[0][1], 1, err));
    GD_TRY(gd_train_state_open(&j->state, j->model, gd_trainer_store(j->trainer), err));
    if (j->setup.forced)
        GD_TRY(gd_train_state_canvas(&j->state, &j->model->recipe.rule, l->canvas[0][0],
                                     l->canvas[0][1], err));
    GD_TRY(restore(j, err));
    gd_say(GD_LEVEL_INFO, "training on %s in %s: %s, %d pictures a step, %lld batches an epoch",
           gd_trainer_device(j->trainer), j->setup.trainer.half ? "fp16" : "fp32",
           j->model->arch->name, l->batch, (long long)j->batches);
    return GD_OK;
}

void gd_train_job_close(gd_train_job *j) {
    gd_trainer_close(j->trainer);
    gd_loader_close(j->loader);
    gd_train_state_close(&j->state);
    gd_train_log_close(&j->log);
    gd_run_folder_close(&j->folder);
    gd_eval_job_free(&j->readers);
    gd_data_close(j->data);
    gd_model_close(j->model);
}
