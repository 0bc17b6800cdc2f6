/* pickle_test.c -- the pickle machine by itself: every opcode starved, every length lied
 * about. */
#include "tests/gd_meter.h"
#include "tests/weights/import/ckpt_make.h"

#include "engine/mem.h"
#include "weights/import/pickle.h"

enum { LIMIT = 32 << 20 };

static gd_status run(gd_pickle *p, const void *s, size_t n, gd_error *err) {
    *p = (gd_pickle){.arena = {.limit = LIMIT}};
    *err = (gd_error){0};
    return gd_pickle_run(p, s, n, 0, "test", err);
}

static void refuse(const void *s, size_t n, int code) {
    gd_pickle p;
    gd_error  err;
    gd_status st = run(&p, s, n, &err);
    gd_pickle_free(&p);
    if (st == GD_OK || err.code != code)
        fail_msg("E%d was expected, got E%d: %s", code, err.code, err.msg);
}

static void refuse_text(const char *s, int code) { refuse(s, strlen(s), code); }

static void values(void **state) {
    (void)state;
    static const char s[] =
        "\x80\x04\x95\0\0\0\0\0\0\0\0"
        "(K\x07M\x34\x12J\xff\xff\xff\xff\x8a\x02\x00\xff\x8a\x09"
        "123456789G\x3f\xf8\0\0\0\0\0\0X\2\0\0\0hi\x8c\2yo\x8d\1\0\0\0\0\0\0\0z"
        "C\1b\x8e\1\0\0\0\0\0\0\0c\x96\1\0\0\0\0\0\0\0dU\1sN\x88\x89t.";
    gd_pickle p;
    gd_error  err;
    gd_assert_ok(run(&p, s, sizeof s - 1, &err), &err);
    const gd_pnode *t = gd_pickle_at(&p, p.root);
    assert_int_equal(t->kind, GD_P_TUPLE);
    assert_int_equal(t->n, 16);
    static const int64_t ints[] = {7, 0x1234, -1, -256};
    for (int i = 0; i < 4; i++) assert_int_equal(gd_pickle_at(&p, t->items[i])->i, ints[i]);
    assert_int_equal(gd_pickle_at(&p, t->items[4])->kind, GD_P_BIG);
    assert_true(gd_pickle_at(&p, t->items[5])->f == 1.5);
    assert_true(gd_pickle_is(&p, t->items[6], "hi"));
    assert_true(gd_pickle_is(&p, t->items[7], "yo"));
    assert_true(gd_pickle_is(&p, t->items[8], "z"));
    for (int i = 9; i < 12; i++)
        assert_int_equal(gd_pickle_at(&p, t->items[i])->kind, GD_P_BYTES);
    assert_true(gd_pickle_is(&p, t->items[12], "s"));
    assert_int_equal(gd_pickle_at(&p, t->items[13])->kind, GD_P_NONE);
    assert_int_equal(gd_pickle_at(&p, t->items[14])->i, 1);
    assert_int_equal(gd_pickle_at(&p, t->items[15])->i, 0);
    assert_int_equal(p.protocol, 4);
    gd_pickle_free(&p);
}

static void containers(void **state) {
    (void)state;
    gd_pickle p;
    gd_error  err;
    /* {1: [2, 3, 4], 5: {6}}, the list through the memo, with a dropped mark and duplicate. */
    static const char t[] = "\x80\4}\x94K\1]\x94K\2a(K\3K\4e"
                            "sK\5(K\6\x91s(K\7\x8f(K\x08\x90u.";
    gd_assert_ok(run(&p, t, sizeof t - 1, &err), &err);
    const gd_pnode *d = gd_pickle_at(&p, p.root);
    assert_int_equal(d->kind, GD_P_DICT);
    assert_int_equal(d->n, 3);
    const gd_pnode *l = gd_pickle_at(&p, d->items[1]);
    assert_int_equal(l->n, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(gd_pickle_at(&p, l->items[i])->i, 2 + i);
    assert_int_equal(gd_pickle_at(&p, d->items[3])->kind, GD_P_SET);
    assert_int_equal(gd_pickle_at(&p, d->items[5])->n, 1);
    gd_pickle_free(&p);
    gd_assert_ok(run(&p, "(0(1K\1N0(K\2K\3l0(K\4K\5d020.", 28, &err), &err);
    gd_pickle_free(&p);
}

/* P2: opcodes that make other readers look something up, or that only text protocols have. */
static void refused_opcodes(void **state) {
    (void)state;
    static const char known[] = "(012NJKMGXTUBC]aelt)}dsucRbQqrhj.";
    for (unsigned op = 0; op < 256; op++) {
        bool ours = (op && strchr(known, (int)op)) || (op >= 0x80 && op <= 0x81) ||
                    (op >= 0x85 && op <= 0x96);
        unsigned char s[] = {0x80, 2, (unsigned char)op, '.'};
        if (!ours) refuse(s, sizeof s, 410);
    }
    refuse_text("\x80\6N.", 410);
    refuse_text("\x80\1N.", 410);
}

/* P3: each opcode with less on the stack than it takes, with and without a mark below. */
static void underflow(void **state) {
    (void)state;
    static const char *const s[] = {
        "0.",     "1.",          "2.",      "a.",      "]a.",       "e.",    "(e.",
        "K\1a.",  "l.",          "t.",      "d.",      "(K\1d.",    "s.",    "}s.",
        "}K\1s.", "u.",          "(u.",     "}(K\1u.", "\x85.",     "\x86.", "K\1\x86.",
        "\x87.",  "K\1K\2\x87.", "\x90.",   "(\x90.",  "\x91.",     "R.",    "NR.",
        "\x81.",  "N\x81.",      "\x92.",   "NN\x92.", "b.",        "Nb.",   "Q.",
        "q\1.",   "r\1\1\1\1.",  "\x94.",   "\x93.",   "N\x93.",    "(.",    ".",
        "NN.",    "K\1(a.",      "](K\1a.", "(]1a.",   "}(K\1K\2s."};
    for (size_t i = 0; i < sizeof s / sizeof *s; i++) {
        print_message("case %zu\n", i);
        gd_pickle p;
        gd_error  err;
        gd_status st = run(&p, s[i], strlen(s[i]), &err);
        gd_pickle_free(&p);
        assert_int_not_equal(st, GD_OK);
        assert_int_equal(err.code, 411);
    }
}

/* P5: lengths of 2^63, 2 GiB, 4 GiB in a few bytes. */
static void lengths(void **state) {
    (void)state;
    static const unsigned char wide[] = {0x8d, 0x8e, 0x96, 0x95};
    for (size_t i = 0; i < sizeof wide; i++)
        for (unsigned top = 0; top < 256; top += 51) {
            unsigned char s[10] = {wide[i], 0, 0, 0, 0, 1, 0, 0, (unsigned char)top, '.'};
            refuse(s, sizeof s, 411);
        }
    refuse("\x8b\xff\xff\xff\x7f.", 6, 411);
    refuse("\x8b\xff\xff\xff\xff.", 6, 411);
    refuse("X\xff\xff\xff\xff.", 6, 411);
    refuse("B\xff\xff\xff\x7f.", 6, 411);
    refuse("T\xff\xff\xff\x7f.", 6, 411);
    refuse("\x8a\xff.", 3, 411);
    refuse("\x8c\xff.", 3, 411);
    refuse("cos", 3, 411);
    refuse("cos\nsystem", 10, 411);
    refuse("c\n\n.", 4, 411);
    refuse("h\1.", 3, 411);
    refuse("j\xff\xff\xff\xff.", 6, 411);
}

/* Cut after every byte: "ran out" is said, so that a legacy reader knows to read on. */
static void truncation(void **state) {
    (void)state;
    bytes      b = {0};
    const view v = {"FloatStorage", "0", 4, 0, 1, {4}, {1}};
    pk_start(&b);
    put_text(&b, "}");
    pk_item(&b, "w", &v);
    put_text(&b, ".");
    for (size_t n = 0; n <= b.n; n++) {
        unsigned char *exact = malloc(n + 1); /* so that a read beyond n is seen */
        gd_pickle      p;
        gd_error       err;
        assert_non_null(exact);
        memcpy(exact, b.p, n);
        exact = realloc(exact, n ? n : 1);
        gd_status st = run(&p, exact, n, &err);
        assert_int_equal(st == GD_OK, n == b.n);
        assert_int_equal(p.ran_out, n < b.n);
        gd_pickle_free(&p);
        free(exact);
    }
    drop(&b);
}

static bytes repeated(const char *head, const char *s, size_t n_s, size_t times,
                      const char *tail) {
    bytes b = {0};
    put_text(&b, head);
    b.p = realloc(b.p, b.room = b.n + n_s * times + 64);
    assert_non_null(b.p);
    for (size_t i = 0; i < times; i++, b.n += n_s) memcpy(b.p + b.n, s, n_s);
    put_text(&b, tail);
    return b;
}

/* P4: more of anything than the limits. */
static void limits(void **state) {
    (void)state;
    static const struct {
        const char *head, *s;
        size_t      n, times;
        const char *tail;
    } t[] = {
        {"", "]", 1, 10 << 20, "."},       /* stack */
        {"", "(", 1, 2000, "."},           /* marks */
        {"", "]0", 2, 8 << 20, "N."},      /* objects */
        {"N", "20", 2, 9 << 20, "."},      /* opcodes */
        {"Nr\xff\xff\x3f", "", 0, 0, ""},  /* filled below: a memo entry beyond the limit */
        {"]", "K\1a", 3, 5500000, "."},    /* one long list */
        {"}", "K\1K\1s", 5, 3 << 20, "."}, /* one large dict */
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        bytes b = repeated(t[i].head, t[i].s, t[i].n, t[i].times, t[i].tail);
        if (i == 4) {
            b.n = 0;
            put(&b, "Nr\x00\x00\x40\x00.", 7);
        }
        print_message("case %zu\n", i);
        refuse(b.p, b.n, 412);
        drop(&b);
    }
}

/* A7: the n-th request for memory fails, for every n: said so, and nothing is left. */
static void allocation_fails(void **state) {
    (void)state;
    bytes b = repeated("", "]q\xff", 3, 600, "");
    put_text(&b, "r");
    put_le(&b, 5000, 4);
    for (int i = 0; i < 599; i++) put_text(&b, "a");
    put_text(&b, ".");
    bool ended = false;
    for (long n = 1; !ended && n < 1000; n++) {
        meter          m = {.fail_at = n};
        const gd_alloc hook = {&m, meter_get, meter_put};
        gd_pickle      p;
        gd_error       err;
        gd_mem_hook(&hook);
        gd_status st = run(&p, b.p, b.n, &err);
        gd_pickle_free(&p);
        gd_mem_hook(NULL);
        assert_int_equal(m.live, 0);
        ended = st == GD_OK;
        if (!ended) assert_int_equal(st, GD_ERR_NOMEM);
    }
    assert_true(ended);
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),    cmocka_unit_test(containers),
        cmocka_unit_test(underflow), cmocka_unit_test(refused_opcodes),
        cmocka_unit_test(lengths),   cmocka_unit_test(truncation),
        cmocka_unit_test(limits),    cmocka_unit_test(allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
