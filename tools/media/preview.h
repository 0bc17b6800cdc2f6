/* preview.h -- the annotated frames as MJPEG over HTTP, for machines without a display.
 *
 * One thread of its own serves every client. The pipeline only copies a frame, and only while
 * somebody watches; what is not sent in time is replaced by the newer frame, so slow clients
 * see fewer frames and hold nothing up. Memory: two raw frames, and a JPEG for each client.
 *
 *     GET /           a page that shows the stream
 *     GET /stream     multipart/x-mixed-replace, image/jpeg
 *     GET /frame.jpg  the next frame alone
 *     GET /healthz    "ok" */
#ifndef GD_TOOLS_MEDIA_PREVIEW_H
#define GD_TOOLS_MEDIA_PREVIEW_H

#include <stdbool.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_preview gd_preview;

typedef struct gd_preview_options {
    int    quality;     /* of the JPEGs, 1 .. 100; 0: 80 */
    int    clients;     /* connections at a time, 1 .. 64; 0: 8. More are answered 503 */
    double request_s;   /* a request must be complete by then; 0: 5 */
    double stall_s;     /* a client that takes nothing for so long is dropped; 0: 15 */
    int    send_buffer; /* bytes the system may hold for a client; 0: 256 KiB */
    double fps;         /* most frames a second that are encoded; 0: 30 */
} gd_preview_options;

/* `where` is [ADDR:]PORT: "8080", "0.0.0.0:8080", "[::]:8080", "localhost:0"; without ADDR
 * loopback, port 0 any free one. `opt` may be NULL. GD_ERR_ARG (204): no such address;
 * GD_ERR_IO (980): it cannot be listened on. */
gd_status gd_preview_open(const char *where, const gd_preview_options *opt, gd_preview **out,
                          gd_error *err) GD_MUST_CHECK;
/* "http://127.0.0.1:8080/", valid until close. */
const char *gd_preview_url(const gd_preview *p);
/* False: other machines can connect, which deserves a warning (W981). */
bool gd_preview_is_local(const gd_preview *p);

/* Whether a client waits for a frame: without one, gd_preview_show does nothing. */
bool gd_preview_wanted(gd_preview *p);
/* Offers a frame (copied; stride 0: 3 * width). Never waits for a client. Calls may come from
 * any thread, one at a time. GD_ERR_NOMEM: the frame is not shown. */
gd_status gd_preview_show(gd_preview *p, const uint8_t *rgb, int width, int height,
                          size_t stride, gd_error *err) GD_MUST_CHECK;

typedef struct gd_preview_stats {
    int64_t offered;  /* frames that gd_preview_show copied */
    int64_t encoded;  /* of these, made into a JPEG; the rest were overtaken */
    int64_t sent;     /* JPEGs delivered whole, over all clients */
    int64_t accepted; /* connections */
    int64_t refused;  /* connections and requests answered with an error, or cut off */
} gd_preview_stats;
gd_preview_stats gd_preview_statistics(gd_preview *p);

/* Ends the streams and releases everything; NULL is allowed. */
void gd_preview_close(gd_preview *p);

#ifdef __cplusplus
}
#endif
#endif
