/* sha256_test.c -- the vectors of NIST (FIPS 180-4 examples), whole and in pieces. */
#include "tests/gd_test.h"

#include "engine/sha256.h"

static const struct {
    const char *text, *hex;
    size_t      times;
} vector[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 1},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", 1},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
     "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1", 1},
    {"a", "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", 1000000},
};

static void known_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++) {
        gd_sha256     s;
        unsigned char digest[32];
        char          hex[65];
        gd_sha256_start(&s);
        for (size_t k = 0; k < vector[i].times; k++)
            gd_sha256_add(&s, vector[i].text, strlen(vector[i].text));
        gd_sha256_end(&s, digest);
        gd_sha256_hex(digest, hex);
        assert_string_equal(hex, vector[i].hex);
    }
}

/* Every way to cut 200 bytes in two gives the digest of the whole. */
static void pieces(void **state) {
    (void)state;
    unsigned char data[200], whole[32], cut[32];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * 7);
    for (size_t n = 0; n <= sizeof data; n++) {
        gd_sha256 s;
        gd_sha256_start(&s);
        gd_sha256_add(&s, data, n);
        gd_sha256_end(&s, whole);
        for (size_t k = 0; k <= n; k++) {
            gd_sha256_start(&s);
            gd_sha256_add(&s, data, k);
            gd_sha256_add(&s, data + k, n - k);
            gd_sha256_end(&s, cut);
            assert_memory_equal(whole, cut, 32);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors),
        cmocka_unit_test(pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
