/* checkpoint.c -- writing a training run into a model file, and finding it there again. */
#include "tools/train/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/io.h"

#define WITH "train.with."

/* ---- writing ----------------------------------------------------------------------------- */

static gd_status put_int(gd_gdw_writer *w, const char *key, int64_t v, gd_error *err) {
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, v);
    return gd_gdw_writer_meta(w, key, text, err);
}

static gd_status put_place(gd_gdw_writer *w, const gd_train_place *p, gd_error *err) {
    char text[64];
    GD_TRY(put_int(w, "train.epoch", p->epoch, err));
    GD_TRY(put_int(w, "train.batch", p->batch, err));
    GD_TRY(put_int(w, "train.step", p->step, err));
    GD_TRY(put_int(w, "train.best_epoch", p->best_epoch, err));
    GD_TRY(put_int(w, "train.stale", p->stale, err));
    snprintf(text, sizeof text, "%" PRIu64, p->seed);
    GD_TRY(gd_gdw_writer_meta(w, "train.seed", text, err));
    if (isnan(p->best)) return GD_OK;
    snprintf(text, sizeof text, "%a", p->best); /* every bit of it */
    return gd_gdw_writer_meta(w, "train.best", text, err);
}

static gd_status put_all(gd_gdw_writer *w, const gd_checkpoint *c, gd_error *err) {
    char key[256];
    for (int i = 0; i < c->n_meta; i++)
        GD_TRY(gd_gdw_writer_meta(w, c->meta[i].key, c->meta[i].value, err));
    for (int i = 0; i < c->n_with; i++) {
        snprintf(key, sizeof key, WITH "%s", c->with[i].key);
        GD_TRY(gd_gdw_writer_meta(w, key, c->with[i].value, err));
    }
    GD_TRY(put_place(w, &c->place, err));
    for (size_t i = 0; i < c->n_tensor; i++)
        GD_TRY(gd_gdw_writer_tensor(w, &c->tensor[i], NULL, NULL, err));
    return GD_OK;
}

gd_status gd_checkpoint_write(void *checkpoint, const char *path, gd_error *err) {
    gd_gdw_writer *w;
    gd_status      st = gd_gdw_writer_open(&w, err);
    if (st == GD_OK) st = put_all(w, checkpoint, err);
    if (st == GD_OK) st = gd_gdw_writer_commit(w, path, GD_OUT_REPLACE, err);
    gd_gdw_writer_close(w);
    return st;
}

/* ---- reading ----------------------------------------------------------------------------- */

gd_status gd_checkpoint_open(const char *path, gd_gdw **out, gd_error *fallback,
                             gd_error *err) {
    char        file[4096];
    struct stat s;
    *out = NULL;
    *fallback = (gd_error){0};
    if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode)) return gd_gdw_load(path, out, err);
    snprintf(file, sizeof file, "%.4080s/last.gdw", path);
    gd_status st = gd_gdw_load(file, out, fallback);
    if (st == GD_OK || st == GD_ERR_NOMEM) {
        if (st != GD_OK) *err = *fallback;
        return st;
    }
    snprintf(file, sizeof file, "%.4080s/previous.gdw", path);
    gd_error second = {0};
    if (gd_gdw_load(file, out, &second) == GD_OK) return GD_OK;
    if (err) *err = *fallback; /* of the newest, which is what was wanted */
    *fallback = (gd_error){0};
    return st;
}

static bool read_int(const gd_gdw *file, const char *key, int64_t least, int64_t *out) {
    const char *text = gd_gdw_meta(file, key);
    char       *end;
    if (!text || !*text) return false;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    if (errno || *end || v < least) return false;
    *out = v;
    return true;
}

gd_status gd_checkpoint_place(const gd_gdw *file, gd_train_place *out, gd_error *err) {
    const char *seed = gd_gdw_meta(file, "train.seed"), *best = gd_gdw_meta(file, "train.best");
    char       *end = NULL;
    *out = (gd_train_place){.best = NAN};
    if (!seed)
        return gd_fail_code(err, GD_ERR_FORMAT, 480,
                            "the file is a model without the state of a training run");
    errno = 0;
    out->seed = strtoull(seed, &end, 10);
    bool ok = !errno && *seed && !*end && read_int(file, "train.epoch", 0, &out->epoch) &&
              read_int(file, "train.batch", 0, &out->batch) &&
              read_int(file, "train.step", 0, &out->step) &&
              read_int(file, "train.best_epoch", -1, &out->best_epoch) &&
              read_int(file, "train.stale", 0, &out->stale);
    if (ok && best) {
        out->best = strtod(best, &end);
        ok = *best && !*end && isfinite(out->best);
    }
    if (!ok)
        return gd_fail_code(err, GD_ERR_FORMAT, 480,
                            "the state of the training run in the file is damaged");
    return GD_OK;
}

static const char *wanted(const gd_train_pair *with, int n, const char *key) {
    for (int i = 0; i < n; i++)
        if (!strcmp(with[i].key, key)) return with[i].value;
    return NULL;
}

/* Values may be long lists of names. */
static gd_status differs(gd_error *err, const char *key, const char *was, const char *now) {
    return gd_fail_code(err, GD_ERR_ARG, 481, "%s: the checkpoint has %.60s, this run %.60s",
                        key, was ? was : "none", now ? now : "none");
}

gd_status gd_checkpoint_match(const gd_gdw *file, const gd_train_pair *with, int n_with,
                              gd_error *err) {
    char      key[256];
    gd_status st = GD_OK;
    int       n = 0;
    for (int i = 0; i < n_with; i++) {
        snprintf(key, sizeof key, WITH "%s", with[i].key);
        const char *was = gd_gdw_meta(file, key);
        if (was && !strcmp(was, with[i].value)) continue;
        if (!n++) st = differs(err, with[i].key, was, with[i].value);
    }
    for (size_t i = 0; i < gd_gdw_meta_count(file); i++) {
        const char *k, *value;
        gd_gdw_meta_at(file, i, &k, &value);
        if (strncmp(k, WITH, strlen(WITH)) != 0) continue;
        k += strlen(WITH);
        if (wanted(with, n_with, k)) continue;
        if (!n++) st = differs(err, k, value, NULL);
    }
    if (n > 1) gd_error_why(err, "%d settings differ in all", n);
    if (n) gd_error_hint(err, "start a new run from it: --model instead of --resume");
    return st;
}
