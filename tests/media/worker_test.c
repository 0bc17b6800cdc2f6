/* worker_test.c -- the nursery: births, deaths and the way of descriptors. */
#include "tests/gd_test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/media/worker.h"

/* One message within 5 s. */
static bool hear(int fd, void *dst, size_t n) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 5000) == 1 && recv(fd, dst, n, 0) == (ssize_t)n;
}

static pid_t start(int *fd) {
    int   pair[2];
    pid_t pid;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) gd_worker_nursery(pair[1]);
    close(pair[1]);
    *fd = pair[0];
    return pid;
}

/* A worker with its end of a socket; ours is returned. */
static int spawn(int nursery, gd_worker_birth *b) {
    int             pair[2];
    gd_worker_reply hello;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(gd_worker_send_fd(nursery, "", 1, pair[1]), 0);
    close(pair[1]);
    assert_true(hear(nursery, b, sizeof *b));
    assert_true(b->pid > 0);
    assert_true(hear(pair[0], &hello, sizeof hello));
    assert_int_equal(hello.status, GD_OK);
    return pair[0];
}

static void births_and_deaths(void **state) {
    (void)state;
    int             nursery, status;
    pid_t           pid = start(&nursery);
    gd_worker_birth a, b, c;
    int             fd = spawn(nursery, &a);
    assert_int_equal(a.ended, 0);
    assert_true(a.vm_bytes > 0);
    assert_int_equal(kill(a.pid, SIGSEGV), 0);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0); /* its end is closed: it is dead */
    close(fd);
    fd = spawn(nursery, &b);
    assert_true(WIFSIGNALED(b.ended));
    assert_int_equal(WTERMSIG(b.ended), SIGSEGV);
    close(fd);
    fd = spawn(nursery, &c); /* b was alive and is put away */
    assert_int_equal(kill(b.pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    close(nursery);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(recv(fd, &byte, 1, 0), 0); /* c went with it */
    close(fd);
}

static void nonsense_ends_a_worker(void **state) {
    (void)state;
    int             nursery, status;
    pid_t           pid = start(&nursery);
    gd_worker_birth a;
    int             fd = spawn(nursery, &a);
    char            byte;
    assert_int_equal(send(fd, "short", 5, 0), 5);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
    assert_int_equal(send(nursery, "x", 1, 0), 1); /* no descriptor: the nursery ends */
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(nursery);
}

static void sending_to_nobody(void **state) {
    (void)state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    close(pair[1]);
    assert_int_equal(gd_worker_send_fd(pair[0], "x", 1, -1), -1); /* and no SIGPIPE */
    assert_int_equal(errno, EPIPE);
    close(pair[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(births_and_deaths),
        cmocka_unit_test(nonsense_ends_a_worker),
        cmocka_unit_test(sending_to_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
