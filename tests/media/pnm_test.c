/* pnm_test.c -- the walk over PNM headers: numbers, comments, maxima, sizes. */
#include "tests/media/make.h"

static int code_of(const char *head, size_t pixels) {
    gd_source s;
    gd_error  err;
    char      file[256] = {0};
    size_t    n = strlen(head);
    memcpy(file, head, n);
    made m = {(unsigned char *)file, n + pixels};
    return door(&m, false, &s, &err) == GD_OK ? 0 : err.code;
}

static void headers(void **state) {
    (void)state;
    const struct {
        const char *head;
        size_t      pixels;
        int         code;
    } cases[] = {
        {"P6 2 2 255\n", 12, 0},
        {"P5 2 2 255\n", 4, 0},
        {"P5\n#a\n2#b\n\t2\r255 ", 4, 0},
        {"P5 2 2 255\n", 9, 0}, /* more behind: another picture */
        {"P6 2 2 255\n", 11, 303},
        {"P5 2 2 255\n", 3, 303},
        {"P5 2 2 255", 0, 303},
        {"P5 2 2 ", 0, 303},
        {"P5 2 ", 0, 303},
        {"P5 ", 0, 303},
        {"P5 #", 0, 303},
        {"P5 2 2 255x", 4, 304},
        {"P5 -2 2 255\n", 4, 304},
        {"P5 2 +2 255\n", 4, 304},
        {"P5 2 2.0 255\n", 4, 304},
        {"P5 0x2 2 255\n", 4, 304},
        {"P5 0 2 255\n", 4, 304},
        {"P5 2 0 255\n", 4, 304},
        {"P5 2 2 0\n", 4, 304},
        {"P5 2 2 254\n", 4, 306},
        {"P5 2 2 256\n", 8, 306},
        {"P5 2 2 65535\n", 8, 306},
        {"P5 2 2 65536\n", 8, 304},
        {"P5 2 2 18446744073709551615\n", 8, 304},
        {"P5 4294967298 2 255\n", 4, 305},
        {"P5 65535 65535 255\n", 4, 305},
        {"P1 1 1\n1\n", 0, 306},
        {"P2 1 1 255\n1\n", 0, 306},
        {"P3 1 1 255\n1 1 1\n", 0, 306},
        {"P4 8 1\n", 1, 306},
        {"P7\nWIDTH 1\n", 9, 306},
        {"PF\n1 1\n-1.0\n", 12, 306},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int code = code_of(cases[i].head, cases[i].pixels);
        if (code != cases[i].code)
            fail_msg("%s: E%d, not E%d", cases[i].head, code, cases[i].code);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(headers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
