/* objects.c -- live objects, calls that fail, and the report of the stand-in runtime. */
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standin/standin.h"

typedef struct object {
    struct object *next;
    standin_kind   kind;
    size_t         size;
} object; /* its bytes follow, aligned to 256 */

enum { HEAD = 256 };

static const char *const kind_name[STANDIN_KINDS] = {"memory", "host",  "stream",
                                                     "event",  "graph", "exec"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    bool        ready;
    object     *first;
    long        n_live[STANDIN_KINDS], n_call, n_match, after_fault;
    size_t      bytes[STANDIN_KINDS];
    long        fail_at;
    int         fail_on, error;
    char        call[64];   /* prefix */
    char        failed[64]; /* name of the first that failed */
    cudaError_t dead, last; /* dead: the context is */
    FILE       *log;
} all;

void standin_wrong(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "stand-in runtime: ");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    va_end(ap);
    abort();
}

long standin_setting(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtol(text, NULL, 0) : otherwise;
}

/* ---- the report -------------------------------------------------------------------------- */

static void report(void) {
    const char *path = getenv("STANDIN_REPORT");
    FILE       *f = path ? fopen(path, "w") : NULL;
    if (all.log) fclose(all.log);
    all.log = NULL;
    if (!f) return;
    fprintf(f, "calls %ld\nmatching %ld\nfailed %s\nafter_fault %ld\n", all.n_call, all.n_match,
            all.failed[0] ? all.failed : "-", all.after_fault);
    for (int i = 0; i < STANDIN_KINDS; i++) fprintf(f, "%s %ld\n", kind_name[i], all.n_live[i]);
    fclose(f);
}

static void make_ready(void) {
    const char *fail = getenv("STANDIN_FAIL"), *call = getenv("STANDIN_CALL");
    const char *log = getenv("STANDIN_LOG");
    all.ready = true;
    all.error = (int)standin_setting("STANDIN_ERROR", cudaErrorMemoryAllocation);
    if (fail) {
        all.fail_at = strtol(fail, NULL, 10);
        all.fail_on = strchr(fail, ',') && !strcmp(strchr(fail, ','), ",on"); /* not ",once" */
    }
    if (call) snprintf(all.call, sizeof all.call, "%s", call);
    if (log) all.log = fopen(log, "w");
    (void)atexit(report);
}

void standin_log(const char *what, const char *name) {
    pthread_mutex_lock(&lock);
    if (all.log) fprintf(all.log, "%ld %s %s\n", all.n_call, what, name);
    if (all.log) fflush(all.log);
    pthread_mutex_unlock(&lock);
}

/* ---- calls ------------------------------------------------------------------------------- */

static bool kills(int e) {
    switch (e) {
    case cudaErrorDevicesUnavailable:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorUnknown: return true;
    default: return false;
    }
}

static cudaError_t decide(const char *call) {
    if (all.dead) {
        all.after_fault++;
        if (all.log) fprintf(all.log, "%ld after the fault: %s\n", all.n_call, call);
        return all.dead;
    }
    if (strncmp(call, all.call, strlen(all.call)) != 0) return cudaSuccess;
    all.n_match++;
    if (!all.fail_at || all.n_match < all.fail_at ||
        (all.n_match > all.fail_at && !all.fail_on))
        return cudaSuccess;
    if (!all.failed[0]) snprintf(all.failed, sizeof all.failed, "%s", call);
    if (kills(all.error)) all.dead = (cudaError_t)all.error;
    return (cudaError_t)all.error;
}

cudaError_t standin_enter(const char *call) {
    pthread_mutex_lock(&lock);
    if (!all.ready) make_ready();
    all.n_call++;
    if (all.log) fprintf(all.log, "%ld call %s\n", all.n_call, call);
    const cudaError_t e = decide(call);
    if (e) all.last = e;
    pthread_mutex_unlock(&lock);
    return e;
}

void standin_note(const char *call) {
    pthread_mutex_lock(&lock);
    if (!all.ready) make_ready();
    if (all.log) fprintf(all.log, "%ld look %s\n", all.n_call, call);
    pthread_mutex_unlock(&lock);
}

cudaError_t standin_result(cudaError_t e) {
    if (e) all.last = e;
    return e;
}

STANDIN_API cudaError_t cudaPeekAtLastError(void) {
    standin_note(__func__);
    return all.dead ? all.dead : all.last;
}

STANDIN_API cudaError_t cudaGetLastError(void) {
    const cudaError_t e = cudaPeekAtLastError();
    all.last = cudaSuccess;
    return e;
}

/* ---- objects ----------------------------------------------------------------------------- */

void *standin_get(standin_kind kind, size_t size) {
    const size_t whole = (HEAD + size + HEAD - 1) / HEAD * HEAD;
    object      *o = aligned_alloc(HEAD, whole);
    if (!o) abort();
    memset(o, 0, whole);
    o->kind = kind;
    o->size = size;
    pthread_mutex_lock(&lock);
    o->next = all.first;
    all.first = o;
    all.n_live[kind]++;
    all.bytes[kind] += size;
    pthread_mutex_unlock(&lock);
    return (char *)o + HEAD;
}

static object *head_of(const void *p, standin_kind kind, const char *call) {
    for (object *o = all.first; o; o = o->next)
        if ((const char *)o + HEAD == p && o->kind == kind) return o;
    standin_wrong("%s: %p is no live %s", call, p, kind_name[kind]);
}

void standin_check(standin_kind kind, const void *p, const char *call) {
    pthread_mutex_lock(&lock);
    (void)head_of(p, kind, call);
    pthread_mutex_unlock(&lock);
}

void standin_put(standin_kind kind, const void *p, const char *call) {
    pthread_mutex_lock(&lock);
    object  *dead = head_of(p, kind, call);
    object **at = &all.first;
    while (*at != dead) at = &(*at)->next;
    *at = dead->next;
    all.n_live[kind]--;
    all.bytes[kind] -= dead->size;
    pthread_mutex_unlock(&lock);
    free(dead);
}

void *standin_find(const void *p, size_t size, standin_kind *kind) {
    void *found = NULL;
    pthread_mutex_lock(&lock);
    for (object *o = all.first; o && !found; o = o->next) {
        const char *data = (const char *)o + HEAD;
        if ((const char *)p < data || (const char *)p >= data + (o->size ? o->size : 1))
            continue;
        if (size > o->size - (size_t)((const char *)p - data))
            standin_wrong("%zu bytes at %p are beyond the end of their block", size, p);
        *kind = o->kind;
        found = (char *)o + HEAD;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

size_t standin_bytes(standin_kind kind) {
    pthread_mutex_lock(&lock);
    const size_t n = all.bytes[kind];
    pthread_mutex_unlock(&lock);
    return n;
}

/* ---- for tests in the same process ------------------------------------------------------- */

void standin_fail(long n, int on, int error, const char *call) {
    pthread_mutex_lock(&lock);
    if (!all.ready) make_ready();
    all.n_call = all.n_match = all.after_fault = 0;
    all.fail_at = n;
    all.fail_on = on;
    all.error = error;
    all.failed[0] = '\0';
    snprintf(all.call, sizeof all.call, "%s", call ? call : "");
    all.dead = all.last = cudaSuccess;
    pthread_mutex_unlock(&lock);
}

long standin_calls(void) { return all.n_match; }
long standin_after_fault(void) { return all.after_fault; }

const char *standin_failed(void) { return all.failed; }

long standin_live(void) {
    long n = 0;
    for (int i = 0; i < STANDIN_KINDS; i++) n += all.n_live[i];
    return n;
}
