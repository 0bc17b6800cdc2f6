/* unjail.c -- preloaded under valgrind: a decoder process without its limits.
 *
 * The jail forbids calls that valgrind itself makes in the process, and valgrind does not pass
 * setrlimit on. jail_test and sandbox_test show that the jail holds; this is for its inside. */
#include <seccomp.h>
#include <sys/resource.h>

scmp_filter_ctx seccomp_init(uint32_t action) {
    static int some;
    (void)action;
    return &some;
}

int seccomp_attr_set(scmp_filter_ctx c, enum scmp_filter_attr what, uint32_t v) {
    (void)c;
    (void)what;
    (void)v;
    return 0;
}

int seccomp_rule_add(scmp_filter_ctx c, uint32_t action, int call, unsigned n, ...) {
    (void)c;
    (void)action;
    (void)call;
    (void)n;
    return 0;
}

int seccomp_load(const scmp_filter_ctx c) {
    (void)c;
    return 0;
}

void seccomp_release(scmp_filter_ctx c) { (void)c; }

int setrlimit(__rlimit_resource_t what, const struct rlimit *r) {
    (void)what;
    (void)r;
    return 0;
}

int prlimit(__pid_t pid, __rlimit_resource_t what, const struct rlimit *r, struct rlimit *old) {
    (void)pid;
    (void)what;
    (void)r;
    (void)old;
    return 0;
}
