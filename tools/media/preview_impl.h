/* preview_impl.h -- what the files of the preview share: frames on one side, clients on the
 * other.
 *
 *     gd_preview_show -> offer (newest raw frame) -> work -> JPEG -> clients
 *
 * The lock guards `offer`, `fresh` and the statistics; everything else belongs to the thread
 * that serves. */
#ifndef GD_TOOLS_MEDIA_PREVIEW_IMPL_H
#define GD_TOOLS_MEDIA_PREVIEW_IMPL_H

#include <pthread.h>
#include <turbojpeg.h>

#ifdef __cplusplus
#include <atomic>
using std::atomic_bool;
using std::atomic_int;
#else
#include <stdatomic.h>
#endif

#include "tools/media/preview.h"
#include "tools/media/preview_http.h"

enum { GD_PREVIEW_CLIENTS = 64 };

typedef struct gd_raw_frame {
    uint8_t *rgb; /* packed */
    size_t   room;
    int      width, height;
} gd_raw_frame;

/* An encoded frame; clients that send the same one share it. */
typedef struct gd_jpeg_frame {
    unsigned char *data;
    size_t         size, room;
    int            users;
} gd_jpeg_frame;

typedef enum gd_client_state {
    GD_CLIENT_FREE,
    GD_CLIENT_READS, /* its request comes in */
    GD_CLIENT_SENDS, /* text, then jpeg, then tail */
    GD_CLIENT_WAITS, /* for a frame newer than `seen` */
    GD_CLIENT_LEAVES /* all is said: until it closes, so that nothing is cut off */
} gd_client_state;

typedef struct gd_client {
    gd_client_state state;
    int             fd;
    double          deadline;
    char            in[GD_HTTP_BYTES];
    size_t          n_in, n_ignored;
    char            text[1024];
    size_t          n_text, at; /* `at` counts through text, jpeg and tail */
    gd_jpeg_frame  *jpeg;
    bool            stream, single; /* GET /stream, GET /frame.jpg */
    bool            silent;         /* its side of the connection is closed */
    uint64_t        seen;
} gd_client;

struct gd_preview {
    gd_preview_options opt;
    char               url[96];
    bool               local;
    int                listener, wake; /* sockets; an eventfd */
    pthread_t          thread;
    bool               started;
    atomic_int         watchers; /* clients that show or await frames */
    atomic_bool        stop;

    pthread_mutex_t  lock;
    gd_raw_frame     offer;
    bool             fresh; /* `offer` has not been taken yet */
    gd_preview_stats stats;

    gd_raw_frame   work;
    tjhandle       encoder;
    unsigned char *scratch; /* a JPEG is never larger than this */
    size_t         scratch_room;
    gd_jpeg_frame  jpegs[GD_PREVIEW_CLIENTS + 2]; /* one each, the newest, the next */
    gd_jpeg_frame *newest;
    uint64_t       number;                   /* of the newest */
    double         encode_from, listen_from; /* not before these times */
    gd_client      client[GD_PREVIEW_CLIENTS];
};

/* Encodes what is offered, if it is new. False: there was nothing, or no memory for it. */
bool gd_preview_encode(gd_preview *p);
/* The thread (preview_serve.c). */
void *gd_preview_serve(void *preview);

#endif
