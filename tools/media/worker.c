/* worker.c -- the nursery forks workers, a worker decodes; see sandbox.h. */
#include "tools/media/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/mem.h"
#include "tools/media/decode.h"
#include "tools/media/jail.h"

typedef union fd_message {
    struct cmsghdr head;
    char           room[CMSG_SPACE(sizeof(int))];
} fd_message;

int gd_worker_send_fd(int to, const void *src, size_t n, int fd) {
    struct iovec  v = {(void *)(uintptr_t)src, n};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    fd_message    c;
    memset(&c, 0, sizeof c);
    if (fd >= 0) {
        c.head.cmsg_level = SOL_SOCKET;
        c.head.cmsg_type = SCM_RIGHTS;
        c.head.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&c.head), &fd, sizeof fd);
        m.msg_control = &c;
        m.msg_controllen = sizeof c;
    }
    ssize_t put;
    do put = sendmsg(to, &m, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    return put == (ssize_t)n ? 0 : -1;
}

/* Bytes received, 0 when the other end is closed; *fd is -1 when none came along. */
static ssize_t receive_fd(int from, void *dst, size_t n, int *fd) {
    struct iovec  v = {dst, n};
    fd_message    c;
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c};
    ssize_t got;
    *fd = -1;
    do got = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got > 0 && m.msg_controllen >= CMSG_LEN(sizeof *fd) && c.head.cmsg_type == SCM_RIGHTS &&
        c.head.cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(&c.head), sizeof *fd);
    return got;
}

static void reply(int fd, gd_status st, int code, const char *text) {
    gd_worker_reply r = {.status = (int32_t)st, .code = code};
    snprintf(r.text, sizeof r.text, "%s", text);
    if (send(fd, &r, sizeof r, MSG_NOSIGNAL) != (ssize_t)sizeof r) _exit(0);
}

/* ---- the worker: jailed, one picture at a time ------------------------------------------- */

static void GD_NORETURN work(int fd) {
    const char       *step;
    unsigned char    *map = NULL;
    size_t            size = 0;
    gd_worker_request q;
    int               e, map_fd;
    char              text[128];
    gd_mem_put(gd_mem_get(1)); /* the allocator's own start needs calls the jail forbids */
    e = gd_jail_enter(fd, &step);
    snprintf(text, sizeof text, "%s: error %d", step, e);
    reply(fd, e ? GD_ERR_IO : GD_OK, 0, text);
    while (e == 0 && receive_fd(fd, &q, sizeof q, &map_fd) == (ssize_t)sizeof q) {
        gd_error err = {0};
        if (q.new_map) {
            if (map) munmap(map, size);
            size = q.map_size;
            map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
            close(map_fd);
            if (map == MAP_FAILED) _exit(1);
        }
        gd_status st = gd_decode(&q.source, map, map + q.pixels_at, &err);
        reply(fd, st, err.code, err.msg);
    }
    _exit(0);
}

/* ---- the nursery ------------------------------------------------------------------------- */

static uint64_t own_vm(void) {
    unsigned long pages = 0;
    FILE         *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%lu", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int bury(pid_t pid) {
    int status = 0;
    if (pid <= 0) return 0;
    kill(pid, SIGKILL); /* one that is dead already keeps the status it died with */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return status;
}

void gd_worker_nursery(int fd) {
    /* A ^C at the terminal is the caller's to handle; the end of the socket is ours. */
    static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
    static const int fatal[] = {SIGCHLD, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};
    gd_worker_birth  birth = {0};
    pid_t            worker = -1;
    char             command;
    int              to;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
    /* A handler of the program would run into the jail and blur what a decoder died of. */
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) signal(fatal[i], SIG_DFL);
    birth.vm_bytes = own_vm();
    gd_jail_close_all_but(fd);
    while (receive_fd(fd, &command, 1, &to) == 1 && to >= 0) {
        birth.ended = bury(worker);
        worker = birth.pid = fork();
        birth.error = worker < 0 ? errno : 0;
        if (worker == 0) work(to); /* the jail closes our own socket */
        close(to);
        if (gd_worker_send_fd(fd, &birth, sizeof birth, -1) != 0) break;
    }
    bury(worker);
    _exit(0);
}
