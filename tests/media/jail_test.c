/* jail_test.c -- a jailed process can compute and answer, and dies of anything else. */
#include "tests/gd_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/media/jail.h"

/* Raw system calls: a wrapper might answer without asking the kernel. */
static void try_openat(int fd) {
    (void)fd;
    syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}
static void try_open(int fd) {
    (void)fd;
    syscall(SYS_open, "/etc/passwd", O_RDONLY);
}
static void try_socket(int fd) {
    (void)fd;
    syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}
static void try_execve(int fd) {
    (void)fd;
    char *none[] = {NULL};
    syscall(SYS_execve, "/bin/true", none, none);
}
static void try_fork(int fd) {
    (void)fd;
    if (syscall(SYS_fork) == 0) _exit(0);
}
static void try_clone(int fd) {
    (void)fd;
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) _exit(0);
}
static void try_kill(int fd) {
    (void)fd;
    syscall(SYS_kill, 1, 0);
}
static void try_setrlimit(int fd) {
    (void)fd;
    struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};
    syscall(SYS_setrlimit, RLIMIT_AS, &r);
}
static void try_prlimit(int fd) {
    (void)fd;
    syscall(SYS_prlimit64, 0, RLIMIT_AS, NULL, NULL);
}
static void try_ptrace(int fd) {
    (void)fd;
    syscall(SYS_ptrace, 0, 0, 0, 0);
}
static void try_io_uring(int fd) {
    (void)fd;
    syscall(SYS_io_uring_setup, 4, NULL);
}
static void try_executable_memory(int fd) {
    (void)fd;
    syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void try_read(int fd) {
    char c;
    syscall(SYS_read, fd, &c, 1);
}

static int in_jail(void (*act)(int fd)) {
    int   pair[2], status;
    pid_t pid;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const char *step;
        free(malloc(1));
        if (gd_jail_enter(pair[1], &step) != 0) _exit(99);
        act(pair[1]);
        _exit(7);
    }
    close(pair[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(pair[0]);
    return status;
}

static void forbidden_calls_kill(void **state) {
    (void)state;
    const struct {
        const char *name;
        void (*act)(int);
    } calls[] = {
        {"openat", try_openat},     {"open", try_open},
        {"socket", try_socket},     {"execve", try_execve},
        {"fork", try_fork},         {"clone", try_clone},
        {"kill", try_kill},         {"setrlimit", try_setrlimit},
        {"prlimit", try_prlimit},   {"ptrace", try_ptrace},
        {"io_uring", try_io_uring}, {"mmap PROT_EXEC", try_executable_memory},
        {"read", try_read},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        int status = in_jail(calls[i].act);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("%s: wait status %x, not SIGSYS", calls[i].name, (unsigned)status);
    }
}

static void use_memory_and_answer(int fd) {
    size_t total = 0;
    for (size_t n = 1; n < 64u << 20; n *= 3) {
        char *p = malloc(n);
        if (!p) _exit(1);
        memset(p, 1, n);
        p = realloc(p, 2 * n);
        if (!p) _exit(2);
        total += n;
        free(p);
    }
    if (send(fd, &total, sizeof total, MSG_NOSIGNAL) < 0) _exit(3);
}

static void allowed_calls_work(void **state) {
    (void)state;
    int status = in_jail(use_memory_and_answer);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

static void probe_descriptors(int fd) {
    /* close is allowed, and says whether there was anything to close. */
    for (int i = 0; i < 256; i++)
        if (i != fd && !(gd_jail_has_asan() && i == 2) && close(i) == 0) _exit(50);
}

static void no_descriptor_is_left(void **state) {
    (void)state;
    int extra[8];
    for (int i = 0; i < 8; i++) assert_true((extra[i] = open("/dev/null", O_RDONLY)) >= 0);
    int status = in_jail(probe_descriptors);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    for (int i = 0; i < 8; i++) close(extra[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forbidden_calls_kill),
        cmocka_unit_test(allowed_calls_work),
        cmocka_unit_test(no_descriptor_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
