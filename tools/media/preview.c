/* preview.c -- the side of the pipeline: address, frames offered, JPEGs; see preview.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "tools/media/preview_impl.h"

/* ---- the address ------------------------------------------------------------------------- */

typedef union address {
    struct sockaddr     any;
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
} address;

/* Decimal 0 .. 65535 and nothing else; -1: it is not. */
static int parse_port(const char *text) {
    int port = 0;
    if (!*text || strlen(text) > 5) return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return -1;
        port = 10 * port + (*text - '0');
    }
    return port <= 65535 ? port : -1;
}

/* Numbers and "localhost" only: looking up a name could take minutes, and could lie. */
static bool parse_where(const char *where, address *out) {
    char        host[64];
    const char *colon = strrchr(where, ':');
    const int   port = parse_port(colon ? colon + 1 : where);
    size_t      n = colon ? (size_t)(colon - where) : 0;
    memset(out, 0, sizeof *out);
    if (port < 0 || n >= sizeof host) return false;
    memcpy(host, where, n);
    host[n] = '\0';
    if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, host + 1, &out->v6.sin6_addr) == 1;
    }
    if (n == 0 || strcasecmp(host, "localhost") == 0) snprintf(host, sizeof host, "127.0.0.1");
    if (colon == where) return false; /* ":8080" leaves open what was meant */
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
}

static socklen_t address_size(const address *a) {
    return a->any.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

/* The URL by what the system has chosen, and whether only this machine reaches it. */
static void describe(gd_preview *p, const address *a) {
    char host[INET6_ADDRSTRLEN] = "?";
    if (a->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof host);
        p->local = IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
        snprintf(p->url, sizeof p->url, "http://[%s]:%d/", host, ntohs(a->v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof host);
        p->local = ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
        snprintf(p->url, sizeof p->url, "http://%s:%d/", host, ntohs(a->v4.sin_port));
    }
}

static gd_status open_listener(gd_preview *p, const char *where, gd_error *err) {
    address   a;
    socklen_t size = sizeof a;
    const int on = 1;
    if (!parse_where(where, &a)) {
        gd_fail_code(err, GD_ERR_ARG, 204, "'%s' is no address to listen at", where);
        gd_error_hint(err, "[ADDRESS:]PORT with numbers: 8080, 0.0.0.0:8080, [::1]:8080");
        return GD_ERR_ARG;
    }
    p->listener = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->listener < 0 ||
        setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (a.any.sa_family == AF_INET6 &&
         setsockopt(p->listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(p->listener, &a.any, address_size(&a)) != 0 || listen(p->listener, 16) != 0 ||
        getsockname(p->listener, &a.any, &size) != 0) {
        const int e = errno;
        gd_fail_code(err, GD_ERR_IO, 980, "the preview cannot listen at %s", where);
        gd_error_why(err, "%s", strerror(e));
        return GD_ERR_IO;
    }
    describe(p, &a);
    return GD_OK;
}

/* ---- opening and closing ----------------------------------------------------------------- */

static gd_status check_options(gd_preview_options *o, gd_error *err) {
    if (o->quality == 0) o->quality = 80;
    if (o->clients == 0) o->clients = 8;
    if (o->request_s == 0) o->request_s = 5;
    if (o->stall_s == 0) o->stall_s = 15;
    if (o->send_buffer == 0) o->send_buffer = 256 << 10;
    if (o->fps == 0) o->fps = 30;
    if (o->quality >= 1 && o->quality <= 100 && o->clients >= 1 &&
        o->clients <= GD_PREVIEW_CLIENTS && o->request_s > 0 && o->stall_s > 0 &&
        o->send_buffer > 0 && o->fps > 0)
        return GD_OK;
    return gd_fail(err, GD_ERR_ARG, "a preview of quality %d for %d clients cannot be",
                   o->quality, o->clients);
}

/* The thread takes no signals: they are for the thread that waits for them. */
static int start_thread(gd_preview *p) {
    sigset_t all, before;
    sigfillset(&all);
    int e = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (e == 0) {
        e = pthread_create(&p->thread, NULL, gd_preview_serve, p);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    p->started = e == 0;
    return e;
}

gd_status gd_preview_open(const char *where, const gd_preview_options *opt, gd_preview **out,
                          gd_error *err) {
    gd_status   st;
    gd_preview *p = gd_mem_get_zero(sizeof *p);
    *out = NULL;
    if (!p) return gd_fail(err, GD_ERR_NOMEM, "no memory for the preview");
    p->listener = p->wake = -1;
    (void)pthread_mutex_init(&p->lock, NULL); /* never fails with default attributes */
    if (opt) p->opt = *opt;
    GD_GO(check_options(&p->opt, err));
    GD_GO(open_listener(p, where, err));
    p->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    p->encoder = tjInitCompress();
    if (!p->encoder) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for the encoder of the preview");
        goto done;
    }
    const int e = p->wake < 0 ? errno : start_thread(p);
    if (e != 0) {
        st = gd_fail_code(err, GD_ERR_IO, 980, "the preview cannot be started");
        gd_error_why(err, "%s", strerror(e));
        goto done;
    }
    *out = p;
    p = NULL;
    st = GD_OK;
done:
    gd_preview_close(p);
    return st;
}

static void wake(gd_preview *p) {
    const uint64_t one = 1;
    /* A counter at its end wakes as well. */
    if (write(p->wake, &one, sizeof one) < 0) return;
}

void gd_preview_close(gd_preview *p) {
    if (!p) return;
    if (p->started) {
        atomic_store(&p->stop, true);
        wake(p);
        (void)pthread_join(p->thread, NULL);
    }
    if (p->listener >= 0) close(p->listener);
    if (p->wake >= 0) close(p->wake);
    if (p->encoder) tjDestroy(p->encoder);
    for (int i = 0; i < GD_PREVIEW_CLIENTS + 2; i++) gd_mem_put(p->jpegs[i].data);
    gd_mem_put(p->offer.rgb);
    gd_mem_put(p->work.rgb);
    gd_mem_put(p->scratch);
    (void)pthread_mutex_destroy(&p->lock);
    gd_mem_put(p);
}

const char *gd_preview_url(const gd_preview *p) { return p->url; }
bool        gd_preview_is_local(const gd_preview *p) { return p->local; }
bool        gd_preview_wanted(gd_preview *p) { return atomic_load(&p->watchers) > 0; }

gd_preview_stats gd_preview_statistics(gd_preview *p) {
    (void)pthread_mutex_lock(&p->lock);
    const gd_preview_stats s = p->stats;
    (void)pthread_mutex_unlock(&p->lock);
    return s;
}

/* ---- frames ------------------------------------------------------------------------------ */

/* Room for `size` bytes at *data; what was there is lost when it grows. */
static bool make_room(unsigned char **data, size_t *room, size_t size) {
    if (size <= *room) return true;
    gd_mem_put(*data);
    *room = 0;
    *data = gd_mem_get(size);
    if (!*data) return false;
    *room = size;
    return true;
}

gd_status gd_preview_show(gd_preview *p, const uint8_t *rgb, int width, int height,
                          size_t stride, gd_error *err) {
    const size_t row = 3 * (size_t)(width > 0 ? width : 0);
    size_t       bytes = 0;
    if (!rgb || width < 1 || height < 1 || width > 65500 || height > 65500 ||
        (stride && stride < row) || !gd_mul_size(row, (size_t)height, &bytes))
        return gd_fail(err, GD_ERR_ARG, "a frame of %dx%d, stride %zu, cannot be shown", width,
                       height, stride);
    if (!gd_preview_wanted(p)) return GD_OK;
    (void)pthread_mutex_lock(&p->lock);
    const bool room = make_room(&p->offer.rgb, &p->offer.room, bytes);
    p->fresh = room;
    if (room) {
        for (int y = 0; y < height; y++)
            memcpy(p->offer.rgb + (size_t)y * row, rgb + (size_t)y * (stride ? stride : row),
                   row);
        p->offer.width = width;
        p->offer.height = height;
        p->stats.offered++;
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (!room)
        return gd_fail(err, GD_ERR_NOMEM, "no memory to show a frame of %zu bytes", bytes);
    wake(p);
    return GD_OK;
}

/* A place that no client reads from. There is one more than clients and the newest frame. */
static gd_jpeg_frame *free_jpeg(gd_preview *p) {
    gd_jpeg_frame *j = p->jpegs;
    while (j->users > 0 || j == p->newest) j++;
    return j;
}

bool gd_preview_encode(gd_preview *p) {
    (void)pthread_mutex_lock(&p->lock);
    const bool fresh = p->fresh;
    if (fresh) {
        const gd_raw_frame taken = p->offer;
        p->offer = p->work;
        p->work = taken;
        p->fresh = false;
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (!fresh) return false;
    const gd_raw_frame *f = &p->work;
    unsigned long       n = tjBufSize(f->width, f->height, TJSAMP_420);
    if (n == (unsigned long)-1 || !make_room(&p->scratch, &p->scratch_room, n)) return false;
    unsigned char *bytes = p->scratch;
    if (tjCompress2(p->encoder, f->rgb, f->width, 0, f->height, TJPF_RGB, &bytes, &n,
                    TJSAMP_420, p->opt.quality, TJFLAG_NOREALLOC | TJFLAG_FASTDCT) != 0)
        return false;
    gd_jpeg_frame *j = free_jpeg(p);
    /* An eighth more, so that frames a little larger do not each ask for memory. */
    if (n > j->room && !make_room(&j->data, &j->room, n + n / 8)) return false;
    memcpy(j->data, bytes, n);
    j->size = n;
    p->newest = j;
    p->number++;
    (void)pthread_mutex_lock(&p->lock);
    p->stats.encoded++;
    (void)pthread_mutex_unlock(&p->lock);
    return true;
}
