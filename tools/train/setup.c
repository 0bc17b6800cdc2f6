/* setup.c -- from flags to a training run; see setup.h. */
#include "tools/train/setup.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernels/preprocess/preprocess.h"
#include "tools/cli/number.h"
#include "weights/crc32c.h"

/* ---- values with parts ------------------------------------------------------------------- */

static gd_status bad(const char *flag, const char *text, const char *wanted, gd_error *err) {
    return gd_fail_code(err, GD_ERR_ARG, 204, "--%s %.100s: wanted %s", flag, text, wanted);
}

enum { PART = 256, MOST_EPOCHS = 1000000 };

/* The next part of "a:b:c" into `part`; false: there is none, or none so long. */
static bool next_part(const char **at, char part[PART]) {
    const size_t n = strcspn(*at, ":");
    if (!**at || n >= PART) return false;
    memcpy(part, *at, n);
    part[n] = '\0';
    *at += n + ((*at)[n] == ':');
    return true;
}

static bool read_epochs(const char *text, int64_t *out) {
    return gd_number_int(text, out) && *out >= 1 && *out <= MOST_EPOCHS;
}

static bool read_milestones(gd_schedule *s, char *list) {
    char *rest = NULL;
    for (char *p = strtok_r(list, ",", &rest); p; p = strtok_r(NULL, ",", &rest)) {
        if (s->n_milestone == GD_MAX_MILESTONE ||
            !read_epochs(p, &s->milestone[s->n_milestone]))
            return false;
        s->n_milestone++;
    }
    return s->n_milestone > 0;
}

/* Whether the parts behind the kind's name are right. */
static bool read_kind(gd_schedule *s, const char *kind, const char *at) {
    char part[PART];
    if (!strcmp(kind, "constant")) return !*at;
    if (!strcmp(kind, "cosine")) {
        s->kind = GD_SCHEDULE_COSINE;
        return !*at || (next_part(&at, part) && !*at && gd_number_real(part, &s->least));
    }
    if (!next_part(&at, part)) return false;
    if (!strcmp(kind, "step")) {
        s->kind = GD_SCHEDULE_STEP;
        if (!read_epochs(part, &s->period)) return false;
    } else if (!strcmp(kind, "multistep")) {
        s->kind = GD_SCHEDULE_MULTI_STEP;
        if (!read_milestones(s, part)) return false;
    } else {
        return false;
    }
    s->gamma = 0.1;
    return !*at || (next_part(&at, part) && !*at && gd_number_real(part, &s->gamma));
}

static gd_status read_schedule(gd_train_setup *s, const gd_flags *f, gd_error *err) {
    const char *text = gd_flag_text(f, GD_OPT_SCHEDULE), *at = text;
    const char *warm = gd_flag_text(f, GD_OPT_WARM_UP);
    char        part[PART];
    s->schedule = (gd_schedule){.kind = GD_SCHEDULE_CONSTANT, .start = 0.001};
    if (!next_part(&at, part) || !read_kind(&s->schedule, part, at))
        return bad("schedule", text,
                   "constant, step:EVERY:FACTOR, multistep:AT,AT:FACTOR or cosine[:LEAST]",
                   err);
    at = warm;
    if (!next_part(&at, part) || !gd_number_int(part, &s->schedule.warmup) ||
        s->schedule.warmup < 0 ||
        (*at && (!next_part(&at, part) || *at || !gd_number_real(part, &s->schedule.start))))
        return bad("warmup", warm, "STEPS or STEPS:START", err);
    return GD_OK;
}

gd_status gd_train_setup_steps(gd_train_setup *s, int64_t per_epoch, gd_error *err) {
    gd_schedule *c = &s->schedule;
    c->period *= per_epoch;
    for (int i = 0; i < c->n_milestone; i++) c->milestone[i] *= per_epoch;
    if (c->kind == GD_SCHEDULE_COSINE) c->period = s->epochs * per_epoch;
    return gd_schedule_check(c, err);
}

/* ---- the optimiser ----------------------------------------------------------------------- */

/* Weights with more than one axis decay; biases and norms, vectors, do not. */
static int by_axes(const void *ctx, const char *name, int ndim) {
    (void)ctx;
    (void)name;
    return ndim > 1 ? 0 : 1;
}

static void read_optimiser(gd_train_setup *s, const gd_flags *f) {
    gd_train_step_options *o = &s->trainer.step;
    const char            *name = gd_flag_text(f, GD_OPT_OPTIMIZER);
    const float            decay = (float)gd_flag_real(f, GD_OPT_WEIGHT_DECAY);
    const bool             all = gd_flag_on(f, GD_OPT_DECAY_ALL);
    o->optim = !strcmp(name, "sgd")    ? GD_OPTIM_SGD
               : !strcmp(name, "adam") ? GD_OPTIM_ADAM
                                       : GD_OPTIM_ADAMW;
    o->nesterov = gd_flag_on(f, GD_OPT_NESTEROV);
    o->n_group = 2;
    o->group[0] = (gd_train_group){1, decay};
    o->group[1] = (gd_train_group){1, all ? decay : 0};
    o->group_of = by_axes;
    o->accumulate = s->accumulate = (int)gd_flag_int(f, GD_OPT_ACCUM);
    o->max_norm = (float)gd_flag_real(f, GD_OPT_CLIP);
    o->average = gd_flag_real(f, GD_OPT_EMA) > 0;
    if (s->trainer.half) o->scale = (float)gd_flag_real(f, GD_OPT_LOSS_SCALE);
    s->rate = gd_flag_real(f, GD_OPT_LR);
    s->momentum = gd_flag_real(f, GD_OPT_MOMENTUM);
    s->average = o->average ? gd_flag_real(f, GD_OPT_EMA) : 1;
}

/* ---- pictures ---------------------------------------------------------------------------- */

static int up(int v, int multiple) { return (v + multiple - 1) / multiple * multiple; }

/* Canvas of the batch: what --imgsz says, else the model's own; networks that take any size get
 * the box of their rule, lying and, turned by the loader, standing. */
static void read_canvas(gd_train_setup *s, const gd_flags *f, const gd_recipe *r) {
    const gd_flag_value *v = gd_flag_get(f, GD_OPT_IMGSZ);
    gd_loader_options   *l = &s->loader;
    const int            multiple = r->rule.multiple > 0 ? r->rule.multiple : 32;
    l->n_canvases = 1;
    l->rule = r->rule;
    s->forced = v->width > 0;
    if (s->forced) {
        l->canvas[0][0] = v->height;
        l->canvas[0][1] = v->width;
    } else if (r->rule.size_h > 0) {
        l->canvas[0][0] = r->rule.size_h;
        l->canvas[0][1] = r->rule.size_w;
    } else {
        l->canvas[0][0] = up(r->rule.short_side, multiple);
        l->canvas[0][1] = up(r->rule.long_side, multiple);
    }
    l->by_aspect = l->canvas[0][0] != l->canvas[0][1];
    l->smooth = r->filter == GD_FILTER_PIL_BILINEAR;
}

static int most_boxes(const gd_data *d) {
    int most = 1;
    for (size_t i = 0; i < d->n_images; i++)
        if (d->images[i].n > most) most = d->images[i].n;
    return most;
}

static void read_pictures(gd_train_setup *s, const gd_flags *f, const gd_model *m,
                          const gd_data *data) {
    gd_loader_options *l = &s->loader;
    const double       jitter = gd_flag_real(f, GD_OPT_JITTER);
    const double       scale = gd_flag_real(f, GD_OPT_SCALE);
    *l = gd_loader_defaults();
    l->batch = (int)gd_flag_int(f, GD_OPT_TRAIN_BATCH);
    l->threads = (int)gd_flag_int(f, GD_OPT_WORKERS);
    l->seed = s->seed;
    read_canvas(s, f, &m->recipe);
    l->augment = (gd_augment_options){.flip = gd_flag_real(f, GD_OPT_FLIP),
                                      .brightness = jitter,
                                      .contrast = jitter,
                                      .saturation = jitter,
                                      .crop = gd_flag_real(f, GD_OPT_CROP),
                                      .crop_area = 0.3,
                                      .mosaic = gd_flag_real(f, GD_OPT_MOSAIC),
                                      .mixup = gd_flag_real(f, GD_OPT_MIXUP)};
    if (scale > 0) {
        l->augment.scale_lo = 1 - scale;
        l->augment.scale_hi = 1 + scale;
    }
    /* Room for a picture's boxes; a mosaic has those of four, and one over it its own. */
    const int pictures = l->augment.mosaic > 0 ? 4 : 1;
    int       room = most_boxes(data) * (pictures + (l->augment.mixup > 0));
    room = up(room, 8);
    l->truth = room < 1024 ? room : 1024;
}

/* ---- what a checkpoint remembers --------------------------------------------------------- */

static void with(gd_train_setup *s, const char *key, const char *fmt, ...) GD_PRINTF(3, 4);
static void with(gd_train_setup *s, const char *key, const char *fmt, ...) {
    va_list ap;
    if (s->n_with == GD_TRAIN_WITH) return;
    va_start(ap, fmt);
    vsnprintf(s->value[s->n_with], GD_TRAIN_VALUE, fmt, ap);
    va_end(ap);
    s->with[s->n_with] = (gd_train_pair){key, s->value[s->n_with]};
    s->n_with++;
}

/* Everything that the weights depend on. Threads, devices and periods are no part of it. */
static void remember(gd_train_setup *s, const gd_flags *f, const gd_model *m,
                     const gd_data *data) {
    static const struct {
        const char *key;
        gd_flag_id  id;
    } same[] = {{"accum", GD_OPT_ACCUM},
                {"batch", GD_OPT_TRAIN_BATCH},
                {"clip", GD_OPT_CLIP},
                {"crop", GD_OPT_CROP},
                {"ema", GD_OPT_EMA},
                {"epochs", GD_OPT_EPOCHS},
                {"flip", GD_OPT_FLIP},
                {"jitter", GD_OPT_JITTER},
                {"loss_scale", GD_OPT_LOSS_SCALE},
                {"lr", GD_OPT_LR},
                {"mixup", GD_OPT_MIXUP},
                {"momentum", GD_OPT_MOMENTUM},
                {"mosaic", GD_OPT_MOSAIC},
                {"optimizer", GD_OPT_OPTIMIZER},
                {"scale", GD_OPT_SCALE},
                {"schedule", GD_OPT_SCHEDULE},
                {"warmup", GD_OPT_WARM_UP},
                {"weight_decay", GD_OPT_WEIGHT_DECAY}};
    const gd_loader_options *l = &s->loader;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        with(s, same[i].key, "%s", gd_flag_text(f, same[i].id));
    with(s, "amp", "%d", s->trainer.half);
    with(s, "arch", "%s", m->arch->name);
    with(s, "canvas", "%dx%d", l->canvas[0][1], l->canvas[0][0]);
    with(s, "classes", "%d", m->n_class);
    with(s, "data", "%016" PRIx64, gd_data_fingerprint(data));
    with(s, "decay_all", "%d", gd_flag_on(f, GD_OPT_DECAY_ALL));
    with(s, "norms", "%s", s->trainer.batch_norm ? "learn" : "freeze");
    with(s, "nesterov", "%d", gd_flag_on(f, GD_OPT_NESTEROV));
    with(s, "seed", "%" PRIu64, s->seed);
    with(s, "truth", "%d", l->truth);
    const gd_flag_value *v = gd_flag_get(f, GD_OPT_FREEZE);
    uint32_t             crc = 0; /* patterns may be long: they are known by their checksum */
    for (int i = 0; i < v->n_items; i++)
        crc = gd_crc32c(crc, v->items[i], strlen(v->items[i]) + 1);
    with(s, "freeze", "%d:%08" PRIx32, v->n_items, crc);
}

gd_status gd_train_setup_read(gd_train_setup *s, const gd_flags *f, const gd_model *m,
                              const gd_data *data, gd_error *err) {
    const gd_flag_value *freeze = gd_flag_get(f, GD_OPT_FREEZE);
    const char          *norms = gd_flag_text(f, GD_OPT_NORMS);
    *s = (gd_train_setup){.epochs = gd_flag_int(f, GD_OPT_EPOCHS),
                          .max_steps = gd_flag_int(f, GD_OPT_MAX_STEPS),
                          .patience = gd_flag_int(f, GD_OPT_PATIENCE),
                          .save_period = gd_flag_int(f, GD_OPT_SAVE_PERIOD),
                          .seed = (uint64_t)gd_flag_int(f, GD_OPT_SEED),
                          .folder = gd_flag_text(f, GD_OPT_TRAIN_OUT),
                          .resume = gd_flag_on(f, GD_OPT_RESUME)};
    s->trainer.half = gd_flag_on(f, GD_OPT_TRAIN_AMP);
    GD_TRY(read_schedule(s, f, err));
    read_optimiser(s, f);
    read_pictures(s, f, m, data);
    s->trainer.device = gd_flag_text(f, GD_OPT_DEVICE);
    s->trainer.providers = gd_flag_on(f, GD_OPT_PROVIDERS);
    s->trainer.check_numerics = gd_flag_on(f, GD_OPT_CHECK_NUMERICS);
    s->trainer.batch = s->loader.batch;
    s->trainer.boxes = s->loader.truth;
    s->trainer.batch_norm =
        !strcmp(norms, "auto") ? m->arch->learns_norms : !strcmp(norms, "learn");
    s->trainer.bn_momentum = 0.1f;
    s->trainer.freeze = freeze->items;
    s->trainer.n_freeze = freeze->n_items;
    remember(s, f, m, data);
    return GD_OK;
}
