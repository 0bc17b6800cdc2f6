/* cpu_dnnl.c -- the one door to oneDNN (C API of 2.x): builds, keeps and runs primitives. */
#include "kernels/cpu/cpu_dnnl.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/mem.h"
#include "kernels/activation/activation.h"

/* Not gelu: oneDNN's erf is wrong by more than a rounding. */
const char *const gdk_dnnl_absorbs[] = {"add",   "relu",      "leaky_relu", "silu", "sigmoid",
                                        "relu6", "hardswish", "mish",       NULL};

/* Arguments of a primitive: x, weights, bias, y, scratch, then one for each binary step. */
enum { ARG_X, ARG_W, ARG_B, ARG_Y, ARG_SCRATCH, ARG_STEP, MAX_ARG = ARG_STEP + GD_MAX_STEP };

typedef struct primitive {
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t      run;
    dnnl_stream_t         stream;
    dnnl_memory_t         mem[MAX_ARG];
    dnnl_exec_arg_t       arg[MAX_ARG];
    int                   n_arg, threads;
    void                 *weights, *scratch; /* ours */
} primitive;

static dnnl_engine_t  engine; /* one CPU engine for the life of the process */
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static void           open_engine(void) {
              if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

static gd_status check(dnnl_status_t s, const char *what, gd_error *err) {
    if (s == dnnl_success) return GD_OK;
    const gd_status st = s == dnnl_out_of_memory   ? GD_ERR_NOMEM
                         : s == dnnl_unimplemented ? GD_ERR_UNSUPPORTED
                                                   : GD_ERR_DEVICE;
    return gd_fail(err, st, "oneDNN: %s failed with status %d", what, (int)s);
}

/* oneDNN takes its thread count from the calling thread's OpenMP setting, when a primitive is
 * made and when it runs: both must agree, whatever other sessions do to the pool meanwhile. */
static int enter(int threads) {
    const int before = omp_get_max_threads();
    if (before != threads) omp_set_num_threads(threads);
    return before;
}
static void leave(int before, int threads) {
    if (before != threads) omp_set_num_threads(before);
}

static bool is_step(const gd_launch *l, int i, const char *name) {
    return strcmp(l->step[i].op->name, name) == 0;
}

/* Of relu and leaky_relu, oneDNN's one operation for both, a primitive keeps one slope only. */
static bool mixes_slopes(const gd_launch *l) {
    bool plain = false, leaky = false;
    for (int i = 0; i < l->n_step; i++) {
        plain |= is_step(l, i, "relu");
        leaky |= is_step(l, i, "leaky_relu");
    }
    return plain && leaky;
}

bool gdk_dnnl_takes(const gd_launch *l) {
    if (!(l->const_in & 2u) || mixes_slopes(l)) return false;
    for (int i = 0; i < l->n_step; i++) {
        const gd_tensor *arg = l->step[i].arg;
        if (arg && (arg->dtype != GD_F32 || !gd_tensor_dense(arg) ||
                    !gd_tensor_same_shape(arg, l->out[0])))
            return false;
    }
    return true;
}

/* ---- descriptions ----------------------------------------------------------------------- */

/* [N,H,W,C] in memory as oneDNN's N,C,H,W. */
static dnnl_status_t describe_image(dnnl_memory_desc_t *md, const gd_tensor *t) {
    const int64_t     H = t->dim[1], W = t->dim[2], C = t->dim[3];
    const dnnl_dims_t dim = {t->dim[0], C, H, W}, stride = {H * W * C, 1, W * C, C};
    return dnnl_memory_desc_init_by_strides(md, 4, dim, dnnl_f32, stride);
}

/* All outer axes as rows. */
static dnnl_status_t describe_rows(dnnl_memory_desc_t *md, const gd_tensor *t) {
    const dnnl_dims_t dim = {gd_tensor_pixels(t), gd_tensor_channels(t)};
    return dnnl_memory_desc_init_by_tag(md, 2, dim, dnnl_f32, dnnl_ab);
}

/* [K,R,S,C/groups]: `given` as it lies in memory, `wanted` in any order that oneDNN likes. */
static dnnl_status_t describe_filter(dnnl_memory_desc_t *given, dnnl_memory_desc_t *wanted,
                                     const gd_tensor *w, int64_t groups) {
    const int64_t       K = w->dim[0] / groups, R = w->dim[1], S = w->dim[2], C = w->dim[3];
    const dnnl_dims_t   dim = {groups, K, C, R, S};
    const dnnl_dims_t   stride = {K * R * S * C, R * S * C, 1, S * C, C};
    const int           skip = groups == 1; /* an axis only where there are groups */
    const dnnl_status_t s =
        dnnl_memory_desc_init_by_strides(given, 5 - skip, dim + skip, dnnl_f32, stride + skip);
    return s != dnnl_success ? s
                             : dnnl_memory_desc_init_by_tag(wanted, 5 - skip, dim + skip,
                                                            dnnl_f32, dnnl_format_tag_any);
}

/* A sum that may overwrite its operand is done in place, which spares reading and writing it
 * apart: exec's addresses are final when rows are prepared. */
static bool sums_in_place(const gd_launch *l, int i) {
    return is_step(l, i, "add") && l->step[i].arg->data == l->out[0]->data;
}

static dnnl_status_t append_step(dnnl_post_ops_t ops, const gd_launch *l, int i,
                                 const dnnl_memory_desc_t *y) {
    if (sums_in_place(l, i)) return dnnl_post_ops_append_sum(ops, 1);
    if (is_step(l, i, "add")) return dnnl_post_ops_append_binary(ops, dnnl_binary_add, y);
    if (is_step(l, i, "relu"))
        return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
    if (is_step(l, i, "leaky_relu")) {
        const gd_leaky_relu *a = l->step[i].attr;
        return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, a->slope, 0);
    }
    if (is_step(l, i, "silu"))
        return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_swish, 1, 0);
    if (is_step(l, i, "relu6"))
        return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_clip, 0, 6);
    if (is_step(l, i, "hardswish"))
        return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_hardswish, 0, 0);
    if (is_step(l, i, "mish"))
        return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_mish, 0, 0);
    return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_logistic, 0, 0);
}

/* The steps, and scratch memory in our hands. */
static gd_status make_attr(const gd_launch *l, const dnnl_memory_desc_t *y,
                           dnnl_primitive_attr_t *attr, gd_error *err) {
    gd_status       st;
    dnnl_post_ops_t ops = NULL;
    GD_GO(check(dnnl_primitive_attr_create(attr), "making attributes", err));
    GD_GO(check(dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user),
                "setting the scratch mode", err));
    GD_GO(check(dnnl_post_ops_create(&ops), "making a list of steps", err));
    for (int i = 0; i < l->n_step; i++)
        GD_GO(check(append_step(ops, l, i, y), "adding a step", err));
    GD_GO(check(dnnl_primitive_attr_set_post_ops(*attr, ops), "setting the steps", err));
done:
    if (ops) dnnl_post_ops_destroy(ops);
    return st;
}

/* ---- building --------------------------------------------------------------------------- */

static gd_status add_memory(primitive *p, int slot, int dnnl_arg, const dnnl_memory_desc_t *md,
                            void *data, gd_error *err) {
    GD_TRY(check(dnnl_memory_create(&p->mem[slot], md, engine, data), "making a memory", err));
    p->arg[p->n_arg++] = (dnnl_exec_arg_t){dnnl_arg, p->mem[slot]};
    return GD_OK;
}

/* The weights, copied once into the order the primitive wants. */
static gd_status pack_weights(primitive *p, const dnnl_memory_desc_t *given, const gd_tensor *w,
                              gd_error *err) {
    gd_status                 st;
    dnnl_memory_t             from = NULL;
    dnnl_primitive_desc_t     desc = NULL;
    dnnl_primitive_t          reorder = NULL;
    const dnnl_memory_desc_t *md =
        dnnl_primitive_desc_query_md(p->desc, dnnl_query_weights_md, 0);
    p->weights = gd_mem_get(dnnl_memory_desc_get_size(md));
    if (!p->weights)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of packed weights",
                       dnnl_memory_desc_get_size(md));
    GD_GO(add_memory(p, ARG_W, DNNL_ARG_WEIGHTS, md, p->weights, err));
    GD_GO(check(dnnl_memory_create(&from, given, engine, w->data), "making a memory", err));
    GD_GO(check(dnnl_reorder_primitive_desc_create(&desc, given, engine, md, engine, NULL),
                "describing the packing of weights", err));
    GD_GO(check(dnnl_primitive_create(&reorder, desc), "making the packing of weights", err));
    const dnnl_exec_arg_t arg[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, p->mem[ARG_W]}};
    GD_GO(check(dnnl_primitive_execute(reorder, p->stream, 2, arg), "packing weights", err));
    GD_GO(check(dnnl_stream_wait(p->stream), "packing weights", err));
done:
    if (reorder) dnnl_primitive_destroy(reorder);
    if (desc) dnnl_primitive_desc_destroy(desc);
    if (from) dnnl_memory_destroy(from);
    return st;
}

/* Everything around p->run: memories for x, w, bias, y, scratch and the operands of steps. */
static gd_status add_memories(primitive *p, const gd_launch *l, const dnnl_memory_desc_t *x,
                              const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *b,
                              const dnnl_memory_desc_t *y, gd_error *err) {
    const dnnl_memory_desc_t *room =
        dnnl_primitive_desc_query_md(p->desc, dnnl_query_scratchpad_md, 0);
    const size_t size = room ? dnnl_memory_desc_get_size(room) : 0;
    GD_TRY(add_memory(p, ARG_X, DNNL_ARG_SRC, x, NULL, err));
    GD_TRY(pack_weights(p, w, l->in[1], err));
    if (l->in[2]) GD_TRY(add_memory(p, ARG_B, DNNL_ARG_BIAS, b, NULL, err));
    GD_TRY(add_memory(p, ARG_Y, DNNL_ARG_DST, y, NULL, err));
    if (size) {
        p->scratch = gd_mem_get(size);
        if (!p->scratch)
            return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of scratch", size);
        GD_TRY(add_memory(p, ARG_SCRATCH, DNNL_ARG_SCRATCHPAD, room, p->scratch, err));
    }
    for (int i = 0; i < l->n_step; i++)
        if (l->step[i].arg && !sums_in_place(l, i))
            GD_TRY(add_memory(p, ARG_STEP + i,
                              DNNL_ARG_ATTR_MULTIPLE_POST_OP(i) | DNNL_ARG_SRC_1, y, NULL,
                              err));
    return GD_OK;
}

/* oneDNN 2.6 writes its code through NULL where memory for that is refused. So room is proven
 * first: reserved, never touched, given back. */
static gd_status prove_room(gd_error *err) {
    const size_t size = (size_t)16 << 20;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for the code of a oneDNN primitive");
    munmap(p, size);
    return GD_OK;
}

/* op_desc is a dnnl_convolution_desc_t or dnnl_inner_product_desc_t. */
static gd_status open_primitive(const void *op_desc, const gd_launch *l, int threads,
                                const dnnl_memory_desc_t md[4], void **state, gd_error *err) {
    gd_status             st;
    dnnl_primitive_attr_t attr = NULL;
    const int             before = enter(threads);
    primitive            *p = gd_mem_get_zero(sizeof *p);
    if (!p) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for a oneDNN primitive");
        goto done;
    }
    p->threads = threads;
    GD_GO(prove_room(err));
    GD_GO(make_attr(l, &md[3], &attr, err));
    GD_GO(check(dnnl_primitive_desc_create(&p->desc, op_desc, attr, engine, NULL),
                "choosing an implementation", err));
    GD_GO(check(dnnl_primitive_create(&p->run, p->desc), "making a primitive", err));
    GD_GO(check(dnnl_stream_create(&p->stream, engine, dnnl_stream_default_flags),
                "making a stream", err));
    GD_GO(add_memories(p, l, &md[0], &md[1], &md[2], &md[3], err));
    *state = p;
    p = NULL;
done:
    if (attr) dnnl_primitive_attr_destroy(attr);
    gdk_dnnl_close(p);
    leave(before, threads);
    return st;
}

static gd_status need_engine(gd_error *err) {
    pthread_once(&engine_once, open_engine);
    return engine ? GD_OK : gd_fail(err, GD_ERR_DEVICE, "oneDNN: no CPU engine");
}

static dnnl_status_t describe_bias(dnnl_memory_desc_t *md, const gd_tensor *b) {
    const dnnl_dims_t dim = {b ? b->dim[0] : 0};
    *md = (dnnl_memory_desc_t){0};
    return b ? dnnl_memory_desc_init_by_tag(md, 1, dim, dnnl_f32, dnnl_a) : dnnl_success;
}

gd_status gdk_dnnl_conv_open(const gd_launch *l, const gdk_dnnl_window *win, int threads,
                             void **state, gd_error *err) {
    dnnl_memory_desc_t      md[4], wanted;
    dnnl_convolution_desc_t desc;
    const dnnl_dims_t       stride = {win->stride[0], win->stride[1]};
    const dnnl_dims_t       gap = {win->dilation[0] - 1, win->dilation[1] - 1};
    const dnnl_dims_t before = {win->pad[0], win->pad[1]}, after = {win->pad[2], win->pad[3]};
    *state = NULL;
    GD_TRY(need_engine(err));
    GD_TRY(check(describe_image(&md[0], l->in[0]), "describing the input", err));
    GD_TRY(check(describe_filter(&md[1], &wanted, l->in[1], win->groups),
                 "describing the filter", err));
    GD_TRY(check(describe_bias(&md[2], l->in[2]), "describing the bias", err));
    GD_TRY(check(describe_image(&md[3], l->out[0]), "describing the output", err));
    GD_TRY(check(dnnl_dilated_convolution_forward_desc_init(
                     &desc, dnnl_forward_inference, dnnl_convolution_direct, &md[0], &wanted,
                     l->in[2] ? &md[2] : NULL, &md[3], stride, gap, before, after),
                 "describing a convolution", err));
    return open_primitive(&desc, l, threads, md, state, err);
}

gd_status gdk_dnnl_linear_open(const gd_launch *l, int threads, void **state, gd_error *err) {
    dnnl_memory_desc_t        md[4], wanted;
    dnnl_inner_product_desc_t desc;
    *state = NULL;
    GD_TRY(need_engine(err));
    GD_TRY(check(describe_rows(&md[0], l->in[0]), "describing the input", err));
    GD_TRY(check(describe_rows(&md[1], l->in[1]), "describing the weights", err));
    GD_TRY(check(describe_bias(&md[2], l->in[2]), "describing the bias", err));
    GD_TRY(check(describe_rows(&md[3], l->out[0]), "describing the output", err));
    GD_TRY(check(
        dnnl_memory_desc_init_by_tag(&wanted, 2, md[1].dims, dnnl_f32, dnnl_format_tag_any),
        "describing the weights", err));
    GD_TRY(
        check(dnnl_inner_product_forward_desc_init(&desc, dnnl_forward_inference, &md[0],
                                                   &wanted, l->in[2] ? &md[2] : NULL, &md[3]),
              "describing a linear layer", err));
    return open_primitive(&desc, l, threads, md, state, err);
}

void gdk_dnnl_close(void *state) {
    primitive *p = state;
    if (!p) return;
    for (int i = 0; i < MAX_ARG; i++)
        if (p->mem[i]) dnnl_memory_destroy(p->mem[i]);
    if (p->run) dnnl_primitive_destroy(p->run);
    if (p->desc) dnnl_primitive_desc_destroy(p->desc);
    if (p->stream) dnnl_stream_destroy(p->stream);
    gd_mem_put(p->weights);
    gd_mem_put(p->scratch);
    gd_mem_put(p);
}

static dnnl_status_t point(primitive *p, int slot, void *data) {
    return dnnl_memory_set_data_handle_v2(p->mem[slot], data, p->stream);
}

gd_status gdk_dnnl_run(const gd_launch *l, gd_error *err) {
    primitive    *p = l->state;
    dnnl_status_t s = point(p, ARG_X, l->in[0]->data);
    if (s == dnnl_success && l->in[2]) s = point(p, ARG_B, l->in[2]->data);
    if (s == dnnl_success) s = point(p, ARG_Y, l->out[0]->data);
    for (int i = 0; i < l->n_step && s == dnnl_success; i++)
        if (p->mem[ARG_STEP + i]) s = point(p, ARG_STEP + i, l->step[i].arg->data);
    if (s == dnnl_success) {
        const int before = enter(p->threads);
        s = dnnl_primitive_execute(p->run, p->stream, p->n_arg, p->arg);
        if (s == dnnl_success) s = dnnl_stream_wait(p->stream);
        leave(before, p->threads);
    }
    return check(s, "running a primitive", err);
}
