/* exif_test.c -- the orientation tag, found or damaged, and the eight turns. */
#include "tests/gd_test.h"

#include "tools/media/exif.h"

/* One entry in the first directory, little- or big-endian. */
static size_t block(unsigned char *p, bool big, unsigned tag, unsigned type, unsigned value,
                    unsigned next) {
    const unsigned fields[][2] = {{2, 42}, {4, 8},     {2, 1}, {2, tag}, {2, type},
                                  {4, 1},  {2, value}, {2, 0}, {4, next}};
    size_t         n = 2;
    memcpy(p, big ? "MM" : "II", 2);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (unsigned k = 0; k < fields[i][0]; k++)
            p[n++] = (unsigned char)(fields[i][1] >> 8 * (big ? fields[i][0] - 1 - k : k));
    return n;
}

static void finds_the_tag(void **state) {
    (void)state;
    unsigned char p[64];
    const char   *why;
    int           o;
    for (unsigned v = 1; v <= 8; v++)
        for (int big = 0; big < 2; big++) {
            size_t n = block(p, big, 0x112, 3, v, 0);
            assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_FOUND);
            assert_int_equal(o, v);
            assert_string_equal(why, "");
        }
    size_t n = block(p, true, 0x10f, 3, 6, 0);
    assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_ABSENT);
    assert_int_equal(o, 1);
}

static void damage_is_harmless(void **state) {
    (void)state;
    unsigned char p[64];
    const char   *why;
    int           o;
    size_t        n = block(p, false, 0x112, 3, 6, 0);
    /* The directory ends at byte 22: shorter blocks are damaged, the link behind it is
     * optional. */
    for (size_t cut = 0; cut < n; cut++) {
        unsigned char *exact = malloc(cut ? cut : 1);
        memcpy(exact, p, cut);
        gd_exif_result r = gd_exif_orientation(exact, cut, &o, &why);
        assert_int_equal(r, cut < 22 ? GD_EXIF_BAD : GD_EXIF_FOUND);
        assert_int_equal(o, cut < 22 ? 1 : 6);
        free(exact);
    }
    block(p, false, 0x112, 3, 0, 0);
    assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_BAD);
    block(p, false, 0x112, 3, 9, 0);
    assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_BAD);
    block(p, false, 0x112, 2, 6, 0);
    assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_BAD);
    assert_int_equal(o, 1);
    /* A chain that loops, or leaves the block, is not followed; the tag still counts. */
    block(p, false, 0x112, 3, 6, 8);
    assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_FOUND);
    assert_non_null(strstr(why, "loop"));
    block(p, true, 0x112, 3, 6, 0xffff);
    assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_FOUND);
    assert_int_equal(o, 6);
    assert_non_null(strstr(why, "outside"));
    /* GPS data out of range. */
    block(p, false, 0x8825, 4, 0xfff0, 0);
    assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_ABSENT);
    assert_non_null(strstr(why, "outside"));
    /* A first directory far away, and one of 65535 entries. */
    block(p, false, 0x112, 3, 6, 0);
    memset(p + 4, 0xff, 4);
    assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_BAD);
    block(p, false, 0x112, 3, 6, 0);
    memset(p + 8, 0xff, 2);
    assert_int_equal(gd_exif_orientation(p, n, &o, &why), GD_EXIF_BAD);
}

static void random_blocks(void **state) {
    (void)state;
    uint32_t      seed = 1;
    unsigned char p[40];
    for (int i = 0; i < 200000; i++) {
        const char *why;
        int         o;
        size_t      n = block(p, i & 1, 0x112, 3, 6, 0);
        for (int k = 0; k < 3; k++) {
            seed = seed * 1664525 + 1013904223;
            p[seed >> 8 & 31] = (unsigned char)(seed >> 24);
        }
        gd_exif_orientation(p, n - (seed >> 4 & 3), &o, &why);
        assert_in_range(o, 1, 8);
    }
}

/* Where the EXIF standard says the stored row 0 and column 0 are shown: "top left", ... */
static void turns_pixels(void **state) {
    (void)state;
    enum { W = 5, H = 3 };
    uint8_t src[W * H * 3], dst[W * H * 3];
    for (int i = 0; i < W * H * 3; i++) src[i] = (uint8_t)(i + 1);
    for (int o = 1; o <= 8; o++) {
        int out_w = gd_exif_swaps(o) ? H : W, out_h = gd_exif_swaps(o) ? W : H;
        memset(dst, 0, sizeof dst);
        gd_exif_apply(src, W, H, o, dst);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                const int right = W - 1 - x, below = H - 1 - y;
                const int at[9][2] = {{0, 0},         {x, y},         {right, y},
                                      {right, below}, {x, below},     {y, x},
                                      {below, x},     {below, right}, {y, right}};
                assert_true(at[o][0] < out_w && at[o][1] < out_h);
                assert_memory_equal(dst + 3 * (at[o][1] * out_w + at[o][0]),
                                    src + 3 * (y * W + x), 3);
            }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_tag),
        cmocka_unit_test(damage_is_harmless),
        cmocka_unit_test(random_blocks),
        cmocka_unit_test(turns_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
