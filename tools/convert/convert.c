/* convert.c -- the course of a conversion; see convert.h. */
#include "tools/convert/convert.h"

#include <stdio.h>
#include <string.h>

#include "engine/half.h"
#include "engine/io.h"
#include "engine/mem.h"
#include "engine/utf8.h"
#include "layers/recipe.h"
#include "tools/cli/program.h"
#include "tools/convert/join.h"
#include "tools/convert/names.h"
#include "tools/convert/values.h"
#include "weights/gdw.h"

enum { SEED = 0, MAX_LICENSE = 1 << 20 };

/* What the steps share. */
typedef struct course {
    const gd_convert_job *job;
    gd_ckpt              *ckpt;
    const gd_arch        *arch;
    int                   outputs; /* of the class head that is written */
    gd_join               join;
    gd_names              names;
    gd_arena              arena;
    gd_gdw_writer        *writer;
    bool                  input_failed; /* while the output was being written */
    gd_error             *err;
} course;

/* ---- which architecture ------------------------------------------------------------------ */

static int misfit(const gd_join *j) { return j->n_missing + j->n_unexpected + j->n_shape; }

/* Tries all: exactly one must fit without remainder. Else the nearest is told. */
static gd_status recognise(course *k) {
    const gd_arch *best = NULL, *second = NULL;
    int            least = 0;
    for (const gd_arch *const *a = gd_archs; *a; a++) {
        gd_arena  arena = {0};
        gd_join   j;
        gd_status st =
            gd_join_make(*a, k->ckpt, gd_join_head(*a, k->ckpt), false, &arena, &j, k->err);
        if (st == GD_OK && gd_join_fits(&j)) {
            if (k->arch) second = *a;
            k->arch = *a;
        } else if (st == GD_OK && j.n_missing < j.count && (!best || misfit(&j) < least)) {
            best = *a;
            least = misfit(&j);
        }
        gd_arena_free(&arena);
        GD_TRY(st);
    }
    if (second)
        return gd_fail_code(
            k->err, GD_ERR_FORMAT, 460,
            "%s: fits more than one architecture, %s among them; --arch decides", k->job->input,
            second->name);
    if (k->arch) {
        gd_say(GD_LEVEL_INFO, "architecture: %s, recognised by its %d weights", k->arch->name,
               gd_ckpt_count(k->ckpt));
        return GD_OK;
    }
    if (!best)
        return gd_fail_code(k->err, GD_ERR_FORMAT, 460,
                            "%s: none of its %d tensors is a weight of a known architecture",
                            k->job->input, gd_ckpt_count(k->ckpt));
    GD_TRY(gd_join_make(best, k->ckpt, gd_join_head(best, k->ckpt), false, &k->arena, &k->join,
                        k->err));
    return gd_join_refuse(&k->join, k->ckpt, true, k->err);
}

static gd_status choose_arch(course *k) {
    if (!k->job->arch) return recognise(k);
    k->arch = gd_arch_find(k->job->arch);
    if (k->arch) return GD_OK;
    gd_status st =
        gd_fail_code(k->err, GD_ERR_ARG, 204, "--arch: '%s' is no architecture", k->job->arch);
    gd_error_hint(k->err, "gdconvert --list names them");
    return st;
}

/* ---- how many classes -------------------------------------------------------------------- */

static gd_status wrong_count(course *k, int head, int wanted) {
    gd_status st = gd_fail_code(
        k->err, GD_ERR_FORMAT, 464, "%s: '%s' has %d outputs, %s %d", k->job->input,
        k->arch->class_key ? k->arch->class_key : "n_class", head,
        k->job->num_classes ? "--num-classes says" : "the architecture's own head has", wanted);
    gd_error_why(k->err, "the checkpoint was trained with %d outputs%s", head,
                 k->arch->n_background ? ", background included" : "");
    if (k->job->num_classes)
        gd_error_hint(k->err,
                      "--num-classes %d takes the head as it is; --reset-head makes a "
                      "fresh one of %d",
                      head, wanted);
    else
        gd_error_hint(k->err, "gdconvert %s --arch %s --num-classes %d --names FILE -o %s",
                      k->job->input, k->arch->name, head, k->job->output);
    return st;
}

/* Decides the outputs of the head, then the names of its classes. */
static gd_status choose_classes(course *k) {
    const gd_convert_job *job = k->job;
    gd_names              given;
    int                   head = gd_join_head(k->arch, k->ckpt);
    const char           *told = gd_ckpt_meta(k->ckpt, "classes");
    if (job->names) GD_TRY(gd_names_read(job->names, &k->arena, &given, k->err));
    if (job->reset_head)
        k->outputs = job->num_classes ? job->num_classes
                     : job->names     ? given.count + k->arch->n_background
                     : head           ? head
                                      : k->arch->n_class;
    else
        k->outputs = head ? head : k->arch->n_class;
    if (head && !job->reset_head) {
        if (job->num_classes && job->num_classes != head)
            return wrong_count(k, head, job->num_classes);
        /* A head whose size the file states in words is no accident. */
        if (!job->num_classes && !job->names && !told && k->arch->class_key &&
            head != k->arch->n_class)
            return wrong_count(k, head, k->arch->n_class);
    }
    /* The checkpoint's own names hold for its own head only. */
    const bool own = told && !job->names && k->outputs == head;
    if (own) GD_TRY(gd_names_text(told, &k->arena, &given, k->err));
    GD_TRY(gd_names_fit(k->arch, k->outputs, job->names || own ? &given : NULL, &k->arena,
                        &k->names, k->err));
    if (k->names.made_up)
        gd_warn(468, "the %d classes have no names; --names FILE gives them", k->names.count);
    return GD_OK;
}

/* ---- do the weights fit ------------------------------------------------------------------ */

/* Shapes alone: builders that look at values find none, as where there is no file. */
static bool find_shape(const void *ctx, const char *name, gd_tensor *out) {
    const gd_join *j = ctx;
    for (int i = 0; i < j->count; i++) {
        const gd_join_row *r = &j->row[i];
        if (strcmp(r->spec->name, name) != 0) continue;
        *out = gd_tensor_make(GD_F32, r->spec->ndim, r->dim);
        return !r->odd;
    }
    return false;
}

static const char *find_meta(const void *ctx, const char *key) {
    return gd_ckpt_meta(ctx, key);
}

/* Other widths than the nominal ones are a pruned or slimmed model, if they agree with each
 * other and every number of them is really in the file. */
static gd_status check_widths(course *k) {
    const gd_weight_source source = {&k->join, find_shape};
    const gd_join         *j = &k->join;
    gd_error               why;
    if (j->n_missing || j->n_unexpected) return gd_join_refuse(j, k->ckpt, false, k->err);
    for (int i = 0; i < j->count; i++)
        if (j->row[i].odd ||
            (j->row[i].from && gd_ckpt_bytes(j->row[i].from) > gd_ckpt_file_size(k->ckpt)))
            return gd_join_refuse(j, k->ckpt, false, k->err);
    const gd_net_facts facts = {.ctx = k->ckpt, .meta = find_meta};
    if (gd_arch_check(k->arch, k->outputs, &source, &facts, &why) != GD_OK) {
        gd_say(GD_LEVEL_VERBOSE, "%s", why.msg);
        return gd_join_refuse(j, k->ckpt, false, k->err);
    }
    gd_say(GD_LEVEL_INFO, "%d of %d weights have other widths than %s; they agree", j->n_shape,
           j->count, k->arch->name);
    return GD_OK;
}

static gd_status join(course *k) {
    GD_TRY(gd_join_make(k->arch, k->ckpt, k->outputs, k->job->reset_head, &k->arena, &k->join,
                        k->err));
    if (!gd_join_fits(&k->join)) GD_TRY(check_widths(k));
    if (k->job->reset_head)
        gd_warn(469, "the class head is fresh: %d outputs of random numbers (seed %d)",
                k->outputs, SEED);
    return GD_OK;
}

/* ---- metadata ---------------------------------------------------------------------------- */

static gd_status meta(course *k, const char *key, const char *value) {
    return gd_gdw_writer_meta(k->writer, key, value, k->err);
}

/* What the user set for a key of the recipe, or NULL. */
static const char *find_set(const void *ctx, const char *key) {
    const gd_convert_job *job = ctx;
    const size_t          n = strlen(key);
    for (int i = job->n_set - 1; i >= 0; i--)
        if (strncmp(job->set[i], key, n) == 0 && job->set[i][n] == '=')
            return job->set[i] + n + 1;
    return NULL;
}

/* Every --set names a key of this architecture's recipe and a value that can be used. */
static gd_status check_set(const course *k) {
    gd_recipe r;
    for (int i = 0; i < k->job->n_set; i++) {
        const char         *text = k->job->set[i];
        const size_t        n = strcspn(text, "=");
        const gd_meta_pair *p = k->arch->recipe;
        while (p && p->key && (strlen(p->key) != n || strncmp(p->key, text, n) != 0)) p++;
        if (p && p->key && text[n] == '=') continue;
        gd_status st =
            gd_fail_code(k->err, GD_ERR_ARG, 200,
                         "--set %s: %s has no such entry in its recipe", text, k->arch->name);
        gd_error_hint(k->err, "`gdrun info MODEL` shows the entries, as in input.short=576");
        return st;
    }
    return gd_recipe_read(k->arch, find_set, k->job, &r, k->err);
}

/* The recipe of the architecture, as far as neither the user nor the checkpoint, by a key or in
 * words, says otherwise. */
static gd_status add_recipe(course *k) {
    GD_TRY(check_set(k));
    for (const gd_meta_pair *p = k->arch->recipe; p && p->key; p++) {
        const char *value = p->value;
        for (const gd_key_sign *s = k->arch->signs; s && s->key; s++)
            if (strcmp(s->meta.key, p->key) == 0 && gd_ckpt_find(k->ckpt, s->key)) {
                value = s->meta.value;
                gd_say(GD_LEVEL_INFO, "%s = %s, because the file has '%s'", p->key, value,
                       s->key);
            }
        /* A size that the file states itself. */
        const char *told = gd_ckpt_meta(k->ckpt, p->key);
        if (told) value = told;
        const char *set = find_set(k->job, p->key);
        GD_TRY(meta(k, p->key, set ? set : value));
    }
    return GD_OK;
}

static gd_status add_license(course *k) {
    unsigned char *text;
    size_t         n;
    if (!k->job->license) return GD_OK;
    GD_TRY(gd_file_slurp(k->job->license, MAX_LICENSE, &text, &n, k->err));
    char *copy = gd_arena_bytes(&k->arena, (const char *)text, n);
    gd_mem_put(text);
    if (!copy) return gd_fail_code(k->err, GD_ERR_NOMEM, 600, "no memory for the licence");
    size_t to = 0;
    for (size_t i = 0; i < n; i++)
        if (copy[i] != '\r' && copy[i] != '\f') copy[to++] = copy[i];
    copy[to] = '\0';
    if (!gd_utf8_ok(copy, to, true))
        return gd_fail_code(k->err, GD_ERR_FORMAT, 455, "%s: is not UTF-8 text",
                            k->job->license);
    return meta(k, "license", copy);
}

static gd_status add_metadata(course *k) {
    const char *slash = strrchr(k->job->input, '/'), *name = slash ? slash + 1 : k->job->input;
    char        hex[65], outputs[16];
    snprintf(outputs, sizeof outputs, "%d", k->outputs);
    GD_TRY(gd_ckpt_sha256(k->ckpt, hex, k->err));
    GD_TRY(meta(k, "arch", k->arch->name));
    GD_TRY(meta(k, "n_class", outputs));
    GD_TRY(meta(k, "classes", k->names.joined));
    GD_TRY(meta(k, "category_ids", k->names.ids));
    GD_TRY(meta(k, "source", gd_utf8_ok(name, strlen(name), false) ? name : "?"));
    GD_TRY(meta(k, "source_format", gd_ckpt_format(k->ckpt)));
    GD_TRY(meta(k, "source_sha256", hex));
    GD_TRY(meta(k, "converter", "gdconvert " GD_VERSION_STRING));
    for (const char *const *f = k->arch->facts; f && *f; f++) {
        const char *value = gd_ckpt_meta(k->ckpt, *f);
        if (value) GD_TRY(meta(k, *f, value));
    }
    GD_TRY(add_license(k));
    return add_recipe(k);
}

/* ---- tensors ----------------------------------------------------------------------------- */

typedef struct fill {
    course            *k;
    const gd_join_row *row;
    bool               half;
} fill;

static gd_status too_large(course *k, const fill *f, int code, const char *type, int64_t count,
                           int64_t n) {
    gd_status st = gd_fail_code(
        k->err, GD_ERR_FORMAT, code, "%s: '%s': %lld of %lld numbers are too large for %s",
        k->job->input, f->row->spec->name, (long long)count, (long long)n, type);
    if (f->half) gd_error_hint(k->err, "--precision fp32 stores them");
    return st;
}

/* NaN and infinity in the checkpoint were told or refused when it was opened; here are the
 * infinities that a narrower type makes of good numbers. */
static gd_status examine(course *k, const fill *f, const float *v, int64_t n) {
    gd_value_facts x = gd_values_examine(v, n);
    bool           wide = f->row->from && f->row->from->dtype == GD_CKPT_F64;
    if (wide && x.inf > 0) return too_large(k, f, 465, "fp32", x.inf, n);
    if (f->half && x.too_large > 0) return too_large(k, f, 466, "fp16", x.too_large, n);
    return GD_OK;
}

static gd_status fill_tensor(void *ctx, void *dst, size_t size, gd_error *err) {
    const fill *f = ctx;
    course     *k = f->k;
    int64_t     n = gd_values_count(f->row);
    float      *v = f->half ? gd_mem_array((size_t)n, sizeof *v) : dst;
    gd_status   st = GD_OK;
    (void)size;
    k->input_failed = true;
    if (!v)
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for '%s'", f->row->spec->name);
    if (gd_interrupted()) {
        st = gd_fail(err, GD_ERR_IO, "interrupted");
        goto done;
    }
    GD_GO(gd_values_read(k->ckpt, f->row, SEED, (uint64_t)(f->row - k->join.row), v, err));
    GD_GO(examine(k, f, v, n));
    if (f->half)
        for (int64_t i = 0; i < n; i++) ((uint16_t *)dst)[i] = gd_half_from_float(v[i]);
    k->input_failed = false;
done:
    if (f->half) gd_mem_put(v);
    return st;
}

static gd_status add_tensors(course *k) {
    fill *f = gd_arena_array(&k->arena, (size_t)k->join.count + 1, sizeof *f);
    if (!f) return gd_fail_code(k->err, GD_ERR_NOMEM, 600, "no memory");
    for (int i = 0; i < k->join.count; i++) {
        const gd_join_row *r = &k->join.row[i];
        /* Biases, norms and their statistics are small, and their range is wide. */
        f[i] = (fill){k, r, k->job->half && r->spec->kind != GD_WEIGHT_VECTOR};
        gd_gdw_tensor t = {.name = r->spec->name,
                           .type = f[i].half ? GD_GDW_F16 : GD_GDW_F32,
                           .ndim = r->spec->ndim};
        for (int d = 0; d < t.ndim; d++) t.dim[d] = r->dim[d];
        GD_TRY(gd_gdw_writer_tensor(k->writer, &t, fill_tensor, &f[i], k->err));
    }
    return GD_OK;
}

/* ---- the whole --------------------------------------------------------------------------- */

gd_status gd_convert_open(const gd_convert_job *job, gd_ckpt **out, gd_error *err) {
    const gd_ckpt_options opt = {
        .allow_deflate = job->allow_deflate, .strict = job->strict, .weights = job->weights};
    GD_TRY(gd_ckpt_open(job->input, &opt, out, err));
    for (int i = 0; i < gd_ckpt_warning_count(*out); i++) {
        const gd_ckpt_warning *w = gd_ckpt_warning_at(*out, i);
        gd_warn(w->code, "%s", w->text);
    }
    return GD_OK;
}

static gd_status write_output(course *k, gd_exit *subject) {
    GD_TRY(gd_gdw_writer_open(&k->writer, k->err));
    GD_TRY(add_metadata(k));
    GD_TRY(add_tensors(k));
    gd_status st = gd_gdw_writer_commit(k->writer, k->job->output,
                                        k->job->replace ? GD_OUT_REPLACE : 0, k->err);
    if (st != GD_OK && !k->input_failed) *subject = GD_EXIT_OUTPUT;
    return st;
}

gd_status gd_convert(const gd_convert_job *job, gd_exit *subject, gd_error *err) {
    course    k = {.job = job, .err = err};
    gd_status st;
    *subject = GD_EXIT_MODEL;
    GD_GO(gd_convert_open(job, &k.ckpt, err));
    if (gd_ckpt_prefix(k.ckpt)[0])
        gd_say(GD_LEVEL_INFO, "weights: the tensors under '%s'", gd_ckpt_prefix(k.ckpt));
    GD_GO(choose_arch(&k));
    GD_GO(choose_classes(&k));
    GD_GO(join(&k));
    GD_GO(write_output(&k, subject));
    gd_say(GD_LEVEL_INFO, "%s: %s, %d weights, %d classes", job->output, k.arch->name,
           k.join.count, k.names.count);
done:
    gd_gdw_writer_close(k.writer);
    gd_ckpt_close(k.ckpt);
    gd_arena_free(&k.arena);
    return st;
}
