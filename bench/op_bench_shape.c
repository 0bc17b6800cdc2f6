/* op_bench_shape.c -- problems of op_bench, from the lines of a shape file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/op_bench.h"
#include "engine/mem.h"

int complain(const char *what, const char *word) {
    fprintf(stderr, "op_bench: %s '%s'\n", what, word);
    return -1;
}

static double hashed(int64_t i) {
    uint32_t h = (uint32_t)i * 2654435761u + 0x9e3779b9u;
    h = (h ^ h >> 15) * 2246822519u;
    h = (h ^ h >> 13) * 3266489917u;
    return (double)((h ^ h >> 16) >> 8) / (1 << 24);
}

/* Coordinate i of boxes whose corners are drawn box by box. */
static double corner(int64_t i, double hi) {
    const int64_t box = i / 4, axis = i % 2;
    const double  at = hashed(box * 4 + axis) * hi * 0.75;
    return i % 4 < 2 ? at : at + hi * (0.02 + 0.23 * hashed(box * 4 + 2 + axis));
}

int tensor_fill(gd_tensor *t, fill_kind kind, double hi, const double *given) {
    const int64_t n = gd_tensor_count(t);
    t->data = gd_mem_get(gd_tensor_bytes(t) + 64);
    if (!t->data) return complain("no memory for", "a tensor");
    for (int64_t i = 0; i < n; i++) {
        const double v = kind == FILL_PLAIN   ? (double)(i % 1009) / 1009 - 0.5
                         : kind == FILL_SCORE ? hashed(i)
                         : kind == FILL_BOXES ? corner(i, hi)
                         : kind == FILL_WHOLE ? (double)(int)(hashed(i) * (hi + 1))
                                              : given[i % 8];
        gd_tensor_set(t, i, v);
    }
    return 0;
}

static int read_numbers(const char *s, double *v, int max) {
    int n = 0;
    while (*s && n < max) {
        char *end;
        errno = 0;
        v[n++] = strtod(s, &end);
        if (end == s || errno) return -1;
        s = *end == ',' ? end + 1 : end;
    }
    return *s ? -1 : n;
}

/* What stands behind the shape: ":boxes=800", ":score", ":i32=4", ":u8", ":give=1,2,...". */
static int read_kind(problem *p, int i, gd_tensor *t, char *kind) {
    char *value = strchr(kind, '=');
    if (value) *value++ = '\0';
    if (value && !strcmp(kind, "give")) {
        p->fill[i] = FILL_GIVEN;
        return read_numbers(value, p->given, 8) > 0 ? 0 : complain("bad numbers in", value);
    }
    p->hi[i] = value ? strtod(value, NULL) : 255;
    if (!strcmp(kind, "boxes")) {
        p->fill[i] = FILL_BOXES;
    } else if (!strcmp(kind, "score")) {
        p->fill[i] = FILL_SCORE;
    } else if (!strcmp(kind, "i32") || !strcmp(kind, "u8")) {
        p->fill[i] = FILL_WHOLE;
        t->dtype = kind[0] == 'u' ? GD_U8 : GD_I32;
    } else {
        return complain("no such kind of input:", kind);
    }
    return 0;
}

static int add_input(problem *p, char *value, int is_const, int batch) {
    double  v[GD_MAX_DIM];
    int64_t dim[GD_MAX_DIM];
    char   *kind = strchr(value, ':');
    if (p->l.n_in == GD_MAX_IN) return complain("too many inputs:", value);
    if (!strcmp(value, "none")) return p->l.in[p->l.n_in++] = NULL, 0;
    if (kind) *kind++ = '\0';
    const int n = read_numbers(value, v, GD_MAX_DIM), i = p->l.n_in++;
    if (n < 1) return complain("not a shape:", value);
    for (int k = 0; k < n; k++) dim[k] = (int64_t)v[k];
    if (!is_const) dim[0] *= batch;
    gd_tensor *t = &p->in[i];
    *t = gd_tensor_make(GD_F32, n, dim);
    p->l.in[i] = t;
    if (is_const) p->l.const_in |= 1u << i;
    return kind ? read_kind(p, i, t, kind) : 0;
}

static void put_number(char *attr, const gd_attr_field *f, int i, double v) {
    const int32_t whole = (int32_t)v;
    const float   real = (float)v;
    memcpy(attr + f->offset + 4 * (size_t)i,
           f->type == GD_ATTR_I32 ? (const void *)&whole : (const void *)&real, 4);
}

static int put_attr(problem *p, const char *key, const char *value) {
    double v[16];
    int    n = read_numbers(value, v, 16);
    for (const gd_attr_field *f = p->op->attr_fields; f && f->name; f++) {
        if (strcmp(f->name, key) != 0) continue;
        if (n != (f->count ? f->count : 1)) return complain("wrong count of numbers in", value);
        for (int i = 0; i < n; i++) put_number(p->attr, f, i, v[i]);
        return 0;
    }
    return complain("no such attribute:", key);
}

static void default_attrs(problem *p) {
    for (const gd_attr_field *f = p->op->attr_fields; f && f->name; f++) {
        char text[256] = "";
        for (int i = 0; i < (f->count ? f->count : 1); i++) {
            const size_t n = strlen(text);
            snprintf(text + n, sizeof text - n, "%s%.9g", i ? "," : "", f->def);
        }
        put_attr(p, f->name, text);
    }
}

static int add_step(problem *p, const char *name) {
    gd_step *s = &p->l.step[p->l.n_step];
    if (p->l.n_step == GD_MAX_STEP || !(s->op = gd_op_find(name)) ||
        s->op->attr_size > sizeof p->step_attr[0])
        return complain("no such step:", name);
    s->attr = p->step_attr[p->l.n_step];
    for (const gd_attr_field *f = s->op->attr_fields; f && f->name; f++)
        for (int i = 0; i < (f->count ? f->count : 1); i++)
            put_number(p->step_attr[p->l.n_step], f, i, f->def);
    p->l.n_step++;
    return 0;
}

/* With --precision fp16: what the precision pass would turn into FP16. */
static void halve(problem *p) {
    if (!(p->op->flags & (GD_OP_HALF | GD_OP_HALF_FOLLOW))) return;
    for (int i = 0; i < p->l.n_in; i++)
        if (p->l.in[i] && p->in[i].dtype == GD_F32 && !(p->op->wide_in >> i & 1))
            p->in[i].dtype = GD_F16;
}

int problem_read(problem *p, const char *from, const options *o) {
    char  line[LINE];
    char *note, *save = NULL;
    memset(p, 0, sizeof *p);
    snprintf(line, sizeof line, "%s", from);
    note = strchr(line, '#');
    if (note) {
        *note++ = '\0';
        snprintf(p->note, sizeof p->note, "%s", note + strspn(note, " "));
        p->note[strcspn(p->note, "\n")] = '\0';
    }
    line[strcspn(line, "\n")] = '\0';
    snprintf(p->text, sizeof p->text, "%s", line);
    char *word = strtok_r(line, " \t\n", &save);
    if (!word || (o->op && strcmp(word, o->op) != 0)) return 1;
    p->op = gd_op_find(word);
    if (!p->op || p->op->attr_size > sizeof p->attr) return complain("no such operator:", word);
    p->l.attr = p->attr;
    p->count = 1;
    default_attrs(p);
    while ((word = strtok_r(NULL, " \t\n", &save))) {
        char *value = strchr(word, '=');
        if (!value) return complain("no '=' in", word);
        *value++ = '\0';
        int bad = !strcmp(word, "in")      ? add_input(p, value, 0, o->batch)
                  : !strcmp(word, "const") ? add_input(p, value, 1, 1)
                  : !strcmp(word, "then")  ? add_step(p, value)
                  : !strcmp(word, "nodes") ? (p->count = atoi(value)) < 0
                                           : put_attr(p, word, value);
        if (bad) return -1;
    }
    if (o->half) halve(p);
    return 0;
}

static double bytes_of(const gd_tensor *t) {
    return (double)gd_tensor_count(t) * (double)gd_dtype_size(t->dtype);
}

int problem_make(problem *p, bool all) {
    gd_error err;
    p->l.n_out = p->op->n_out;
    for (int i = 0; i < p->l.n_out; i++) p->l.out[i] = &p->out[i];
    for (int i = 0; i < p->l.n_in; i++)
        if (p->l.in[i] && (all || (p->l.const_in >> i & 1) || p->fill[i] != FILL_PLAIN) &&
            tensor_fill(&p->in[i], p->fill[i], p->hi[i], p->given))
            return -1;
    if (p->op->infer(&p->l, &err) != GD_OK) return complain("refused:", err.msg);
    for (int i = 0; i < p->l.n_out; i++)
        if (all && tensor_fill(&p->out[i], FILL_PLAIN, 0, NULL)) return -1;
    gd_launch_cost(p->op, &p->l, &p->cost);
    for (int i = 0; i < p->l.n_step; i++) {
        if (p->l.step[i].op->min_in < 2) continue;
        p->arg[i] = p->out[0];
        p->arg[i].data = NULL;
        if (all && tensor_fill(&p->arg[i], FILL_PLAIN, 0, NULL)) return -1;
        p->l.step[i].arg = &p->arg[i];
        p->cost.bytes += bytes_of(&p->arg[i]);
    }
    return 0;
}

void problem_drop(problem *p) {
    for (int i = 0; i < p->l.n_in; i++) gd_mem_put(p->in[i].data);
    for (int i = 0; i < p->l.n_out; i++) gd_mem_put(p->out[i].data);
    for (int i = 0; i < p->l.n_step; i++) gd_mem_put(p->arg[i].data);
}
