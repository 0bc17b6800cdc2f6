/* values.c -- permutation and examination of weights; see values.h. */
#include "tools/convert/values.h"

#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/philox.h"

int64_t gd_values_count(const gd_join_row *r) {
    int64_t n = 1;
    for (int i = 0; i < r->spec->ndim; i++) n *= r->dim[i];
    return n;
}

/* src [outer][a][b] -> dst [outer][b][a] */
static void swap_inner(const float *src, float *dst, int64_t outer, int64_t a, int64_t b) {
    for (int64_t o = 0; o < outer; o++, src += a * b, dst += a * b)
        for (int64_t j = 0; j < b; j++)
            for (int64_t i = 0; i < a; i++) dst[j * a + i] = src[i * b + j];
}

static void make_fresh(const gd_join_row *r, uint64_t seed, uint64_t row, float *dst) {
    int64_t n = gd_values_count(r);
    for (int64_t i = 0; i < n; i++)
        dst[i] = r->spec->kind == GD_WEIGHT_VECTOR
                     ? 0.0f
                     : (float)(0.01 * gd_normal(seed, row, (uint64_t)i));
}

gd_status gd_values_read(gd_ckpt *c, const gd_join_row *r, uint64_t seed, uint64_t row,
                         float *dst, gd_error *err) {
    const gd_weight_spec *s = r->spec;
    int64_t               n = gd_values_count(r), inner = 1, channels = 1;
    if (r->fresh) {
        make_fresh(r, seed, row, dst);
        return GD_OK;
    }
    if (s->kind == GD_WEIGHT_CONV) {
        inner = r->dim[1] * r->dim[2];
        channels = r->dim[3];
    } else if (s->kind == GD_WEIGHT_LINEAR && s->flat_h > 0) {
        inner = (int64_t)s->flat_h * s->flat_w;
        channels = r->dim[1] / inner;
        if (channels * inner != r->dim[1])
            return gd_fail_code(err, GD_ERR_SHAPE, 462,
                                "%s: its %lld columns are no multiple of %d x %d",
                                r->from->name, (long long)r->dim[1], s->flat_h, s->flat_w);
    }
    if (inner == 1 || channels == 1 || n == 0) return gd_ckpt_read_f32(c, r->from, dst, err);
    float *src = gd_mem_array((size_t)n, sizeof *src);
    if (!src)
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory for %lld numbers",
                            r->from->name, (long long)n);
    gd_status st = gd_ckpt_read_f32(c, r->from, src, err);
    if (st == GD_OK) swap_inner(src, dst, n / (inner * channels), channels, inner);
    gd_mem_put(src);
    return st;
}

gd_value_facts gd_values_examine(const float *v, int64_t n) {
    gd_value_facts f = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        float a = fabsf(v[i]);
        /* 65520 and above rounds to the infinity of binary16. */
        f.inf += isinf(a) != 0;
        f.too_large += a >= 65520.0f && !isinf(a);
    }
    return f;
}
