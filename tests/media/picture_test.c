/* picture_test.c -- the decoder handle: real pictures to the bit, orientation, failures. */
#include "tests/gd_meter.h"
#include "tests/media/make.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/media/picture.h"

static gd_decoder *start(bool in_process) {
    gd_decoder_options opt = {.in_process = in_process};
    gd_error           err = {0};
    gd_decoder        *d;
    gd_assert_ok(gd_decoder_open(&opt, &d, &err), &err);
    return d;
}

/* sha256sum of the picture's samples in BGR order. */
static void digest_of_bgr(const gd_picture *pic, char hex[65]) {
    char path[] = "/tmp/gdrun-bgr.XXXXXX", cmd[64];
    int  fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "wb");
    for (size_t i = 0; i < (size_t)pic->width * (size_t)pic->height; i++)
        for (int c = 2; c >= 0; c--) fputc(pic->rgb[3 * i + (size_t)c], f);
    fclose(f);
    snprintf(cmd, sizeof cmd, "sha256sum %s", path);
    f = popen(cmd, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%64s", hex), 1);
    pclose(f);
    unlink(path);
}

/* The pixels that OpenCV and libjpeg-turbo gave when the reference results were made. */
static void real_pictures_to_the_bit(void **state) {
    (void)state;
    char         path[512], hex[65];
    json_error_t je;
    gd_error     err = {0};
    gd_picture   pic = {0};
    snprintf(path, sizeof path, "%s/golden/yolox_nano.inputs.dev.json", GD_TEST_DATA);
    json_t *all = json_load_file(path, 0, &je);
    if (!all) {
        printf("skipped: no %s\n", path);
        skip();
    }
    gd_decoder *d = start(false);
    size_t      i, n = json_array_size(all);
    json_t     *one;
    assert_int_equal(n, 40);
    json_array_foreach(all, i, one) {
        snprintf(path, sizeof path, "%s/coco-mini/dev/%s", GD_TEST_DATA,
                 json_string_value(json_object_get(one, "file_name")));
        if (access(path, R_OK) != 0)
            snprintf(path, sizeof path, "%s/coco-mini/dev/images/%s", GD_TEST_DATA,
                     json_string_value(json_object_get(one, "file_name")));
        gd_assert_ok(gd_decoder_read(d, path, NULL, &pic, &err), &err);
        assert_int_equal(pic.width, json_integer_value(json_object_get(one, "width")));
        assert_int_equal(pic.height, json_integer_value(json_object_get(one, "height")));
        assert_int_equal(pic.n_warnings, 0);
        digest_of_bgr(&pic, hex);
        assert_string_equal(hex, json_string_value(json_object_get(one, "bgr_sha256")));
    }
    json_decref(all);
    gd_picture_free(&pic);
    gd_decoder_close(d);
}

/* A JPEG of 16 x 8 whose EXIF says `o`. */
static made oriented(int o) {
    made          m = make_jpeg(16, 8, TJSAMP_444, 0);
    unsigned char exif[] = "\xff\xe1\0\x22"
                           "Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\0\0\0\0\0\0\0";
    exif[4 + 6 + 8 + 2 + 9] = (unsigned char)o;
    made_splice(&m, 2, 0, exif, 36);
    return m;
}

static void orientation_is_applied_or_told(void **state) {
    (void)state;
    gd_error        err = {0};
    gd_picture      turned = {0}, stored = {0};
    gd_decoder     *d = start(false);
    gd_read_options plain = {.no_exif = true};
    for (int o = 1; o <= 8; o++) {
        made m = oriented(o);
        gd_assert_ok(gd_decoder_read_memory(d, m.p, m.n, "x", NULL, &turned, &err), &err);
        gd_assert_ok(gd_decoder_read_memory(d, m.p, m.n, "x", &plain, &stored, &err), &err);
        assert_int_equal(turned.orientation, o);
        assert_int_equal(stored.orientation, o);
        assert_int_equal(stored.width, 16);
        assert_int_equal(turned.width, o >= 5 ? 8 : 16);
        assert_int_equal(turned.height, o >= 5 ? 16 : 8);
        assert_int_equal(turned.n_warnings, 0);
        if (o == 6) /* stored top row is shown as the right column */
            for (int x = 0; x < 16; x++)
                assert_memory_equal(turned.rgb + 3 * (x * 8 + 7), stored.rgb + 3 * x, 3);
        made_free(&m);
    }
    /* A value out of range: pixels as stored, and a warning. */
    made m = oriented(9);
    gd_assert_ok(gd_decoder_read_memory(d, m.p, m.n, "x", NULL, &turned, &err), &err);
    assert_int_equal(turned.orientation, 1);
    assert_int_equal(turned.width, 16);
    assert_int_equal(turned.n_warnings, 1);
    made_free(&m);
    gd_picture_free(&turned);
    gd_picture_free(&stored);
    gd_decoder_close(d);
}

/* One bad file among many: the others come through, and a failure leaves no stale picture. */
static void one_bad_among_many(void **state) {
    (void)state;
    gd_error    err;
    gd_picture  pic = {0};
    gd_decoder *d = start(false);
    made        m = make_jpeg(48, 40, TJSAMP_420, 0);
    int         good = 0, bad = 0;
    for (int i = 0; i < 2000; i++) {
        bool spoil = i == 1234;
        m.n -= spoil ? 40 : 0;
        gd_status st = gd_decoder_read_memory(d, m.p, m.n, "many.jpg", NULL, &pic, &err);
        m.n += spoil ? 40 : 0;
        assert_int_equal(pic.width, spoil ? 0 : 48);
        assert_int_equal(st != GD_OK, spoil);
        if (spoil) assert_non_null(strstr(err.msg, "many.jpg"));
        st == GD_OK ? good++ : bad++;
    }
    assert_int_equal(good, 1999);
    assert_int_equal(bad, 1);
    made_free(&m);
    gd_picture_free(&pic);
    gd_decoder_close(d);
}

/* Coded pixels that are damaged where only the decoder can see it. */
static void decoder_warnings_are_errors(void **state) {
    (void)state;
    gd_error    err;
    gd_picture  pic = {0};
    gd_decoder *d = start(false);
    made        m = make_jpeg(200, 200, TJSAMP_420, 0);
    /* Half of the coded bytes cut out, the end marker kept: the walk sees nothing wrong. */
    made_splice(&m, m.n / 2, m.n - 2 - m.n / 2, "", 0);
    assert_passes(&m);
    assert_int_equal(gd_decoder_read_memory(d, m.p, m.n, "x", NULL, &pic, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 307);
    gd_read_options allow = {.allow_truncated = true};
    assert_int_equal(gd_decoder_read_memory(d, m.p, m.n, "x", &allow, &pic, &err),
                     GD_ERR_FORMAT);
    /* Without its end it is a truncated file, which may be allowed: grey, and said so. */
    m.n -= 2;
    assert_int_equal(gd_decoder_read_memory(d, m.p, m.n, "x", NULL, &pic, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 303);
    gd_assert_ok(gd_decoder_read_memory(d, m.p, m.n, "x", &allow, &pic, &err), &err);
    assert_true(pic.truncated);
    assert_int_equal(pic.n_warnings, 1);
    const uint8_t *last = pic.rgb + 3 * (200 * 200 - 1);
    for (int c = 0; c < 3; c++) assert_in_range(last[c], 126, 130);
    made_free(&m);
    gd_picture_free(&pic);
    gd_decoder_close(d);
}

static void palette_index_out_of_range(void **state) {
    (void)state;
    gd_error      err;
    gd_picture    pic = {0};
    gd_decoder   *d = start(false);
    made          m = make_encoded(GD_ENCODE_PNG, 4, 4);
    unsigned char raw[20] = {0}, z[64];
    uLongf        zn = sizeof z;
    raw[7] = 2; /* of two colours */
    assert_int_equal(compress(z, &zn, raw, 20), Z_OK);
    m.p[25] = 3;
    mend_crc(&m, 8);
    made_splice(&m, 33, m.n - 33, "", 0);
    add_chunk(&m, 33, "PLTE", "abcdef", 6);
    add_chunk(&m, m.n, "IDAT", z, zn);
    add_chunk(&m, m.n, "IEND", "", 0);
    assert_int_equal(gd_decoder_read_memory(d, m.p, m.n, "x", NULL, &pic, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 304);
    assert_non_null(strstr(err.msg, "colour 2 of a palette of 2"));
    made_free(&m);
    gd_picture_free(&pic);
    gd_decoder_close(d);
}

static void paths_and_pipes(void **state) {
    (void)state;
    char        dir[] = "/tmp/gdrun-pic.XXXXXX", path[256];
    gd_error    err = {0};
    gd_picture  pic = {0};
    gd_decoder *d = start(false);
    made        m = make_encoded(GD_ENCODE_PNG, 300, 200);
    assert_non_null(mkdtemp(dir));
    assert_int_equal(gd_decoder_read(d, dir, NULL, &pic, &err), GD_ERR_IO);
    assert_int_equal(err.code, 300);
    snprintf(path, sizeof path, "%s/none.jpg", dir);
    assert_int_equal(gd_decoder_read(d, path, NULL, &pic, &err), GD_ERR_IO);
    snprintf(path, sizeof path, "%s/fifo.jpg", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(gd_decoder_read(d, path, NULL, &pic, &err), GD_ERR_IO);
    unlink(path);
    /* A sparse file of 2 GiB is refused by its size. */
    snprintf(path, sizeof path, "%s/huge.jpg", dir);
    assert_int_equal(truncate(path, 0), -1);
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    assert_int_equal(ftruncate(fd, (off_t)2 << 30), 0);
    assert_int_equal(gd_decoder_read(d, path, NULL, &pic, &err), GD_ERR_FORMAT);
    close(fd);
    unlink(path);
    /* The name says .jpg, the bytes say PNG; control bytes of a name never reach a message. */
    snprintf(path, sizeof path, "%s/a\033[31m%%n\n.jpg", dir);
    fd = open(path, O_CREAT | O_RDWR, 0600);
    assert_int_equal(write(fd, m.p, m.n), (ssize_t)m.n);
    gd_assert_ok(gd_decoder_read(d, path, NULL, &pic, &err), &err);
    assert_string_equal(pic.format, "PNG");
    assert_int_equal(pic.file_bytes, m.n);
    assert_int_equal(ftruncate(fd, 100), 0);
    assert_int_equal(gd_decoder_read(d, path, NULL, &pic, &err), GD_ERR_FORMAT);
    assert_null(strchr(err.msg, '\033'));
    assert_null(strchr(err.msg, '\n'));
    close(fd);
    unlink(path);
    rmdir(dir);
    int   ends[2];
    pid_t child;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        for (size_t i = 0; i < m.n; i += 7) /* in small pieces */
            if (write(ends[1], m.p + i, m.n - i < 7 ? m.n - i : 7) < 0) _exit(1);
        _exit(0);
    }
    close(ends[1]);
    gd_assert_ok(gd_decoder_read_fd(d, ends[0], "stdin", NULL, &pic, &err), &err);
    assert_int_equal(pic.width, 300);
    close(ends[0]);
    assert_int_equal(gd_decoder_read_fd(d, ends[0], "stdin", NULL, &pic, &err), GD_ERR_IO);
    made_free(&m);
    gd_picture_free(&pic);
    gd_decoder_close(d);
}

/* ---- memory ------------------------------------------------------------------------------ */

static void nth_allocation_fails(void **state) {
    (void)state;
    unsigned char *kept[8];
    size_t         sizes[8], n_kept = 0;
    made all[] = {make_jpeg(33, 21, TJSAMP_420, 0), make_encoded(GD_ENCODE_PNG, 33, 21),
                  make_encoded(GD_ENCODE_BMP, 33, 21), make_tga(33, 21, true),
                  make_ppm(33, 21)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) { /* outside of the counted heap */
        kept[n_kept] = malloc(all[i].n);
        memcpy(kept[n_kept], all[i].p, all[i].n);
        sizes[n_kept++] = all[i].n;
        made_free(&all[i]);
    }
    for (size_t i = 0; i < 2 * n_kept; i++) {
        bool in_process = i >= n_kept, done = false;
        long n = 0;
        while (!done) {
            meter              m = {.fail_at = ++n};
            const gd_alloc     hook = {&m, meter_get, meter_put};
            gd_decoder_options opt = {.in_process = in_process};
            gd_error           err = {0};
            gd_picture         pic = {0};
            gd_decoder        *d;
            gd_mem_hook(&hook);
            gd_status st = gd_decoder_open(&opt, &d, &err);
            if (st == GD_OK)
                st = gd_decoder_read_memory(d, kept[i % n_kept], sizes[i % n_kept], "x", NULL,
                                            &pic, &err);
            else
                assert_null(d);
            /* The worker goes on counting from where it was forked, so both sides are swept. */
            done = st == GD_OK;
            if (!done) assert_int_equal(st, GD_ERR_NOMEM);
            if (!done) assert_int_equal(err.code, 600);
            if (done) assert_true(m.count < n);
            gd_picture_free(&pic);
            gd_decoder_close(d);
            gd_mem_hook(NULL);
            assert_int_equal(m.live, 0);
        }
        assert_true(n > 4);
    }
    for (size_t i = 0; i < n_kept; i++) free(kept[i]);
}

/* I13: at the n-th allocation of a read the file becomes another one of the same size.
 * Whichever is read, it is read whole: looking at the bytes and decoding them see the same
 * ones. In this process: a decoder under its jail could not touch the file. */
typedef struct swap {
    long        at, count;
    const char *path;
    const made *to;
} swap;

static void overwrite(const char *path, const made *m) {
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(pwrite(fd, m->p, m->n, 0), (ssize_t)m->n);
    close(fd);
}

static void *swap_get(void *ctx, size_t n) {
    swap *s = ctx;
    if (++s->count == s->at) overwrite(s->path, s->to);
    return aligned_alloc(64, n);
}

static void swap_put(void *ctx, void *p) {
    (void)ctx;
    free(p);
}

static void file_changes_while_it_is_read(void **state) {
    (void)state;
    char path[] = "/tmp/gdrun-swap.XXXXXX";
    made old = make_ppm(64, 48), other = make_ppm(64, 48);
    int  fd = mkstemp(path), became[2] = {0, 0};
    assert_true(fd >= 0);
    close(fd);
    size_t body = 64 * 48 * 3, head = old.n - body;
    memset((unsigned char *)old.p + head, 10, body);
    memcpy((unsigned char *)other.p, "P6\n48 64\n", 9); /* other sides as well */
    memset((unsigned char *)other.p + head, 200, body);
    for (long at = 1; at > 0; at++) {
        swap               w = {.at = at, .path = path, .to = &other};
        const gd_alloc     hook = {&w, swap_get, swap_put};
        gd_decoder_options opt = {.in_process = true};
        gd_error           err = {0};
        gd_picture         pic = {0};
        gd_decoder        *d;
        overwrite(path, &old);
        gd_mem_hook(&hook);
        gd_assert_ok(gd_decoder_open(&opt, &d, &err), &err);
        gd_assert_ok(gd_decoder_read(d, path, NULL, &pic, &err), &err);
        bool second = pic.rgb[0] == 200;
        assert_int_equal(pic.width, second ? 48 : 64);
        assert_int_equal(pic.height, second ? 64 : 48);
        for (size_t i = 0; i < body; i++) assert_int_equal(pic.rgb[i], second ? 200 : 10);
        became[second]++;
        gd_picture_free(&pic);
        gd_decoder_close(d);
        gd_mem_hook(NULL);
        if (w.count < at) break;
    }
    assert_true(became[0] > 2 && became[1] > 0);
    unlink(path);
    made_free(&old);
    made_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_pictures_to_the_bit),
        cmocka_unit_test(orientation_is_applied_or_told),
        cmocka_unit_test(one_bad_among_many),
        cmocka_unit_test(decoder_warnings_are_errors),
        cmocka_unit_test(palette_index_out_of_range),
        cmocka_unit_test(paths_and_pipes),
        cmocka_unit_test(nth_allocation_fails),
        cmocka_unit_test(file_changes_while_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
