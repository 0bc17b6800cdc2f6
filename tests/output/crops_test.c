/* crops_test.c -- one picture a detection: the pixels the box touches, safe names. */
#include "tests/output/sample.h"
#include "tools/media/picture.h"

static gd_error err;

/* Left half black, right half white; one box a half. */
static void test_pixels(void **state) {
    enum { W = 64, H = 32 };
    static uint8_t           rgb[W * H * 3 + 7 * H];
    const gd_detection       boxes[] = {{{1.5f, 2, 29.2f, 20.2f}, 0.9f, 0},
                                        {{40, -3, 70, 99}, 0.8f, 1},
                                        {{70, 0, 90, 20}, 0.7f, 2}};
    char                     folder[64], path[128];
    gd_writer               *w;
    gd_record                r = gd_record_defaults();
    gd_decoder              *dec;
    gd_picture               pic = {0};
    const gd_decoder_options here = {.in_process = true};
    (void)state;
    for (int y = 0; y < H; y++) memset(rgb + y * (W * 3 + 7) + 3 * W / 2, 255, 3 * W / 2);
    sample_folder(folder);
    r.source = "half.png";
    r.width = W;
    r.height = H;
    r.stride = 3 * W + 7;
    r.rgb = rgb;
    r.detections = boxes;
    r.n_detections = 3;
    gd_assert_ok(gd_writer_open("crops", folder, &sample_info, NULL, &w, &err), &err);
    gd_assert_ok(gd_writer_put(w, &r, &err), &err);
    r.rgb = NULL;
    assert_int_equal(gd_writer_put(w, &r, &err), GD_ERR_ARG);
    gd_assert_ok(gd_writer_finish(w, NULL, &err), &err);
    gd_writer_close(w);
    gd_assert_ok(gd_decoder_open(&here, &dec, &err), &err);
    snprintf(path, sizeof path, "%s/half-000-person.jpg", folder);
    gd_assert_ok(gd_decoder_read(dec, path, NULL, &pic, &err), &err);
    assert_int_equal(pic.width, 29);
    assert_int_equal(pic.height, 19);
    for (int i = 0; i < 29 * 19 * 3; i++) assert_true(pic.rgb[i] < 30);
    snprintf(path, sizeof path, "%s/half-001-traffic__light____red__.jpg", folder);
    gd_assert_ok(gd_decoder_read(dec, path, NULL, &pic, &err), &err);
    assert_int_equal(pic.width, 24);
    assert_int_equal(pic.height, 32);
    for (int i = 0; i < 24 * 32 * 3; i++) assert_true(pic.rgb[i] > 225);
    gd_picture_free(&pic);
    gd_decoder_close(dec);
    assert_int_equal(sample_count(folder, true), 2); /* the third box is outside */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pixels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
