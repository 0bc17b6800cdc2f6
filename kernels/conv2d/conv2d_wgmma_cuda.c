/* conv2d_wgmma_cuda.c -- the Hopper convolution and linear: what fits, tensor maps, the launch.
 *
 * A linear layer is a 1x1 convolution of a picture of one line. Weights are used as they lie.
 * Tensor maps hold addresses, so they are made at each launch that is not a replay. */
#include "kernels/conv2d/conv2d_wgmma.h"

#include <cudaTypedefs.h>
#include <string.h>

#include "engine/mem.h"
#include "kernels/conv2d/conv2d_shape.h"

#ifndef GD_CUDA_HAVE_SM90A
#define GD_CUDA_HAVE_SM90A 0 /* the build says */
#endif

/* What the descriptors of im2col can express: corners of a byte, offsets of a byte. */
static bool window_fits(const gd_conv2d *a, const gdk_conv2d_shape *s) {
    const int64_t size[2] = {s->R, s->S};
    for (int i = 0; i < 2; i++) {
        const int64_t reach = (size[i] - 1) * a->dilation[i];
        if (a->pad[i] > 127 || a->pad[i + 2] > 127 || a->stride[i] > 8 || reach > 127)
            return false;
    }
    return true;
}

/* Channels are taken 64 at a time; a third of wasted work is left to other rows. */
static bool channels_fit(int64_t C) { return C % 8 == 0 && 3 * C >= 2 * ((C + 63) / 64 * 64); }

static bool fits(const gd_launch *l, const gd_device_caps *dev, bool linear) {
    const gd_tensor       *x = l->in[0], *w = l->in[1];
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, linear);
    if (!GD_CUDA_HAVE_SM90A || dev->sm != 90 || !gd_tensor_count(l->out[0])) return false;
    if (w->dtype != x->dtype || s.a->groups != 1 || !channels_fit(s.C) || x->pitch % 8 ||
        !gd_tensor_dense(w) || !gdk_epilogue_fits(l, 2) || !window_fits(s.a, &s))
        return false;
    return s.N * s.P * s.Q < INT32_MAX / 2 && s.K < INT32_MAX / 2 &&
           s.R * s.S * s.C < INT32_MAX / 2 && s.H < INT32_MAX && s.W < INT32_MAX &&
           x->pitch < INT32_MAX;
}

bool gdk_conv2d_wgmma_fits(const gd_launch *l, const gd_device_caps *dev) {
    return fits(l, dev, false);
}
bool gdk_linear_wgmma_fits(const gd_launch *l, const gd_device_caps *dev) {
    return fits(l, dev, true);
}

/* ---- the plan ---------------------------------------------------------------------------- */

static int additions(const gd_launch *l) {
    int n = 0;
    for (int i = 0; i < l->n_step; i++) n += l->step[i].arg != NULL;
    return n;
}

static gdk_wgmma_choice pick(const gd_launch *l, const gdk_conv2d_shape *s, int n_sm) {
    const int64_t taps = s->R * s->S, a_tap = (s->C + GDK_WGMMA_DEPTH - 1) / GDK_WGMMA_DEPTH;
    return gdk_wgmma_pick(s->N * s->P * s->Q, s->K, taps * a_tap, additions(l) > 0, n_sm);
}

static int64_t tiles_of(const gdk_conv2d_shape *s, int cols) {
    const int64_t M = s->N * s->P * s->Q;
    return ((M + GDK_WGMMA_ROWS - 1) / GDK_WGMMA_ROWS) * ((s->K + cols - 1) / cols);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev, bool linear) {
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, linear);
    const gdk_wgmma_choice c = pick(l, &s, dev->n_sm);
    if (c.splits < 2) return 0;
    return (size_t)(tiles_of(&s, c.cols) * c.splits * GDK_WGMMA_ROWS * c.cols) * sizeof(float);
}

size_t gdk_conv2d_wgmma_scratch(const gd_launch *l, const gd_device_caps *dev) {
    return scratch(l, dev, false);
}
size_t gdk_linear_wgmma_scratch(const gd_launch *l, const gd_device_caps *dev) {
    return scratch(l, dev, true);
}

/* Outputs that are not whole groups of 16 bytes leave one by one: 4 us, and 0.017 a tile. */
static double cost(const gd_launch *l, const gd_device_caps *dev, bool linear) {
    const gdk_conv2d_shape s = gdk_conv2d_shape_of(l, linear);
    const gdk_wgmma_choice c = pick(l, &s, dev->n_sm);
    return c.us + (s.K % 8 ? 4 + 0.017 * (double)tiles_of(&s, c.cols) : 0);
}

double gdk_conv2d_wgmma_cost(const gd_launch *l, const gd_device_caps *dev) {
    return cost(l, dev, false);
}
double gdk_linear_wgmma_cost(const gd_launch *l, const gd_device_caps *dev) {
    return cost(l, dev, true);
}

/* What prepare keeps: the plan, and counters that every run leaves at zero. */
typedef struct state {
    gdk_wgmma_args   a;
    gdk_conv2d_shape s;
    int              n_sm;
    gd_device       *device;

    PFN_cuTensorMapEncodeIm2col_v12000 encode_im2col;
    PFN_cuTensorMapEncodeTiled_v12000  encode_tiled;
} state;

void gdk_conv2d_wgmma_release(void *kept) {
    state *s = kept;
    if (s && s->a.ticket) gd_device_release(s->device, s->a.ticket);
    gd_mem_put(s);
}

/* The driver's own functions, found through the runtime: nothing links libcuda. */
static gd_status find_encoders(state *s, gd_error *err) {
    enum cudaDriverEntryPointQueryResult found;
    union {
        void                              *at;
        PFN_cuTensorMapEncodeIm2col_v12000 im2col;
        PFN_cuTensorMapEncodeTiled_v12000  tiled;
    } f = {NULL};
    GD_TRY(gdk_cuda_status(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeIm2col", &f.at,
                                                            12000, cudaEnableDefault, &found),
                           "cudaGetDriverEntryPointByVersion", err));
    s->encode_im2col = f.im2col;
    GD_TRY(gdk_cuda_status(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &f.at,
                                                            12000, cudaEnableDefault, &found),
                           "cudaGetDriverEntryPointByVersion", err));
    s->encode_tiled = f.tiled;
    if (s->encode_im2col && s->encode_tiled) return GD_OK;
    return gd_fail_code(err, GD_ERR_DEVICE, 504, "the driver has no tensor maps");
}

static void plan(state *st, const gdk_wgmma_choice *c) {
    const gdk_conv2d_shape *s = &st->s;
    const gd_conv2d        *at = s->a;
    st->a = (gdk_wgmma_args){.M = (int32_t)(s->N * s->P * s->Q),
                             .K = (int32_t)s->K,
                             .cols = c->cols,
                             .Q = (int32_t)s->Q,
                             .PQ = (int32_t)(s->P * s->Q),
                             .S = (int32_t)s->S,
                             .C = (int32_t)s->C,
                             .stride_h = at->stride[0],
                             .stride_w = at->stride[1],
                             .pad_h = at->pad[0],
                             .pad_w = at->pad[1],
                             .dil_h = at->dilation[0],
                             .dil_w = at->dilation[1],
                             .steps_a_tap =
                                 (int32_t)((s->C + GDK_WGMMA_DEPTH - 1) / GDK_WGMMA_DEPTH),
                             .tiles_n = (int32_t)((s->K + c->cols - 1) / c->cols),
                             .tiles = (int32_t)tiles_of(s, c->cols),
                             .splits = c->splits,
                             .add = -1};
    st->a.steps = (int32_t)(s->R * s->S) * st->a.steps_a_tap;
}

static gd_status prepare(const gd_launch *l, const gd_device_caps *dev, bool linear, void **out,
                         gd_error *err) {
    gd_status st = GD_OK;
    state    *s = gd_mem_get_zero(sizeof *s);
    void     *ticket = NULL;
    *out = NULL;
    if (!s) return gd_fail(err, GD_ERR_NOMEM, "conv2d: no memory for a plan");
    s->s = gdk_conv2d_shape_of(l, linear);
    s->n_sm = dev->n_sm;
    s->device = l->device;
    const gdk_wgmma_choice c = pick(l, &s->s, dev->n_sm);
    plan(s, &c);
    s->a.fixed = gdk_fixed(l, 1) && gdk_fixed(l, 2);
    GD_GO(find_encoders(s, err));
    GD_GO(gdk_cuda_status(gdk_conv2d_wgmma_f16_ready(c.cols), "conv2d_wgmma", err));
    if (c.splits > 1) {
        const size_t size = (size_t)s->a.tiles * sizeof(uint32_t);
        GD_GO(gd_device_alloc(l->device, size, &ticket, err));
        s->a.ticket = ticket;
        GD_GO(gd_device_fill(l->device, GD_LANE_RUN, ticket, 0, size, err));
    }
    *out = s;
    s = NULL;
done:
    gdk_conv2d_wgmma_release(s);
    return st;
}

gd_status gdk_conv2d_wgmma_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                   gd_error *err) {
    return prepare(l, dev, false, out, err);
}
gd_status gdk_linear_wgmma_prepare(const gd_launch *l, const gd_device_caps *dev, void **out,
                                   gd_error *err) {
    return prepare(l, dev, true, out, err);
}

/* ---- the launch -------------------------------------------------------------------------- */

static gd_status encoded(CUresult r, const char *what, gd_error *err) {
    if (r == CUDA_SUCCESS) return GD_OK;
    return gd_fail_code(err, GD_ERR_DEVICE, 512, "conv2d_wgmma: no tensor map of %s (%d)", what,
                        (int)r);
}

static gd_status encode_input(const state *s, const gd_tensor *x, CUtensorMap *map,
                              gd_error *err) {
    const gdk_conv2d_shape *h = &s->s;
    const cuuint64_t        pixel = (cuuint64_t)x->pitch * 2;
    const cuuint64_t        dim[4] = {(cuuint64_t)h->C, (cuuint64_t)h->W, (cuuint64_t)h->H,
                                      (cuuint64_t)h->N};
    const cuuint64_t        stride[3] = {pixel, pixel * dim[1], pixel * dim[1] * dim[2]};
    const gd_conv2d        *a = h->a;
    const int               lower[2] = {-a->pad[1], -a->pad[0]};
    const int               upper[2] = {a->pad[3] - (int)(h->S - 1) * a->dilation[1],
                                        a->pad[2] - (int)(h->R - 1) * a->dilation[0]};
    const cuuint32_t step[4] = {1, (cuuint32_t)a->stride[1], (cuuint32_t)a->stride[0], 1};
    return encoded(s->encode_im2col(map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 4, x->data, dim,
                                    stride, lower, upper, GDK_WGMMA_DEPTH, GDK_WGMMA_ROWS, step,
                                    CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                    CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                                    CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
                   "the input", err);
}

/* Boxes of `high` rows of 64 columns of a matrix. */
static gd_status encode_matrix(const state *s, void *at, int64_t rows, int64_t cols,
                               int64_t pitch, int high, CUtensorMap *map, gd_error *err) {
    const cuuint64_t dim[2] = {(cuuint64_t)cols, (cuuint64_t)rows};
    const cuuint64_t stride[1] = {(cuuint64_t)pitch * 2};
    const cuuint32_t box[2] = {GDK_WGMMA_DEPTH, (cuuint32_t)high}, step[2] = {1, 1};
    return encoded(
        s->encode_tiled(map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 2, at, dim, stride, box, step,
                        CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                        CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
        "a matrix", err);
}

/* Tiles leave whole where the output is F16 in 16-byte rows and at most one such tensor is
 * added to tiles that are not split. */
static gd_status plan_exit(const gd_launch *l, const state *s, gdk_wgmma_args *a,
                           gd_error *err) {
    const int n = additions(l);
    a->whole =
        !a->e.out_wide && a->e.vec && a->K % 8 == 0 && (n == 0 || (n == 1 && a->splits == 1));
    for (int i = 0; i < a->e.n && a->whole; i++)
        if (a->e.kind[i] == GDK_EPILOGUE_ADD) {
            a->add = i;
            a->whole = !a->e.arg_wide[i];
        }
    if (!a->whole) return GD_OK;
    GD_TRY(encode_matrix(s, a->e.out, a->M, a->K, a->e.out_pitch, 64, &a->y, err));
    if (a->add < 0) return GD_OK;
    union {
        const void *in;
        void       *out;
    } addend = {.in = a->e.arg[a->add]};
    return encode_matrix(s, addend.out, a->M, a->K, a->e.arg_pitch[a->add], 64, &a->r, err);
}

gd_status gdk_conv2d_wgmma_run(const gd_launch *l, gd_error *err) {
    const state   *s = l->state;
    gdk_wgmma_args a = s->a;
    a.part = l->scratch;
    gdk_epilogue_read(l, 2, &a.e);
    GD_TRY(encode_input(s, l->in[0], &a.x, err));
    GD_TRY(encode_matrix(s, l->in[1]->data, a.K, s->s.R * s->s.S * s->s.C,
                         s->s.R * s->s.S * s->s.C, a.cols, &a.w, err));
    GD_TRY(plan_exit(l, s, &a, err));
    return gdk_cuda_status(gdk_conv2d_wgmma_f16_launch(&a, s->n_sm, gdk_stream(l)),
                           "conv2d_wgmma_f16", err);
}
