/* encode_test.c -- what is written is read back; nothing half-written is ever left behind. */
#include "tests/gd_meter.h"
#include "tests/media/make.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/io.h"
#include "tools/media/picture.h"

static char folder[64];

static void format_by_extension(void **state) {
    (void)state;
    const struct {
        const char      *path;
        gd_encode_format f;
    } cases[] = {{"a.jpg", GD_ENCODE_JPEG},  {"a.JPEG", GD_ENCODE_JPEG},
                 {"x/y.Png", GD_ENCODE_PNG}, {"a.b.bmp", GD_ENCODE_BMP},
                 {"a.gif", GD_ENCODE_NONE},  {"a", GD_ENCODE_NONE},
                 {"", GD_ENCODE_NONE},       {"d.png/a", GD_ENCODE_NONE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(gd_encode_format_of(cases[i].path), cases[i].f);
}

static void comes_back(int w, int h, size_t extra, gd_encode_format f) {
    gd_error           err = {0};
    gd_picture         pic = {0};
    gd_decoder        *d;
    gd_decoder_options opt = {.in_process = true};
    uint8_t           *px = make_pixels(w, h);
    size_t             row = 3 * (size_t)w, stride = row + extra;
    uint8_t           *padded = malloc(stride * (size_t)h);
    memset(padded, 0xee, stride * (size_t)h);
    for (int y = 0; y < h; y++) memcpy(padded + stride * (size_t)y, px + row * (size_t)y, row);
    gd_image       im = {padded, w, h, stride, 0};
    unsigned char *bytes;
    size_t         n;
    gd_assert_ok(gd_encode_memory(f, &im, &bytes, &n, &err), &err);
    gd_assert_ok(gd_decoder_open(&opt, &d, &err), &err);
    gd_assert_ok(gd_decoder_read_memory(d, bytes, n, "x", NULL, &pic, &err), &err);
    assert_int_equal(pic.width, w);
    assert_int_equal(pic.height, h);
    assert_int_equal(pic.n_warnings, 0);
    if (f != GD_ENCODE_JPEG) assert_memory_equal(pic.rgb, px, row * (size_t)h);
    for (size_t i = 0; i < row * (size_t)h; i++)
        assert_in_range(abs(pic.rgb[i] - px[i]), 0, 60);
    gd_decoder_close(d);
    gd_picture_free(&pic);
    gd_mem_put(bytes);
    free(padded);
    free(px);
}

static void what_is_written_comes_back(void **state) {
    (void)state;
    const int sizes[][2] = {{1, 1}, {3, 3}, {17, 5}, {640, 480}, {1, 300}, {300, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int f = GD_ENCODE_JPEG; f <= GD_ENCODE_BMP; f++) {
            comes_back(sizes[i][0], sizes[i][1], 0, (gd_encode_format)f);
            comes_back(sizes[i][0], sizes[i][1], 13, (gd_encode_format)f);
        }
}

/* Quality 90 without chroma subsampling: the tables of libjpeg's formula, factors 1 x 1. */
static void jpeg_quality_and_sampling(void **state) {
    (void)state;
    made   m = make_encoded(GD_ENCODE_JPEG, 64, 64);
    size_t dqt = find_marker(&m, 0xdb, 0), sof = find_marker(&m, 0xc0, 0);
    assert_int_equal(m.p[dqt + 5], 3); /* (16 * 20 + 50) / 100 */
    for (size_t c = 0; c < 3; c++) assert_int_equal(m.p[sof + 11 + 3 * c], 0x11);
    made_free(&m);
}

static void impossible_pictures(void **state) {
    (void)state;
    uint8_t        px[64] = {0};
    unsigned char *bytes = px;
    size_t         n = 1;
    gd_error       err;
    const gd_image bad[] = {{px, 0, 1, 0, 0},     {px, 1, 0, 0, 0},  {px, -1, 1, 0, 0},
                            {px, 65536, 1, 0, 0}, {px, 4, 4, 11, 0}, {px, 65535, 65535, 0, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(gd_encode_memory(GD_ENCODE_PNG, &bad[i], &bytes, &n, &err),
                         GD_ERR_ARG);
        assert_null(bytes);
        assert_int_equal(n, 0);
    }
    const gd_image good = {px, 1, 1, 0, 0};
    assert_int_equal(gd_encode_memory(GD_ENCODE_NONE, &good, &bytes, &n, &err), GD_ERR_ARG);
    assert_int_equal(gd_encode_file("a.gif", 0, &good, &err), GD_ERR_ARG);
    assert_int_equal(err.code, 200);
}

/* ---- files ------------------------------------------------------------------------------- */

static int files_in_folder(void) {
    DIR *dir = opendir(folder);
    int  n = 0;
    assert_non_null(dir);
    while (readdir(dir)) n++;
    closedir(dir);
    return n - 2;
}

static void files_are_whole_or_absent(void **state) {
    (void)state;
    char           path[128];
    gd_error       err = {0};
    uint8_t       *px = make_pixels(320, 240);
    const gd_image im = {px, 320, 240, 0, 0};
    unsigned char *bytes;
    size_t         n;
    const char    *names[] = {"a.jpg", "a.png", "a.bmp"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        gd_assert_ok(gd_encode_file(path, 0, &im, &err), &err);
        gd_assert_ok(gd_file_slurp(path, 1 << 30, &bytes, &n, &err), &err);
        made m = make_encoded((gd_encode_format)(GD_ENCODE_JPEG + i), 320, 240);
        assert_int_equal(n, m.n);
        assert_memory_equal(bytes, m.p, n);
        gd_mem_put(bytes);
        assert_int_equal(files_in_folder(), 1); /* no .part */
        assert_int_equal(gd_encode_file(path, 0, &im, &err), GD_ERR_IO);
        gd_assert_ok(gd_encode_file(path, GD_OUT_REPLACE, &im, &err), &err);
        /* A disk that is full after 100 bytes: the old file stays as it was. */
        pid_t pid = fork();
        if (pid == 0) {
            struct rlimit r = {100, 100};
            signal(SIGXFSZ, SIG_IGN);
            if (setrlimit(RLIMIT_FSIZE, &r) != 0) _exit(2);
            _exit(gd_encode_file(path, GD_OUT_REPLACE, &im, &err) == GD_ERR_IO &&
                          err.code == 900
                      ? 0
                      : 1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        gd_assert_ok(gd_file_slurp(path, 1 << 30, &bytes, &n, &err), &err);
        assert_int_equal(n, m.n);
        assert_memory_equal(bytes, m.p, n);
        gd_mem_put(bytes);
        made_free(&m);
        assert_int_equal(files_in_folder(), 1);
        unlink(path);
    }
    free(px);
}

static void nth_allocation_fails(void **state) {
    (void)state;
    uint8_t       *px = make_pixels(30, 20);
    const gd_image im = {px, 25, 20, 90, 0}; /* a stride of its own */
    char           path[128];
    for (int f = 0; f < 3; f++) {
        snprintf(path, sizeof path, "%s/m.%s", folder, f == 0 ? "jpg" : f == 1 ? "png" : "bmp");
        for (long n = 1;; n++) {
            meter          m = {.fail_at = n};
            const gd_alloc hook = {&m, meter_get, meter_put};
            gd_error       err = {0};
            gd_mem_hook(&hook);
            gd_status st = gd_encode_file(path, 0, &im, &err);
            gd_mem_hook(NULL);
            assert_int_equal(m.live, 0);
            if (st == GD_OK) {
                assert_true(m.count < n);
                break;
            }
            assert_int_equal(st, GD_ERR_NOMEM);
            assert_int_equal(err.code, 600);
            assert_int_equal(files_in_folder(), 0);
        }
        unlink(path);
    }
    free(px);
}

int main(void) {
    snprintf(folder, sizeof folder, "/tmp/gdrun-encode.XXXXXX");
    if (!mkdtemp(folder)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_by_extension),
        cmocka_unit_test(what_is_written_comes_back),
        cmocka_unit_test(jpeg_quality_and_sampling),
        cmocka_unit_test(impossible_pictures),
        cmocka_unit_test(files_are_whole_or_absent),
        cmocka_unit_test(nth_allocation_fails),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return rc;
}
