/* gdw_fault_test.c -- reading and writing .gdw files when memory, disk or the bounds give
 * out. */
#include "tests/weights/gdw_make.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

static gd_error err;

/* ---- the n-th allocation fails ----------------------------------------------------------- */

static long  live, turn, fail_at;
static bool  fail_on; /* from fail_at on, not once */
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

static gd_status write_one(const char *path, const void *data) {
    gd_gdw_writer *w = NULL;
    gd_status      st;
    GD_GO(gd_gdw_writer_open(&w, &err));
    for (int i = 0; i < 70; i++) { /* more than the first room of 64 */
        char          name[16];
        gd_gdw_tensor t = {.type = GD_GDW_U8, .ndim = 1, .dim = {i}, .data = data};
        snprintf(name, sizeof name, "t%d", i * 37 % 70);
        t.name = name;
        GD_GO(gd_gdw_writer_tensor(w, &t, NULL, NULL, &err));
    }
    GD_GO(gd_gdw_writer_meta(w, "arch", "none", &err));
    GD_GO(gd_gdw_writer_commit(w, path, GD_OUT_REPLACE, &err));
done:
    gd_gdw_writer_close(w);
    return st;
}

/* Writes and loads with the n-th allocation failing, until nothing fails any more. */
static void sweep(bool on) {
    const gd_alloc hook = {NULL, failing_get, counting_put};
    const char    *path = gdw_path("sweep.gdw"), *part = gdw_path("sweep.gdw.part");
    char           data[70] = "abc";
    int            failures = 0;
    gd_mem_hook(&hook);
    for (fail_at = 0, fail_on = on;; fail_at++) {
        gd_gdw *g = NULL;
        turn = live = 0;
        gd_status st = write_one(path, data);
        if (st == GD_OK) st = gd_gdw_load(path, &g, &err);
        if (st == GD_OK) assert_int_equal(gd_gdw_count(g), 70);
        gd_gdw_close(g);
        if (live != 0 || (st != GD_OK && st != GD_ERR_NOMEM) || access(part, F_OK) == 0) {
            gd_mem_hook(NULL);
            fail_msg("allocation %ld: %ld live, %s", fail_at, live, gd_status_name(st));
        }
        if (st == GD_OK) break;
        failures++;
    }
    gd_mem_hook(NULL);
    assert_true(failures > 5);
    unlink(path);
}

static void test_memory_once(void **state) {
    (void)state;
    sweep(false);
}
static void test_memory_from(void **state) {
    (void)state;
    sweep(true);
}

/* ---- the disk is full -------------------------------------------------------------------- */

/* In a child, so that the limit dies with it: writes a .gdw under RLIMIT_FSIZE of `most`. */
static int write_limited(const char *path, size_t most) {
    pid_t pid = fork();
    if (pid == 0) {
        static char   data[70];
        struct rlimit r = {most, most};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &r);
        _exit(write_one(path, data) == GD_OK ? 0 : err.status == GD_ERR_IO ? 9 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int files_in_folder(void) {
    DIR *d = opendir(gdw_folder());
    int  n = 0;
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* Every byte of a 12 kB file is once the one that does not fit: the old file survives. */
static void test_disk_full(void **state) {
    (void)state;
    const char    *path = gdw_path("full.gdw");
    char           data[70] = {0};
    unsigned char *old, *now;
    size_t         n, m;
    assert_int_equal(write_one(path, data), GD_OK);
    gd_assert_ok(gd_file_slurp(path, 1 << 20, &old, &n, &err), &err);
    data[0] = 1;
    for (size_t most = 0; most < n; most += most < 200 || most > n - 200 ? 1 : 61) {
        int rc = write_limited(path, most);
        if (rc != 9) fail_msg("limit %zu: exit %d", most, rc);
        gd_assert_ok(gd_file_slurp(path, 1 << 20, &now, &m, &err), &err);
        assert_int_equal(m, n);
        assert_memory_equal(now, old, n);
        gd_mem_put(now);
        assert_int_equal(files_in_folder(), 1);
    }
    assert_int_equal(write_limited(path, n), 0);
    gd_mem_put(old);
    unlink(path);
}

static void test_odd_outputs(void **state) {
    (void)state;
    char        data[70] = {0};
    const char *missing = gdw_path("no/such/folder.gdw"), *dir = gdw_path("dir");
    struct stat st;
    assert_int_equal(write_one("/dev/full", data), GD_ERR_IO);
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode)); /* written to, never renamed over */
    assert_int_equal(write_one("/dev/null", data), GD_OK);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(write_one(missing, data), GD_ERR_IO);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(write_one(dir, data), GD_ERR_IO);
    rmdir(dir);
    assert_int_equal(files_in_folder(), 0);
}

/* A FIFO gets the bytes that a file gets. */
static void test_fifo_output(void **state) {
    (void)state;
    const char *fifo = gdw_path("fifo"), *path = gdw_path("plain.gdw");
    char        data[70] = {3};
    assert_int_equal(write_one(path, data), GD_OK);
    unsigned char *want, got[65536];
    size_t         n, m = 0;
    gd_assert_ok(gd_file_slurp(path, sizeof got, &want, &n, &err), &err);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    pid_t pid = fork();
    if (pid == 0) _exit(write_one(fifo, data) == GD_OK ? 0 : 1);
    int fd = open(fifo, O_RDONLY), status;
    for (ssize_t k; (k = read(fd, got + m, sizeof got - m)) > 0;) m += (size_t)k;
    close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(m, n);
    assert_memory_equal(got, want, n);
    gd_mem_put(want);
    unlink(fifo);
    unlink(path);
}

/* ---- bounded rejection (R5) and speed ---------------------------------------------------- */

/* Heads that claim as much as the limits allow: refused without reserving it. */
static size_t most_at_once;
static void  *measuring_get(void *ctx, size_t n) {
     (void)ctx;
     if (n > most_at_once) most_at_once = n;
    return aligned_alloc(64, n);
}
static void plain_put(void *ctx, void *p) {
    (void)ctx;
    free(p);
}

static void test_claims(void **state) {
    (void)state;
    const gd_alloc hook = {NULL, measuring_get, plain_put};
    unsigned char *good = gdw_make(4096), *b = gd_mem_get(4096);
    unsigned char *copy = malloc(4096);
    for (int at = 16; at < 56; at++)
        for (int value = 1; value < 256; value += value < 16 ? 1 : 31) {
            memcpy(b, good, 4096);
            b[at] = (unsigned char)value;
            memcpy(copy, b, 4096);
            gd_gdw *g;
            gd_mem_hook(&hook);
            gd_status st = gd_gdw_load_memory(copy, 4096, &g, &err);
            gd_gdw_close(g);
            gd_mem_hook(NULL);
            if (st == GD_OK) assert_memory_equal(b, good, 4096); /* the value it had */
        }
    assert_true(most_at_once <= 128 << 10);
    free(copy);
    gd_mem_put(good);
    gd_mem_put(b);
}

static void test_speed(void **state) {
    (void)state;
    enum { N = 45 << 20 };
    const char    *path = gdw_path("large.gdw");
    unsigned char *b = gdw_make(N);
    double         best = 1e9;
    struct timeval t0, t1;
    gdw_save(path, b, N);
    gd_mem_put(b);
    for (int i = 0; i < 5; i++) {
        gd_gdw *g;
        gettimeofday(&t0, NULL);
        gd_assert_ok(gd_gdw_load(path, &g, &err), &err);
        gettimeofday(&t1, NULL);
        gd_gdw_close(g);
        double ms =
            (double)(t1.tv_sec - t0.tv_sec) * 1e3 + (double)(t1.tv_usec - t0.tv_usec) / 1e3;
        if (ms < best) best = ms;
    }
    print_message("45 MiB verified in %.1f ms\n", best);
    assert_true(best < 1000); /* a guard against a blunder, not a benchmark */
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_once), cmocka_unit_test(test_memory_from),
        cmocka_unit_test(test_disk_full),   cmocka_unit_test(test_odd_outputs),
        cmocka_unit_test(test_fifo_output), cmocka_unit_test(test_claims),
        cmocka_unit_test(test_speed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(gdw_folder());
    return failed;
}
