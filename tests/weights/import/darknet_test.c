/* darknet_test.c -- a .cfg and its .weights as one checkpoint: names, values, headers, lengths
 * that do not agree, files that are not there, memory that ends. */
#include "tests/gd_meter.h"
#include "tests/weights/import/ckpt_make.h"

/* 2 filters on 3 channels with batch norm (8 + 6 floats), 8 on the 2 without (8 + 16): 38. */
static const char cfg[] = "# comment\n[net]\nwidth=64\nheight=32\n"
                          "[convolutional]\nfilters=2\nbatch_normalize=1\nactivation=leaky\n"
                          "[convolutional]\nfilters=8\nactivation=linear\n"
                          "[yolo]\nmask=0\nanchors=1,2\nclasses=3\n";
enum { FLOATS = 38 };

static bytes weights(uint32_t minor, int floats) {
    bytes b = {0};
    put_le(&b, 0, 4);
    put_le(&b, minor, 4);
    put_le(&b, 5, 4);
    put_le(&b, 1234, minor >= 2 ? 8 : 4);
    for (int i = 0; i < floats; i++) {
        const float f = (float)i / 4;
        put(&b, &f, sizeof f);
    }
    return b;
}

static void write_pair(uint32_t minor, int floats, size_t more) {
    bytes b = weights(minor, floats);
    for (size_t i = 0; i < more; i++) put_le(&b, 1, 1);
    write_bytes(scratch_file("n.cfg"), cfg, sizeof cfg - 1);
    write_bytes(scratch_file("n.weights"), b.p, b.n);
    drop(&b);
}

static void check_values(gd_ckpt *c) {
    static const struct {
        const char *name;
        int         ndim;
        int64_t     dim[4];
        float       first;
    } want[] = {{"0.bn.bias", 1, {2}, 0},
                {"0.bn.weight", 1, {2}, 2},
                {"0.bn.running_mean", 1, {2}, 4},
                {"0.bn.running_var", 1, {2}, 6},
                {"0.conv.weight", 4, {2, 3, 1, 1}, 8},
                {"1.conv.bias", 1, {8}, 14},
                {"1.conv.weight", 4, {8, 2, 1, 1}, 22}};
    gd_error err;
    assert_string_equal(gd_ckpt_format(c), "darknet");
    assert_int_equal(gd_ckpt_count(c), 7);
    for (int i = 0; i < 7; i++) {
        const gd_ckpt_tensor *t = gd_ckpt_at(c, i);
        float                 v[16];
        assert_string_equal(t->name, want[i].name);
        assert_int_equal(t->ndim, want[i].ndim);
        for (int d = 0; d < t->ndim; d++) assert_int_equal(t->dim[d], want[i].dim[d]);
        gd_assert_ok(gd_ckpt_read_f32(c, t, v, &err), &err);
        for (int k = 0; k < t->numel; k++) assert_true(v[k] * 4 == want[i].first + (float)k);
    }
    assert_string_equal(gd_ckpt_meta(c, "n_class"), "3");
    assert_string_equal(gd_ckpt_meta(c, "input.size"), "32x64");
    assert_non_null(
        strstr(gd_ckpt_meta(c, "darknet.cfg"), "[net]\nwidth=64\nheight=32\n[conv"));
}

static void either_name(void **state) {
    (void)state;
    char     hash[2][65];
    gd_error err;
    gd_ckpt *c;
    for (uint32_t minor = 1; minor <= 2; minor++) {
        write_pair(minor, FLOATS, 0);
        for (int i = 0; i < 2; i++) {
            const char *path = scratch_file(i ? "n.cfg" : "n.weights");
            gd_assert_ok(gd_ckpt_open(path, NULL, &c, &err), &err);
            check_values(c);
            assert_int_equal(gd_ckpt_file_size(c),
                             sizeof cfg - 1 + (minor < 2 ? 16 : 20) + 4 * FLOATS);
            gd_assert_ok(gd_ckpt_sha256(c, hash[i], &err), &err);
            gd_ckpt_close(c);
        }
        assert_string_equal(hash[0], hash[1]);
    }
}

static void another_name(void **state) {
    (void)state;
    char            other[512];
    gd_error        err;
    gd_ckpt        *c;
    gd_ckpt_options opt = {.weights = other};
    write_pair(2, FLOATS, 0);
    strcpy(other, scratch_file("best.bin"));
    assert_int_equal(rename(scratch_file("n.weights"), other), 0);
    gd_assert_ok(gd_ckpt_open(scratch_file("n.cfg"), &opt, &c, &err), &err);
    check_values(c);
    gd_ckpt_close(c);
    /* It is not beside it under its name, and the other one goes with a .cfg only. */
    assert_int_equal(gd_ckpt_open(scratch_file("n.cfg"), NULL, &c, &err), GD_ERR_IO);
    assert_non_null(strstr(err.hint, "--weights"));
    assert_int_equal(gd_ckpt_open(other, NULL, &c, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 439);
    assert_int_equal(gd_ckpt_open(other, &opt, &c, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 439);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(mkdir(scratch_file("n.weights"), 0700), 0);
    assert_int_not_equal(gd_ckpt_open(scratch_file("n.cfg"), NULL, &c, &err), GD_OK);
    assert_null(c);
    assert_int_equal(rmdir(scratch_file("n.weights")), 0);
}

static void companions(void **state) {
    (void)state;
    char to[16];
    assert_true(gd_ckpt_companion("a/b.cfg", to, sizeof to));
    assert_string_equal(to, "a/b.weights");
    assert_true(gd_ckpt_companion("a.cfg.weights", to, sizeof to));
    assert_string_equal(to, "a.cfg.cfg");
    assert_false(gd_ckpt_companion(".cfg", to, sizeof to));
    assert_false(gd_ckpt_companion("a.pth", to, sizeof to));
    assert_false(gd_ckpt_companion("long/name.cfg", to, sizeof to));
}

/* Every length but the right one, with the numbers in the message. */
static void lengths(void **state) {
    (void)state;
    gd_error err;
    gd_ckpt *c;
    bytes    b = weights(2, FLOATS + 2);
    write_bytes(scratch_file("n.cfg"), cfg, sizeof cfg - 1);
    for (size_t n = 0; n <= b.n; n++) {
        write_bytes(scratch_file("n.weights"), b.p, n);
        const gd_status st = gd_ckpt_open(scratch_file("n.cfg"), NULL, &c, &err);
        assert_int_equal(st, n == 172 ? GD_OK : GD_ERR_FORMAT);
        if (n != 172) assert_int_equal(err.code, 438);
        gd_ckpt_close(c);
    }
    drop(&b);
    write_pair(2, FLOATS - 1, 3);
    assert_int_equal(gd_ckpt_open(scratch_file("n.weights"), NULL, &c, &err), GD_ERR_FORMAT);
    assert_non_null(strstr(err.msg, ": 171 bytes, "));
    assert_non_null(strstr(err.msg, "asks for 172: 1 are missing"));
    assert_non_null(strstr(err.why, "it ends in layer 1, 95 bytes into it"));
    write_pair(2, FLOATS, 4);
    assert_int_equal(gd_ckpt_open(scratch_file("n.weights"), NULL, &c, &err), GD_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "asks for 172: 4 too many"));
}

static void headers(void **state) {
    (void)state;
    gd_error err;
    gd_ckpt *c;
    write_bytes(scratch_file("n.cfg"), cfg, sizeof cfg - 1);
    for (size_t at = 0; at < 8; at += 4) {
        bytes b = weights(2, FLOATS);
        set_le(&b, at, 1001, 4);
        write_bytes(scratch_file("n.weights"), b.p, b.n);
        assert_int_equal(gd_ckpt_open(scratch_file("n.cfg"), NULL, &c, &err), GD_ERR_FORMAT);
        assert_int_equal(err.code, 438);
        drop(&b);
    }
    /* NaN is told, and refused when that is asked for. */
    const gd_ckpt_options strict = {.strict = true};
    bytes                 b = weights(2, FLOATS);
    set_le(&b, 20 + 4 * 30, 0x7fc00000, 4);
    write_bytes(scratch_file("n.weights"), b.p, b.n);
    gd_assert_ok(gd_ckpt_open(scratch_file("n.cfg"), NULL, &c, &err), &err);
    assert_true(warned(c, 441));
    gd_ckpt_close(c);
    assert_int_equal(gd_ckpt_open(scratch_file("n.cfg"), &strict, &c, &err), GD_ERR_FORMAT);
    drop(&b);
}

/* A .cfg that claims a terabyte of weights costs nothing. */
static void claims(void **state) {
    (void)state;
    static const char huge[] =
        "[net]\nwidth=64\nheight=64\n[convolutional]\nfilters=65536\nactivation=linear\n"
        "[convolutional]\nfilters=65536\nsize=63\npad=1\nactivation=linear\n"
        "[convolutional]\nfilters=8\nactivation=linear\n"
        "[yolo]\nmask=0\nanchors=1,2\nclasses=3\n";
    gd_error err;
    gd_ckpt *c;
    write_pair(2, FLOATS, 0);
    write_bytes(scratch_file("n.cfg"), huge, sizeof huge - 1);
    assert_int_equal(gd_ckpt_open(scratch_file("n.cfg"), NULL, &c, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 438);
    assert_non_null(strstr(err.msg, "are missing"));
    write_bytes(scratch_file("n.cfg"), "[net]\nwidth=64\nheight=64\n[nonsense]\n", 36);
    assert_int_equal(gd_ckpt_open(scratch_file("n.cfg"), NULL, &c, &err), GD_ERR_FORMAT);
    assert_int_equal(err.code, 437);
    assert_non_null(strstr(err.msg, "n.cfg: line 4: [nonsense] is not read"));
}

static void memory_ends(void **state) {
    (void)state;
    bool ended = false;
    char path[512];
    write_pair(2, FLOATS, 0);
    strcpy(path, scratch_file("n.weights"));
    for (long n = 1; !ended && n < 1000; n++) {
        meter          m = {.fail_at = n};
        const gd_alloc hook = {&m, meter_get, meter_put};
        gd_error       err = {0};
        gd_ckpt       *c = NULL;
        gd_mem_hook(&hook);
        const gd_status st = gd_ckpt_open(path, NULL, &c, &err);
        gd_ckpt_close(c);
        gd_mem_hook(NULL);
        assert_int_equal(m.live, 0);
        ended = st == GD_OK && m.count < n;
        if (st != GD_OK && st != GD_ERR_NOMEM) fail_msg("request %ld: %s", n, err.msg);
    }
    assert_true(ended);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(either_name), cmocka_unit_test(another_name),
        cmocka_unit_test(companions),  cmocka_unit_test(lengths),
        cmocka_unit_test(headers),     cmocka_unit_test(claims),
        cmocka_unit_test(memory_ends)};
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
