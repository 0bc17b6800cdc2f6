/* convert_fault_test.c -- a conversion when the n-th allocation fails or the disk is full. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tools/convert/convert.h"
#include "tools/convert/join.h"
#include "weights/gdw.h"

static gd_error err;
static char     dir[] = "/tmp/convert_fault.XXXXXX", input[64], output[64];

/* A safetensors file with every weight of the architecture; element i of a tensor is i. */
static void make_input(const char *name) {
    gd_arena              arena = {0};
    const gd_weight_spec *spec;
    int                   count;
    size_t                at = 0, room = 1 << 20, n = 8;
    char                 *head = calloc(1, room);
    gd_assert_ok(gd_arch_weights(gd_arch_find(name), 0, NULL, &arena, &spec, &count, &err),
                 &err);
    for (int i = 0; i < count; i++) {
        const int64_t *d = spec[i].dim;
        size_t         bytes = 4;
        for (int k = 0; k < spec[i].ndim; k++) bytes *= (size_t)d[k];
        n += (size_t)snprintf(head + n, room - n, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[",
                              i ? "," : "{", spec[i].name);
        if (spec[i].kind == GD_WEIGHT_CONV)
            n += (size_t)snprintf(head + n, room - n, "%d,%d,%d,%d", (int)d[0], (int)d[3],
                                  (int)d[1], (int)d[2]);
        else
            for (int k = 0; k < spec[i].ndim; k++)
                n += (size_t)snprintf(head + n, room - n, k ? ",%d" : "%d", (int)d[k]);
        n += (size_t)snprintf(head + n, room - n, "],\"data_offsets\":[%zu,%zu]}", at,
                              at + bytes);
        at += bytes;
    }
    head[n++] = '}';
    while (n % 8) head[n++] = ' ';
    for (int i = 0; i < 8; i++) head[i] = (char)((n - 8) >> 8 * i);
    float *v = malloc(at);
    for (size_t i = 0; i < at / 4; i++) v[i] = (float)(i % 251);
    int fd = open(input, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_int_equal(write(fd, head, n), (ssize_t)n);
    assert_int_equal(write(fd, v, at), (ssize_t)at);
    close(fd);
    free(v);
    free(head);
    gd_arena_free(&arena);
}

static int files(void) {
    DIR *d = opendir(dir);
    int  n = 0;
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* With the architecture named, which is much faster, or to be recognised. */
static gd_status convert(gd_exit *subject, bool half, bool named) {
    const gd_convert_job job = {.input = input,
                                .output = output,
                                .arch = named ? "resnet20_cifar" : NULL,
                                .half = half,
                                .replace = true};
    return gd_convert(&job, subject, &err);
}

static int set_up(void **state) {
    char *const quiet[] = {"-q"};
    gd_flags    f;
    (void)state;
    if (!mkdtemp(dir)) return 1;
    snprintf(input, sizeof input, "%s/in.safetensors", dir);
    snprintf(output, sizeof output, "%s/out.gdw", dir);
    make_input("resnet20_cifar");
    gd_flags_init(&f, GD_CMD_CONVERT);
    if (gd_flags_parse(&f, 1, quiet, &err) != GD_OK) return 1;
    gd_report_open("gdconvert");
    gd_report_configure(&f);
    gd_flags_free(&f);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    unlink(input);
    unlink(output);
    return rmdir(dir);
}

/* ---- memory ------------------------------------------------------------------------------ */

static long  live, turn, fail_at;
static bool  fail_on;
static void *failing_get(void *ctx, size_t n) {
    (void)ctx;
    long now = turn++;
    if (now == fail_at || (fail_on && now > fail_at)) return NULL;
    live++;
    return aligned_alloc(64, n);
}
static void counting_put(void *ctx, void *p) {
    (void)ctx;
    live--;
    free(p);
}

static void sweep(bool on) {
    const gd_alloc hook = {NULL, failing_get, counting_put};
    gd_mem_hook(&hook);
    for (fail_at = 0, fail_on = on;; fail_at++) {
        gd_exit subject;
        turn = live = 0;
        gd_status st = convert(&subject, true, on);
        bool      there = access(output, F_OK) == 0;
        if (live != 0 || (st != GD_OK && st != GD_ERR_NOMEM) || there != (st == GD_OK) ||
            files() != 1 + there) {
            gd_mem_hook(NULL);
            fail_msg("allocation %ld: %ld live, %s: %s", fail_at, live, gd_status_name(st),
                     err.msg);
        }
        if (st == GD_OK) break;
    }
    gd_mem_hook(NULL);
    print_message("%ld allocations\n", fail_at);
    assert_true(fail_at > 30);
    unlink(output);
}

static void test_memory_once(void **state) {
    (void)state;
    sweep(false);
}
static void test_memory_from(void **state) {
    (void)state;
    sweep(true);
}

/* ---- disk -------------------------------------------------------------------------------- */

static void test_disk_full(void **state) {
    (void)state;
    struct stat st;
    gd_exit     subject;
    gd_assert_ok(convert(&subject, false, true), &err);
    assert_int_equal(stat(output, &st), 0);
    for (long most = 0; most < st.st_size; most += st.st_size / 40) {
        pid_t pid = fork();
        if (pid == 0) {
            const struct rlimit r = {(rlim_t)most, (rlim_t)most};
            signal(SIGXFSZ, SIG_IGN);
            setrlimit(RLIMIT_FSIZE, &r);
            _exit(convert(&subject, false, true) == GD_ERR_IO && subject == GD_EXIT_OUTPUT ? 9
                                                                                           : 1);
        }
        int         status;
        struct stat now;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 9);
        assert_int_equal(files(), 2); /* the old output is still there, whole */
        assert_int_equal(stat(output, &now), 0);
        assert_int_equal(now.st_size, st.st_size);
        assert_int_equal(now.st_mtim.tv_nsec, st.st_mtim.tv_nsec);
    }
    unlink(output);
}

/* The input shrinks while it is converted: an error about the input, nothing written. */
static void *shrink_get(void *ctx, size_t n) {
    (void)ctx;
    if (turn++ == fail_at && truncate(input, 100000) != 0) return NULL;
    return aligned_alloc(64, n);
}
static void plain_put(void *ctx, void *p) {
    (void)ctx;
    free(p);
}

static void test_shrinking(void **state) {
    (void)state;
    const gd_alloc hook = {NULL, shrink_get, plain_put};
    int            refused = 0;
    for (fail_at = 0;; fail_at += 7) {
        gd_exit subject;
        turn = 0;
        gd_mem_hook(&hook);
        gd_status st = convert(&subject, false, true);
        gd_mem_hook(NULL);
        bool hit = turn > fail_at;
        if (st == GD_OK) {
            /* All bytes were already read, or the file did not shrink. */
            gd_gdw *g;
            gd_assert_ok(gd_gdw_load(output, &g, &err), &err);
            gd_gdw_close(g);
            unlink(output);
        } else {
            assert_int_equal(gd_exit_of(&err, subject), GD_EXIT_MODEL);
            refused++;
        }
        assert_int_equal(files(), 1);
        if (!hit) break;
        make_input("resnet20_cifar");
    }
    print_message("%d refusals\n", refused);
    assert_true(refused > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_once),
        cmocka_unit_test(test_memory_from),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_shrinking),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
