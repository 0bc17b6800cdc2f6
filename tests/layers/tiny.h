/* tiny.h -- models small enough to be opened hundreds of times, written as .gdw by the test.
 *
 * The weights are those the architecture asks for, with channels divided, three classes, and
 * numbers drawn from a seed such that activations stay near 1. A test may change metadata and
 * tensors on their way into the file. */
#ifndef GD_TESTS_TINY_H
#define GD_TESTS_TINY_H

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/gdrun.h"
#include "engine/io.h"
#include "layers/arch.h"
#include "tests/gd_test.h"
#include "weights/gdw.h"

enum { TINY_CLASSES = 3 };

typedef struct tiny {
    const char         *arch;
    int                 divide; /* channels that are multiples of 4 * divide; 0: none */
    const gd_meta_pair *meta;   /* ends with {0}; value NULL: the key is left out */
    /* Changes one tensor; false leaves it out of the file. NULL: none. */
    bool (*change)(void *ctx, gd_gdw_tensor *t);
    void *ctx;
} tiny;

/* One of each family, with an input that suits its size. */
static const tiny tiny_families[] = {
    {.arch = "resnet20_cifar"},
    {.arch = "yolox_nano",
     .divide = 4,
     .meta = (const gd_meta_pair[]){{"input.size", "64x96"}, {0}}},
    {.arch = "fasterrcnn_resnet18_fpn",
     .divide = 16,
     .meta =
         (const gd_meta_pair[]){
             {"input.short", "40"}, {"input.long", "64"}, {"post.conf", "0.05"}, {0}}},
    {.arch = "detr_resnet50",
     .divide = 8,
     .meta = (const gd_meta_pair[]){
         {"input.short", "40"}, {"input.long", "64"}, {"post.conf", "0.05"}, {0}}}};
enum { TINY_FAMILIES = sizeof tiny_families / sizeof *tiny_families };

static inline float tiny_number(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(int32_t)*state * (1.0f / 2147483648.0f);
}

static inline bool tiny_ends(const char *s, const char *tail) {
    const size_t n = strlen(s), k = strlen(tail);
    return n >= k && !strcmp(s + n - k, tail);
}

static inline int64_t tiny_extent(const tiny *d, int64_t extent) {
    return d->divide && extent % (4 * d->divide) == 0 ? extent / d->divide : extent;
}

/* The tensor of one spec, its numbers in the arena. */
static inline gd_gdw_tensor tiny_tensor(const tiny *d, const gd_weight_spec *s, gd_arena *a,
                                        uint32_t *state) {
    gd_gdw_tensor t = {.name = s->name, .type = GD_GDW_F32, .ndim = s->ndim};
    size_t        count = 1, inner = 1;
    for (int i = 0; i < s->ndim; i++) {
        t.dim[i] = tiny_extent(d, s->dim[i]);
        count *= (size_t)t.dim[i];
        if (i) inner *= (size_t)t.dim[i];
    }
    float *v = gd_arena_array(a, count, sizeof *v);
    assert_non_null(v);
    const bool vector = s->kind == GD_WEIGHT_VECTOR;
    const bool near_1 = vector && (tiny_ends(s->name, ".weight") || tiny_ends(s->name, "_var"));
    const float scale = vector ? 0.1f : 2.0f / sqrtf((float)inner);
    for (size_t i = 0; i < count; i++) v[i] = tiny_number(state) * scale + (near_1 ? 1 : 0);
    t.data = v;
    t.size = count * sizeof *v;
    return t;
}

static inline void tiny_meta(gd_gdw_writer *w, const tiny *d) {
    const gd_meta_pair plain[] = {
        {"arch", d->arch}, {"classes", "cat\ndog\nhen"}, {"converter", "tiny"}};
    gd_error err;
    bool     given[3] = {false};
    for (const gd_meta_pair *p = d->meta; p && p->key; p++) {
        for (int i = 0; i < 3; i++) given[i] |= !strcmp(plain[i].key, p->key);
        if (p->value) gd_assert_ok(gd_gdw_writer_meta(w, p->key, p->value, &err), &err);
    }
    for (int i = 0; i < 3; i++)
        if (!given[i])
            gd_assert_ok(gd_gdw_writer_meta(w, plain[i].key, plain[i].value, &err), &err);
}

/* Writes the model and loads it: what gd_model_load says. */
static inline gd_status tiny_load(const tiny *d, gd_model **out, gd_error *err) {
    gd_arena              arena = {0};
    const gd_arch        *arch = gd_arch_find(d->arch);
    const gd_weight_spec *spec;
    gd_gdw_writer        *w;
    gd_error              e;
    int                   count;
    uint32_t              state = 7;
    char                  path[64] = "/tmp/tiny.XXXXXX";
    const int             fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_non_null(arch);
    gd_assert_ok(gd_arch_weights(arch, TINY_CLASSES + arch->n_background, NULL, &arena, &spec,
                                 &count, &e),
                 &e);
    gd_assert_ok(gd_gdw_writer_open(&w, &e), &e);
    tiny_meta(w, d);
    for (int i = 0; i < count; i++) {
        gd_gdw_tensor t = tiny_tensor(d, &spec[i], &arena, &state);
        if (d->change && !d->change(d->ctx, &t)) continue;
        gd_assert_ok(gd_gdw_writer_tensor(w, &t, NULL, NULL, &e), &e);
    }
    gd_assert_ok(gd_gdw_writer_commit(w, path, GD_OUT_REPLACE, &e), &e);
    gd_gdw_writer_close(w);
    gd_arena_free(&arena);
    memset(err, 0, sizeof *err);
    const gd_status st = gd_model_load(path, out, err);
    unlink(path);
    return st;
}

static inline gd_model *tiny_open(const tiny *d) {
    gd_model *m;
    gd_error  err;
    gd_assert_ok(tiny_load(d, &m, &err), &err);
    return m;
}

/* A picture of noise; release its bytes with free. */
static inline gd_image tiny_picture(int width, int height, uint32_t seed) {
    const size_t   n = (size_t)width * (size_t)height * 3;
    unsigned char *p = malloc(n);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++) p[i] = (unsigned char)(tiny_number(&seed) * 127.0f + 128.0f);
    return (gd_image){p, width, height, 0, 0};
}

#endif
