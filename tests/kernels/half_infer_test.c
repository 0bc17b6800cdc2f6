/* half_infer_test.c -- types of FP16 launches: wide inputs stay FP32, the rest is FP16. */
#include "kernels/conv2d/conv2d.h"
#include "kernels/roi_align/roi_align.h"
#include "tests/gd_test.h"

typedef struct shape {
    int     ndim;
    int64_t dim[4];
} shape;

static gd_status infer(const gd_op *op, const void *attr, int n, const shape *s,
                       const gd_dtype *type, gd_tensor *out) {
    gd_tensor in[GD_MAX_IN];
    gd_launch l = {.n_in = n, .n_out = 1, .attr = attr, .out = {out}};
    gd_error  err = {0};
    *out = (gd_tensor){0};
    for (int i = 0; i < n; i++) {
        in[i] = gd_tensor_make(type[i], s[i].ndim, s[i].dim);
        if (s[i].ndim) l.in[i] = &in[i];
    }
    return op->infer(&l, &err);
}

/* FP16 with FP32 in the wide inputs is right; with the type of any one input changed it is not,
 * unless that makes it FP32 throughout. */
static void check(const char *name, const void *attr, int n, const shape *s) {
    const gd_op *op = gd_op_find(name);
    gd_dtype     type[GD_MAX_IN];
    gd_tensor    y;
    assert_non_null(op);
    assert_true(op->flags & (GD_OP_HALF | GD_OP_HALF_FOLLOW));
    for (int i = 0; i < n; i++) type[i] = op->wide_in >> i & 1 ? GD_F32 : GD_F16;
    assert_int_equal(infer(op, attr, n, s, type, &y), GD_OK);
    assert_int_equal(y.dtype, GD_F16);
    for (int i = 0; i < n; i++) {
        const gd_dtype right = type[i];
        bool           full = true;
        if (!s[i].ndim) continue;
        type[i] = right == GD_F16 ? GD_F32 : GD_F16;
        for (int k = 0; k < n; k++) full &= type[k] == GD_F32;
        assert_int_equal(infer(op, attr, n, s, type, &y), full ? GD_OK : GD_ERR_SHAPE);
        type[i] = GD_F64;
        if (n > 1) assert_int_equal(infer(op, attr, n, s, type, &y), GD_ERR_SHAPE);
        type[i] = right;
    }
    for (int i = 0; i < n; i++) type[i] = GD_F64;
    assert_int_equal(infer(op, attr, n, s, type, &y), GD_OK);
    assert_int_equal(y.dtype, GD_F64);
}

static void wide_inputs_stay_full(void **state) {
    (void)state;
    const gd_conv2d    conv = {{1, 1}, {1, 1, 1, 1}, {1, 1}, 1};
    const gd_roi_align roi = {
        .out_h = 7, .out_w = 7, .sampling = 2, .n_scale = 2, .scale = {0.25f, 0.125f}};
    const shape crop[] = {{3, {1, 9, 4}}, {0}, {0}, {4, {1, 5, 6, 8}}, {4, {1, 3, 3, 8}}};
    check("conv2d", &conv, 3, (shape[]){{4, {1, 5, 6, 8}}, {4, {4, 3, 3, 8}}, {1, {4}}});
    check("linear", NULL, 3, (shape[]){{2, {5, 8}}, {2, {4, 8}}, {1, {4}}});
    check("affine", NULL, 3, (shape[]){{4, {1, 2, 3, 8}}, {1, {8}}, {1, {8}}});
    check("add", NULL, 2, (shape[]){{2, {3, 8}}, {2, {3, 8}}});
    check("roi_align", &roi, 5, crop);
    check("conv2d_bwd_data", &(gd_conv2d_bwd_data){conv, {5, 6}}, 2,
          (shape[]){{4, {1, 5, 6, 4}}, {4, {4, 3, 3, 8}}});
    check("conv2d_bwd_weight", &(gd_conv2d_bwd_weight){conv, {3, 3}}, 2,
          (shape[]){{4, {1, 5, 6, 4}}, {4, {1, 5, 6, 8}}});
    check("linear_bwd_data", NULL, 2, (shape[]){{2, {5, 4}}, {2, {4, 8}}});
    check("linear_bwd_weight", NULL, 2, (shape[]){{2, {5, 4}}, {2, {5, 8}}});
    check("roi_align_bwd", &(gd_roi_align_bwd){roi, 0}, 5,
          (shape[]){{4, {9, 7, 7, 8}}, {3, {1, 9, 4}}, {0}, {0}, {4, {1, 5, 6, 8}}});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(wide_inputs_stay_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
