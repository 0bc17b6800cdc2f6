/* standin.h -- a CUDA runtime for machines without a GPU: what its files share.
 *
 * Loaded in place of libcudart.so.13 through LD_LIBRARY_PATH. Device memory is host memory, in
 * blocks of their own; kernels do nothing but are counted and checked (dimensions, shared
 * memory); copies are made at once or, while a stream is captured, when the graph is launched.
 * A handle that is not live, a copy beyond its block or a call on a wrong object ends the
 * process: no correct program does that. Environment:
 *
 *   STANDIN_FAIL=N,once|on  the N-th call fails, once or from then on
 *   STANDIN_CALL=NAME       of those calls only whose name begins so
 *   STANDIN_ERROR=CODE      with this cudaError_t (default 2, memory); those that kill a
 *                           context make every later call fail, and such calls are counted
 *   STANDIN_DEVICES=N  STANDIN_SM=90  STANDIN_MEMORY=BYTES
 *   STANDIN_REPORT=FILE     at the end: counts of calls, live objects, calls after a fault
 *   STANDIN_LOG=FILE        every call, and every kernel by its name
 *
 * A test in the same process uses the standin_ functions (through dlsym). */
#ifndef GD_TESTS_STANDIN_H
#define GD_TESTS_STANDIN_H

#include <stdbool.h>
#include <stddef.h>

#include <cuda_runtime_api.h>

#define STANDIN_API __attribute__((visibility("default")))

typedef enum standin_kind {
    STANDIN_MEMORY,
    STANDIN_HOST,
    STANDIN_STREAM,
    STANDIN_EVENT,
    STANDIN_GRAPH,
    STANDIN_EXEC,
    STANDIN_KINDS
} standin_kind;

/* ---- objects.c ---- */
/* Counts the call and says what it is to return: GD's own errors are made here. */
cudaError_t standin_enter(const char *call);
/* The same for calls that only look at errors: allowed after a fault, never made to fail. */
void        standin_note(const char *call);
cudaError_t standin_result(cudaError_t e); /* remembers it for cudaGetLastError */
void        standin_wrong(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* A live object with `size` bytes of its own; put frees them. */
void *standin_get(standin_kind kind, size_t size);
void  standin_put(standin_kind kind, const void *p, const char *call);
void  standin_check(standin_kind kind, const void *p, const char *call); /* must be live */
/* The block that holds [p, p + size), or NULL; *kind is its kind. */
void  *standin_find(const void *p, size_t size, standin_kind *kind);
size_t standin_bytes(standin_kind kind);
long   standin_setting(const char *name, long otherwise);
void   standin_log(const char *what, const char *name);

/* ---- memory.c ---- */
bool standin_capturing(void);
/* A kernel on a stream: recorded or done, which is the same. */
cudaError_t standin_kernel(cudaStream_t stream);

/* ---- for tests in the same process ---- */
STANDIN_API void        standin_fail(long n, int on, int error, const char *call);
STANDIN_API long        standin_calls(void);       /* since standin_fail */
STANDIN_API long        standin_live(void);        /* objects of all kinds */
STANDIN_API long        standin_after_fault(void); /* calls that should not have been made */
STANDIN_API long        standin_launches(void);
STANDIN_API const char *standin_failed(void); /* name of the call that was made to fail */

#endif
