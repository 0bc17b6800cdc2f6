/* vendor.c -- absorbed steps and biases, as NVIDIA's libraries want them. */
#include "kernels/vendor/vendor.h"

#include <string.h>

#include "engine/half.h"
#include "engine/mem.h"

const char *const gdk_vendor_absorbs[] = {"add", "relu", NULL};
const char *const gdk_vendor_absorbs_cast[] = {"add", "relu", "cast", NULL};

static bool is_step(const gd_launch *l, int i, const char *name) {
    return i < l->n_step && !strcmp(l->step[i].op->name, name);
}

bool gdk_vendor_read_steps(const gd_launch *l, gdk_vendor_steps *out) {
    const gd_tensor *y = l->out[0];
    int              i = 0;
    const bool       adds = is_step(l, i, "add");
    memset(out, 0, sizeof *out);
    if (adds) out->add = l->step[i++].arg;
    out->relu = is_step(l, i, "relu");
    i += out->relu;
    out->cast = is_step(l, i, "cast");
    i += out->cast;
    if (i != l->n_step || adds != (out->add != NULL)) return false;
    if (out->cast && l->in[0]->dtype != GD_F16) return false;
    if (y->dtype != (out->cast ? GD_F32 : l->in[0]->dtype)) return false;
    return !out->add || (out->add->dtype == y->dtype && gd_tensor_same_shape(out->add, y));
}

bool gdk_vendor_bias_fits(const gd_launch *l, int i, int64_t k) {
    if (i >= l->n_in || !l->in[i]) return true;
    return (l->const_in >> i & 1) && l->in[i]->dtype == GD_F32 &&
           gd_tensor_count(l->in[i]) == k && gd_tensor_dense(l->in[i]);
}

gd_status gdk_vendor_bias(const gd_launch *l, int i, int64_t k, gd_dtype type, void **out,
                          gd_error *err) {
    const float *from = i < l->n_in && l->in[i] ? l->in[i]->data : NULL;
    const size_t size = (size_t)k * gd_dtype_size(type);
    gd_status    st = GD_OK;
    *out = NULL;
    float *wide = gd_mem_get_zero(size);
    if (!wide) return gd_fail(err, GD_ERR_NOMEM, "no memory for a bias of %zu bytes", size);
    uint16_t *half = (uint16_t *)(void *)wide;
    for (int64_t j = 0; from && j < k; j++)
        if (type == GD_F16)
            half[j] = gd_half_from_float(from[j]);
        else
            wide[j] = from[j];
    GD_GO(gd_device_alloc(l->device, size, out, err));
    GD_GO(gd_device_upload(l->device, GD_LANE_RUN, *out, wide, size, err));
done:
    gd_mem_put(wide);
    if (st != GD_OK && *out) {
        gd_device_release(l->device, *out);
        *out = NULL;
    }
    return st;
}

int gdk_vendor_ordinal(const gd_launch *l) {
    int device = 0;
    if (l->device) return l->device->ordinal;
    return cudaGetDevice(&device) == cudaSuccess ? device : -1;
}
