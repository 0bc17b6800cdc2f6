/* hungarian_assign_test.c -- the assignment of least cost against all others, and its duals. */
#include "kernels/hungarian/hungarian_assign.h"

#include "engine/philox.h"
#include "tests/gd_test.h"

enum { MOST = 40 };

typedef struct run {
    double     cost[MOST * MOST], total;
    double     memory[6 * (MOST + 1)];
    gdk_assign a;
} run;

/* Costs of a few whole numbers, so that many assignments are equally good, or of many. */
static void fill(run *r, int rows, int columns, uint64_t seed, int values) {
    for (int i = 0; i < rows * columns; i++) {
        const uint32_t key[2] = {(uint32_t)seed, 0}, at[4] = {(uint32_t)i, 0, 0, 0};
        uint32_t       word[4];
        gd_philox(key, at, word);
        r->cost[i] = (double)(word[0] % (uint32_t)values) - values / 2;
    }
    r->a = (gdk_assign){
        .cost = r->cost, .row = columns, .column = 1, .rows = rows, .columns = columns};
    assert_true(gdk_assign_bytes(rows, columns) <= sizeof r->memory);
    gdk_assign_place(&r->a, r->memory);
    gdk_assign_run(&r->a);
}

/* Every row has one column, and the sum of their costs. */
static void check_owners(run *r) {
    bool has[MOST + 1] = {false};
    r->total = 0;
    for (int j = 1; j <= r->a.columns; j++) {
        const int i = r->a.owner[j];
        if (!i) continue;
        assert_false(has[i]);
        has[i] = true;
        r->total += r->cost[(i - 1) * r->a.columns + j - 1];
    }
    for (int i = 1; i <= r->a.rows; i++) assert_true(has[i]);
}

/* The least cost of rows from `row` on, `taken` columns being gone; at most six rows deep. */
static double least(const run *r, int row, unsigned taken) {
    double best = 1e300;
    if (row == r->a.rows) return 0;
    for (int j = 0; j < r->a.columns; j++) {
        if (taken >> j & 1) continue;
        const double c = r->cost[row * r->a.columns + j] + least(r, row + 1, taken | 1u << j);
        if (c < best) best = c;
    }
    return best;
}

static void test_against_all(void **state) {
    (void)state;
    static run r;
    for (int seed = 0; seed < 600; seed++) {
        const int rows = seed % 6 + 1, columns = rows + seed / 6 % 3;
        fill(&r, rows, columns, (uint64_t)seed, seed % 2 ? 5 : 1000);
        check_owners(&r);
        assert_true(r.total == least(&r, 0, 0));
    }
}

/* Potentials that no cost undercuts, and that the assignment meets, prove that it is best. */
static void test_duals(void **state) {
    (void)state;
    static run r;
    for (int seed = 0; seed < 60; seed++) {
        const int rows = seed % 40 + 1,
                  columns = rows + seed % 3 <= MOST ? rows + seed % 3 : MOST;
        double sum = 0;
        fill(&r, rows, columns, 7000 + (uint64_t)seed, seed % 2 ? 9 : 100000);
        check_owners(&r);
        for (int i = 1; i <= rows; i++) {
            sum += r.a.u[i];
            for (int j = 1; j <= columns; j++)
                assert_true(r.a.u[i] + r.a.v[j] <= r.cost[(i - 1) * columns + j - 1]);
        }
        for (int j = 1; j <= columns; j++) {
            assert_true(r.a.v[j] <= 0 && (r.a.owner[j] || r.a.v[j] == 0));
            sum += r.a.v[j];
        }
        assert_true(sum == r.total);
    }
}

static void test_finite(void **state) {
    (void)state;
    assert_true(gdk_assign_finite(NAN) == GDK_ASSIGN_WORST);
    assert_true(gdk_assign_finite(-INFINITY) == -GDK_ASSIGN_WORST);
    assert_true(gdk_assign_finite(-2.5) == -2.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_all),
                                       cmocka_unit_test(test_duals),
                                       cmocka_unit_test(test_finite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
