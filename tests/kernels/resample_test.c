/* resample_test.c -- picture resizers: values of Pillow and OpenCV, windows, caches, no memory.
 * */
#include "tests/gd_test.h"

#include "engine/mem.h"
#include "kernels/resize/resample.h"

/* A 5 x 3 picture, red only; green and blue are functions of it. */
static const uint8_t red[15] = {0, 255, 3, 200, 90, 17, 130, 255, 0, 64, 250, 1, 77, 180, 33};

static void picture(uint8_t *rgb) {
    for (int i = 0; i < 15; i++) {
        rgb[3 * i] = red[i];
        rgb[3 * i + 1] = (uint8_t)(255 - red[i]);
        rgb[3 * i + 2] = 7;
    }
}

static void check(int filter, int h, int w, const uint8_t *want) {
    uint8_t  src[45], dst[64 * 3];
    gd_error err = {0};
    picture(src);
    gd_assert_ok(gdk_resize_u8(filter, src, 3, 5, dst, h, w, &err), &err);
    for (int i = 0; i < h * w; i++) {
        assert_int_equal(dst[3 * i], want[i]);
        assert_int_equal(dst[3 * i + 2], 7);
    }
}

/* The red planes that Pillow 9.4 and OpenCV 4.6 give for 4 x 2 and 7 x 4. */
static const uint8_t pil_small[] = {57, 162, 114, 92, 134, 89, 125, 62};
static const uint8_t pil_large[] = {0,   146, 183, 3,  144, 153, 90,  11,  106, 172,
                                    161, 100, 74,  74, 104, 92,  112, 188, 102, 61,
                                    52,  250, 108, 23, 77,  151, 117, 33};
static const uint8_t cubic_small[] = {44, 176, 108, 91, 139, 81, 133, 53};
static const uint8_t cubic_large[] = {0,   164, 209, 0,  158, 173, 85,  0,   102, 200,
                                      173, 88,  61,  77, 102, 79,  108, 206, 94,  42,
                                      50,  255, 108, 0,  68,  174, 128, 22};
static const uint8_t opencv_small[] = {32, 164, 118, 92, 172, 66, 130, 53};
static const uint8_t opencv_large[] = {0,   145, 183, 3,  144, 153, 90,  11,  105, 172,
                                       160, 99,  74,  74, 104, 91,  112, 188, 102, 61,
                                       52,  250, 108, 23, 77,  151, 117, 33};

static void same_bytes(void **state) {
    (void)state;
    check(GD_FILTER_PIL_BILINEAR, 2, 4, pil_small);
    check(GD_FILTER_PIL_BILINEAR, 4, 7, pil_large);
    check(GD_FILTER_PIL_BICUBIC, 2, 4, cubic_small);
    check(GD_FILTER_PIL_BICUBIC, 4, 7, cubic_large);
    check(GD_FILTER_OPENCV, 2, 4, opencv_small);
    check(GD_FILTER_OPENCV, 4, 7, opencv_large);
    check(GD_FILTER_NEAREST, 3, 5, red);
    check(GD_FILTER_PIL_BICUBIC, 3, 5, red);
}

enum { SRC_H = 90, SRC_W = 37 };

static void noise(uint8_t *p, size_t n) {
    unsigned seed = 5;
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
}

/* Any window, its rows asked for in any order, equals that part of the whole. */
static void windows(void **state) {
    (void)state;
    static uint8_t src[SRC_H * SRC_W * 3], whole[200 * 60 * 3], line[60 * 3];
    gd_error       err = {0};
    noise(src, sizeof src);
    const int to[][2] = {{200, 60}, {7, 60}, {200, 4}, {2, 3}};
    for (int filter = GD_FILTER_PIL_BILINEAR; filter <= GD_FILTER_NEAREST; filter++)
        for (int i = 0; i < 4; i++) {
            const int h = to[i][0], w = to[i][1];
            gd_assert_ok(gdk_resize_u8(filter, src, SRC_H, SRC_W, whole, h, w, &err), &err);
            gdk_resample r = {.filter = filter,
                              .src = src,
                              .src_h = SRC_H,
                              .src_w = SRC_W,
                              .new_h = h,
                              .new_w = w,
                              .x0 = w / 3,
                              .n_col = w - w / 3 - 1,
                              .y0 = h / 4,
                              .n_row = h - h / 4};
            void        *plan =
                gd_mem_get(gdk_resample_plan_bytes(filter, SRC_H, SRC_W, r.n_col, r.n_row));
            void *cache = gd_mem_get(gdk_resample_cache_bytes(filter, r.n_col));
            gdk_resample_plan(&r, plan);
            gdk_resample_cache_reset(cache);
            for (int k = 0; k < 3 * r.n_row; k++) {
                const int y = k * 7 % r.n_row;
                gdk_resample_row(&r, y, cache, line);
                assert_memory_equal(line, whole + ((r.y0 + y) * w + r.x0) * 3,
                                    (size_t)r.n_col * 3);
            }
            gd_mem_put(plan);
            gd_mem_put(cache);
        }
}

static void *no_get(void *ctx, size_t n) {
    (void)ctx;
    (void)n;
    return NULL;
}
static void no_put(void *ctx, void *p) {
    (void)ctx;
    (void)p;
}

static void no_memory(void **state) {
    (void)state;
    const gd_alloc hook = {NULL, no_get, no_put};
    uint8_t        src[45], dst[45];
    gd_error       err = {0};
    picture(src);
    gd_mem_hook(&hook);
    const gd_status st = gdk_resize_u8(GD_FILTER_OPENCV, src, 3, 5, dst, 3, 5, &err);
    gd_mem_hook(NULL);
    assert_int_equal(st, GD_ERR_NOMEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bytes), cmocka_unit_test(windows),
                                       cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
