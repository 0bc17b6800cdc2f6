/* run_folder_test.c -- a run folder's lock, and saves that are killed at every system call. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tools/train/run_folder.h"

static char folder[256];

/* A file of `n` times one byte: whole only where all bytes agree and the count is right. */
enum { BYTES = 3 << 16 };
static gd_status write_bytes(void *ctx, const char *path, gd_error *err) {
    static unsigned char buf[BYTES];
    gd_out               o;
    memset(buf, *(const int *)ctx, sizeof buf);
    GD_TRY(gd_out_open(&o, path, GD_OUT_REPLACE, err));
    for (int i = 0; i < 3; i++) {
        gd_status st = gd_out_write(&o, buf, BYTES / 3, err);
        if (st != GD_OK) {
            gd_out_abort(&o);
            return st;
        }
    }
    return gd_out_commit(&o, err);
}

/* The byte that fills a file, -1: it is not there, -2: it is torn. */
static int content(const char *name) {
    char           path[512];
    unsigned char *data;
    size_t         size;
    gd_error       err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (access(path, F_OK) != 0) return -1;
    if (gd_file_slurp(path, 1 << 20, &data, &size, &err) != GD_OK) return -2;
    int byte = size == BYTES ? data[0] : -2;
    for (size_t i = 0; i < size; i++)
        if (data[i] != data[0]) byte = -2;
    gd_mem_put(data);
    return byte;
}

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gd_run_folder_%d", (int)getpid());
    return 0;
}

static int teardown(void **state) {
    static const char *const names[] = {"last.gdw",      "previous.gdw",      "best.gdw",
                                        "last.gdw.part", "previous.gdw.part", "best.gdw.part",
                                        "lock",          "probe.part"};
    char                     path[512];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder) != 0 && errno != ENOENT;
}

static void one_trainer(void **state) {
    gd_run_folder a, b;
    gd_error      err = {0};
    (void)state;
    gd_assert_ok(gd_run_folder_open(&a, folder, &err), &err);
    assert_int_equal(gd_run_folder_open(&b, folder, &err), GD_ERR_IO);
    assert_int_equal(err.code, 985);
    gd_run_folder_close(&a);
    gd_assert_ok(gd_run_folder_open(&b, folder, &err), &err);
    gd_run_folder_close(&b);
}

static void not_a_folder(void **state) {
    gd_run_folder f;
    gd_error      err = {0};
    char          path[512];
    (void)state;
    gd_assert_ok(gd_run_folder_open(&f, folder, &err), &err);
    gd_run_folder_close(&f);
    snprintf(path, sizeof path, "%s/lock", folder);
    assert_int_equal(gd_run_folder_open(&f, path, &err), GD_ERR_IO);
    assert_int_equal(err.code, 986);
    snprintf(path, sizeof path, "%s/no/such", folder);
    assert_int_equal(gd_run_folder_open(&f, path, &err), GD_ERR_IO);
    assert_int_equal(err.code, 986);
    if (geteuid() == 0) return; /* root writes wherever it wants */
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(gd_run_folder_open(&f, folder, &err), GD_ERR_IO);
    assert_int_equal(err.code, 986);
    assert_int_equal(chmod(folder, 0755), 0);
}

static void names_move_on(void **state) {
    gd_run_folder f;
    gd_error      err = {0};
    (void)state;
    gd_assert_ok(gd_run_folder_open(&f, folder, &err), &err);
    assert_int_equal(gd_run_folder_keep(&f, "best.gdw", &err), GD_ERR_IO);
    for (int i = 'a'; i <= 'd'; i++) {
        gd_assert_ok(gd_run_folder_save(&f, write_bytes, &i, &err), &err);
        assert_int_equal(content("last.gdw"), i);
        assert_int_equal(content("previous.gdw"), i == 'a' ? -1 : i - 1);
        if (i == 'b') gd_assert_ok(gd_run_folder_keep(&f, "best.gdw", &err), &err);
        if (i == 'b') gd_assert_ok(gd_run_folder_keep(&f, "best.gdw", &err), &err);
    }
    assert_int_equal(content("best.gdw"), 'b');
    assert_int_equal(content("best.gdw.part"), -1);
    gd_run_folder_close(&f);
}

/* A disk that is full, or a file that may not grow, in the middle of a save. */
static void no_room(void **state) {
    gd_run_folder f;
    gd_error      err = {0};
    int           byte = 'x';
    struct rlimit was, now;
    (void)state;
    gd_assert_ok(gd_run_folder_open(&f, folder, &err), &err);
    gd_assert_ok(gd_run_folder_save(&f, write_bytes, &byte, &err), &err);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    now = was;
    now.rlim_cur = BYTES / 2;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
    byte = 'y';
    gd_status st = gd_run_folder_save(&f, write_bytes, &byte, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(st, GD_ERR_IO);
    assert_int_equal(content("last.gdw"), 'x');
    assert_int_equal(content("last.gdw.part"), -1);
    gd_assert_ok(gd_run_folder_save(&f, write_bytes, &byte, &err), &err);
    assert_int_equal(content("last.gdw"), 'y');
    gd_run_folder_close(&f);
}

/* Runs a save of `byte`, and a keep of it, up to system call `n`; true: it came to its end
 * before. -1: this machine does not let processes be traced. */
static int save_until(int n, int byte) {
    const pid_t child = fork();
    int         status;
    if (child == 0) {
        gd_run_folder f;
        gd_error      err = {0};
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(77);
        raise(SIGSTOP);
        if (gd_run_folder_open(&f, folder, &err) != GD_OK) _exit(2);
        if (gd_run_folder_save(&f, write_bytes, &byte, &err) != GD_OK) _exit(3);
        if (gd_run_folder_keep(&f, "best.gdw", &err) != GD_OK) _exit(4);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) return WEXITSTATUS(status) == 77 ? -1 : 0;
    for (int i = 0; i < n; i++) {
        assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status)) continue;
        assert_int_equal(WEXITSTATUS(status), 0);
        return 1;
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return 0;
}

/* Stops are at entry and exit of each call, so a call is cut off before and after it. */
static void killed_anywhere(void **state) {
    int n = 1, ended = 0, byte = 1;
    (void)state;
    while (!ended) {
        const int last = content("last.gdw"), best = content("best.gdw");
        ended = save_until(n, byte);
        if (ended < 0) {
            print_message("skipped: processes cannot be traced here\n");
            skip();
        }
        const int now = content("last.gdw"), kept = content("best.gdw");
        assert_true(now == byte || now == last);
        assert_true(kept == best || kept == byte);
        assert_true(content("previous.gdw") != -2);
        assert_true(last == -1 || now >= 0);
        n++;
        byte = byte % 250 + 1;
    }
    assert_true(n > 40);
    print_message("%d places where a save was killed, none torn\n", n - 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_trainer, setup, teardown),
        cmocka_unit_test_setup_teardown(not_a_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(names_move_on, setup, teardown),
        cmocka_unit_test_setup_teardown(no_room, setup, teardown),
        cmocka_unit_test_setup_teardown(killed_anywhere, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
