/* video_frame_test.c -- frames on a GPU made of host memory: room, the way to the host. */
#include "tests/gd_test.h"
#include "tools/media/video.h"

typedef struct fake {
    int  taken, fetched; /* blocks that are out; copies made */
    bool no_memory, lost;
} fake;

static gd_status take(void *ctx, size_t size, void **out, gd_error *err) {
    fake *f = ctx;
    *out = NULL;
    if (f->no_memory) return gd_fail_code(err, GD_ERR_NOMEM, 601, "no memory there");
    *out = gd_mem_get(size);
    assert_non_null(*out);
    f->taken++;
    return GD_OK;
}

static void put(void *ctx, void *p) {
    if (p) ((fake *)ctx)->taken--;
    gd_mem_put(p);
}

static gd_status fetch(void *ctx, uint8_t *to, const uint8_t *from, size_t size,
                       gd_error *err) {
    fake *f = ctx;
    if (f->lost) return gd_fail_code(err, GD_ERR_DEVICE, 510, "lost");
    f->fetched++;
    memcpy(to, from, size);
    return GD_OK;
}

static gd_video_gpu gpu_of(fake *f) {
    return (gd_video_gpu){.ctx = f, .ordinal = 2, .take = take, .put = put, .fetch = fetch};
}

static void to_the_host_once(void **state) {
    fake           m = {0};
    gd_video_gpu   gpu = gpu_of(&m);
    gd_video_frame f = {0};
    gd_error       err = {0};
    (void)state;
    assert_false(gd_video_frame_given(&f));
    gd_assert_ok(gd_video_frame_host(&f, &err), &err); /* the end of a source: nothing to do */
    assert_null(f.rgb);
    gd_assert_ok(gd_video_frame_device(&f, 5, 3, &gpu, &err), &err);
    assert_true(gd_video_frame_given(&f));
    assert_null(f.rgb);
    gd_assert_ok(gd_video_frame_host_room(&f, &err), &err);
    assert_true(f.rgb == f.own && f.rgb && f.device && m.fetched == 0);
    gd_assert_ok(gd_video_frame_host_room(&f, &err), &err); /* there is room */
    f.rgb = NULL;
    for (int i = 0; i < 45; i++) f.device[i] = (uint8_t)(i * 5);
    gd_image im = gd_video_frame_image(&f);
    assert_ptr_equal(im.rgb, f.device);
    assert_true(im.gpu == 3 && im.width == 5 && im.height == 3 && im.stride == 15);
    for (int i = 0; i < 2; i++) gd_assert_ok(gd_video_frame_host(&f, &err), &err);
    assert_int_equal(m.fetched, 1);
    assert_memory_equal(f.rgb, f.device, 45);
    assert_true(f.width == 5 && f.height == 3);
    f.device = NULL; /* drawn on by the host */
    im = gd_video_frame_image(&f);
    assert_true(im.rgb == f.rgb && im.gpu == 0);
    gd_video_frame_free(&f);
    assert_int_equal(m.taken, 0);
    assert_null(f.rgb);
}

/* Memory is used again, also when frames come now from one side, now from the other. */
static void room_is_kept(void **state) {
    fake           m = {0}, other = {0};
    gd_video_gpu   gpu = gpu_of(&m), second = gpu_of(&other);
    gd_video_frame f = {0};
    gd_error       err = {0};
    (void)state;
    gd_assert_ok(gd_video_frame_device(&f, 16, 9, &gpu, &err), &err);
    const uint8_t *first = f.device;
    gd_assert_ok(gd_video_frame_room(&f, 8, 8, NULL, &err), &err);
    assert_true(f.rgb && !f.device);
    gd_assert_ok(gd_video_frame_device(&f, 9, 16, &gpu, &err), &err);
    assert_ptr_equal(f.device, first);
    assert_true(!f.rgb && f.own);
    gd_assert_ok(gd_video_frame_device(&f, 17, 16, &gpu, &err), &err);
    assert_int_equal(m.taken, 1);
    gd_assert_ok(gd_video_frame_device(&f, 4, 4, &second, &err), &err);
    assert_true(m.taken == 0 && other.taken == 1);
    gd_video_frame_free(&f);
    assert_int_equal(other.taken, 0);
}

static void what_fails(void **state) {
    fake           m = {.no_memory = true};
    gd_video_gpu   gpu = gpu_of(&m);
    gd_video_frame f = {0};
    gd_error       err = {0};
    (void)state;
    assert_int_equal(gd_video_frame_device(&f, 4, 4, &gpu, &err), GD_ERR_NOMEM);
    assert_false(gd_video_frame_given(&f));
    assert_int_equal(gd_video_frame_device(&f, 0, 4, &gpu, &err), GD_ERR_ARG);
    m.no_memory = false;
    gd_assert_ok(gd_video_frame_device(&f, 4, 4, &gpu, &err), &err);
    m.lost = true;
    assert_int_equal(gd_video_frame_host(&f, &err), GD_ERR_DEVICE);
    assert_null(f.rgb);
    gd_video_frame_free(&f);
    assert_int_equal(m.taken, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(to_the_host_once),
                                       cmocka_unit_test(room_is_kept),
                                       cmocka_unit_test(what_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
