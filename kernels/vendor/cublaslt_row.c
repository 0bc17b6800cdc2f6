/* cublaslt_row.c -- the entries of a kernel row around a plan of cuBLASLt. */
#include "engine/mem.h"
#include "kernels/vendor/cublaslt.h"
#include "kernels/vendor/vendor.h"

typedef struct lt_state {
    gd_device  *device;
    gdk_lt_plan plan;
    void       *bias; /* device memory */
} lt_state;

static bool read_key(const gd_launch *l, bool tf32, gdk_lt_key *key) {
    const gd_tensor *x = l->in[0], *w = l->in[1], *y = l->out[0];
    gdk_vendor_steps s;
    if (!gdk_vendor_read_steps(l, &s) || !gd_tensor_dense(w) || w->dtype != x->dtype)
        return false;
    const int64_t k = w->dim[0];
    if (!gdk_vendor_bias_fits(l, 2, k)) return false;
    *key = (gdk_lt_key){.in = x->dtype,
                        .out = y->dtype,
                        .tf32 = tf32,
                        .rows = gd_tensor_pixels(x),
                        .c = gd_tensor_channels(x),
                        .k = k,
                        .x_pitch = x->pitch,
                        .y_pitch = y->pitch,
                        .add_pitch = s.add ? s.add->pitch : 0,
                        .bias = l->n_in > 2 && l->in[2],
                        .add = s.add != NULL,
                        .relu = s.relu};
    return key->rows > 0 && key->c > 0 && k > 0;
}

/* Bytes of scratch of the plan for this launch; false: there is none. */
static bool probe(const gd_launch *l, bool tf32, size_t *scratch) {
    gdk_lt_key  key;
    gdk_lt_plan plan;
    gd_error    err;
    if (!read_key(l, tf32, &key) || gdk_lt_open(&key, 0, &plan, &err) != GD_OK) return false;
    *scratch = plan.scratch;
    gdk_lt_close(&plan);
    return true;
}

bool gdk_lt_row_fits(const gd_launch *l, bool tf32) {
    size_t scratch;
    return probe(l, tf32, &scratch);
}

size_t gdk_lt_row_scratch(const gd_launch *l, bool tf32) {
    size_t scratch = 0;
    return probe(l, tf32, &scratch) ? scratch : 0;
}

gd_status gdk_lt_row_prepare(const gd_launch *l, bool tf32, void **state, gd_error *err) {
    gd_status  st = GD_OK;
    gdk_lt_key key;
    lt_state  *s = gd_mem_get_zero(sizeof *s);
    *state = NULL;
    if (!s) return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes of state", sizeof *s);
    s->device = l->device;
    if (!read_key(l, tf32, &key))
        GD_GO(gd_fail(err, GD_ERR_ARG, "cuBLASLt: prepared for a launch that does not fit"));
    GD_GO(gdk_lt_open(&key, 0, &s->plan, err));
    if (key.bias) GD_GO(gdk_vendor_bias(l, 2, key.k, key.out, &s->bias, err));
    *state = s;
done:
    if (st != GD_OK) gdk_lt_row_release(s);
    return st;
}

void gdk_lt_row_release(void *state) {
    lt_state *s = state;
    if (!s) return;
    gdk_lt_close(&s->plan);
    if (s->bias) gd_device_release(s->device, s->bias);
    gd_mem_put(s);
}

gd_status gdk_lt_row_run(const gd_launch *l, gd_error *err) {
    lt_state        *s = l->state;
    gdk_vendor_steps steps;
    if (!gdk_vendor_read_steps(l, &steps))
        return gd_fail(err, GD_ERR_ARG, "cuBLASLt: run with other steps than prepared");
    return gdk_lt_launch(&s->plan, l->in[0]->data, l->in[1]->data, s->bias,
                         steps.add ? steps.add->data : NULL, l->out[0]->data, l->scratch,
                         (cudaStream_t)l->stream, err);
}
