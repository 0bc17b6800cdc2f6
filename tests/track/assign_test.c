/* assign_test.c -- assignments against brute force: full, sparse, tied, empty. */
#include "tools/track/assign.h"

#include <math.h>
#include <stdbool.h>

#include "engine/mem.h"
#include "tests/gd_test.h"

enum { MOST = 8 };

static gd_assign_room room;

/* The best total by trying everything; with `must`, of full assignments only. */
static double try_all(const double *gain, const bool *may, int rows, int columns, int row,
                      unsigned used, int left, bool must) {
    double best = -INFINITY;
    if (row == rows) return left > 0 && must ? -INFINITY : 0;
    if (!must || rows - row > left)
        best = try_all(gain, may, rows, columns, row + 1, used, left, must);
    for (int j = 0; j < columns; j++) {
        const int e = row * columns + j;
        if (used >> j & 1 || (may && !may[e])) continue;
        const double rest =
            try_all(gain, may, rows, columns, row + 1, used | 1u << j, left - 1, must);
        if (gain[e] + rest > best) best = gain[e] + rest;
    }
    return best;
}

static uint32_t seed = 1;
static uint32_t next_random(void) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

/* Values with many ties (mode 0), or hardly any; some are negative. */
static double random_gain(int mode) {
    const uint32_t v = next_random();
    return mode ? (double)v / 4294967296.0 - 0.1 : (double)(v % 4) - 1;
}

static void check_unique(const int *column_of, int rows, int columns) {
    unsigned used = 0;
    for (int i = 0; i < rows; i++) {
        if (column_of[i] < 0) continue;
        assert_in_range(column_of[i], 0, columns - 1);
        assert_false(used >> column_of[i] & 1);
        used |= 1u << column_of[i];
    }
}

static void test_sparse(void **state) {
    gd_error err;
    (void)state;
    for (int k = 0; k < 6000; k++) {
        const int rows = (int)(next_random() % (MOST - 1)),
                  columns = (int)(next_random() % MOST);
        const int dense = 1 + (int)(next_random() % 8);
        double    gain[MOST * MOST], listed[MOST * MOST], total = 0;
        bool      may[MOST * MOST];
        int       first[MOST + 1] = {0}, column[MOST * MOST], column_of[MOST];
        for (int i = 0; i < rows; i++) {
            first[i + 1] = first[i];
            for (int j = 0; j < columns; j++) {
                const int e = i * columns + j;
                gain[e] = random_gain(k & 1);
                may[e] = (int)(next_random() % 8) < dense;
                if (!may[e]) continue;
                listed[first[i + 1]] = gain[e];
                column[first[i + 1]++] = j;
            }
        }
        const gd_pairs p = {rows, columns, first, column, listed};
        gd_assert_ok(gd_assign(&p, &room, column_of, &err), &err);
        check_unique(column_of, rows, columns);
        for (int i = 0; i < rows; i++) {
            if (column_of[i] < 0) continue;
            assert_true(may[i * columns + column_of[i]]);
            total += gain[i * columns + column_of[i]];
        }
        const double best = try_all(gain, may, rows, columns, 0, 0, 0, false);
        assert_true(fabs(total - best) <= 1e-12);
    }
}

static void test_full(void **state) {
    gd_error err;
    (void)state;
    for (int k = 0; k < 3000; k++) {
        const int rows = (int)(next_random() % MOST), columns = (int)(next_random() % MOST);
        const int fewer = rows < columns ? rows : columns;
        double    cost[MOST * MOST], gain[MOST * MOST], total = 0;
        int       column_of[MOST], n = 0;
        for (int e = 0; e < rows * columns; e++) {
            cost[e] = random_gain(k & 1) * (k & 2 ? 1e9 : 1);
            gain[e] = -cost[e];
        }
        gd_assert_ok(gd_assign_full(cost, rows, columns, &room, column_of, &err), &err);
        check_unique(column_of, rows, columns);
        for (int i = 0; i < rows; i++)
            if (column_of[i] >= 0) {
                total += cost[i * columns + column_of[i]];
                n++;
            }
        assert_int_equal(n, fewer);
        const double best = -try_all(gain, NULL, rows, columns, 0, 0, fewer, true);
        assert_true(fabs(total - best) <= 1e-3);
    }
}

/* Every row has its best column until the last row comes, for which all of them must move. */
static void test_chain(void **state) {
    enum { N = 2000 };
    static int    first[N + 2], column[2 * N + 1], column_of[N + 1];
    static double gain[2 * N + 1];
    gd_error      err;
    (void)state;
    for (int i = 0; i < N; i++) {
        column[2 * i] = i;
        gain[2 * i] = 1;
        column[2 * i + 1] = i + 1;
        gain[2 * i + 1] = 1 - 1e-4;
        first[i + 1] = 2 * i + 2;
    }
    gain[2 * N] = N * 1e-4 + 0.01;
    first[N + 1] = 2 * N + 1;
    const gd_pairs p = {N + 1, N + 1, first, column, gain};
    gd_assert_ok(gd_assign(&p, &room, column_of, &err), &err);
    for (int i = 0; i < N; i++) assert_int_equal(column_of[i], i + 1);
    assert_int_equal(column_of[N], 0);

    gain[2 * N] = N * 1e-4 - 0.01; /* now it is not worth the trouble */
    gd_assert_ok(gd_assign(&p, &room, column_of, &err), &err);
    for (int i = 0; i < N; i++) assert_int_equal(column_of[i], i);
    assert_int_equal(column_of[N], -1);
    gd_assign_room_free(&room);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
