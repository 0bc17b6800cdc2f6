/* query_decode_ref.c -- the definition of decoding queries. */
#include <tgmath.h>

#include "kernels/arg.h"
#include "kernels/query_decode/query_decode.h"
#include "kernels/ref.h"

static gd_real sigmoid(gd_real x) { return 1 / (1 + exp(-x)); }

gd_status GD_REF(query_decode)(const gd_launch *l, gd_error *err) {
    (void)err;
    const int64_t n = l->in[0]->dim[1], K = l->in[0]->dim[2] - 1;
    for (int64_t p = 0; p < l->in[0]->dim[0] * n; p++) {
        const gd_real *x = GD_AT(const gd_real, l->in[0], p);
        const gd_real *raw = GD_AT(const gd_real, l->in[1], p);
        gd_real       *o = GD_AT(gd_real, l->out[0], p), sum = 0;
        int64_t        best = 0;
        for (int64_t c = 1; c < K; c++) best = x[c] > x[best] ? c : best;
        const gd_real top = x[K] > x[best] ? x[K] : x[best];
        for (int64_t c = 0; c <= K; c++) sum += exp(x[c] - top);
        GD_AT(gd_real, l->out[1], p / n)[p % n] = exp(x[best] - top) / sum;
        GD_AT(int32_t, l->out[2], p / n)[p % n] = (int32_t)best;
        for (int c = 0; c < 2; c++) {
            const gd_real middle = sigmoid(raw[c]), half = sigmoid(raw[2 + c]) / 2;
            o[c] = middle - half;
            o[2 + c] = middle + half;
        }
    }
    return GD_OK;
}
