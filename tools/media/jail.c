/* jail.c -- the walls of the decoder's process; see jail.h. */
#include "tools/media/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GD_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(GD_ASAN)
#define GD_ASAN 1
#endif
#ifndef GD_ASAN
#define GD_ASAN 0
#endif

/* What decoding needs: memory, messages over the socket, an end. */
static const int allowed[] = {
    SCMP_SYS(recvmsg), SCMP_SYS(sendto),  SCMP_SYS(close),        SCMP_SYS(munmap),
    SCMP_SYS(mremap),  SCMP_SYS(madvise), SCMP_SYS(brk),          SCMP_SYS(exit_group),
#if GD_ASAN /* its allocator and its reports */
    SCMP_SYS(write),   SCMP_SYS(futex),   SCMP_SYS(mprotect),     SCMP_SYS(sched_yield),
    SCMP_SYS(gettid),  SCMP_SYS(prctl),   SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(getpid),  SCMP_SYS(tgkill),  SCMP_SYS(sigaltstack),
#endif
};

int gd_jail_has_asan(void) { return GD_ASAN; }

static void close_range_of(unsigned from, unsigned to) {
    if (from > to || close_range(from, to, 0) == 0) return;
    /* Linux before 5.9. */
    long most = sysconf(_SC_OPEN_MAX);
    if (most < 0 || most > 65536) most = 65536;
    for (unsigned fd = from; fd <= to && fd < (unsigned)most; fd++) close((int)fd);
}

void gd_jail_close_all_but(int keep) {
    for (unsigned fd = 0; fd < 3; fd++)
        if ((int)fd != keep && !(GD_ASAN && fd == 2)) close((int)fd);
    if (keep > 3) close_range_of(3, (unsigned)keep - 1);
    close_range_of(keep >= 3 ? (unsigned)keep + 1 : 3u, ~0u);
}

static int filter(void) {
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!ctx) return ENOMEM;
    int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    for (size_t i = 0; rc == 0 && i < sizeof allowed / sizeof *allowed; i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
    /* Memory, but none that could be executed. */
    if (rc == 0)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (rc == 0) rc = seccomp_load(ctx); /* sets no_new_privs first */
    seccomp_release(ctx);
    return rc < 0 ? -rc : rc;
}

static int limit(int what, rlim_t most) {
    struct rlimit r = {most, most};
    return setrlimit((unsigned)what, &r) == 0 ? 0 : errno;
}

int gd_jail_enter(int keep, const char **step) {
    int rc;
    *step = "die with the parent";
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
    gd_jail_close_all_but(keep);
    *step = "give up files and processes";
    if ((rc = limit(RLIMIT_FSIZE, 0)) || (rc = limit(RLIMIT_CORE, 0)) ||
        (rc = limit(RLIMIT_NPROC, 0)) || (rc = limit(RLIMIT_NOFILE, (rlim_t)keep + 4)))
        return rc;
    *step = "install the seccomp filter";
    return filter();
}
