/* preview_http.h -- the requests that the preview answers: read with every length checked.
 *
 * Of HTTP/1.x it takes GET and HEAD without a body. Nothing is decoded and nothing is looked up
 * by name, so that there is little to get wrong. */
#ifndef GD_TOOLS_MEDIA_PREVIEW_HTTP_H
#define GD_TOOLS_MEDIA_PREVIEW_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A request, head and all, has at most this many bytes; its lines at most so many. */
enum { GD_HTTP_BYTES = 4096, GD_HTTP_LINE = 2048, GD_HTTP_FIELDS = 64 };

typedef struct gd_http_request {
    bool head;      /* HEAD instead of GET */
    char path[128]; /* without the query; a longer one is 414 */
    char host[128]; /* value of Host; "" where there is none */
} gd_http_request;

/* Reads the request in data[0 .. n). 0: it is not complete; 200: it is in *out; else the status
 * to answer: 400 malformed, 405 another method, 413 a body, 414 and 431 too long, 505 not
 * HTTP/1.0 or 1.1. */
int gd_http_parse(const char *data, size_t n, gd_http_request *out);

/* Whether a value of Host names this machine itself: a web page cannot reach a server on
 * loopback through a name of its own (DNS rebinding). "" is allowed: HTTP/1.0. */
bool gd_http_host_is_local(const char *host);

/* "Not Found". */
const char *gd_http_reason(int status);

#ifdef __cplusplus
}
#endif
#endif
