/* values.c -- the bytes of a tensor: storages loaded and checked, views resolved, numbers
 * converted. */
#include <inttypes.h>
#include <string.h>

#include "engine/half.h"
#include "engine/mem.h"
#include "engine/safe.h"
#include "weights/import/reader.h"
#include "weights/import/zip.h"

typedef struct dtype_row {
    const char *name;
    size_t      size;
} dtype_row;

static const dtype_row dtype_table[GD_CKPT_DTYPES] = {
    [GD_CKPT_F32] = {"float32", 4},
    [GD_CKPT_F16] = {"float16", 2},
    [GD_CKPT_BF16] = {"bfloat16", 2},
    [GD_CKPT_F64] = {"float64", 8},
    [GD_CKPT_I64] = {"int64", 8},
    [GD_CKPT_I32] = {"int32", 4},
    [GD_CKPT_I16] = {"int16", 2},
    [GD_CKPT_I8] = {"int8", 1},
    [GD_CKPT_U8] = {"uint8", 1},
    [GD_CKPT_U16] = {"uint16", 2},
    [GD_CKPT_U32] = {"uint32", 4},
    [GD_CKPT_U64] = {"uint64", 8},
    [GD_CKPT_BOOL] = {"bool", 1},
    [GD_CKPT_C32] = {"complex32", 4},
    [GD_CKPT_C64] = {"complex64", 8},
    [GD_CKPT_C128] = {"complex128", 16},
    [GD_CKPT_QI8] = {"qint8", 1},
    [GD_CKPT_QU8] = {"quint8", 1},
    [GD_CKPT_QI32] = {"qint32", 4},
    [GD_CKPT_F8_E4M3] = {"float8_e4m3fn", 1},
    [GD_CKPT_F8_E5M2] = {"float8_e5m2", 1},
    [GD_CKPT_F8_E4M3FNUZ] = {"float8_e4m3fnuz", 1},
    [GD_CKPT_F8_E5M2FNUZ] = {"float8_e5m2fnuz", 1},
};

const char *gd_ckpt_dtype_name(gd_ckpt_dtype t) {
    return (unsigned)t < GD_CKPT_DTYPES ? dtype_table[t].name : "unknown";
}

size_t gd_ckpt_dtype_size(gd_ckpt_dtype t) {
    return (unsigned)t < GD_CKPT_DTYPES ? dtype_table[t].size : 0;
}

size_t gd_ckpt_bytes(const gd_ckpt_tensor *t) {
    return (size_t)t->numel * gd_ckpt_dtype_size(t->dtype);
}

/* ---- storages ---------------------------------------------------------------------------- */

gd_status gd_ckpt_load_storage(gd_ckpt *c, int i, gd_error *err) {
    const gd_ckpt_storage *s = &c->storages[i];
    if (c->loaded_storage == i) return GD_OK;
    gd_mem_put(c->loaded);
    c->loaded_storage = -1;
    c->loaded = s->bytes <= SIZE_MAX ? gd_mem_get((size_t)s->bytes) : NULL;
    if (!c->loaded)
        return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for the %" PRIu64 " bytes of %s",
                       c->path, s->bytes, s->key);
    GD_TRY(gd_zip_extract(&c->files[s->file], s, c->loaded, err));
    c->loaded_storage = i;
    return GD_OK;
}

/* ---- views ------------------------------------------------------------------------------- */

static void copy_row(unsigned char *dst, const unsigned char *src, int64_t n, int64_t stride,
                     size_t size) {
    if (stride == 1) {
        memcpy(dst, src, (size_t)n * size);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(dst + (size_t)i * size, src + (size_t)(i * stride) * size, size);
}

/* Walks the outer dimensions like an odometer; the innermost is a row. */
static void gather(const gd_ckpt_tensor *t, const unsigned char *storage, unsigned char *dst) {
    size_t  size = gd_ckpt_dtype_size(t->dtype);
    int64_t at[GD_CKPT_MAX_DIMS] = {0};
    int64_t from = t->offset;
    int     last = t->ndim - 1;
    if (t->numel == 0) return;
    if (t->contiguous) {
        memcpy(dst, storage + (size_t)from * size, (size_t)t->numel * size);
        return;
    }
    for (;;) {
        copy_row(dst, storage + (size_t)from * size, t->dim[last], t->stride[last], size);
        dst += (size_t)t->dim[last] * size;
        int d = last - 1;
        for (; d >= 0; d--) {
            from += t->stride[d];
            if (++at[d] < t->dim[d]) break;
            from -= t->stride[d] * t->dim[d];
            at[d] = 0;
        }
        if (d < 0) return;
    }
}

gd_status gd_ckpt_read(gd_ckpt *c, const gd_ckpt_tensor *t, void *dst, size_t size,
                       gd_error *err) {
    if (size != gd_ckpt_bytes(t))
        return gd_fail(err, GD_ERR_ARG, "%s: tensor '%s' has %zu bytes, the buffer %zu",
                       c->path, t->path, gd_ckpt_bytes(t), size);
    GD_TRY(gd_ckpt_load_storage(c, t->storage, err));
    gather(t, c->loaded, dst);
    return GD_OK;
}

/* ---- numbers ----------------------------------------------------------------------------- */

static double float_value(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return (double)f;
}

static double double_value(uint64_t bits) {
    double f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

bool gd_ckpt_to_f64(gd_ckpt_dtype type, const unsigned char *p, size_t n, double *dst) {
    size_t size = gd_ckpt_dtype_size(type);
    for (size_t i = 0; i < n; i++, p += size) {
        switch (type) {
        case GD_CKPT_F32: dst[i] = float_value(gd_le32(p)); break;
        case GD_CKPT_F16: dst[i] = (double)gd_half_to_float(gd_le16(p)); break;
        case GD_CKPT_BF16: dst[i] = float_value((uint32_t)gd_le16(p) << 16); break;
        case GD_CKPT_F64: dst[i] = double_value(gd_le64(p)); break;
        case GD_CKPT_I64: dst[i] = (double)(int64_t)gd_le64(p); break;
        case GD_CKPT_I32: dst[i] = (int32_t)gd_le32(p); break;
        case GD_CKPT_I16: dst[i] = (int16_t)gd_le16(p); break;
        case GD_CKPT_I8: dst[i] = (int8_t)*p; break;
        case GD_CKPT_U8: dst[i] = *p; break;
        case GD_CKPT_U16: dst[i] = gd_le16(p); break;
        case GD_CKPT_U32: dst[i] = gd_le32(p); break;
        case GD_CKPT_U64: dst[i] = (double)gd_le64(p); break;
        case GD_CKPT_BOOL: dst[i] = *p != 0; break;
        default: return false;
        }
    }
    return true;
}

size_t gd_ckpt_nonfinite(gd_ckpt_dtype type, const unsigned char *p, size_t n) {
    size_t bad = 0;
    /* An exponent of all ones. */
    switch (type) {
    case GD_CKPT_F32:
        for (size_t i = 0; i < n; i++) bad += (~gd_le32(p + 4 * i) & 0x7f800000u) == 0;
        break;
    case GD_CKPT_F16:
        for (size_t i = 0; i < n; i++) bad += (~gd_le16(p + 2 * i) & 0x7c00) == 0;
        break;
    case GD_CKPT_BF16:
        for (size_t i = 0; i < n; i++) bad += (~gd_le16(p + 2 * i) & 0x7f80) == 0;
        break;
    case GD_CKPT_F64:
        for (size_t i = 0; i < n; i++) bad += (~gd_le64(p + 8 * i) & 0x7ff0000000000000u) == 0;
        break;
    default: break;
    }
    return bad;
}

/* The tensor's own row-major bytes in a new block. */
static gd_status row_major(gd_ckpt *c, const gd_ckpt_tensor *t, unsigned char **raw,
                           gd_error *err) {
    gd_status st;
    *raw = gd_mem_get(gd_ckpt_bytes(t));
    if (!*raw)
        return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for the %zu bytes of '%s'", c->path,
                       gd_ckpt_bytes(t), t->path);
    st = gd_ckpt_read(c, t, *raw, gd_ckpt_bytes(t), err);
    if (st == GD_OK) return GD_OK;
    gd_mem_put(*raw);
    *raw = NULL;
    return st;
}

static gd_status no_numbers(const gd_ckpt *c, const gd_ckpt_tensor *t, gd_error *err) {
    return gd_fail_code(err, GD_ERR_UNSUPPORTED, 418,
                        "%s: tensor '%s' has type %s, which is not converted", c->path, t->path,
                        gd_ckpt_dtype_name(t->dtype));
}

gd_status gd_ckpt_read_f64(gd_ckpt *c, const gd_ckpt_tensor *t, double *dst, gd_error *err) {
    unsigned char *raw = NULL;
    gd_status      st;
    if (t->dtype == GD_CKPT_F64) return gd_ckpt_read(c, t, dst, gd_ckpt_bytes(t), err);
    GD_GO(row_major(c, t, &raw, err));
    if (!gd_ckpt_to_f64(t->dtype, raw, (size_t)t->numel, dst)) st = no_numbers(c, t, err);
done:
    gd_mem_put(raw);
    return st;
}

gd_status gd_ckpt_read_f32(gd_ckpt *c, const gd_ckpt_tensor *t, float *dst, gd_error *err) {
    enum { BLOCK = 1024 };
    unsigned char *raw = NULL;
    double         v[BLOCK];
    gd_status      st;
    size_t         size = gd_ckpt_dtype_size(t->dtype), numel = (size_t)t->numel;
    if (t->dtype == GD_CKPT_F32) return gd_ckpt_read(c, t, dst, gd_ckpt_bytes(t), err);
    GD_GO(row_major(c, t, &raw, err));
    for (size_t at = 0; at < numel; at += BLOCK) {
        size_t n = numel - at < BLOCK ? numel - at : BLOCK;
        if (!gd_ckpt_to_f64(t->dtype, raw + at * size, n, v)) {
            st = no_numbers(c, t, err);
            goto done;
        }
        for (size_t i = 0; i < n; i++) dst[at + i] = (float)v[i];
    }
done:
    gd_mem_put(raw);
    return st;
}
