/* confine_test.c -- a confined process reads its input, writes its output, and nothing else. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/io.h"
#include "tests/gd_test.h"
#include "tools/convert/confine.h"

static char base[] = "/tmp/confine_test.XXXXXX";
static char in_file[64], in_dir[64], shard[64], other[64], out_dir[64], out_file[64];

static void touch(const char *path) {
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static int set_up(void **state) {
    (void)state;
    if (!mkdtemp(base)) return 1;
    snprintf(in_file, sizeof in_file, "%s/in.pth", base);
    snprintf(in_dir, sizeof in_dir, "%s/shards", base);
    snprintf(shard, sizeof shard, "%s/shards/a", base);
    snprintf(other, sizeof other, "%s/other", base);
    snprintf(out_dir, sizeof out_dir, "%s/out", base);
    snprintf(out_file, sizeof out_file, "%s/out/model.gdw", base);
    if (mkdir(in_dir, 0700) || mkdir(out_dir, 0700)) return 1;
    touch(in_file);
    touch(shard);
    touch(other);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    unlink(in_file);
    unlink(shard);
    unlink(other);
    unlink(out_file);
    rmdir(in_dir);
    rmdir(out_dir);
    return rmdir(base);
}

/* Every step of the child that goes wrong has a number of its own. */
enum { DONE, NOT_CONFINED, NO_LANDLOCK };

static int can_open(const char *path, int flags) {
    int fd = open(path, flags, 0600);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static int child(void) {
    const char *readable[] = {in_file, NULL, in_dir, "/tmp/no/such/file"};
    gd_confined got;
    gd_error    err;
    gd_out      o;
    if (gd_confine(readable, 4, out_file, &got, &err) != GD_OK) return NOT_CONFINED;
    if (!got.syscalls) return 10;
    /* The network and other programs. */
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM) return 11;
    if (socket(AF_UNIX, SOCK_DGRAM, 0) >= 0 || errno != EPERM) return 12;
    char *args[] = {"/bin/true", NULL};
    execv(args[0], args);
    if (errno != EPERM && errno != EACCES) return 13;
    if (!got.files) return NO_LANDLOCK;
    /* Reading. */
    if (!can_open(in_file, O_RDONLY)) return 20;
    if (!can_open(shard, O_RDONLY)) return 21;
    if (can_open(other, O_RDONLY) || errno != EACCES) return 22;
    if (can_open("/etc/passwd", O_RDONLY) || errno != EACCES) return 23;
#if !defined(__SANITIZE_ADDRESS__)
    if (can_open("/proc/self/environ", O_RDONLY)) return 24;
#endif
    if (can_open(base, O_RDONLY | O_DIRECTORY)) return 25;
    /* Writing. */
    if (can_open(in_file, O_WRONLY)) return 30;
    if (can_open(other, O_WRONLY | O_TRUNC)) return 31;
    if (can_open("/tmp/confine_test_new", O_WRONLY | O_CREAT)) return 32;
    if (unlink(other) == 0) return 33;
    if (rename(other, out_file) == 0) return 34;
    if (mkdir("/tmp/confine_test_dir", 0700) == 0) return 35;
    if (symlink("/etc/passwd", out_file) == 0) return 36;
    /* Before its third version Landlock says nothing about truncate(2). */
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 3 &&
        truncate(in_file, 0) == 0)
        return 37;
    /* The whole road of an output works, twice. */
    for (int i = 0; i < 2; i++) {
        if (gd_out_open(&o, out_file, GD_OUT_REPLACE, &err) != GD_OK) return 40;
        if (gd_out_write(&o, "abc", 3, &err) != GD_OK) return 41;
        if (gd_out_patch(&o, 0, "A", 1, &err) != GD_OK) return 42;
        if (gd_out_commit(&o, &err) != GD_OK) return 43;
    }
    return DONE;
}

static void test_confined(void **state) {
    (void)state;
    pid_t pid = fork();
    if (pid == 0) _exit(child());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_LANDLOCK) {
        print_message("skipped: this kernel has no Landlock; system calls are confined\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), DONE);
}

static int writes_device(void) {
    gd_confined got;
    gd_error    err;
    gd_out      o;
    if (gd_confine(NULL, 0, "/dev/null", &got, &err) != GD_OK) return NOT_CONFINED;
    if (gd_out_open(&o, "/dev/null", 0, &err) != GD_OK) return 2;
    if (gd_out_write(&o, "abc", 3, &err) != GD_OK) return 3;
    return gd_out_commit(&o, &err) == GD_OK ? DONE : 4;
}

static void test_device_output(void **state) {
    (void)state;
    pid_t pid = fork();
    if (pid == 0) _exit(writes_device());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confined),
        cmocka_unit_test(test_device_output),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
