/* decode_test.c -- decoders behind the front door: ink to light, and a header they do not
 * trust. */
#include "tests/media/make.h"

#include "tools/media/decode.h"

/* CMYK samples through a JPEG of quality 100 without subsampling; PIL's formula in floating
 * point: light = 255 * (1 - ink) * (1 - black). Coded values are inverted, as Adobe writes
 * them. */
static void ink_to_light(void **state) {
    (void)state;
    enum { W = 64, H = 64 };
    uint8_t       ink[W * H * 4], px[W * H * 3];
    unsigned long n = tjBufSize(W, H, TJSAMP_444);
    made          m = {gd_mem_get(n), 0};
    gd_source     s;
    gd_error      err = {0};
    tjhandle      tj = tjInitCompress();
    for (int i = 0; i < W * H; i++) { /* blocks of one colour survive the codec */
        int b = i / W / 8 * 8 + i % W / 8;
        for (int c = 0; c < 4; c++) ink[4 * i + c] = (uint8_t)(b * (c + 3) * 5 + 40 * c);
    }
    assert_int_equal(
        tjCompress2(tj, ink, W, 0, H, TJPF_CMYK, &m.p, &n, TJSAMP_444, 100, TJFLAG_NOREALLOC),
        0);
    tjDestroy(tj);
    m.n = n;
    gd_assert_ok(door(&m, false, &s, &err), &err);
    assert_int_equal(s.components, 4);
    gd_assert_ok(gd_decode(&s, m.p, px, &err), &err);
    for (int i = 0; i < W * H; i++)
        for (int c = 0; c < 3; c++) {
            double want = ink[4 * i + c] * ink[4 * i + 3] / 255.0;
            if (px[3 * i + c] < want - 4 || px[3 * i + c] > want + 4)
                fail_msg("pixel %d: %d, not %.1f", i, px[3 * i + c], want);
        }
    made_free(&m);
}

/* Sizes that the decoder finds otherwise are an error, not an overflow. */
static void sizes_must_agree(void **state) {
    (void)state;
    made      all[] = {make_encoded(GD_ENCODE_PNG, 20, 10), make_encoded(GD_ENCODE_BMP, 20, 10),
                       make_ppm(20, 10)};
    uint8_t   px[3 * 20 * 10];
    gd_source s;
    gd_error  err = {0};
    for (size_t i = 0; i < 3; i++) {
        gd_assert_ok(door(&all[i], false, &s, &err), &err);
        s.width = 19;
        assert_int_equal(gd_decode(&s, all[i].p, px, &err), GD_ERR_FORMAT);
        assert_int_equal(err.code, 307);
        made_free(&all[i]);
    }
}

static void accurate_dct_and_fancy_upsampling(void **state) {
    (void)state;
    made      m = make_jpeg(57, 43, TJSAMP_420, 0);
    gd_source s;
    gd_error  err = {0};
    uint8_t   px[3 * 57 * 43], want[3 * 57 * 43], fast[3 * 57 * 43];
    tjhandle  tj = tjInitDecompress();
    assert_int_equal(tjDecompress2(tj, m.p, (unsigned long)m.n, want, 57, 0, 43, TJPF_RGB,
                                   TJFLAG_ACCURATEDCT),
                     0);
    assert_int_equal(tjDecompress2(tj, m.p, (unsigned long)m.n, fast, 57, 0, 43, TJPF_RGB,
                                   TJFLAG_FASTUPSAMPLE | TJFLAG_FASTDCT),
                     0);
    tjDestroy(tj);
    gd_assert_ok(door(&m, false, &s, &err), &err);
    gd_assert_ok(gd_decode(&s, m.p, px, &err), &err);
    assert_memory_equal(px, want, sizeof px);
    assert_memory_not_equal(px, fast, sizeof px); /* the picture can tell */
    made_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ink_to_light),
        cmocka_unit_test(sizes_must_agree),
        cmocka_unit_test(accurate_dct_and_fancy_upsampling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
