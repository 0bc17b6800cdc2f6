/* bounded_test.c -- R5: a hostile file is refused in under a second of CPU time and with less
 * than 64 MiB of memory above its own size, whatever it claims. Each case runs in a child with
 * limits. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/weights/import/ckpt_make.h"

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

enum { REFUSED = 10, ACCEPTED = 11, OTHER = 12 };

/* Bytes of address space this process has now: the limit is set above it. */
static size_t address_space(void) {
    long  pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void child(const char *path, size_t file_size) {
    const struct rlimit cpu = {1, 1};
    const struct rlimit space = {address_space() + file_size + (64u << 20),
                                 address_space() + file_size + (64u << 20)};
    gd_error            err = {0};
    gd_ckpt            *c = NULL;
    /* AddressSanitizer reserves terabytes, and is several times slower. */
    if (!SANITIZED && (setrlimit(RLIMIT_AS, &space) != 0 || setrlimit(RLIMIT_CPU, &cpu) != 0))
        _exit(OTHER);
    gd_status st = gd_ckpt_open(path, &(gd_ckpt_options){.allow_deflate = true}, &c, &err);
    if (st == GD_ERR_NOMEM || st == GD_ERR_IO)
        fprintf(stderr, "%s: %s\n", gd_status_name(st), err.msg);
    _exit(st == GD_OK                                       ? ACCEPTED
          : st == GD_ERR_FORMAT || st == GD_ERR_UNSUPPORTED ? REFUSED
                                                            : OTHER);
}

static void bounded(const char *name, const bytes *b) {
    int status = 0;
    write_bytes(scratch_file("x"), b->p, b->n);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) child(scratch_file("x"), b->n);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != REFUSED)
        fail_msg("%s (%zu bytes): exit %d, signal %d", name, b->n, WEXITSTATUS(status),
                 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* A pickle of one opcode sequence many times, inside a sound archive. */
static void pickle_case(const char *name, const char *head, const char *s, size_t n,
                        size_t times, const char *tail) {
    bytes p = {0}, b = {0};
    put_text(&p, head);
    for (size_t i = 0; i < times; i++) put(&p, s, n);
    put_text(&p, tail);
    put_ckpt(&b, &p, 48, 0);
    bounded(name, &b);
    drop(&b);
    drop(&p);
}

static void pickles(void **state) {
    (void)state;
    pickle_case("lists on the stack", "", "]", 1, 4 << 20, ".");
    pickle_case("objects", "", "]0", 2, 4 << 20, "N.");
    pickle_case("opcodes", "N", "20", 2, 9 << 20, ".");
    pickle_case("one list", "]", "K\1a", 3, 4 << 20, ".");
    pickle_case("one dict", "}", "K\1K\1s", 5, 2 << 20, ".");
    pickle_case("names", "", "cos\na\n0", 7, 1 << 20, "N.");
    pickle_case("odd names", "", "cos\naa\n", 7, 1 << 19, "N.");
    pickle_case("nested lists", "", "]", 1, 1 << 19, "aaaaaaaa.");
    pickle_case("a memo entry far away", "Nr\xff\xff\x3f", "", 0, 0, ".");
    pickle_case("floats", "",
                "G12345678"
                "0",
                10, 2 << 20, "N.");
    bytes p = {0}, b = {0};
    put_text(&p, "Nr");
    put_le(&p, (4 << 20) - 1, 4);
    for (int i = 0; i < 1 << 21; i++) put_text(&p, "]0");
    put_text(&p, ".");
    put_ckpt(&b, &p, 48, 0);
    bounded("a full memo and objects", &b);
    drop(&b);
    drop(&p);
}

static void headers(void **state) {
    (void)state;
    bytes b = {0}, h = {0};
    put_text(&h, "{");
    for (int i = 0; i < 1 << 18; i++) put_text(&h, "\"abcdefgh\":{\"a\":[[[],[],[]],[[]]]},");
    put_le(&b, h.n, 8);
    put(&b, h.p, h.n);
    bounded("safetensors of small arrays", &b);
    b.n = h.n = 0;
    put_text(&h, "{\"__metadata__\":{\"a\":\"\"");
    for (int i = 0; i < 1 << 16; i++) {
        char s[32];
        snprintf(s, sizeof s, ",\"%x\":\"\"", i);
        put_text(&h, s);
    }
    put_text(&h, "},\"w\":[]}");
    put_le(&b, h.n, 8);
    put(&b, h.p, h.n);
    bounded("safetensors of metadata", &b);
    b.n = 0;
    put_text(&b, "{\"weight_map\":{");
    for (int i = 0; i < 200000; i++) {
        char s[32];
        snprintf(s, sizeof s, "\"%x\":\"x\",", i);
        put_text(&b, s);
    }
    put_text(&b, "\"z\":[]}}");
    bounded("index of shards", &b);
    drop(&h);
    drop(&b);
}

/* Many views of one storage: more bytes of tensors than the file could hold. */
static void views(void **state) {
    (void)state;
    bytes      p = {0}, b = {0};
    const view v = {"FloatStorage", "0", 12, 0, 2, {1000, 12}, {0, 1}};
    pk_start(&p);
    put_text(&p, "}");
    for (int i = 0; i < 20000; i++) {
        char name[32];
        snprintf(name, sizeof name, "w%d", i);
        pk_item(&p, name, &v);
    }
    put_text(&p, ".");
    put_ckpt(&b, &p, 48, 0);
    bounded("expanded views", &b);
    drop(&b);
    drop(&p);
}

static void deflated(void **state) {
    (void)state;
    bytes          b = {0}, coded = {0};
    z_stream       z = {0};
    unsigned char *zeros = calloc(1, 60 << 20);
    assert_non_null(zeros);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    coded.p = malloc(coded.room = deflateBound(&z, 60 << 20));
    z.next_in = zeros;
    z.avail_in = 60 << 20;
    z.next_out = coded.p;
    z.avail_out = (uInt)coded.room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    coded.n = z.total_out;
    deflateEnd(&z);
    free(zeros);
    for (int big = 0; big < 2; big++) {
        /* The pickle itself is the bomb: 60 MiB, or 30 MiB which is within the limit. */
        entry e = {.name = "a/data.pkl",
                   .data = coded.p,
                   .n = coded.n,
                   .method = 8,
                   .inflated = big ? 60 << 20 : 30 << 20};
        b.n = 0;
        put_zip(&b, &e, 1);
        bounded("a deflated pickle", &b);
    }
    drop(&coded);
    drop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pickles),
        cmocka_unit_test(headers),
        cmocka_unit_test(views),
        cmocka_unit_test(deflated),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
