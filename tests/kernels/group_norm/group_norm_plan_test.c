/* group_norm_plan_test.c -- the threads of group norm's blocks meet every value exactly once,
 * and a group's sums are those of its own threads. */
#include "kernels/group_norm/group_norm_plan.h"

#include "tests/gd_test.h"

enum { T = GDK_GROUP_NORM_THREADS, CHUNK = GDK_GROUP_NORM_PIXELS, MOST = 4096 };

static uint8_t met[CHUNK][MOST];

/* Marks what the threads of a tile read, and notes the group of each, -1 for idle ones. */
static void walk(const gdk_group_norm_plan *p, int tile, int pixels, int *group_of) {
    for (int t = 0; t < T; t++) {
        const gdk_group_norm_share s = gdk_group_norm_share_of(p, tile, t);
        group_of[t] = -1;
        for (int u = s.first; u < s.end; u += s.step) {
            const int group = u / (p->width / p->each);
            assert_true(group_of[t] < 0 || group_of[t] == group);
            group_of[t] = group;
            for (int i = s.lane; i < pixels; i += p->lanes)
                for (int j = 0; j < p->each; j++)
                    met[i][tile * p->most * p->width + u * p->each + j]++;
        }
    }
}

/* The entries of each group are the threads that worked on it. */
static void gather(const gdk_group_norm_plan *p, int tile, const int *group_of) {
    const int left = p->groups - tile * p->most, groups = left < p->most ? left : p->most;
    int       found = 0, busy = 0;
    for (int g = 0; g < groups; g++)
        for (int j = 0; j < gdk_group_norm_entries(p); j++, found++) {
            const int entry = gdk_group_norm_entry(p, g, j);
            assert_in_range(entry, 0, T - 1);
            assert_int_equal(group_of[entry], g);
        }
    for (int t = 0; t < T; t++) busy += group_of[t] >= 0;
    assert_int_equal(found, busy);
}

static void check(int C, int groups, int pixels, int vec) {
    const gdk_group_norm_plan p = gdk_group_norm_plan_of(C, groups, pixels, vec);
    int                       group_of[T];
    assert_int_equal(p.chunks, (pixels + CHUNK - 1) / CHUNK);
    assert_true(p.tiles * p.most >= groups && (p.tiles - 1) * p.most < groups);
    memset(met, 0, sizeof met);
    for (int tile = 0; tile < p.tiles; tile++) {
        walk(&p, tile, pixels, group_of);
        gather(&p, tile, group_of);
    }
    for (int i = 0; i < pixels; i++)
        for (int c = 0; c < C; c++) assert_int_equal(met[i][c], 1);
}

static void every_value_once(void **state) {
    (void)state;
    static const int shape[][2] = {{1, 1},     {5, 1},     {7, 7},      {32, 4},    {64, 16},
                                   {72, 12},   {256, 32},  {256, 1},    {255, 3},   {257, 1},
                                   {1024, 32}, {1280, 4},  {1023, 3},   {2048, 2},  {600, 600},
                                   {4096, 1},  {4095, 63}, {4096, 128}, {1024, 256}};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (int vec = 0; vec < 2; vec++) {
            check(shape[i][0], shape[i][1], 1, vec);
            check(shape[i][0], shape[i][1], CHUNK - 1, vec);
            check(shape[i][0], shape[i][1], CHUNK, vec);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_value_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
