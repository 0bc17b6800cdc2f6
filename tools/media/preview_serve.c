/* preview_serve.c -- the side of the clients: one thread that never waits for any of them. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tools/media/preview_impl.h"

#define BOUNDARY "gdrun-frame"

static const char page[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>gdrun</title>"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<style>body{margin:0;background:#111}img{display:block;margin:auto;max-width:100vw;"
    "max-height:100vh}</style><img src=\"/stream\" alt=\"annotated frames\"></html>\n";
/* What follows a frame; the boundary at once, since browsers show a part when it ends. */
static const char tail[] = "\r\n--" BOUNDARY "\r\n";
enum { TAIL = sizeof tail - 1, IGNORED_MOST = 1 << 16 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void count(gd_preview *p, int64_t *counter) {
    (void)pthread_mutex_lock(&p->lock);
    ++*counter;
    (void)pthread_mutex_unlock(&p->lock);
}

/* ---- one client -------------------------------------------------------------------------- */

static void drop_jpeg(gd_client *c) {
    if (c->jpeg) c->jpeg->users--;
    c->jpeg = NULL;
}

static void leave(gd_preview *p, gd_client *c) {
    drop_jpeg(c);
    if (c->stream || c->single) atomic_fetch_sub(&p->watchers, 1);
    close(c->fd);
    *c = (gd_client){.fd = -1};
}

/* Cut off: it was too slow, or broke a rule while it was served. */
static void cut(gd_preview *p, gd_client *c) {
    count(p, &p->stats.refused);
    leave(p, c);
}

static void send_begin(gd_preview *p, gd_client *c) {
    c->state = GD_CLIENT_SENDS;
    c->at = 0;
    c->deadline = now() + p->opt.stall_s;
}

/* Head, and a body of text that is in it. */
static void answer(gd_preview *p, gd_client *c, int status, const char *type, const char *body,
                   bool head_only) {
    const int n = snprintf(c->text, sizeof c->text,
                           "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
                           "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                           "Connection: close\r\n\r\n%s",
                           status, gd_http_reason(status), type, strlen(body),
                           status == 405 ? "Allow: GET, HEAD\r\n" : "", head_only ? "" : body);
    c->n_text = n > 0 && (size_t)n < sizeof c->text ? (size_t)n : 0;
    if (status != 200) count(p, &p->stats.refused);
    send_begin(p, c);
}

static void refuse(gd_preview *p, gd_client *c, int status, bool head_only) {
    char body[64];
    snprintf(body, sizeof body, "%d %s\n", status, gd_http_reason(status));
    answer(p, c, status, "text/plain; charset=utf-8", body, head_only);
}

/* The head of the stream; frames follow when they are there. */
static void begin_stream(gd_preview *p, gd_client *c, bool head_only) {
    c->n_text = (size_t)snprintf(
        c->text, sizeof c->text,
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=" BOUNDARY
        "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n%s",
        head_only ? "" : "--" BOUNDARY "\r\n");
    if (!head_only) {
        c->stream = true;
        atomic_fetch_add(&p->watchers, 1);
    }
    send_begin(p, c);
}

static void take_request(gd_preview *p, gd_client *c, const gd_http_request *r) {
    if (p->local && !gd_http_host_is_local(r->host)) {
        refuse(p, c, 403, r->head);
    } else if (strcmp(r->path, "/") == 0) {
        answer(p, c, 200, "text/html; charset=utf-8", page, r->head);
    } else if (strcmp(r->path, "/healthz") == 0) {
        answer(p, c, 200, "text/plain; charset=utf-8", "ok\n", r->head);
    } else if (strcmp(r->path, "/stream") == 0) {
        begin_stream(p, c, r->head);
    } else if (strcmp(r->path, "/frame.jpg") == 0 && !r->head) {
        c->single = true;
        c->seen = p->number; /* not one that was left from long ago */
        c->state = GD_CLIENT_WAITS;
        c->deadline = now() + p->opt.stall_s;
        atomic_fetch_add(&p->watchers, 1);
    } else {
        refuse(p, c, 404, r->head);
    }
}

static void client_reads(gd_preview *p, gd_client *c) {
    gd_http_request r;
    const ssize_t   n = recv(c->fd, c->in + c->n_in, sizeof c->in - c->n_in, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        leave(p, c);
        return;
    }
    c->n_in += (size_t)n;
    const int status = gd_http_parse(c->in, c->n_in, &r);
    if (status == 200)
        take_request(p, c, &r);
    else if (status != 0)
        refuse(p, c, status, false);
}

/* Nothing more is expected of a client that is served: its bytes are read and forgotten, so
 * that its going away is seen. */
static void client_ignored(gd_preview *p, gd_client *c) {
    char          sink[4096];
    const ssize_t n = recv(c->fd, sink, sizeof sink, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n == 0 && c->state == GD_CLIENT_SENDS && !c->stream && !c->silent) {
        c->silent = true; /* some say that they have said all, and listen on */
        return;
    }
    if (n <= 0) {
        leave(p, c);
        return;
    }
    c->n_ignored += (size_t)n;
    if (c->n_ignored > IGNORED_MOST) cut(p, c);
}

/* Text, JPEG and tail are one sequence of bytes; this is the piece at c->at. */
static size_t next_piece(const gd_client *c, const char **piece) {
    size_t at = c->at;
    if (at < c->n_text) {
        *piece = c->text + at;
        return c->n_text - at;
    }
    at -= c->n_text;
    if (!c->jpeg) return 0;
    if (at < c->jpeg->size) {
        *piece = (const char *)c->jpeg->data + at;
        return c->jpeg->size - at;
    }
    at -= c->jpeg->size;
    *piece = tail + at;
    return c->stream ? TAIL - at : 0;
}

static void client_sends(gd_preview *p, gd_client *c) {
    const char *piece;
    size_t      left;
    while ((left = next_piece(c, &piece)) > 0) {
        const ssize_t n = send(c->fd, piece, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            leave(p, c);
            return;
        }
        c->at += (size_t)n;
        c->deadline = now() + p->opt.stall_s;
    }
    if (c->jpeg) count(p, &p->stats.sent);
    drop_jpeg(c);
    if (c->stream) {
        c->state = GD_CLIENT_WAITS;
        c->deadline = HUGE_VAL; /* a pipeline may take its time */
        return;
    }
    /* A close with unread bytes would discard the answer on its way. */
    (void)shutdown(c->fd, SHUT_WR);
    c->state = GD_CLIENT_LEAVES;
    c->deadline = now() + 1;
}

/* ---- all clients ------------------------------------------------------------------------- */

static void accept_clients(gd_preview *p) {
    static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                               "Retry-After: 5\r\nConnection: close\r\n\r\n";
    for (int k = 0; k < 16; k++) { /* in one go; the clients have their turn in between */
        const int  on = 1;
        gd_client *c = NULL;
        const int  fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            /* Out of descriptors: it would fail again at once. */
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                p->listen_from = now() + 0.5;
            return;
        }
        count(p, &p->stats.accepted);
        for (int i = 0; i < p->opt.clients && !c; i++)
            if (p->client[i].state == GD_CLIENT_FREE) c = &p->client[i];
        if (!c) {
            count(p, &p->stats.refused);
            (void)send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
            close(fd);
            continue;
        }
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &p->opt.send_buffer,
                         sizeof p->opt.send_buffer);
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        *c = (gd_client){.state = GD_CLIENT_READS, .fd = fd};
        c->deadline = now() + p->opt.request_s;
    }
}

/* The newest frame to a client that waits for one. */
static void give_frame(gd_preview *p, gd_client *c) {
    c->jpeg = p->newest;
    c->jpeg->users++;
    c->seen = p->number;
    c->n_text = (size_t)snprintf(
        c->text, sizeof c->text, "%sContent-Type: image/jpeg\r\nContent-Length: %zu\r\n%s\r\n",
        c->single ? "HTTP/1.1 200 OK\r\n" : "", c->jpeg->size,
        c->single ? "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                    "Cross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n"
                  : "");
    send_begin(p, c);
    client_sends(p, c);
}

/* Encodes a new frame if somebody is ready for it and the last one is old enough. */
static void feed(gd_preview *p) {
    bool         waits = false;
    const double t = now();
    for (int i = 0; i < p->opt.clients; i++)
        waits = waits || p->client[i].state == GD_CLIENT_WAITS;
    if (!waits) return;
    if (t >= p->encode_from && gd_preview_encode(p)) p->encode_from = t + 1 / p->opt.fps;
    for (int i = 0; i < p->opt.clients; i++) {
        gd_client *c = &p->client[i];
        if (c->state == GD_CLIENT_WAITS && p->newest && c->seen < p->number) give_frame(p, c);
    }
}

static void drop_late(gd_preview *p) {
    const double t = now();
    for (int i = 0; i < p->opt.clients; i++) {
        gd_client *c = &p->client[i];
        if (c->state == GD_CLIENT_FREE || t < c->deadline) continue;
        if (c->state == GD_CLIENT_READS && c->n_in > 0) {
            refuse(p, c, 408, false);
        } else if (c->state == GD_CLIENT_WAITS) { /* no frame came for /frame.jpg */
            c->single = false;
            atomic_fetch_sub(&p->watchers, 1);
            refuse(p, c, 503, false);
        } else if (c->state == GD_CLIENT_LEAVES) {
            leave(p, c);
        } else {
            cut(p, c);
        }
    }
}

/* Milliseconds until something falls due; -1: nothing does. */
static int next_due(gd_preview *p, bool fresh) {
    double due = HUGE_VAL, t = now();
    if (p->listen_from > t) due = p->listen_from;
    for (int i = 0; i < p->opt.clients; i++) {
        const gd_client *c = &p->client[i];
        if (c->state != GD_CLIENT_FREE) due = fmin(due, c->deadline);
        if (c->state == GD_CLIENT_WAITS && fresh) due = fmin(due, fmax(t, p->encode_from));
    }
    return due == HUGE_VAL ? -1 : (int)ceil(fmin(fmax(due - t, 0), 60) * 1000);
}

static short events_of(const gd_client *c) {
    const short in = c->silent ? 0 : POLLIN;
    return c->state == GD_CLIENT_SENDS ? (short)(in | POLLOUT) : in;
}

static void turn(gd_preview *p) {
    struct pollfd fd[GD_PREVIEW_CLIENTS + 2];
    uint64_t      sum;
    (void)pthread_mutex_lock(&p->lock);
    const bool fresh = p->fresh;
    (void)pthread_mutex_unlock(&p->lock);
    fd[0] = (struct pollfd){.fd = p->wake, .events = POLLIN};
    fd[1] = (struct pollfd){.fd = p->listen_from > now() ? -1 : p->listener, .events = POLLIN};
    for (int i = 0; i < p->opt.clients; i++) {
        const gd_client *c = &p->client[i];
        fd[2 + i] = (struct pollfd){.fd = c->state == GD_CLIENT_FREE ? -1 : c->fd,
                                    .events = events_of(c)};
    }
    if (poll(fd, (nfds_t)(2 + p->opt.clients), next_due(p, fresh)) < 0 && errno != EINTR)
        return;
    if (fd[0].revents && read(p->wake, &sum, sizeof sum) < 0 && errno != EAGAIN) return;
    for (int i = 0; i < p->opt.clients; i++) {
        gd_client  *c = &p->client[i];
        const short events = fd[2 + i].revents;
        if (fd[2 + i].fd < 0 || !events) continue;
        if (c->state == GD_CLIENT_READS) {
            client_reads(p, c);
            continue;
        }
        if (events & ~POLLOUT) client_ignored(p, c);
        if (c->state == GD_CLIENT_SENDS) client_sends(p, c);
    }
    drop_late(p);
    if (fd[1].revents) accept_clients(p);
    feed(p);
}

void *gd_preview_serve(void *preview) {
    gd_preview *p = preview;
    for (int i = 0; i < GD_PREVIEW_CLIENTS; i++) p->client[i].fd = -1;
    while (!atomic_load(&p->stop)) turn(p);
    for (int i = 0; i < p->opt.clients; i++)
        if (p->client[i].state != GD_CLIENT_FREE) leave(p, &p->client[i]);
    return NULL;
}
