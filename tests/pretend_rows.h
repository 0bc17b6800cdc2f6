/* pretend_rows.h -- kernel rows for pretend_device.h: every operator, by its reference.
 *
 * A row queues its launch as a kernel is queued: addresses and shapes are copied, nothing is
 * read. When the queue is worked off it checks what a kernel may rely on (memory of the device,
 * alignment, pitch, constants that were uploaded), spoils its scratch and computes in single
 * precision; halves are read and written at the edges. Convolution and linear keep packed
 * weights, as rows of a real device do, and absorb steps; all absorb a change of type. */
#ifndef GD_TESTS_PRETEND_ROWS_H
#define GD_TESTS_PRETEND_ROWS_H

#include <math.h>

#include "engine/graph.h"
#include "tests/pretend_device.h"

enum { PRETEND_SCRATCH = 96 };

typedef struct pretend_state {
    gd_device *d;
    uint32_t   packed; /* bit i: weights[i] holds the constant on the device */
    void      *weights[GD_MAX_IN];
    void      *seen[GD_MAX_IN]; /* the bytes of a constant, as prepare saw them */
} pretend_state;

typedef struct pretend_job {
    const gd_op *op;
    gd_launch    l;
    gd_tensor    in[GD_MAX_IN], out[GD_MAX_OUT], arg[GD_MAX_STEP];
} pretend_job;

static inline size_t pretend_span(const gd_tensor *t) {
    const int64_t pixels = gd_tensor_pixels(t), C = gd_tensor_channels(t);
    return pixels && C ? (size_t)((pixels - 1) * t->pitch + C) * gd_dtype_size(t->dtype) : 0;
}

/* What device.h and op.h promise to kernels. */
static inline gd_status pretend_address(gd_device *d, const gd_tensor *t, const char *what,
                                        int i, gd_error *err) {
    const size_t  size = gd_dtype_size(t->dtype), span = pretend_span(t);
    const int64_t C = gd_tensor_channels(t);
    if (span && !pretend_on_device(pretend_of(d), t->data, span))
        return gd_fail(err, GD_ERR_ARG, "%s %d is not in device memory", what, i);
    if (span && (uintptr_t)t->data % 16)
        return gd_fail(err, GD_ERR_ARG, "%s %d is not aligned to 16 bytes", what, i);
    if (!gd_tensor_dense(t) && (size_t)t->pitch * size % 16 && !(C == 3 && t->pitch == 4))
        return gd_fail(err, GD_ERR_ARG, "%s %d has a pitch of %lld elements", what, i,
                       (long long)t->pitch);
    return GD_OK;
}

static inline gd_status pretend_check(const pretend_job *j, gd_error *err) {
    const gd_launch     *l = &j->l;
    const pretend_state *s = l->state;
    for (int i = 0; i < l->n_in; i++) {
        if (!l->in[i] || (s && (s->packed >> i & 1))) continue;
        GD_TRY(pretend_address(l->device, l->in[i], "input", i, err));
        if (s && s->seen[i] && gd_tensor_dense(l->in[i]) &&
            memcmp(s->seen[i], l->in[i]->data, pretend_span(l->in[i])) != 0)
            return gd_fail(err, GD_ERR_ARG, "constant %d was not uploaded", i);
    }
    for (int i = 0; i < l->n_out; i++)
        GD_TRY(pretend_address(l->device, l->out[i], "output", i, err));
    for (int i = 0; i < l->n_step; i++)
        if (l->step[i].arg)
            GD_TRY(pretend_address(l->device, l->step[i].arg, "argument of step", i, err));
    if (!pretend_on_device(pretend_of(l->device), l->scratch, PRETEND_SCRATCH) ||
        (uintptr_t)l->scratch % GD_DEVICE_ALIGN)
        return gd_fail(err, GD_ERR_ARG, "scratch is not aligned device memory");
    memset(l->scratch, 0x5a, PRETEND_SCRATCH);
    return GD_OK;
}

/* A dense tensor in single precision in place of *t, with its values. */
static inline void pretend_widen(gd_tensor *t, bool copy) {
    gd_tensor     wide = gd_tensor_make(GD_F32, t->ndim, t->dim);
    const int64_t n = gd_tensor_count(t);
    wide.data = pretend_new((size_t)n * sizeof(float));
    for (int64_t k = 0; k < n; k++) gd_tensor_set(&wide, k, copy ? gd_tensor_get(t, k) : NAN);
    *t = wide;
}

static inline gd_status pretend_steps(const pretend_job *j, gd_tensor *y, gd_error *err) {
    for (int i = 0; i < j->l.n_step; i++) {
        gd_tensor arg;
        gd_launch s = {.n_in = 1, .n_out = 1, .attr = j->l.step[i].attr};
        gd_status st;
        s.in[0] = s.out[0] = y;
        if (!strcmp(j->l.step[i].op->name, "cast")) continue; /* when it is stored */
        if (j->l.step[i].arg) {
            arg = *j->l.step[i].arg;
            pretend_widen(&arg, true);
            s.in[s.n_in++] = &arg;
        }
        st = gd_node_run_reference(j->l.step[i].op, &s, err);
        if (j->l.step[i].arg) free(arg.data);
        GD_TRY(st);
    }
    return GD_OK;
}

static inline gd_status pretend_run_job(void *ctx, gd_error *err) {
    pretend_job         *j = ctx;
    const pretend_state *s = j->l.state;
    gd_launch            l = j->l;
    gd_tensor            in[GD_MAX_IN], out[GD_MAX_OUT];
    GD_TRY(pretend_check(j, err));
    l.n_step = 0;
    l.device = NULL;
    for (int i = 0; i < l.n_in; i++) {
        if (!l.in[i]) continue;
        in[i] = *l.in[i];
        if (s && (s->packed >> i & 1)) in[i].data = s->weights[i];
        if (in[i].dtype == GD_F16) pretend_widen(&in[i], true);
        l.in[i] = &in[i];
    }
    for (int i = 0; i < l.n_out; i++) {
        out[i] = *l.out[i];
        if (out[i].dtype == GD_F16 || (i == 0 && j->l.n_step)) pretend_widen(&out[i], false);
        l.out[i] = &out[i];
    }
    gd_status st = gd_node_run_reference(j->op, &l, err);
    if (st == GD_OK) st = pretend_steps(j, &out[0], err);
    for (int i = 0; i < l.n_out; i++) {
        if (out[i].data == j->out[i].data) continue;
        for (int64_t k = 0; st == GD_OK && k < gd_tensor_count(&out[i]); k++)
            gd_tensor_set(&j->out[i], k, gd_tensor_get(&out[i], k));
        free(out[i].data);
    }
    for (int i = 0; i < l.n_in; i++)
        if (l.in[i] && j->in[i].dtype == GD_F16) free(in[i].data);
    return st;
}

static inline gd_status pretend_run(const gd_op *op, const gd_launch *l) {
    pretend_job *j = pretend_new(sizeof *j);
    j->op = op;
    j->l = *l;
    for (int i = 0; i < l->n_in; i++) {
        if (!l->in[i]) continue;
        j->in[i] = *l->in[i];
        j->l.in[i] = &j->in[i];
    }
    for (int i = 0; i < l->n_out; i++) {
        j->out[i] = *l->out[i];
        j->l.out[i] = &j->out[i];
    }
    for (int i = 0; i < l->n_step; i++) {
        if (!l->step[i].arg) continue;
        j->arg[i] = *l->step[i].arg;
        j->l.step[i].arg = &j->arg[i];
    }
    pretend_launch(l->device, pretend_run_job, j);
    return GD_OK;
}

/* ---- rows -------------------------------------------------------------------------------- */

static inline size_t pretend_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)l;
    (void)dev;
    return PRETEND_SCRATCH;
}

static inline void pretend_put(void *state) {
    pretend_state *s = state;
    if (!s) return;
    for (int i = 0; i < GD_N_LANE; i++)
        pretend_drain(pretend_of(s->d), i, pretend_of(s->d)->lane[i].n);
    for (int i = 0; i < GD_MAX_IN; i++) {
        gd_device_release(s->d, s->weights[i]);
        free(s->seen[i]);
    }
    free(s);
}

static inline gd_status pretend_keep(const gd_launch *l, uint32_t packs, void **state,
                                     gd_error *err) {
    pretend_state *s = pretend_new(sizeof *s);
    s->d = l->device;
    for (int i = 0; i < l->n_in; i++) {
        if (!l->in[i] || !(l->const_in >> i & 1) || !gd_tensor_dense(l->in[i])) continue;
        const size_t size = pretend_span(l->in[i]);
        s->seen[i] = pretend_new(size);
        memcpy(s->seen[i], l->in[i]->data, size);
        if (!(packs >> i & 1)) continue;
        gd_status st = gd_device_alloc(s->d, size, &s->weights[i], err);
        if (st == GD_OK)
            st = gd_device_upload(s->d, GD_LANE_RUN, s->weights[i], l->in[i]->data, size, err);
        if (st != GD_OK) {
            pretend_put(s);
            return st;
        }
        s->packed |= 1u << i;
    }
    *state = s;
    return GD_OK;
}

static inline gd_status pretend_prepare(const gd_launch *l, const gd_device_caps *dev,
                                        void **state, gd_error *err) {
    (void)dev;
    return pretend_keep(l, 0, state, err);
}

static inline gd_status pretend_pack(const gd_launch *l, const gd_device_caps *dev,
                                     void **state, gd_error *err) {
    (void)dev;
    return pretend_keep(l, 1u << 1, state, err);
}

/* Weights that are packed are constants in one piece. */
static inline bool pretend_packs(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (l->const_in & 1u << 1) && gd_tensor_dense(l->in[1]);
}

#define GD_OP(name)                                                             \
    extern const gd_op      gd_op_##name;                                       \
    static inline gd_status pretend_##name(const gd_launch *l, gd_error *err) { \
        (void)err;                                                              \
        return pretend_run(&gd_op_##name, l);                                   \
    }
#include "kernels/ops.def"
#undef GD_OP

typedef struct pretend_entry {
    const gd_op *op;
    gd_status (*run)(const gd_launch *l, gd_error *err);
    gd_kernel row[6]; /* packed, plain; each in f32 and f16; ends with {0} */
} pretend_entry;

static inline void pretend_fill_rows(pretend_entry *e) {
    static const char *const chain[] = {"add", "relu", "leaky_relu", "silu", "cast", NULL};
    static const char *const cast[] = {"cast", NULL};
    const char              *name = e->op->name;
    const bool               packs = !strcmp(name, "conv2d") || !strcmp(name, "linear");
    const bool               half_too =
        (e->op->flags & (GD_OP_HALF | GD_OP_HALF_FOLLOW)) != 0 || !strcmp(name, "cast");
    /* What has an index for a result stores no half. */
    const bool stores_half = (half_too && strcmp(name, "arg_max") != 0) ||
                             !strcmp(name, "preprocess") || !strcmp(name, "sine_position");
    const gd_dtype own = e->op->kernels->dtype;
    const gd_dtype whole = gd_dtype_is_float(own) ? GD_F32 : own;
    gd_kernel     *row = e->row;
    for (int pack = packs; pack >= 0; pack--)
        for (int half = 0; half < 1 + half_too; half++)
            *row++ =
                (gd_kernel){.name = pack   ? half ? "pretend_packed_f16" : "pretend_packed_f32"
                                    : half ? "pretend_f16"
                                    : whole == GD_U8  ? "pretend_u8"
                                    : whole == GD_I32 ? "pretend_i32"
                                                      : "pretend_f32",
                            .backend = GD_CUDA,
                            .dtype = half ? GD_F16 : whole,
                            .flags = GD_ROW_PITCH | (packs ? GD_ROW_STEP_INPLACE : 0u),
                            .packs = pack ? 1u << 1 : 0,
                            .fits = pack ? pretend_packs : NULL,
                            .absorbs = packs         ? chain
                                       : stores_half ? cast
                                                     : NULL,
                            .scratch = pretend_scratch,
                            .prepare = pack ? pretend_pack : pretend_prepare,
                            .release = pretend_put,
                            .run = e->run};
}

/* A gd_rows_of: gd_op_register(GD_CUDA, pretend_rows_of). */
static inline const gd_kernel *pretend_rows_of(const char *op) {
    static pretend_entry all[] = {
#define GD_OP(name) {&gd_op_##name, pretend_##name, {{0}}},
#include "kernels/ops.def"
#undef GD_OP
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i].op->name, op) != 0) continue;
        if (!all[i].row[0].name) pretend_fill_rows(&all[i]);
        return all[i].row;
    }
    return NULL;
}

#endif
