/* conv2d_vendor.c -- convolution through cuDNN, and 1x1 over whole planes through cuBLASLt. */
#include <string.h>

#include "engine/mem.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/vendor/cudnn_graph.h"
#include "kernels/vendor/vendor.h"

extern const gd_kernel gdk_conv2d_vendor_rows[];

typedef struct conv_state {
    gd_device            *device;
    const gdk_cudnn_plan *plan;
    gdk_cudnn_run         run;
    void                 *bias; /* device memory; zeros where a step needs one */
} conv_state;

static bool narrow(const gd_tensor *t) {
    for (int i = 0; i < t->ndim; i++)
        if (t->dim[i] < 1 || t->dim[i] > INT32_MAX) return false;
    return t->pitch <= INT32_MAX;
}

static bool read_key(const gd_launch *l, bool tf32, gdk_cudnn_conv *key) {
    const gd_tensor *x = l->in[0], *w = l->in[1], *y = l->out[0];
    const gd_conv2d *a = l->attr;
    gdk_vendor_steps s;
    if (!gdk_vendor_read_steps(l, &s) || s.cast || !gd_tensor_dense(w) || w->dtype != x->dtype)
        return false;
    if (!narrow(x) || !narrow(w) || !narrow(y) || (s.add && !narrow(s.add)) ||
        !gdk_vendor_bias_fits(l, 2, w->dim[0]))
        return false;
    memset(key, 0, sizeof *key);
    key->device = gdk_vendor_ordinal(l);
    key->type = (int32_t)x->dtype;
    key->tf32 = tf32;
    key->n = (int32_t)x->dim[0];
    key->h = (int32_t)x->dim[1];
    key->w = (int32_t)x->dim[2];
    key->c = (int32_t)x->dim[3];
    key->k = (int32_t)w->dim[0];
    key->r = (int32_t)w->dim[1];
    key->s = (int32_t)w->dim[2];
    key->p = (int32_t)y->dim[1];
    key->q = (int32_t)y->dim[2];
    key->groups = a->groups;
    memcpy(key->stride, a->stride, sizeof key->stride);
    memcpy(key->pad, a->pad, sizeof key->pad);
    memcpy(key->dilation, a->dilation, sizeof key->dilation);
    key->x_pitch = (int32_t)x->pitch;
    key->y_pitch = (int32_t)y->pitch;
    key->add_pitch = s.add ? (int32_t)s.add->pitch : 0;
    key->add = s.add != NULL;
    key->relu = s.relu;
    /* Precompiled kernels want a bias wherever there is a step: then one of zeros. */
    key->bias = (l->n_in > 2 && l->in[2]) || key->add || key->relu;
    return key->device >= 0;
}

static const gdk_cudnn_plan *hold(const gd_launch *l, bool tf32) {
    gdk_cudnn_conv key;
    return read_key(l, tf32, &key) ? gdk_cudnn_plan_hold(&key) : NULL;
}

static bool conv_fits(const gd_launch *l, bool tf32) {
    const gdk_cudnn_plan *plan = hold(l, tf32);
    gdk_cudnn_plan_put(plan);
    return plan != NULL;
}

static size_t conv_scratch(const gd_launch *l, bool tf32) {
    const gdk_cudnn_plan *plan = hold(l, tf32);
    const size_t          size = plan ? plan->scratch : 0;
    gdk_cudnn_plan_put(plan);
    return size;
}

static void conv_release(void *state) {
    conv_state *s = state;
    if (!s) return;
    gdk_cudnn_close(&s->run);
    gdk_cudnn_plan_put(s->plan);
    if (s->bias) gd_device_release(s->device, s->bias);
    gd_mem_put(s);
}

static gd_status conv_prepare(const gd_launch *l, bool tf32, void **state, gd_error *err) {
    gd_status   st = GD_OK;
    conv_state *s = gd_mem_get_zero(sizeof *s);
    *state = NULL;
    if (!s) return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of state", sizeof *s);
    s->device = l->device;
    s->plan = hold(l, tf32);
    if (!s->plan)
        GD_GO(gd_fail(err, GD_ERR_UNSUPPORTED, "cuDNN: the plan that fitted is gone"));
    GD_GO(gdk_cudnn_open((cudaStream_t)l->device->stream[GD_LANE_RUN], &s->run, err));
    if (s->plan->key.bias)
        GD_GO(
            gdk_vendor_bias(l, 2, s->plan->key.k, (gd_dtype)s->plan->key.type, &s->bias, err));
    *state = s;
done:
    if (st != GD_OK) conv_release(s);
    return st;
}

static gd_status conv_run(const gd_launch *l, gd_error *err) {
    conv_state      *s = l->state;
    gdk_vendor_steps steps;
    if (!gdk_vendor_read_steps(l, &steps))
        return gd_fail(err, GD_ERR_ARG, "cuDNN: run with other steps than prepared");
    const void *const at[6] = {l->in[0]->data,  l->in[1]->data,
                               s->bias,         steps.add ? steps.add->data : NULL,
                               l->out[0]->data, l->scratch};
    return gdk_cudnn_launch(s->plan, &s->run, at, err);
}

/* A 1x1 filter that visits every pixel once is a matrix product. */
static bool plane_fits(const gd_launch *l, bool tf32) {
    const gd_conv2d *a = l->attr;
    const gd_tensor *w = l->in[1];
    return w->dim[1] == 1 && w->dim[2] == 1 && a->groups == 1 && a->stride[0] == 1 &&
           a->stride[1] == 1 && !(a->pad[0] | a->pad[1] | a->pad[2] | a->pad[3]) &&
           gdk_lt_row_fits(l, tf32);
}

GDK_VENDOR_ENTRIES(strict, conv_fits, conv_scratch, conv_prepare, false)
GDK_VENDOR_ENTRIES(rounded, conv_fits, conv_scratch, conv_prepare, true)
GDK_VENDOR_ENTRIES(plane_strict, plane_fits, gdk_lt_row_scratch, gdk_lt_row_prepare, false)
GDK_VENDOR_ENTRIES(plane_rounded, plane_fits, gdk_lt_row_scratch, gdk_lt_row_prepare, true)

const gd_kernel gdk_conv2d_vendor_rows[] = {
    {GDK_VENDOR_ROW("conv2d_cudnn_f16", GD_F16, 0, gdk_vendor_absorbs, strict, conv_release,
                    conv_run)},
    {GDK_VENDOR_ROW("conv2d_cublaslt_f16", GD_F16, 0, gdk_vendor_absorbs_cast, plane_strict,
                    gdk_lt_row_release, gdk_lt_row_run)},
    {GDK_VENDOR_ROW("conv2d_cudnn_tf32", GD_F32, GD_ROW_TF32, gdk_vendor_absorbs, rounded,
                    conv_release, conv_run)},
    {GDK_VENDOR_ROW("conv2d_cublaslt_tf32", GD_F32, GD_ROW_TF32, gdk_vendor_absorbs,
                    plane_rounded, gdk_lt_row_release, gdk_lt_row_run)},
    {GDK_VENDOR_ROW("conv2d_cudnn_f32", GD_F32, 0, gdk_vendor_absorbs, strict, conv_release,
                    conv_run)},
    {GDK_VENDOR_ROW("conv2d_cublaslt_f32", GD_F32, 0, gdk_vendor_absorbs, plane_strict,
                    gdk_lt_row_release, gdk_lt_row_run)},
    {0}};
