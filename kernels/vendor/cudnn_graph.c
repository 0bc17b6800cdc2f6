/* cudnn_graph.c -- the descriptors of a convolution, and the first plan that is fit.
 *
 * Every object of the graph interface is made, filled, finalised and dropped through the same
 * four calls; a builder remembers the first that failed, so the sequence reads straight. */
#include "kernels/vendor/cudnn_graph.h"

#include <cudnn.h>
#include <string.h>

enum { MAX_OBJECTS = 24, MAX_CONFIGS = 64, MAX_NOTES = 16 };
enum { ID_VIRTUAL = GDK_CUDNN_Y + 1 };

typedef cudnnBackendDescriptor_t object;

typedef struct builder {
    object        made[MAX_OBJECTS];
    int           n_made;
    cudnnStatus_t bad;   /* the first failure */
    const char   *where; /* what failed */
    int64_t       next_virtual;
} builder;

static void note_status(builder *b, cudnnStatus_t st, const char *where) {
    if (b->bad == CUDNN_STATUS_SUCCESS && st != CUDNN_STATUS_SUCCESS) {
        b->bad = st;
        b->where = where;
    }
}

static object make(builder *b, cudnnBackendDescriptorType_t type, const char *where) {
    object o = NULL;
    if (b->bad) return NULL;
    if (b->n_made == MAX_OBJECTS)
        note_status(b, CUDNN_STATUS_INTERNAL_ERROR, where);
    else
        note_status(b, cudnnBackendCreateDescriptor(type, &o), where);
    if (o) b->made[b->n_made++] = o;
    return o;
}

static void set(builder *b, object o, cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t n, const void *v, const char *where) {
    if (!b->bad) note_status(b, cudnnBackendSetAttribute(o, name, type, n, v), where);
}

static void finish(builder *b, object o, const char *where) {
    if (!b->bad) note_status(b, cudnnBackendFinalize(o), where);
}

static void drop_all(builder *b) {
    while (b->n_made) cudnnBackendDestroyDescriptor(b->made[--b->n_made]);
}

static gd_status fail(gd_error *err, cudnnStatus_t st, const char *what) {
    char last[192] = "";
    cudnnGetLastErrorString(last, sizeof last);
    gd_fail(err, GD_ERR_DEVICE, "cuDNN: %s: %s", what, cudnnGetErrorString(st));
    if (last[0]) gd_error_why(err, "%s", last);
    return GD_ERR_DEVICE;
}

static cudnnDataType_t data_type(const gdk_cudnn_conv *key) {
    return key->type == GD_F16 ? CUDNN_DATA_HALF : CUDNN_DATA_FLOAT;
}

/* dim counts N, C, H, W as cuDNN wants it; memory is NHWC with `pitch` between pixels. */
static object tensor(builder *b, cudnnDataType_t type, int64_t id, const int64_t dim[4],
                     int64_t pitch, bool is_virtual) {
    const char   *where = "tensor descriptor";
    const int64_t stride[4] = {dim[2] * dim[3] * pitch, 1, dim[3] * pitch, pitch}, align = 16;
    object        o = make(b, CUDNN_BACKEND_TENSOR_DESCRIPTOR, where);
    set(b, o, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type, where);
    set(b, o, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dim, where);
    set(b, o, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, stride, where);
    set(b, o, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &id, where);
    set(b, o, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &align, where);
    if (is_virtual)
        set(b, o, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &is_virtual, where);
    finish(b, o, where);
    return o;
}

static object convolution(builder *b, const gdk_cudnn_conv *key, object x, object w, object y) {
    const char                  *where = "convolution";
    const cudnnDataType_t        type = CUDNN_DATA_FLOAT;
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    const int64_t                n = 2, before[2] = {key->pad[0], key->pad[1]},
                  after[2] = {key->pad[2], key->pad[3]},
                  stride[2] = {key->stride[0], key->stride[1]},
                  dilation[2] = {key->dilation[0], key->dilation[1]};
    const float one = 1, zero = 0;
    object      c = make(b, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, where);
    set(b, c, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &n, where);
    set(b, c, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type, where);
    set(b, c, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode, where);
    set(b, c, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, before, where);
    set(b, c, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, after, where);
    set(b, c, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, stride, where);
    set(b, c, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilation, where);
    finish(b, c, where);
    object o = make(b, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, where);
    set(b, o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR,
        1, &c, where);
    set(b, o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &x,
        where);
    set(b, o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &w,
        where);
    set(b, o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &y,
        where);
    set(b, o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &one, where);
    set(b, o, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &zero, where);
    finish(b, o, where);
    return o;
}

/* other NULL: one operand. */
static object pointwise(builder *b, cudnnPointwiseMode_t mode, object x, object other,
                        object y) {
    const char           *where = "pointwise step";
    const cudnnDataType_t type = CUDNN_DATA_FLOAT;
    object                p = make(b, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, where);
    set(b, p, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode, where);
    set(b, p, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &type, where);
    finish(b, p, where);
    object o = make(b, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, where);
    set(b, o, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
        &p, where);
    set(b, o, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &x,
        where);
    if (other)
        set(b, o, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
            &other, where);
    set(b, o, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &y,
        where);
    finish(b, o, where);
    return o;
}

static object graph(builder *b, cudnnHandle_t handle, const gdk_cudnn_conv *key) {
    const cudnnDataType_t type = data_type(key);
    const int64_t         per_group = key->c / (key->groups > 0 ? key->groups : 1);
    const int64_t         dx[4] = {key->n, key->c, key->h, key->w},
                  dw[4] = {key->k, per_group, key->r, key->s}, db[4] = {1, key->k, 1, 1},
                  dy[4] = {key->n, key->k, key->p, key->q};
    object op[4];
    int    n_op = 0, left = key->add + key->bias + key->relu;
    object x = tensor(b, type, GDK_CUDNN_X, dx, key->x_pitch, false);
    object w = tensor(b, type, GDK_CUDNN_W, dw, per_group, false);
    object y = tensor(b, type, GDK_CUDNN_Y, dy, key->y_pitch, false), at = y;
    /* Values between operations are virtual: they stay in registers, in FP32. */
    if (left) at = tensor(b, CUDNN_DATA_FLOAT, ID_VIRTUAL, dy, key->k, true);
    op[n_op++] = convolution(b, key, x, w, at);
    for (int step = 0; step < 3; step++) {
        object other = NULL;
        if (!(step == 0 ? key->add : step == 1 ? key->bias : key->relu)) continue;
        if (step == 0) other = tensor(b, type, GDK_CUDNN_ADD, dy, key->add_pitch, false);
        if (step == 1) other = tensor(b, type, GDK_CUDNN_BIAS, db, key->k, false);
        object to =
            --left ? tensor(b, CUDNN_DATA_FLOAT, ID_VIRTUAL + 1 + step, dy, key->k, true) : y;
        op[n_op++] = pointwise(b, step == 2 ? CUDNN_POINTWISE_RELU_FWD : CUDNN_POINTWISE_ADD,
                               at, other, to);
        at = to;
    }
    object g = make(b, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "operation graph");
    /* Without a handle the heuristics know no device, and their plans run on none. */
    set(b, g, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle,
        "operation graph");
    set(b, g, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, n_op, op,
        "operation graph");
    finish(b, g, "operation graph");
    return g;
}

typedef struct traits {
    int64_t engine;
    bool    compiled, unfit;
} traits;

/* What the engine of a configuration admits to. An engine that cannot be asked is unfit. */
static traits ask(object config, const gdk_cudnn_conv *key) {
    traits                      t = {-1, false, true};
    object                      engine = NULL;
    cudnnBackendNumericalNote_t number[MAX_NOTES];
    cudnnBackendBehaviorNote_t  behaviour[MAX_NOTES];
    int64_t                     n = 0, n_number = 0, n_behaviour = 0;
    if (cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine)) return t;
    if (!cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE,
                                  CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &n, &engine) &&
        !cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1,
                                  &n, &t.engine) &&
        !cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                  CUDNN_TYPE_NUMERICAL_NOTE, MAX_NOTES, &n_number, number) &&
        !cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE,
                                  CUDNN_TYPE_BEHAVIOR_NOTE, MAX_NOTES, &n_behaviour, behaviour))
        t.unfit = false;
    for (int64_t i = 0; i < n_behaviour && i < MAX_NOTES; i++)
        if (behaviour[i] == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) t.compiled = true;
    const bool strict = key->type == GD_F32 && !key->tf32;
    for (int64_t i = 0; i < n_number && i < MAX_NOTES; i++) {
        const cudnnBackendNumericalNote_t v = number[i];
        if (v == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC || v == CUDNN_NUMERICAL_NOTE_FFT ||
            v == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION ||
            v == CUDNN_NUMERICAL_NOTE_WINOGRAD || v == CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6 ||
            v == CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13)
            t.unfit = true;
        if (strict && (v == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS ||
                       v == CUDNN_NUMERICAL_NOTE_TENSOR_CORE))
            t.unfit = true;
    }
    cudnnBackendDestroyDescriptor(engine);
    return t;
}

/* Finalises a plan of the configuration; false: it does not build or wants too much scratch. */
static bool try_config(cudnnHandle_t handle, object config, size_t cap, gdk_cudnn_plan *out) {
    object  plan = NULL;
    int64_t n = 0, size = 0;
    if (cudnnBackendCreateDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &plan))
        return false;
    if (cudnnBackendSetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1,
                                 &handle) ||
        cudnnBackendSetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                                 CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &config) ||
        cudnnBackendFinalize(plan) ||
        cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                 CUDNN_TYPE_INT64, 1, &n, &size) ||
        size < 0 || (uint64_t)size > cap) {
        cudnnBackendDestroyDescriptor(plan);
        return false;
    }
    out->plan = plan;
    out->scratch = (size_t)size;
    return true;
}

static bool first_fit(cudnnHandle_t handle, object *config, int64_t n, size_t cap, int skip,
                      gdk_cudnn_plan *out) {
    for (int64_t i = 0; i < n; i++) {
        const traits t = ask(config[i], &out->key);
        out->n_compiled += t.compiled;
        if (out->plan || t.compiled || t.unfit || !try_config(handle, config[i], cap, out))
            continue;
        out->engine = t.engine;
        if (skip-- <= 0) continue;
        cudnnBackendDestroyDescriptor(out->plan);
        out->plan = NULL;
    }
    return out->plan != NULL;
}

static int64_t query(builder *b, object g, cudnnBackendHeurMode_t mode,
                     object config[MAX_CONFIGS]) {
    const char *where = "heuristics";
    int64_t     n = 0;
    object      h = make(b, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, where);
    set(b, h, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g,
        where);
    set(b, h, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode, where);
    finish(b, h, where);
    if (!b->bad)
        note_status(b,
                    cudnnBackendGetAttribute(h, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                             CUDNN_TYPE_BACKEND_DESCRIPTOR, MAX_CONFIGS, &n,
                                             config),
                    where);
    return b->bad ? 0 : n < MAX_CONFIGS ? n : MAX_CONFIGS;
}

gd_status gdk_cudnn_build(void *handle, const gdk_cudnn_conv *key, size_t cap, int skip,
                          gdk_cudnn_plan *out, gd_error *err) {
    builder b = {.bad = CUDNN_STATUS_SUCCESS};
    object  config[MAX_CONFIGS] = {0};
    bool    found = false;
    memset(out, 0, sizeof *out);
    out->key = *key;
    const object g = graph(&b, handle, key);
    for (int i = 0; i < MAX_CONFIGS && !b.bad; i++)
        note_status(
            &b, cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &config[i]),
            "engine configuration");
    static const cudnnBackendHeurMode_t mode[] = {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK};
    for (int i = 0; i < 2 && !found && !b.bad; i++) {
        const int64_t n = query(&b, g, mode[i], config);
        out->n_offered += (int)n;
        found = first_fit(handle, config, n, cap, skip, out);
    }
    for (int i = 0; i < MAX_CONFIGS; i++)
        if (config[i]) cudnnBackendDestroyDescriptor(config[i]);
    drop_all(&b);
    if (found) return GD_OK;
    if (b.bad && b.bad != CUDNN_STATUS_NOT_SUPPORTED) return fail(err, b.bad, b.where);
    return gd_fail(
        err, GD_ERR_UNSUPPORTED,
        "cuDNN: no kernel without run-time compilation among %d for this convolution",
        out->n_offered);
}

void gdk_cudnn_drop(gdk_cudnn_plan *plan) {
    if (plan->plan) cudnnBackendDestroyDescriptor(plan->plan);
    memset(plan, 0, sizeof *plan);
}
