/* backend_cpu.c -- the host as a device: capabilities, and the one thread pool (OpenMP's). */
#include "engine/backend.h"

#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int        n_threads;
static _Thread_local int scope; /* 0: none */

/* A container's or taskset's limit counts, not the machine's number. */
int gd_cpu_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

int gd_cpu_threads(void) {
    if (scope > 0) return scope;
    int n = atomic_load_explicit(&n_threads, memory_order_relaxed);
    if (n < 1) {
        n = gd_cpu_cores();
        atomic_store_explicit(&n_threads, n, memory_order_relaxed);
    }
    return n;
}

void gd_cpu_set_threads(int n) {
    atomic_store_explicit(&n_threads, n < 1 ? gd_cpu_cores() : n, memory_order_relaxed);
}

int gd_cpu_scope(int n) {
    const int before = scope;
    scope = n;
    return before;
}

const char *gd_cpu_isa(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f")) return "avx512";
    if (__builtin_cpu_supports("avx2")) return "avx2";
    return "sse2";
#else
    return "generic";
#endif
}

gd_device_caps gd_cpu_caps(void) {
    long           pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    gd_device_caps c = {.backend = GD_CPU, .n_sm = gd_cpu_threads()};
    if (pages > 0 && page > 0) c.mem_bytes = (uint64_t)pages * (uint64_t)page;
    return c;
}
