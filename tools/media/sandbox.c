/* sandbox.c -- the caller's side: workers, their limits, deadlines; see sandbox.h. */
#include "tools/media/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/mem.h"
#include "tools/media/jail.h"
#include "tools/media/worker.h"

/* Bar: 128 MiB beyond file, pixels and what the front door says the decoder holds. */
enum { AS_BASE = 128 << 20, PAGE = 4096, MAP_SMALL = 64 << 20 };

struct gd_sandbox {
    int      timeout_ms;
    int      nursery_fd;
    pid_t    nursery;
    int      fd;     /* to the worker; -1: none */
    pid_t    worker; /* -1: none */
    uint64_t worker_vm;
    uint8_t *map; /* shared with the worker: the file's bytes, then the pixels */
    size_t   map_size;
    int      map_fd;    /* -1 once the worker has it */
    bool     map_given; /* the current worker has mapped it */
};

static void shut(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static gd_status sys_fail(gd_error *err, const char *what) {
    int e = errno;
    if (e == ENOMEM)
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "decoder process: %s: %s", what,
                            strerror(e));
    return gd_fail_code(err, GD_ERR_IO, 310, "decoder process: %s: %s", what, strerror(e));
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 1: a message of exactly n bytes; 0: the other side is gone or talks nonsense; -1: too
 * late. */
static int receive(int fd, void *dst, size_t n, int64_t deadline) {
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t       left = deadline - now_ms();
        int           rc = poll(&p, 1, left > 0 ? (int)left : 0);
        if (rc < 0 && errno == EINTR) continue;
        if (rc < 0) return 0;
        if (rc == 0) return -1;
        ssize_t got = recv(fd, dst, n, MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        return got == (ssize_t)n;
    }
}

gd_status gd_sandbox_open(int timeout_ms, gd_sandbox **out, gd_error *err) {
    int         pair[2] = {-1, -1};
    gd_status   st = GD_OK;
    gd_sandbox *b = gd_mem_get_zero(sizeof *b);
    *out = NULL;
    if (!b) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for a decoder");
    b->timeout_ms = timeout_ms;
    b->fd = b->nursery_fd = b->map_fd = -1;
    b->worker = b->nursery = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        st = sys_fail(err, "socketpair");
        goto done;
    }
    b->nursery = fork();
    if (b->nursery == 0) gd_worker_nursery(pair[1]);
    if (b->nursery < 0) {
        st = sys_fail(err, "fork");
        goto done;
    }
    b->nursery_fd = pair[0];
    pair[0] = -1;
    *out = b;
    b = NULL;
done:
    shut(&pair[0]);
    shut(&pair[1]);
    gd_sandbox_close(b);
    return st;
}

static void drop_map(gd_sandbox *b) {
    if (b->map) munmap(b->map, b->map_size);
    b->map = NULL;
    b->map_size = 0;
    b->map_given = false;
    shut(&b->map_fd);
}

void gd_sandbox_close(gd_sandbox *b) {
    if (!b) return;
    drop_map(b);
    shut(&b->fd);
    shut(&b->nursery_fd); /* the nursery sees the end, takes its worker along and leaves */
    if (b->nursery > 0)
        while (waitpid(b->nursery, NULL, 0) < 0 && errno == EINTR) continue;
    gd_mem_put(b);
}

pid_t gd_sandbox_worker(const gd_sandbox *b) { return b->fd >= 0 ? b->worker : -1; }

/* Ends the worker there is, if any (*ended: its wait status), and starts another. */
static gd_status replace_worker(gd_sandbox *b, int *ended, gd_error *err) {
    int             pair[2] = {-1, -1};
    gd_status       st = GD_OK;
    gd_worker_birth birth;
    gd_worker_reply hello;
    int64_t         deadline = now_ms() + 10000; /* ours, not the picture's */
    shut(&b->fd);
    b->worker = -1;
    b->map_given = false;
    *ended = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return sys_fail(err, "socketpair");
    if (gd_worker_send_fd(b->nursery_fd, "", 1, pair[1]) != 0 ||
        receive(b->nursery_fd, &birth, sizeof birth, deadline) != 1) {
        st = gd_fail_code(err, GD_ERR_IO, 310, "the process that starts decoders is gone");
        goto done;
    }
    *ended = birth.ended;
    if (birth.pid < 0) {
        errno = birth.error;
        st = sys_fail(err, "fork");
        goto done;
    }
    shut(&pair[1]);
    if (receive(pair[0], &hello, sizeof hello, deadline) != 1) {
        st = gd_fail_code(err, GD_ERR_IO, 310, "the decoder process does not start");
        goto done;
    }
    if (hello.status != GD_OK) {
        hello.text[sizeof hello.text - 1] = '\0';
        st = gd_fail_code(err, GD_ERR_IO, 310, "the decoder cannot be contained: %s",
                          hello.text);
        gd_error_hint(err, "the kernel must allow seccomp filters");
        goto done;
    }
    b->worker = birth.pid;
    b->worker_vm = birth.vm_bytes;
    b->fd = pair[0];
    pair[0] = -1;
done:
    shut(&pair[0]);
    shut(&pair[1]);
    return st;
}

/* Shared memory of at least `need` bytes, its size sealed so that nobody can cut it. */
static gd_status make_map(gd_sandbox *b, uint64_t need, gd_error *err) {
    bool hoard = b->map_size > MAP_SMALL && need < b->map_size / 4;
    if (b->map && b->map_size >= need && !hoard) return GD_OK;
    drop_map(b);
    uint64_t size = (need + need / 4 + PAGE - 1) / PAGE * PAGE;
    b->map_fd = memfd_create("gdrun-picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (b->map_fd < 0) return sys_fail(err, "memfd_create");
    if (ftruncate(b->map_fd, (off_t)size) != 0) {
        gd_status st = sys_fail(err, "shared memory");
        drop_map(b);
        return st;
    }
    void *p = fcntl(b->map_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0
                  ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, b->map_fd, 0)
                  : MAP_FAILED;
    if (p == MAP_FAILED) {
        gd_status st = sys_fail(err, "shared memory");
        drop_map(b);
        return st;
    }
    b->map = p;
    b->map_size = size;
    return GD_OK;
}

/* The worker is gone or out of time: says so and leaves a fresh one for the next picture. */
static gd_status lost(gd_sandbox *b, const char *name, bool late, gd_error *err) {
    int       ended;
    gd_error  trouble = {0};
    gd_status st = replace_worker(b, &ended, &trouble);
    int       sig = WIFSIGNALED(ended) ? WTERMSIG(ended) : 0;
    (void)st; /* the next picture tries again and reports it */
    if (late) {
        gd_fail_code(err, GD_ERR_FORMAT, 309, "%s: its decoder was stopped after %d ms", name,
                     b->timeout_ms);
    } else {
        gd_fail_code(err, GD_ERR_FORMAT, 308, "%s: its decoder crashed (%s %d%s%s)", name,
                     sig ? "signal" : "exit", sig ? sig : WEXITSTATUS(ended), sig ? ", " : "",
                     sig ? strsignal(sig) : "");
    }
    gd_error_why(err, "the file is damaged in a way the decoder does not survive; it ran in a "
                      "process of its own, so nothing else is affected");
    return GD_ERR_FORMAT;
}

static gd_status send_request(gd_sandbox *b, const gd_source *s, gd_worker_request *q) {
    rlim_t        more = b->worker_vm > AS_BASE / 2 ? b->worker_vm - AS_BASE / 2 : 0;
    struct rlimit as = {AS_BASE + more + b->map_size + s->work, RLIM_INFINITY};
    /* The worker cannot raise its limit again: setrlimit is not among its system calls. */
    if (!gd_jail_has_asan()) prlimit(b->worker, RLIMIT_AS, &as, NULL);
    q->new_map = !b->map_given;
    q->map_size = b->map_size;
    int rc = gd_worker_send_fd(b->fd, q, sizeof *q, q->new_map ? b->map_fd : -1);
    b->map_given = true;
    return rc == 0 ? GD_OK : GD_ERR_IO;
}

gd_status gd_sandbox_decode(gd_sandbox *b, const gd_source *s, const unsigned char *data,
                            const char *name, const uint8_t **pixels, gd_error *err) {
    gd_worker_request q = {.source = *s};
    gd_worker_reply   r;
    int               ended;
    *pixels = NULL;
    q.pixels_at = ((uint64_t)s->usable + PAGE - 1) / PAGE * PAGE;
    GD_TRY(make_map(b, q.pixels_at + 3 * (uint64_t)s->width * (uint64_t)s->height, err));
    if (b->fd < 0) GD_TRY(replace_worker(b, &ended, err));
    memcpy(b->map, data, s->usable);
    int64_t deadline = now_ms() + b->timeout_ms;
    if (send_request(b, s, &q) != GD_OK) return lost(b, name, false, err);
    int rc = receive(b->fd, &r, sizeof r, deadline);
    if (rc != 1) return lost(b, name, rc < 0, err);
    if (r.status != GD_OK) {
        r.text[sizeof r.text - 1] = '\0';
        gd_status st = r.status == GD_ERR_NOMEM ? GD_ERR_NOMEM : GD_ERR_FORMAT;
        return gd_fail_code(err, st,
                            st == GD_ERR_NOMEM ? 600
                            : r.code == 304    ? 304
                                               : 307,
                            "%s: %s", name, r.text);
    }
    *pixels = b->map + q.pixels_at;
    return GD_OK;
}
