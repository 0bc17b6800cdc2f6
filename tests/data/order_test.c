/* order_test.c -- every picture once an epoch, another order each, groups by aspect, shards. */
#include "tools/data/order.h"

#include "tests/gd_test.h"

enum { N = 23 };

static gd_error      err;
static gd_data_image images[N];
static gd_data       data = {.images = images, .n_images = N, .path = "x"};

static void set_sizes(int tall) {
    for (int i = 0; i < N; i++)
        images[i] = (gd_data_image){.width = 4, .height = i < tall ? 5 : 3};
}

static void count(const gd_order *o, int batch, int met[N]) {
    memset(met, 0, N * sizeof *met);
    for (uint32_t i = 0; i < o->batches; i++) {
        uint32_t at[N];
        bool     tall;
        int      n = gd_order_batch(o, i, 0, batch, at, &tall);
        for (int k = 0; k < n; k++) {
            assert_true(at[k] < N);
            assert_int_equal(images[at[k]].height == 5, tall);
            met[at[k]]++;
        }
    }
}

static void test_epochs(void **state) {
    gd_order o, again;
    uint32_t a[4], b[4];
    bool     tall;
    int      met[N], more = 0, same = 0;
    (void)state;
    set_sizes(0);
    gd_assert_ok(gd_order_open(&o, &data, 5, 4, true, false, &err), &err);
    gd_assert_ok(gd_order_open(&again, &data, 5, 4, true, false, &err), &err);
    assert_int_equal(o.batches, 6);
    for (uint32_t e = 0; e < 10; e++) {
        gd_order_epoch(&o, e);
        count(&o, 4, met);
        for (int i = 0; i < N; i++) assert_true(met[i] == 1 || met[i] == 2);
        for (int i = 0; i < N; i++) more += met[i] == 2;
    }
    assert_int_equal(more, 10); /* 24 places for 23 pictures */
    gd_order_epoch(&again, 9);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(gd_order_batch(&o, i, 0, 4, a, &tall), 4);
        assert_int_equal(gd_order_batch(&again, i, 0, 4, b, &tall), 4);
        assert_memory_equal(a, b, sizeof a);
        /* Two shards have what one has. */
        assert_int_equal(gd_order_batch(&o, i, 2, 2, b, &tall), 2);
        assert_memory_equal(a + 2, b, 2 * sizeof *b);
    }
    gd_order_epoch(&again, 8);
    for (uint32_t i = 0; i < 6; i++) {
        gd_order_batch(&o, i, 0, 4, a, &tall);
        gd_order_batch(&again, i, 0, 4, b, &tall);
        same += memcmp(a, b, sizeof a) == 0;
    }
    assert_int_equal(same, 0);
    gd_order_close(&o);
    gd_order_close(&again);
}

static void test_groups(void **state) {
    gd_order o;
    int      met[N];
    (void)state;
    set_sizes(3);
    gd_assert_ok(gd_order_open(&o, &data, 5, 4, true, true, &err), &err);
    assert_int_equal(o.batches, 6); /* 5 of wide ones, 1 of tall ones */
    for (uint32_t e = 0; e < 5; e++) {
        gd_order_epoch(&o, e);
        count(&o, 4, met);
        for (int i = 0; i < N; i++) assert_true(met[i] >= 1 && met[i] <= 2);
    }
    gd_order_close(&o);
    set_sizes(1);
    gd_assert_ok(gd_order_open(&o, &data, 5, 4, true, true, &err), &err);
    gd_order_epoch(&o, 0);
    count(&o, 4, met);
    assert_int_equal(met[0], 4); /* one tall picture fills its batch */
    gd_order_close(&o);
}

static void test_in_order(void **state) {
    gd_order o;
    uint32_t at[4];
    bool     tall;
    (void)state;
    set_sizes(0);
    gd_assert_ok(gd_order_open(&o, &data, 5, 4, false, false, &err), &err);
    gd_order_epoch(&o, 0);
    assert_int_equal(gd_order_batch(&o, 1, 0, 4, at, &tall), 4);
    assert_int_equal(at[3], 7);
    assert_int_equal(gd_order_batch(&o, 5, 0, 4, at, &tall), 3);
    assert_int_equal(at[2], 22);
    gd_order_close(&o);
    data.n_images = 0;
    assert_int_equal(gd_order_open(&o, &data, 5, 4, false, false, &err), GD_ERR_FORMAT);
    data.n_images = N;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_epochs),
                                       cmocka_unit_test(test_groups),
                                       cmocka_unit_test(test_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
