/* exec_choose_test.c -- which row runs a node: order, costs, types, permissions. */
#include "engine/exec_impl.h"
#include "tests/gd_test.h"

static bool small(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[1] < 8;
}
static double five(const gd_launch *l, const gd_device_caps *dev) {
    (void)l;
    (void)dev;
    return 5;
}
static double four(const gd_launch *l, const gd_device_caps *dev) {
    (void)l;
    (void)dev;
    return 4;
}

/* The row chosen from a table for an input of this width and pitch. */
static const char *chosen(const gd_kernel *table, gd_device_caps dev, int64_t width,
                          int64_t pitch) {
    const gd_op      op = {.name = "made up", .kernels = table};
    gd_tensor        x = gd_tensor_make(GD_F32, 2, (int64_t[]){3, width}), y = x;
    gd_launch        l = {.n_in = 1, .n_out = 1, .in = {&x}, .out = {&y}};
    const gd_kernel *row;
    gd_error         err;
    x.pitch = pitch;
    dev.backend = GD_CUDA;
    const gd_status st = gd_kernel_choose(&op, &l, &dev, false, &row, &err);
    if (st == GD_OK) return row->name;
    assert_true(st == GD_ERR_UNSUPPORTED && err.code == 513);
    assert_null(row);
    return "none";
}

#define ROW(title) .name = title, .backend = GD_CUDA, .dtype = GD_F32

static const gd_kernel plain[] = {{ROW("first")}, {ROW("second"), .cost_us = four}, {0}};
static const gd_kernel priced[] = {
    {ROW("first"), .cost_us = five}, {ROW("second"), .cost_us = four}, {ROW("third")}, {0}};
static const gd_kernel refused[] = {
    {.name = "half", .backend = GD_CUDA, .dtype = GD_F16},
    {.name = "cpu", .backend = GD_CPU, .dtype = GD_F32},
    {ROW("reference"), .flags = GD_ROW_REFERENCE | GD_ROW_PITCH},
    {ROW("newer"), .min_sm = 90},
    {ROW("small"), .fits = small},
    {0}};

static void order_and_cost(void **state) {
    (void)state;
    const gd_device_caps dev = {.sm = 80};
    assert_string_equal(chosen(plain, dev, 4, 4), "first");
    assert_string_equal(chosen(priced, dev, 4, 4), "second");
    assert_string_equal(chosen(refused, dev, 4, 4), "small");
    assert_string_equal(chosen(refused, dev, 8, 8), "reference");
    assert_string_equal(chosen(refused, dev, 4, 6), "reference");
    assert_string_equal(chosen(plain, dev, 4, 6), "none");
}

static void permissions(void **state) {
    (void)state;
    gd_device_caps  dev = {.sm = 90};
    const gd_kernel table[] = {
        {ROW("ours"), .cost_us = four},
        {ROW("rounded"), .flags = GD_ROW_TF32, .cost_us = five},
        {ROW("vendor rounded"), .flags = GD_ROW_PROVIDER | GD_ROW_TF32, .fits = small},
        {ROW("vendor"), .flags = GD_ROW_PROVIDER, .fits = small},
        {ROW("another"), .cost_us = four},
        {0}};
    assert_string_equal(chosen(table, dev, 4, 4), "ours");
    dev.providers = true;
    assert_string_equal(chosen(table, dev, 4, 4), "vendor");
    assert_string_equal(chosen(table, dev, 8, 8), "ours");
    dev.tf32 = true;
    assert_string_equal(chosen(table, dev, 4, 4), "vendor rounded");
    dev.providers = false;
    assert_string_equal(chosen(&table[1], dev, 4, 4), "another");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(order_and_cost),
                                       cmocka_unit_test(permissions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
