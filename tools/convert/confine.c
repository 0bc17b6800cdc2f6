/* confine.c -- Landlock for files and seccomp for system calls; see confine.h. */
#include "tools/convert/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- files ------------------------------------------------------------------------------- */

/* Rights that newer kernels know and older headers do not (linux/landlock.h, ABI 2 and 3). */
#define RIGHT_REFER (1ull << 13)
#define RIGHT_TRUNCATE (1ull << 14)

static gd_status refuse(gd_error *err, const char *what) {
    return gd_fail(err, GD_ERR_IO, "cannot confine the converter: %s: %s", what,
                   strerror(errno));
}

/* What stands at `path`, and below it if it is a folder, may be used as `rights` says. */
static gd_status allow(int rules, const char *path, unsigned long long rights, gd_error *err) {
    struct stat st;
    int         fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) return GD_OK; /* whoever opens it will say why it cannot be */
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rights &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE;
    struct landlock_path_beneath_attr below = {.allowed_access = rights, .parent_fd = fd};
    long      rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
    gd_status s = rc == 0 ? GD_OK : refuse(err, "landlock_add_rule");
    close(fd);
    return s;
}

static void folder_of(const char *path, char *dir, size_t room) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(dir, room, ".");
    else
        snprintf(dir, room, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static gd_status confine_files(const char *const *readable, int n, const char *output,
                               bool *done, gd_error *err) {
    const unsigned long long read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    const unsigned long long write = read | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                     LANDLOCK_ACCESS_FS_MAKE_REG |
                                     LANDLOCK_ACCESS_FS_REMOVE_FILE;
    struct landlock_ruleset_attr all = {.handled_access_fs = RIGHT_REFER - 1};
    gd_status                    st = GD_OK;
    char                         dir[4096];
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) return GD_OK;
    if (abi >= 2) all.handled_access_fs |= RIGHT_REFER;
    if (abi >= 3) all.handled_access_fs |= RIGHT_TRUNCATE;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0) return refuse(err, "landlock_create_ruleset");
    for (int i = 0; i < n; i++)
        if (readable[i]) GD_GO(allow(rules, readable[i], read, err));
#if defined(__SANITIZE_ADDRESS__)
    /* The leak checker looks through the threads of the process at its end. */
    GD_GO(allow(rules, "/proc", read, err));
#endif
    if (output) {
        folder_of(output, dir, sizeof dir);
        GD_GO(allow(rules, dir, write, err));
    }
    if (syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        st = refuse(err, "landlock_restrict_self");
    else
        *done = true;
done:
    close(rules);
    return st;
}

/* ---- system calls ------------------------------------------------------------------------ */

/* A list of what is refused, not of what is allowed: the sanitizers and the C library need more
 * calls than the converter does, and the files are Landlock's matter. */
static gd_status confine_calls(bool *done, gd_error *err) {
    static const int never[] = {SCMP_SYS(socket),         SCMP_SYS(socketpair),
                                SCMP_SYS(connect),        SCMP_SYS(bind),
                                SCMP_SYS(listen),         SCMP_SYS(accept),
                                SCMP_SYS(accept4),        SCMP_SYS(sendto),
                                SCMP_SYS(sendmsg),        SCMP_SYS(sendmmsg),
                                SCMP_SYS(recvfrom),       SCMP_SYS(recvmsg),
                                SCMP_SYS(recvmmsg),       SCMP_SYS(io_uring_setup),
                                SCMP_SYS(io_uring_enter), SCMP_SYS(execve),
                                SCMP_SYS(execveat),       SCMP_SYS(bpf),
                                SCMP_SYS(mount),          SCMP_SYS(process_vm_writev),
                                SCMP_SYS(kexec_load),     SCMP_SYS(open_by_handle_at)};
    gd_status        st = GD_OK;
    scmp_filter_ctx  filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter) return gd_fail(err, GD_ERR_NOMEM, "no memory for the system call filter");
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), never[i], 0);
        if (rc == 0) continue;
        errno = -rc;
        st = refuse(err, "system call filter");
        goto done;
    }
    int rc = seccomp_load(filter);
    *done = rc == 0;
    /* A kernel without seccomp has nothing to apply. */
    if (rc != 0 && rc != -EINVAL && rc != -ENOSYS && rc != -ECANCELED) {
        errno = -rc;
        st = refuse(err, "system call filter");
    }
done:
    seccomp_release(filter);
    return st;
}

gd_status gd_confine(const char *const *readable, int n, const char *output, gd_confined *got,
                     gd_error *err) {
    *got = (gd_confined){false, false};
    /* Both need it: a set-uid program started later could be fooled by the restrictions. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refuse(err, "no_new_privs");
    GD_TRY(confine_files(readable, n, output, &got->files, err));
    return confine_calls(&got->syscalls, err);
}
