/* device.h -- memory, order and time of one device; it knows no operator.
 *
 * A gd_device belongs to one session and one thread at a time: it has a lane of its own for
 * computing and one for copies, so sessions on one GPU run side by side. The host is no
 * gd_device: where a gd_device pointer is NULL, memory is gd_mem's and order is the program's.
 *
 * Work is asynchronous: upload, download, fill, launches and replay are queued on a lane and
 * the call returns; a fault of queued work surfaces at gd_device_sync, as GD_ERR_DEVICE with
 * the name that gd_device_note last left. After such a fault every call fails: the process
 * has to end. GD_ERR_NOMEM leaves a device usable. */
#ifndef GD_ENGINE_DEVICE_H
#define GD_ENGINE_DEVICE_H

#include "engine/op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_lane { GD_LANE_RUN, GD_LANE_COPY, GD_N_LANE } gd_lane;

enum { GD_DEVICE_ALIGN = 256, GD_N_MARK = 64 };

/* The next multiple of GD_DEVICE_ALIGN. */
static inline size_t gd_device_round(size_t n) {
    return (n + GD_DEVICE_ALIGN - 1) / GD_DEVICE_ALIGN * GD_DEVICE_ALIGN;
}

/* n rows of `bytes`, `dst_step` and `src_step` bytes from one to the next; steps >= bytes. */
typedef struct gd_rows {
    void       *dst;
    const void *src;
    size_t      dst_step, src_step, bytes, n;
} gd_rows;

/* What a backend implements; the wrappers below are what callers use. */
typedef struct gd_device_api {
    void (*close)(gd_device *d);
    gd_status (*alloc)(gd_device *d, size_t size, void **out, gd_error *err);
    void (*release)(gd_device *d, void *p);
    gd_status (*pin)(gd_device *d, size_t size, void **out, gd_error *err);
    void (*unpin)(gd_device *d, void *p);
    bool (*pinned)(gd_device *d, const void *p);
    gd_status (*upload)(gd_device *d, gd_lane lane, void *dst, const void *src, size_t size,
                        gd_error *err);
    gd_status (*upload_rows)(gd_device *d, gd_lane lane, const gd_rows *r, gd_error *err);
    gd_status (*download)(gd_device *d, gd_lane lane, void *dst, const void *src, size_t size,
                          gd_error *err);
    gd_status (*fill)(gd_device *d, gd_lane lane, void *dst, int byte, size_t size,
                      gd_error *err);
    gd_status (*order)(gd_device *d, gd_lane before, gd_lane after, gd_error *err);
    gd_status (*sync)(gd_device *d, gd_lane lane, gd_error *err);
    gd_status (*mark)(gd_device *d, gd_lane lane, int i, gd_error *err);
    gd_status (*elapsed)(gd_device *d, int from, int to, double *ms, gd_error *err);
    gd_status (*capture)(gd_device *d, gd_error *err);
    gd_status (*captured)(gd_device *d, void **graph, gd_error *err);
    void (*abandon)(gd_device *d);
    gd_status (*replay)(gd_device *d, void *graph, gd_error *err);
    void (*forget)(gd_device *d, void *graph);
    gd_status (*room)(gd_device *d, size_t *free_bytes, gd_error *err);
    gd_status (*use)(gd_device *d, gd_error *err);
    gd_status (*copy)(gd_device *d, gd_lane lane, void *dst, const void *src, size_t size,
                      gd_error *err);
} gd_device_api;

/* The common head of every backend's own structure. */
struct gd_device {
    const gd_device_api *api;
    gd_device_caps       caps;
    char                 name[96];          /* as the vendor writes it */
    char                 driver[32];        /* version of its driver */
    int                  ordinal;           /* position among the visible devices */
    void                *stream[GD_N_LANE]; /* cudaStream_t */
    const char          *last;              /* gd_device_note: what is being launched */
    size_t               held, peak;        /* bytes allocated now, and at most */
    size_t               limit; /* most bytes that may be held; 0: the device's own */
};

void gd_device_close(gd_device *d); /* NULL is allowed; everything else was released before */

/* Device memory, aligned to GD_DEVICE_ALIGN, uninitialised. GD_ERR_NOMEM names the sizes asked
 * for, held and free. Size 0 gives an address too. */
gd_status gd_device_alloc(gd_device *d, size_t size, void **out, gd_error *err) GD_MUST_CHECK;
void      gd_device_release(gd_device *d, void *p); /* NULL is allowed; waits for the device */
/* Host memory that copies reach without staging. */
gd_status gd_device_pin(gd_device *d, size_t size, void **out, gd_error *err) GD_MUST_CHECK;
void      gd_device_unpin(gd_device *d, void *p);
bool      gd_device_pinned(gd_device *d, const void *p); /* host memory of that kind? */

/* From and to any host memory; the host side may be touched again after a sync, or at once when
 * it is not pinned and the copy is an upload. */
gd_status gd_device_upload(gd_device *d, gd_lane lane, void *dst, const void *src, size_t size,
                           gd_error *err) GD_MUST_CHECK;
/* Rows of one length, as one copy: many small uploads take the host longer than the bus. */
gd_status gd_device_upload_rows(gd_device *d, gd_lane lane, const gd_rows *r,
                                gd_error *err) GD_MUST_CHECK;
gd_status gd_device_download(gd_device *d, gd_lane lane, void *dst, const void *src,
                             size_t size, gd_error *err) GD_MUST_CHECK;
/* From one place of the device's memory to another, either of which may be another gd_device's
 * of the same GPU; they do not overlap. */
gd_status gd_device_copy(gd_device *d, gd_lane lane, void *dst, const void *src, size_t size,
                         gd_error *err) GD_MUST_CHECK;
gd_status gd_device_fill(gd_device *d, gd_lane lane, void *dst, int byte, size_t size,
                         gd_error *err) GD_MUST_CHECK;
/* What is queued on `after` from now on starts when all that is on `before` now has ended. */
gd_status gd_device_order(gd_device *d, gd_lane before, gd_lane after,
                          gd_error *err) GD_MUST_CHECK;
gd_status gd_device_sync(gd_device *d, gd_lane lane, gd_error *err) GD_MUST_CHECK;

/* A point in time on a lane, i in [0, GD_N_MARK), and the time between two that were passed
 * (after a sync). */
gd_status gd_device_mark(gd_device *d, gd_lane lane, int i, gd_error *err) GD_MUST_CHECK;
gd_status gd_device_elapsed(gd_device *d, int from, int to, double *ms,
                            gd_error *err) GD_MUST_CHECK;

/* Between capture and captured, what is queued on GD_LANE_RUN is recorded and not run; replay
 * queues all of it at once. abandon ends a capture that failed half-way. */
gd_status gd_device_capture(gd_device *d, gd_error *err) GD_MUST_CHECK;
gd_status gd_device_captured(gd_device *d, void **graph, gd_error *err) GD_MUST_CHECK;
void      gd_device_abandon(gd_device *d);
gd_status gd_device_replay(gd_device *d, void *graph, gd_error *err) GD_MUST_CHECK;
void      gd_device_forget(gd_device *d, void *graph); /* NULL is allowed */

/* Bytes that the device (and `limit`) would still give. */
gd_status gd_device_room(gd_device *d, size_t *free_bytes, gd_error *err) GD_MUST_CHECK;
/* Makes the device the calling thread's own, before kernels are launched by others than the
 * calls above. */
gd_status gd_device_use(gd_device *d, gd_error *err) GD_MUST_CHECK;
/* Names what is launched next, for the message of a fault; the string must be static or outlive
 * the device's next sync. */
static inline void gd_device_note(gd_device *d, const char *what) {
    if (d) d->last = what;
}

#ifdef __cplusplus
}
#endif
#endif
