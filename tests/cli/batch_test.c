/* batch_test.c -- --batch auto over sessions that only answer: sizes, limits, refusals. */
#include "tests/gd_test.h"

#include "tools/cli/batch.h"

/* These three stand in for the library's own. */
static struct {
    const char *device;
    uint64_t    room, base, each, jump; /* jump: more than the line tells, from batch 8 on */
    int         plans, largest, fail_at;
} fake;

void gd_session_stats_get(const gd_session *s, gd_session_stats *out) {
    (void)s;
    memset(out, 0, sizeof *out);
    (void)snprintf(out->device, sizeof out->device, "%s", fake.device);
}

gd_status gd_session_room(gd_session *s, uint64_t *bytes, gd_error *err) {
    (void)s;
    (void)err;
    *bytes = fake.room;
    return GD_OK;
}

gd_status gd_session_plan(gd_session *s, int width, int height, int batch, uint64_t *bytes,
                          gd_error *err) {
    (void)s;
    assert_int_equal(width, 640);
    assert_int_equal(height, 480);
    fake.plans++;
    if (batch > fake.largest) fake.largest = batch;
    if (fake.fail_at && batch >= fake.fail_at)
        return gd_fail(err, GD_ERR_UNSUPPORTED, "no plan for %d", batch);
    *bytes = fake.base + fake.each * (uint64_t)batch + (batch >= 8 ? fake.jump : 0);
    return GD_OK;
}

static int choose(const char *device, uint64_t room, uint64_t base, uint64_t each, int n) {
    gd_error err = {0};
    int      batch = -1;
    fake.device = device;
    fake.room = room;
    fake.base = base;
    fake.each = each;
    fake.plans = fake.largest = 0;
    gd_assert_ok(gd_batch_auto(NULL, 640, 480, n, &batch, &err), &err);
    assert_in_range(fake.plans, 1, 8);
    return batch;
}

static void sizes(void **state) {
    (void)state;
    fake.jump = 0;
    fake.fail_at = 0;
    assert_int_equal(choose("cuda:0", 1000000, 100, 10, 1000), 64);
    assert_int_equal(choose("cpu", 1000000, 100, 10, 1000), 16);
    assert_int_equal(choose("cuda:0", 1000, 100, 100, 1000), 4); /* 4: 500, 8: 900 of 800 */
    assert_int_equal(choose("cuda:0", 1125, 100, 100, 1000), 8); /* exactly four fifths */
    assert_int_equal(choose("cuda:0", 1124, 100, 100, 1000), 4);
    assert_int_equal(choose("cuda:0", 300, 100, 150, 1000),
                     1); /* one: 250, above 240, below 300 */
    assert_int_equal(choose("cuda:0", 250, 0, 250, 1000), 1);
}

/* Never more than the pictures can fill, and no plan beyond it. */
static void few_pictures(void **state) {
    static const int want[][2] = {{1, 1}, {2, 2}, {3, 4}, {4, 4}, {5, 8}, {33, 64}, {64, 64}};
    (void)state;
    fake.jump = 0;
    fake.fail_at = 0;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_int_equal(choose("cuda:0", 1000000, 100, 10, want[i][0]), want[i][1]);
        assert_true(fake.largest <= want[i][1]);
    }
}

/* Memory that grows faster than two plans told: smaller ones are planned until one fits. */
static void steeper(void **state) {
    (void)state;
    fake.jump = 5000;
    fake.fail_at = 0;
    assert_int_equal(choose("cuda:0", 1600, 100, 10, 1000), 4);
    fake.jump = 0;
}

static void refusals(void **state) {
    gd_error err = {0};
    int      batch = -1;
    (void)state;
    fake.device = "cuda:0";
    fake.room = 99;
    fake.base = 50;
    fake.each = 50;
    fake.jump = 0;
    fake.fail_at = 0;
    assert_int_equal(gd_batch_auto(NULL, 640, 480, 9, &batch, &err), GD_ERR_NOMEM);
    assert_int_equal(err.code, 603);
    assert_int_equal(batch, 0);
    assert_non_null(strstr(err.msg, "640 x 480"));
    fake.room = 100000;
    for (fake.fail_at = 1; fake.fail_at <= 64; fake.fail_at *= 4)
        assert_int_equal(gd_batch_auto(NULL, 640, 480, 99, &batch, &err), GD_ERR_UNSUPPORTED);
    assert_int_equal(batch, 0);
    fake.fail_at = 0;
}

static void halves(void **state) {
    static const int want[][2] = {{2, 1}, {3, 2}, {4, 2}, {5, 4}, {16, 8}, {17, 16}, {64, 32}};
    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_int_equal(gd_batch_half(want[i][0]), want[i][1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sizes), cmocka_unit_test(few_pictures),
                                       cmocka_unit_test(steeper), cmocka_unit_test(refusals),
                                       cmocka_unit_test(halves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
