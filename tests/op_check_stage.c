/* op_check_stage.c -- a problem in guarded memory:
 *
 *     | guard bytes | pixel gap pixel gap ... pixel | guard bytes |
 *
 * Guards and gaps hold 0xff, which is NaN in every floating type; the memory ends with the last
 * channel of the last pixel, as it may for a slice of a wider tensor. After a run, every byte
 * that is not an element of an output must be what it was. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/op_check.h"

/* Three channels at a distance of four: the fourth belongs to the tensor, not to a wider one,
 * so rows may write it. */
static bool owns_gaps(const gd_tensor *t) {
    return gd_tensor_channels(t) == 3 && t->pitch == 4;
}

static size_t span_of(const gd_tensor *t) {
    const int64_t pixels = gd_tensor_pixels(t), C = gd_tensor_channels(t);
    if (pixels == 0 || C == 0) return 0;
    if (owns_gaps(t)) return gd_tensor_bytes(t);
    return (size_t)((pixels - 1) * t->pitch + C) * gd_dtype_size(t->dtype);
}

/* On a device a tensor begins at a multiple of 16 bytes and no more; under a sanitizer it ends
 * where its memory ends, up to the next such multiple. */
void oc_block_open(oc_block *b, size_t size, bool scratch) {
    const size_t whole = (size + 15) / 16 * 16;
    b->front = !oc_on.device ? 64 : scratch ? GD_DEVICE_ALIGN : GD_DEVICE_ALIGN + 16;
    b->back = oc_on.device ? GD_DEVICE_ALIGN : 64;
    if (oc_on.device && oc_on.sanitize) {
        b->front = scratch ? 0 : (GD_DEVICE_ALIGN - whole % GD_DEVICE_ALIGN) % GD_DEVICE_ALIGN;
        b->back = scratch ? 0 : whole - size;
    }
    b->size = b->front + size + b->back;
    b->base = oc_alloc(b->size);
    memset(b->base, 0xff, b->size);
}

/* A pitch above the channels, different for every `extra` > 0; what devices take is dense or a
 * multiple of 16 bytes. */
static int64_t pitch_of(const gd_tensor *t, int extra, bool three_as_four) {
    const int64_t C = gd_tensor_channels(t), unit = 16 / (int64_t)gd_dtype_size(t->dtype);
    if (gd_tensor_pixels(t) <= 1) return C;
    if (three_as_four) return C == 3 && gd_dtype_is_float(t->dtype) ? 4 : C;
    if (extra == 0) return C;
    return oc_on.device ? (C + unit - 1) / unit * unit + unit * (extra % 3) : C + extra;
}

static void tensor_open(gd_tensor *t, oc_block *b, int extra, const oc_layout *layout) {
    t->pitch = pitch_of(t, extra, layout->three_as_four);
    oc_block_open(b, span_of(t), false);
    t->data = b->base + b->front;
}

static void keep_copy(oc_block *b) {
    b->copy = oc_alloc(b->size);
    memcpy(b->copy, b->base, b->size);
}

static gd_dtype type_of(const oc_problem *p, int i, gd_dtype type) {
    const gd_dtype t = p->in[i].shape.dtype;
    if (t != GD_F32 || (type == GD_F16 && (p->op->wide_in >> i & 1))) return t;
    return type;
}

static void open_inputs(oc_stage *s, const oc_problem *p, gd_dtype type) {
    for (int i = 0; i < p->n_in; i++) {
        const oc_input *x = &p->in[i];
        if (x->absent) continue;
        /* Bytes are pictures from a decoder: always packed. */
        const bool pitched = x->shape.dtype != GD_U8 && (s->layout.pitch_in >> i & 1) &&
                             (s->layout.pitch_weights || !x->constant);
        s->in[i] = gd_tensor_make(type_of(p, i, type), x->shape.ndim, x->shape.dim);
        tensor_open(&s->in[i], &s->in_block[i], pitched ? 3 + i : 0, &s->layout);
        for (int64_t k = 0; k < gd_tensor_count(&s->in[i]); k++)
            gd_tensor_set(&s->in[i], k, x->v[k]);
        keep_copy(&s->in_block[i]);
        s->l.in[i] = &s->in[i];
        if (x->constant && s->layout.constants) s->l.const_in |= 1u << i;
    }
}

gd_dtype oc_type_behind(const gd_op *op, const void *attr, gd_dtype type) {
    const int64_t one = 1;
    gd_tensor     x = gd_tensor_make(type, 1, &one), y = x;
    gd_launch     l = {.n_in = op->min_in, .n_out = 1, .attr = attr};
    l.in[0] = l.in[1] = &x;
    l.out[0] = &y;
    return op->infer(&l, NULL) == GD_OK ? y.dtype : type;
}

bool oc_changes_type(const gd_op *op, const void *attr) {
    return oc_type_behind(op, attr, GD_F32) != GD_F32 ||
           oc_type_behind(op, attr, GD_F16) != GD_F16;
}

/* Second inputs have the type that the value has when it meets them; the output has the
 * last. */
static void open_steps(oc_stage *s, const oc_problem *p) {
    s->l.n_step = p->n_step;
    for (int i = 0; i < p->n_step; i++) {
        const gd_dtype type = s->out[0].dtype;
        s->l.step[i].op = p->step[i].op;
        s->l.step[i].attr = p->step[i].attr;
        s->out[0].dtype = oc_type_behind(p->step[i].op, p->step[i].attr, type);
        if (!p->step[i].v) continue;
        s->arg[i] = gd_tensor_make(type, s->out[0].ndim, s->out[0].dim);
        tensor_open(&s->arg[i], &s->arg_block[i], s->layout.pitch_in ? 7 + i : 0, &s->layout);
        for (int64_t k = 0; k < gd_tensor_count(&s->arg[i]); k++)
            gd_tensor_set(&s->arg[i], k, p->step[i].v[k]);
        s->l.step[i].arg = &s->arg[i];
        if (!s->layout.in_place) keep_copy(&s->arg_block[i]);
    }
}

static void take_over(oc_stage *s, int i, const gd_tensor *over, oc_block *block) {
    free(block->copy);
    block->copy = NULL;
    free(s->out_block[i].base);
    s->out_block[i] = *block;
    s->out_block[i].borrowed = true;
    s->out[i].data = over->data;
    s->out[i].pitch = over->pitch;
}

/* out[0] takes over the memory of a step's second input, else that of in[0]; what updates, all
 * that it updates. */
static void share_storage(oc_stage *s, const gd_op *op) {
    gd_tensor *over = &s->in[0];
    oc_block  *block = &s->in_block[0];
    for (int i = 0; i < s->l.n_step; i++)
        if (s->l.step[i].arg) {
            over = &s->arg[i];
            block = &s->arg_block[i];
        }
    if (!op->update_out) take_over(s, 0, over, block);
    for (int i = 0; i < s->l.n_out; i++)
        if ((op->update_out >> i & 1) || ((op->flags & GD_OP_UPDATE) && i > 0))
            take_over(s, i, &s->in[i], &s->in_block[i]);
}

gd_status oc_stage_open(oc_stage *s, const oc_problem *p, gd_dtype type,
                        const oc_layout *layout, gd_error *err) {
    memset(s, 0, sizeof *s);
    s->layout = *layout;
    s->l.n_in = p->n_in;
    s->l.n_out = p->op->n_out;
    s->l.attr = p->attr;
    open_inputs(s, p, type);
    for (int i = 0; i < s->l.n_out; i++) s->l.out[i] = &s->out[i];
    GD_TRY(p->op->infer(&s->l, err));
    open_steps(s, p);
    for (int i = 0; i < s->l.n_out; i++) {
        tensor_open(&s->out[i], &s->out_block[i], layout->pitch_out ? 5 + i : 0, layout);
        memset(s->out[i].data, layout->fill, span_of(&s->out[i]));
        /* gaps keep 0xff */
        const size_t  size = gd_dtype_size(s->out[i].dtype);
        const int64_t C = gd_tensor_channels(&s->out[i]), gap = s->out[i].pitch - C;
        for (int64_t q = 0; gap > 0 && q + 1 < gd_tensor_pixels(&s->out[i]); q++)
            memset((char *)s->out[i].data + (size_t)(q * s->out[i].pitch + C) * size, 0xff,
                   (size_t)gap * size);
    }
    if (layout->in_place) share_storage(s, p->op);
    return GD_OK;
}

static void trouble(oc_stage *s, const char *what, int i) {
    if (!s->trouble[0]) snprintf(s->trouble, sizeof s->trouble, "wrote %s %d", what, i);
}

static bool all_ones(const unsigned char *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (b[i] != 0xff) return false;
    return true;
}

static void check_output_bounds(oc_stage *s, int i) {
    const gd_tensor *t = &s->out[i];
    const oc_block  *b = &s->out_block[i];
    const size_t     size = gd_dtype_size(t->dtype);
    const int64_t    C = gd_tensor_channels(t);
    if (!all_ones(b->base, b->front)) trouble(s, "before output", i);
    if (!all_ones(b->base + b->size - b->back, b->back)) trouble(s, "behind output", i);
    for (int64_t q = 0; !owns_gaps(t) && q + 1 < gd_tensor_pixels(t); q++)
        if (!all_ones((unsigned char *)t->data + (size_t)(q * t->pitch + C) * size,
                      (size_t)(t->pitch - C) * size))
            trouble(s, "into the gaps of output", i);
}

static void check_bounds(oc_stage *s) {
    for (int i = 0; i < s->l.n_in; i++)
        if (s->in_block[i].copy &&
            memcmp(s->in_block[i].base, s->in_block[i].copy, s->in_block[i].size) != 0)
            trouble(s, "into input", i);
    for (int i = 0; i < s->l.n_step; i++)
        if (s->arg_block[i].copy &&
            memcmp(s->arg_block[i].base, s->arg_block[i].copy, s->arg_block[i].size) != 0)
            trouble(s, "into the second input of step", i);
    for (int i = 0; i < s->l.n_out; i++) check_output_bounds(s, i);
    const oc_block *b = &s->scratch;
    if (b->base && !all_ones(b->base, b->front)) trouble(s, "before scratch", 0);
    if (b->base && !all_ones(b->base + b->size - b->back, b->back))
        trouble(s, "behind scratch", 0);
}

gd_status oc_stage_run(oc_stage *s, const oc_problem *p, const gd_kernel *row, gd_error *err) {
    const gd_device_caps dev = gd_cpu_caps();
    gd_status            st = GD_OK;
    if (!row) {
        st = gd_node_run_reference(p->op, &s->l, err);
    } else if (row->backend != GD_CPU) {
        st = oc_device_run(s, p, row, err);
    } else {
        oc_block_open(&s->scratch, row->scratch ? row->scratch(&s->l, &dev) : 0, true);
        s->l.scratch = s->scratch.base + s->scratch.front;
        if (row->prepare) GD_GO(row->prepare(&s->l, &dev, &s->l.state, err));
        st = row->run(&s->l, err);
    }
done:
    if (row && row->release && s->l.state) row->release(s->l.state);
    s->l.state = NULL;
    if (st == GD_OK || !oc_on.device) check_bounds(s);
    free(s->scratch.base);
    s->scratch.base = NULL;
    return st;
}

static void block_close(oc_block *b) {
    if (!b->borrowed) free(b->base);
    free(b->copy);
}

void oc_stage_close(oc_stage *s) {
    for (int i = 0; i < GD_MAX_OUT; i++) block_close(&s->out_block[i]);
    for (int i = 0; i < GD_MAX_IN; i++) block_close(&s->in_block[i]);
    for (int i = 0; i < GD_MAX_STEP; i++) block_close(&s->arg_block[i]);
    memset(s, 0, sizeof *s);
}

void oc_stage_result(const oc_stage *s, oc_result *r) {
    memset(r, 0, sizeof *r);
    r->n_out = s->l.n_out;
    for (int i = 0; i < r->n_out; i++) {
        r->count[i] = gd_tensor_count(&s->out[i]);
        r->is_float[i] = gd_dtype_is_float(s->out[i].dtype);
        r->v[i] = oc_alloc((size_t)r->count[i] * sizeof *r->v[i]);
        for (int64_t k = 0; k < r->count[i]; k++) r->v[i][k] = gd_tensor_get(&s->out[i], k);
    }
}

void oc_result_free(oc_result *r) {
    for (int i = 0; i < GD_MAX_OUT; i++) free(r->v[i]);
    memset(r, 0, sizeof *r);
}

gd_status oc_reference(const oc_problem *p, gd_dtype type, const gd_kernel *row, oc_result *r,
                       gd_error *err) {
    const oc_layout dense = {.name = "dense", .constants = true, .fill = 0xff};
    oc_problem      bare = *p;
    oc_stage        s;
    memset(r, 0, sizeof *r);
    bare.n_step = 0;
    gd_status st = oc_stage_open(&s, &bare, type, &dense, err);
    if (st == GD_OK) st = oc_stage_run(&s, &bare, row, err);
    if (st == GD_OK && s.trouble[0]) st = gd_fail(err, GD_ERR_CHECK, "reference %s", s.trouble);
    if (st == GD_OK) oc_stage_result(&s, r);
    oc_stage_close(&s);
    return st;
}

double oc_distance(const double *a, const double *b, int64_t n) {
    double worst = 0;
    for (int64_t i = 0; i < n; i++) {
        if (a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))) continue;
        const double d = fabs(a[i] - b[i]);
        if (!(d < INFINITY)) return INFINITY;
        if (d > worst) worst = d;
    }
    return worst;
}
