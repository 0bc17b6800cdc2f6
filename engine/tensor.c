/* tensor.c -- element types, shapes as text, slow element access; see tensor.h. */
#include "engine/tensor.h"

#include <stdio.h>
#include <string.h>

#include "engine/half.h"

static const struct {
    const char *name;
    size_t      size;
    bool        is_float;
} types[GD_N_DTYPE] = {
    [GD_F32] = {"f32", 4, true},  [GD_F64] = {"f64", 8, true}, [GD_F16] = {"f16", 2, true},
    [GD_I8] = {"i8", 1, false},   [GD_U8] = {"u8", 1, false},  [GD_I32] = {"i32", 4, false},
    [GD_I64] = {"i64", 8, false},
};

size_t      gd_dtype_size(gd_dtype t) { return types[t].size; }
const char *gd_dtype_name(gd_dtype t) { return types[t].name; }
bool        gd_dtype_is_float(gd_dtype t) { return types[t].is_float; }

gd_tensor gd_tensor_make(gd_dtype dtype, int ndim, const int64_t *dim) {
    gd_tensor t = {.dtype = dtype, .ndim = ndim};
    for (int i = 0; i < ndim; i++) t.dim[i] = dim[i];
    t.pitch = gd_tensor_channels(&t);
    return t;
}

bool gd_tensor_same_shape(const gd_tensor *a, const gd_tensor *b) {
    if (a->ndim != b->ndim) return false;
    for (int i = 0; i < a->ndim; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

const char *gd_tensor_text(const gd_tensor *t, char buf[GD_SHAPE_TEXT]) {
    int n = snprintf(buf, GD_SHAPE_TEXT, "%s[", gd_dtype_name(t->dtype));
    for (int i = 0; i < t->ndim && n < GD_SHAPE_TEXT; i++)
        n += snprintf(buf + n, (size_t)(GD_SHAPE_TEXT - n), i ? ",%lld" : "%lld",
                      (long long)t->dim[i]);
    if (n < GD_SHAPE_TEXT - 1) memcpy(buf + n, "]", 2);
    return buf;
}

static void *at(const gd_tensor *t, int64_t i) {
    int64_t c = gd_tensor_channels(t);
    return (char *)t->data + (size_t)(i / c * t->pitch + i % c) * gd_dtype_size(t->dtype);
}

double gd_tensor_get(const gd_tensor *t, int64_t i) {
    const void *p = at(t, i);
    switch (t->dtype) {
    case GD_F32: return *(const float *)p;
    case GD_F64: return *(const double *)p;
    case GD_I8: return *(const int8_t *)p;
    case GD_U8: return *(const uint8_t *)p;
    case GD_I32: return *(const int32_t *)p;
    case GD_I64: return (double)*(const int64_t *)p;
    case GD_F16: return gd_half_to_float(*(const uint16_t *)p);
    case GD_N_DTYPE: break;
    }
    return 0;
}

void gd_tensor_set(gd_tensor *t, int64_t i, double v) {
    void *p = at(t, i);
    switch (t->dtype) {
    case GD_F32: *(float *)p = (float)v; break;
    case GD_F64: *(double *)p = v; break;
    case GD_I8: *(int8_t *)p = (int8_t)v; break;
    case GD_U8: *(uint8_t *)p = (uint8_t)v; break;
    case GD_I32: *(int32_t *)p = (int32_t)v; break;
    case GD_I64: *(int64_t *)p = (int64_t)v; break;
    case GD_F16: *(uint16_t *)p = gd_half_from_float((float)v); break;
    case GD_N_DTYPE: break;
    }
}
