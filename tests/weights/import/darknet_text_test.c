/* darknet_text_test.c -- lines of a .cfg: what is read, what is refused and where, values. */
#include "tests/gd_test.h"

#include "weights/import/darknet_text.h"

typedef struct split {
    gd_arena        arena;
    gd_cfg_section *s;
    int             n;
    gd_error        err;
} split;

static gd_status cut(split *p, const char *text, size_t n) {
    *p = (split){.n = -1};
    return gd_cfg_split("x.cfg", text, n, &p->arena, &p->s, &p->n, &p->err);
}

static void sections(void **state) {
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf# \xe7\xbd\x91 any bytes\n\n [ net ]\r\n width = 3 2\n"
        "; more\nheight=4 # said\n[yolo]\n[yolo]\n\tmask=1, 2 ,3";
    split p;
    gd_assert_ok(cut(&p, text, sizeof text - 1), &p.err);
    assert_int_equal(p.n, 3);
    assert_string_equal(p.s[0].name, "net");
    assert_int_equal(p.s[0].line, 3);
    assert_int_equal(p.s[0].n_pair, 2);
    assert_string_equal(gd_cfg_find(&p.s[0], "width")->value, "32");
    assert_int_equal(gd_cfg_find(&p.s[0], "height")->line, 6);
    assert_string_equal(gd_cfg_find(&p.s[0], "height")->value, "4");
    assert_int_equal(p.s[1].n_pair, 0);
    assert_string_equal(p.s[2].pair[0].value, "1,2,3");
    assert_null(gd_cfg_find(&p.s[2], "width"));
    assert_string_equal(gd_cfg_join(p.s, p.n, &p.arena),
                        "[net]\nwidth=32\nheight=4\n[yolo]\n[yolo]\nmask=1,2,3\n");
    gd_arena_free(&p.arena);
    gd_assert_ok(cut(&p, "", 0), &p.err);
    assert_int_equal(p.n, 0);
    gd_arena_free(&p.arena);
}

static void lines_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
        size_t      n;
    } bad[] = {{"[net", "line 1: '[net' is no [section]", 0},
               {"\n[]", "line 2: '[]' is no [section]", 0},
               {"[", "line 1: '[' is no [section]", 0},
               {"a=1", "line 1: 'a=1' stands before any [section]", 0},
               {"[a]\nb", "line 2: 'b' is neither", 0},
               {"[a]\n=1", "line 2: '=1' is neither", 0},
               {"[a]\nb=", "line 2: 'b=' is neither", 0},
               {"[a]\nb=1\nc=2\n\nb=1", "line 5: 'b' stands in line 2 already", 0},
               {"[a]\nb=\x80", "line 2: a byte that", 0},
               {"[a]\nb=\x01", "line 2: a byte that", 0},
               {"[a]\n\0", "line 2: a byte that", 5}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        split p;
        assert_int_equal(cut(&p, bad[i].text, bad[i].n ? bad[i].n : strlen(bad[i].text)),
                         GD_ERR_FORMAT);
        assert_int_equal(p.err.code, 437);
        if (!strstr(p.err.msg, bad[i].said)) fail_msg("%s, not %s", p.err.msg, bad[i].said);
        assert_null(p.s);
        gd_arena_free(&p.arena);
    }
}

/* Lengths: of the file, of a section, and every truncation of a text. */
static void bounds(void **state) {
    (void)state;
    split  p;
    char  *big = malloc(GD_CFG_MAX_TEXT + 1);
    size_t n = 0;
    assert_non_null(big);
    memset(big, '\n', GD_CFG_MAX_TEXT + 1);
    assert_int_equal(cut(&p, big, GD_CFG_MAX_TEXT + 1), GD_ERR_FORMAT);
    gd_arena_free(&p.arena);
    gd_assert_ok(cut(&p, big, GD_CFG_MAX_TEXT), &p.err);
    assert_true(p.arena.used < 64u << 20);
    gd_arena_free(&p.arena);
    n += (size_t)sprintf(big, "[a]\n");
    for (int i = 0; i <= GD_CFG_MAX_PAIRS; i++) n += (size_t)sprintf(big + n, "k%d=1\n", i);
    assert_int_equal(cut(&p, big, n), GD_ERR_FORMAT);
    assert_non_null(strstr(p.err.msg, "more than 128 keys"));
    gd_arena_free(&p.arena);
    for (size_t k = 0; k < 60; k++) {
        char *exact = malloc(k + 1); /* no byte behind it */
        assert_non_null(exact);
        memcpy(exact, big, k);
        if (cut(&p, exact, k) == GD_OK) assert_true(p.n <= 1);
        gd_arena_free(&p.arena);
        free(exact);
    }
    free(big);
}

static void values(void **state) {
    (void)state;
    static const char text[] =
        "[a]\ni=-12\nj=007\nf=.5\ng=+1.25\nh=3.\nw=two\nl=1,2.5,\n"
        "e=1e3\nd=1.2.3\nx=12a\nm=1,,2\nz=2.5\n"
        "big=99999999999999999999\nlong=1111111111111111111111111111111\n";
    static const char *const words[] = {"one", "two", NULL};
    split                    p;
    int                      i, n;
    float                    f, l[3];
    gd_error                 err;
    gd_assert_ok(cut(&p, text, sizeof text - 1), &p.err);
    const gd_cfg_section *s = p.s;
    gd_assert_ok(gd_cfg_int(s, "i", 0, -12, 3, &i, &err), &err);
    assert_int_equal(i, -12);
    gd_assert_ok(gd_cfg_int(s, "j", 0, 0, 7, &i, &err), &err);
    assert_int_equal(i, 7);
    gd_assert_ok(gd_cfg_int(s, "none", 5, 0, 1, &i, &err), &err);
    assert_int_equal(i, 5);
    gd_assert_ok(gd_cfg_float(s, "f", 0, 0, 1, &f, &err), &err);
    assert_true(f == 0.5f);
    gd_assert_ok(gd_cfg_float(s, "g", 0, 0, 2, &f, &err), &err);
    assert_true(f == 1.25f);
    gd_assert_ok(gd_cfg_float(s, "h", 0, 0, 3, &f, &err), &err);
    assert_true(f == 3.0f);
    gd_assert_ok(gd_cfg_word(s, "w", 0, words, &i, &err), &err);
    assert_int_equal(i, 1);
    gd_assert_ok(gd_cfg_floats(s, "l", 2, 0, 3, l, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_true(l[1] == 2.5f);
    gd_assert_ok(gd_cfg_floats(s, "none", 2, 0, 3, l, &n, &err), &err);
    assert_int_equal(n, 0);
    static const char *const wrong[] = {"w", "e", "d", "x", "m", "z", "big", "long", "l", "i"};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        assert_int_equal(gd_cfg_int(s, wrong[k], 0, 0, 1000, &i, &err), GD_ERR_FORMAT);
        assert_int_equal(err.code, 437);
    }
    assert_int_equal(gd_cfg_ints(s, "l", 3, 0, 9, &i, &n, &err), GD_ERR_FORMAT);
    assert_int_equal(gd_cfg_floats(s, "l", 1, 0, 9, &f, &n, &err), GD_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "line 8: l has more than 1 number"));
    assert_int_equal(gd_cfg_word(s, "i", 0, words, &i, &err), GD_ERR_FORMAT);
    assert_non_null(strstr(err.msg, "read are one, two"));
    gd_arena_free(&p.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sections),
                                       cmocka_unit_test(lines_refused),
                                       cmocka_unit_test(bounds), cmocka_unit_test(values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
