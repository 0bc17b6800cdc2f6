/* status.h -- how every gdrun function reports failure.
 *
 * Three kinds of failure, three mechanisms, never mixed:
 *   bad input or environment (file, shape, memory, device) -> gd_status, returned
 *   a bug in gdrun itself                                   -> GD_ASSERT, aborts
 *   an asynchronous device fault                            -> gd_status, from the next sync
 *
 * The text lives in a caller-owned gd_error (gdrun.h), which may be NULL. */
#ifndef GD_ENGINE_STATUS_H
#define GD_ENGINE_STATUS_H

#include "engine/gdrun.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GD_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define GD_NORETURN __attribute__((noreturn))
#else
#define GD_PRINTF(f, a)
#define GD_NORETURN
#endif

/* Records where and why, returns the status: return gd_fail(err, GD_ERR_SHAPE, "...");
 * Control bytes in the formatted text are replaced by '?', so names from files are safe
 * here. */
gd_status gd_fail_at(gd_error *err, gd_status st, int code, const char *file, int line,
                     const char *fmt, ...) GD_PRINTF(6, 7);
#define gd_fail(err, st, ...) gd_fail_at((err), (st), 0, __FILE__, __LINE__, __VA_ARGS__)
/* The same with a stable code of codes.def. */
#define gd_fail_code(err, st, code, ...) \
    gd_fail_at((err), (st), (code), __FILE__, __LINE__, __VA_ARGS__)

/* Add the cause, or advice, to an error that gd_fail has filled. */
void gd_error_why(gd_error *err, const char *fmt, ...) GD_PRINTF(2, 3);
void gd_error_hint(gd_error *err, const char *fmt, ...) GD_PRINTF(2, 3);

/* In functions that own nothing. Owners use `goto done` with a single release path. */
#define GD_TRY(expr)                          \
    do {                                      \
        gd_status gd_try_ = (expr);           \
        if (gd_try_ != GD_OK) return gd_try_; \
    } while (0)

/* In functions with `gd_status st` and a `done:` label. */
#define GD_GO(expr)                            \
    do {                                       \
        if ((st = (expr)) != GD_OK) goto done; \
    } while (0)

#define GD_ASSERT(cond) ((cond) ? (void)0 : gd_assert_fail(#cond, __FILE__, __LINE__))
void gd_assert_fail(const char *cond, const char *file, int line) GD_NORETURN;

#ifdef __cplusplus
}
#endif
#endif
