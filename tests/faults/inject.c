/* inject.c -- preloaded: makes the n-th call of one kind fail, once or from there on.
 *
 * INJECT=kind:at fails call number `at` (from 1) of the kind, INJECT=kind:at:on all from
 * there on, INJECT=kind:at:alternate every other one; INJECT_COUNT=FILE receives "kind
 * calls" for every kind when the program ends. The counts are shared with forked processes,
 * so that the decoder's workers are part of the sweep. Only calls that the program itself
 * makes count, and memory for the parsers it links (jansson, yajl, libyaml): libgomp, oneDNN
 * and the C library end the process on purpose when theirs fails. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

/* clang-format off */
#define KINDS(X) \
    X(mem) X(open) X(read) X(write) X(few) X(eintr) X(sync) X(rename) X(size) X(map) X(fork) \
    X(thread) X(socket) X(stat)
/* clang-format on */
enum {
#define X(name) K_##name,
    KINDS(X)
#undef X
        N_KINDS
};
static const char *const names[] = {
#define X(name) #name,
    KINDS(X)
#undef X
};

enum { RANGES = 16 };
typedef struct range {
    uintptr_t lo, hi;
} range;
static range        own[RANGES], parser[RANGES];
static int          n_own, n_parser;
static atomic_long  before[N_KINDS];
static atomic_long *calls = before; /* shared memory once the library has started */
static int          kind = -1;
static long         at;
static int          on;
static int          every_other; /* the calls at, at + 2, ...: for what must be survived */
static int          count_fd = -1;
static pid_t        first;

static void note(range *r, int *n, const struct dl_phdr_info *info) {
    for (int i = 0; i < info->dlpi_phnum && *n < RANGES; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_X)) continue;
        r[*n].lo = info->dlpi_addr + p->p_vaddr;
        r[(*n)++].hi = info->dlpi_addr + p->p_vaddr + p->p_memsz;
    }
}

static int note_object(struct dl_phdr_info *info, size_t size, void *data) {
    const char *name = info->dlpi_name;
    (void)size;
    (void)data;
    if (!*name) note(own, &n_own, info);
    if (strstr(name, "jansson") || strstr(name, "yaml") || strstr(name, "yajl"))
        note(parser, &n_parser, info);
    return 0;
}

static void *shared(void) {
    void *p =
        mmap(NULL, sizeof before, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? before : p;
}

__attribute__((constructor)) static void start(void) {
    const char *what = getenv("INJECT");
    const char *colon = what ? strchr(what, ':') : NULL;
    calls = shared();
    /* Opened now: the converter cannot open it later, under its own Landlock rules. */
    if (getenv("INJECT_COUNT"))
        count_fd = openat(AT_FDCWD, getenv("INJECT_COUNT"),
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    first = getpid();
    dl_iterate_phdr(note_object, NULL);
    if (!colon) return;
    at = atol(colon + 1);
    on = strstr(colon + 1, ":on") != NULL;
    every_other = strstr(colon + 1, ":alternate") != NULL;
    for (int i = 0; i < N_KINDS; i++)
        if (strlen(names[i]) == (size_t)(colon - what) &&
            !strncmp(names[i], what, strlen(names[i])))
            kind = i;
}

static void *real(const char *name) {
    void *p = dlsym(RTLD_NEXT, name);
    if (!p) _exit(99);
    return p;
}

#define REAL(name, type) ((type)real(name))

__attribute__((destructor)) static void stop(void) {
    char text[512];
    int  n = 0;
    if (count_fd < 0 || getpid() != first) return;
    for (int i = 0; i < N_KINDS; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s %ld\n", names[i], (long)calls[i]);
    if (write(count_fd, text, (size_t)n) != n) _exit(99);
}

static int within(const range *r, int n, const void *caller) {
    for (int i = 0; i < n; i++)
        if ((uintptr_t)caller >= r[i].lo && (uintptr_t)caller < r[i].hi) return 1;
    return 0;
}

/* Whether this call is to fail. */
static int due(int k, const void *caller) {
    if (!within(own, n_own, caller) && (k != K_mem || !within(parser, n_parser, caller)))
        return 0;
    long n = ++calls[k];
    if (k != kind || !at || n < at) return 0;
    return on || (every_other ? (n - at) % 2 == 0 : n == at);
}

static int fails(int k, const void *caller, int e) {
    if (!due(k, caller)) return 0;
    errno = e;
    return 1;
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size) { return fails(K_mem, CALLER, ENOMEM) ? NULL : __libc_malloc(size); }
void *calloc(size_t n, size_t size) {
    return fails(K_mem, CALLER, ENOMEM) ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t size) {
    return fails(K_mem, CALLER, ENOMEM) ? NULL : __libc_realloc(p, size);
}
void *aligned_alloc(size_t align, size_t size) {
    return fails(K_mem, CALLER, ENOMEM) ? NULL : __libc_memalign(align, size);
}
int posix_memalign(void **out, size_t align, size_t size) {
    if (due(K_mem, CALLER)) return ENOMEM;
    *out = __libc_memalign(align, size);
    return *out ? 0 : ENOMEM;
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    if (fails(K_open, CALLER, flags & O_CREAT ? ENOSPC : EMFILE)) return -1;
    return openat(AT_FDCWD, path, flags, mode);
}
DIR *opendir(const char *path) {
    return fails(K_open, CALLER, EMFILE) ? NULL
                                         : REAL("opendir", DIR * (*)(const char *))(path);
}
FILE *fopen(const char *path, const char *mode) {
    return fails(K_open, CALLER, EMFILE)
               ? NULL
               : REAL("fopen", FILE * (*)(const char *, const char *))(path, mode);
}

/* A transfer fails, stops half way, or is interrupted; each is a kind of its own. */
static int transfer(int k, const void *caller, int e, size_t *n) {
    if (due(K_few, caller) && *n > 1) *n = (*n + 1) / 2;
    return fails(K_eintr, caller, EINTR) || fails(k, caller, e);
}
ssize_t read(int fd, void *buf, size_t n) {
    if (transfer(K_read, CALLER, EIO, &n)) return -1;
    return REAL("read", ssize_t(*)(int, void *, size_t))(fd, buf, n);
}
ssize_t pread(int fd, void *buf, size_t n, off_t where) {
    if (transfer(K_read, CALLER, EIO, &n)) return -1;
    return REAL("pread", ssize_t(*)(int, void *, size_t, off_t))(fd, buf, n, where);
}
ssize_t write(int fd, const void *buf, size_t n) {
    if (transfer(K_write, CALLER, ENOSPC, &n)) return -1;
    return REAL("write", ssize_t(*)(int, const void *, size_t))(fd, buf, n);
}
ssize_t pwrite(int fd, const void *buf, size_t n, off_t where) {
    if (transfer(K_write, CALLER, ENOSPC, &n)) return -1;
    return REAL("pwrite", ssize_t(*)(int, const void *, size_t, off_t))(fd, buf, n, where);
}
int fsync(int fd) { return fails(K_sync, CALLER, EIO) ? -1 : REAL("fsync", int (*)(int))(fd); }
int rename(const char *from, const char *to) {
    return fails(K_rename, CALLER, EACCES)
               ? -1
               : REAL("rename", int (*)(const char *, const char *))(from, to);
}
int mkdir(const char *path, mode_t mode) {
    return fails(K_rename, CALLER, ENOSPC)
               ? -1
               : REAL("mkdir", int (*)(const char *, mode_t))(path, mode);
}
int ftruncate(int fd, off_t size) {
    return fails(K_size, CALLER, ENOSPC) ? -1
                                         : REAL("ftruncate", int (*)(int, off_t))(fd, size);
}
int memfd_create(const char *name, unsigned flags) {
    return fails(K_size, CALLER, EMFILE)
               ? -1
               : REAL("memfd_create", int (*)(const char *, unsigned))(name, flags);
}
void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t where) {
    if (fails(K_map, CALLER, ENOMEM)) return MAP_FAILED;
    return REAL("mmap", void *(*)(void *, size_t, int, int, int, off_t))(addr, size, prot,
                                                                         flags, fd, where);
}
pid_t fork(void) { return fails(K_fork, CALLER, EAGAIN) ? -1 : REAL("fork", pid_t(*)(void))(); }
int pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *), void *arg) {
    if (due(K_thread, CALLER)) return EAGAIN;
    return REAL("pthread_create", int (*)(pthread_t *, const pthread_attr_t *,
                                          void *(*)(void *), void *))(t, attr, run, arg);
}
int socketpair(int domain, int type, int protocol, int pair[2]) {
    return fails(K_socket, CALLER, EMFILE) ? -1
                                           : REAL("socketpair", int (*)(int, int, int, int *))(
                                                 domain, type, protocol, pair);
}
ssize_t sendmsg(int fd, const struct msghdr *m, int flags) {
    if (fails(K_eintr, CALLER, EINTR) || fails(K_socket, CALLER, ENOBUFS)) return -1;
    return REAL("sendmsg", ssize_t(*)(int, const struct msghdr *, int))(fd, m, flags);
}
ssize_t recvmsg(int fd, struct msghdr *m, int flags) {
    if (fails(K_eintr, CALLER, EINTR) || fails(K_socket, CALLER, ENOMEM)) return -1;
    return REAL("recvmsg", ssize_t(*)(int, struct msghdr *, int))(fd, m, flags);
}
ssize_t send(int fd, const void *p, size_t n, int flags) {
    if (fails(K_socket, CALLER, ENOBUFS)) return -1;
    return REAL("send", ssize_t(*)(int, const void *, size_t, int))(fd, p, n, flags);
}
ssize_t recv(int fd, void *p, size_t n, int flags) {
    if (fails(K_eintr, CALLER, EINTR) || fails(K_socket, CALLER, ENOMEM)) return -1;
    return REAL("recv", ssize_t(*)(int, void *, size_t, int))(fd, p, n, flags);
}
int stat(const char *path, struct stat *s) {
    return fails(K_stat, CALLER, EIO)
               ? -1
               : REAL("stat", int (*)(const char *, struct stat *))(path, s);
}
int lstat(const char *path, struct stat *s) {
    return fails(K_stat, CALLER, EIO)
               ? -1
               : REAL("lstat", int (*)(const char *, struct stat *))(path, s);
}
int fstat(int fd, struct stat *s) {
    return fails(K_stat, CALLER, EIO) ? -1 : REAL("fstat", int (*)(int, struct stat *))(fd, s);
}
