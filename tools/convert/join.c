/* join.c -- checkpoint keys to architecture weights; see join.h. */
#include "tools/convert/join.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- an index of the checkpoint under the architecture's names --------------------------- */

typedef struct key {
    const char           *name; /* ours */
    const gd_ckpt_tensor *tensor;
    bool                  used;
} key;

static int by_name(const void *a, const void *b) {
    return strcmp(((const key *)a)->name, ((const key *)b)->name);
}

static bool ends_with(const char *s, const char *end) {
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

/* PyTorch counts training batches per batch norm; nothing here wants to know. */
static bool is_counter(const char *name) { return ends_with(name, "num_batches_tracked"); }

/* The sorted names of all tensors that the rules do not drop; NULL: no memory. */
static key *make_index(const gd_arch *a, const gd_ckpt *c, gd_arena *arena, int *count) {
    int  n = gd_ckpt_count(c);
    key *k = gd_arena_array(arena, (size_t)n + 1, sizeof *k);
    *count = 0;
    for (int i = 0; k && i < n; i++) {
        char                  buf[512];
        const gd_ckpt_tensor *t = gd_ckpt_at(c, i);
        if (is_counter(t->name)) continue;
        const char *name = gd_arch_rename(a, t->name, buf, sizeof buf);
        if (!name) continue;
        if (name != t->name) name = gd_arena_string(arena, name);
        if (!name) return NULL;
        k[(*count)++] = (key){name, t, false};
    }
    if (k && *count) qsort(k, (size_t)*count, sizeof *k, by_name);
    return k;
}

static key *look_up(key *index, int n, const char *name) {
    key  want = {name, NULL, false};
    key *k = n ? bsearch(&want, index, (size_t)n, sizeof *index, by_name) : NULL;
    /* Two keys of the file with one name: the first is taken, the other stays unexpected. */
    while (k && k > index && by_name(k - 1, &want) == 0) k--;
    return k;
}

int gd_join_head(const gd_arch *a, const gd_ckpt *c) {
    for (int i = 0; i < gd_ckpt_count(c); i++) {
        char                  buf[512];
        const gd_ckpt_tensor *t = gd_ckpt_at(c, i);
        const char           *name = gd_arch_rename(a, t->name, buf, sizeof buf);
        if (name && a->class_key && strcmp(name, a->class_key) == 0)
            return t->ndim > 0 ? gd_arch_head(a, t->dim[0]) : 0;
    }
    const char *told = a->class_key ? NULL : gd_ckpt_meta(c, "n_class");
    const long  n = told ? strtol(told, NULL, 10) : 0;
    return n > 0 && n <= 65536 ? (int)n : 0;
}

/* ---- joining ----------------------------------------------------------------------------- */

/* The tensor's dims in our layout; false: its rank or window is not that of the weight. */
static bool our_dims(const gd_weight_spec *s, const gd_ckpt_tensor *t, int64_t dim[4]) {
    if (t->ndim != s->ndim) return false;
    for (int i = 0; i < s->ndim; i++) dim[i] = t->dim[i];
    if (s->kind != GD_WEIGHT_CONV) return true;
    dim[1] = t->dim[2];
    dim[2] = t->dim[3];
    dim[3] = t->dim[1];
    return dim[1] == s->dim[1] && dim[2] == s->dim[2];
}

static bool same_dims(const gd_weight_spec *s, const int64_t *dim) {
    for (int i = 0; i < s->ndim; i++)
        if (s->dim[i] != dim[i]) return false;
    return true;
}

static bool row_fits(const gd_join_row *r) {
    return r->fresh || (r->from && !r->odd && same_dims(r->spec, r->dim));
}

static gd_status no_memory(const gd_ckpt *c, gd_error *err) {
    return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory for its names", gd_ckpt_path(c));
}

/* What a builder may ask of a checkpoint. */
typedef struct file {
    const gd_ckpt *ckpt;
    key           *index;
    int            n;
} file;

static bool file_has(const void *ctx, const char *name) {
    const file *f = ctx;
    return look_up(f->index, f->n, name) != NULL;
}

static const char *file_meta(const void *ctx, const char *name) {
    return gd_ckpt_meta(((const file *)ctx)->ckpt, name);
}

gd_status gd_join_make(const gd_arch *a, const gd_ckpt *c, int n_class, bool reset_head,
                       gd_arena *arena, gd_join *out, gd_error *err) {
    const gd_weight_spec *spec;
    int                   n_keys;
    key                  *index = make_index(a, c, arena, &n_keys);
    *out = (gd_join){.arch = a};
    if (!index) return no_memory(c, err);
    const file         f = {c, index, n_keys};
    const gd_net_facts facts = {&f, file_has, file_meta};
    GD_TRY(gd_arch_weights(a, n_class, &facts, arena, &spec, &out->count, err));
    out->row = gd_arena_array(arena, (size_t)out->count + 1, sizeof *out->row);
    out->unexpected = gd_arena_array(arena, (size_t)n_keys + 1, sizeof *out->unexpected);
    if (!out->row || !out->unexpected) return no_memory(c, err);
    for (int i = 0; i < out->count; i++) {
        gd_join_row *r = &out->row[i];
        key         *k = look_up(index, n_keys, spec[i].name);
        r->spec = &spec[i];
        memcpy(r->dim, spec[i].dim, sizeof r->dim);
        r->fresh = reset_head && spec[i].class_head;
        if (k) k->used = true;
        if (r->fresh) continue;
        if (k) r->from = k->tensor;
        if (k) r->odd = !our_dims(r->spec, k->tensor, r->dim);
        if (!k)
            out->n_missing++;
        else if (!row_fits(r))
            out->n_shape++;
    }
    for (int i = 0; i < n_keys; i++)
        if (!index[i].used) out->unexpected[out->n_unexpected++] = index[i].tensor;
    return GD_OK;
}

bool gd_join_fits(const gd_join *j) {
    return j->n_missing == 0 && j->n_unexpected == 0 && j->n_shape == 0;
}

/* ---- refusing ---------------------------------------------------------------------------- */

typedef struct text {
    char   s[768]; /* as long as gd_error.why */
    size_t n;
} text;

static void add(text *t, const char *fmt, ...) GD_PRINTF(2, 3);
static void add(text *t, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->s + t->n, sizeof t->s - t->n, fmt, ap);
    va_end(ap);
    if (n > 0) t->n += (size_t)n;
    if (t->n >= sizeof t->s) t->n = sizeof t->s - 1;
}

static void add_dims(text *t, int n, const int64_t *dim) {
    add(t, "[");
    for (int i = 0; i < n; i++) add(t, i ? ",%lld" : "%lld", (long long)dim[i]);
    add(t, "]");
}

/* The weight's nominal shape as PyTorch writes it. */
static void add_spec(text *t, const gd_weight_spec *s) {
    int64_t d[4] = {s->dim[0], s->dim[1], s->dim[2], s->dim[3]};
    if (s->kind == GD_WEIGHT_CONV) d[1] = s->dim[3], d[2] = s->dim[1], d[3] = s->dim[2];
    add_dims(t, s->ndim, d);
}

enum { AT_MOST = 10 };

gd_status gd_join_refuse(const gd_join *j, const gd_ckpt *c, bool nearest, gd_error *err) {
    text t = {.n = 0};
    int  n = 0;
    for (int i = 0; i < j->count && n < AT_MOST && j->n_shape > 0; i++) {
        const gd_join_row *r = &j->row[i];
        if (!r->from || row_fits(r)) continue;
        add(&t, n++ ? ", %s " : "mis-shaped: %s ", r->from->name);
        add_dims(&t, r->from->ndim, r->from->dim);
        add(&t, " for ");
        add_spec(&t, r->spec);
    }
    n = 0;
    for (int i = 0; i < j->count && n < AT_MOST && j->n_missing > 0; i++)
        if (!j->row[i].from && !j->row[i].fresh)
            add(&t, "%s%s",
                n++   ? ", "
                : t.n ? "; missing: "
                      : "missing: ",
                j->row[i].spec->name);
    n = 0;
    for (int i = 0; i < j->n_unexpected && n < AT_MOST; i++)
        add(&t, "%s%s",
            n++   ? ", "
            : t.n ? "; unexpected: "
                  : "unexpected: ",
            j->unexpected[i]->name);
    gd_status st = gd_fail_code(
        err, GD_ERR_FORMAT, nearest ? 460 : 461,
        "%s: %s %s: of its %d weights %d are missing and %d mis-shaped; %d of the file's %d "
        "tensors are unexpected",
        gd_ckpt_path(c), nearest ? "fits no architecture; the nearest is" : "does not fit",
        j->arch->name, j->count, j->n_missing, j->n_shape, j->n_unexpected, gd_ckpt_count(c));
    gd_error_why(err, "%s", t.s);
    gd_error_hint(err, "gdconvert --list names the architectures, --arch chooses one");
    return st;
}
