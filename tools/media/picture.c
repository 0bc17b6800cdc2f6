/* picture.c -- the decoder handle: read, walk, decode, orient; see picture.h. */
#include "tools/media/picture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/media/decode.h"
#include "tools/media/exif.h"
#include "tools/media/sandbox.h"

enum { DEFAULT_TIMEOUT_MS = 10000, FIRST_READ = 1 << 20 };

struct gd_decoder {
    gd_sandbox *sandbox; /* NULL: in this process */
};

gd_status gd_decoder_open(const gd_decoder_options *opt, gd_decoder **out, gd_error *err) {
    gd_status   st = GD_OK;
    gd_decoder *d = gd_mem_get_zero(sizeof *d);
    *out = NULL;
    if (!d) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for a decoder");
    if (!opt || !opt->in_process)
        GD_GO(gd_sandbox_open(opt && opt->timeout_ms > 0 ? opt->timeout_ms : DEFAULT_TIMEOUT_MS,
                              &d->sandbox, err));
    *out = d;
    d = NULL;
done:
    gd_mem_put(d);
    return st;
}

void gd_decoder_close(gd_decoder *d) {
    if (!d) return;
    gd_sandbox_close(d->sandbox);
    gd_mem_put(d);
}

int gd_decoder_process(const gd_decoder *d) {
    return d->sandbox ? (int)gd_sandbox_worker(d->sandbox) : -1;
}

void gd_picture_free(gd_picture *p) {
    gd_mem_put(p->rgb);
    memset(p, 0, sizeof *p);
}

/* Everything but the buffer back to its start. */
static void forget(gd_picture *p) {
    uint8_t *rgb = p->rgb;
    size_t   room = p->room;
    memset(p, 0, sizeof *p);
    p->rgb = rgb;
    p->room = room;
}

static gd_status make_room(gd_picture *p, size_t need, const char *name, gd_error *err) {
    if (p->room >= need) return GD_OK;
    gd_mem_put(p->rgb);
    p->room = 0;
    p->rgb = gd_mem_get(need);
    if (!p->rgb)
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory for %zu bytes of pixels",
                            name, need);
    p->room = need;
    return GD_OK;
}

/* The decoder's words, behind the name of the file. */
static gd_status decode_here(const gd_source *s, unsigned char *data, const char *name,
                             uint8_t **pixels, gd_error *err) {
    gd_error  inner = {0};
    size_t    n = 3 * (size_t)s->width * (size_t)s->height;
    uint8_t  *px = gd_mem_get(n);
    gd_status st;
    if (!px)
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory for %zu bytes of pixels",
                            name, n);
    st = gd_decode(s, data, px, &inner);
    if (st != GD_OK) {
        gd_mem_put(px);
        return gd_fail_code(err, st, inner.code, "%s: %s", name, inner.msg);
    }
    *pixels = px;
    return GD_OK;
}

/* `data` is private to this call: a decoder may change it. */
static gd_status read_bytes(gd_decoder *d, unsigned char *data, size_t size, const char *name,
                            const gd_read_options *opt, gd_picture *out, gd_error *err) {
    gd_source      s;
    const uint8_t *pixels = NULL;
    uint8_t       *own = NULL;
    gd_status      st;
    GD_TRY(gd_front_door(data, size, name, opt, &s, err));
    if (d->sandbox) {
        GD_GO(gd_sandbox_decode(d->sandbox, &s, data, name, &pixels, err));
    } else {
        GD_GO(decode_here(&s, data, name, &own, err));
        pixels = own;
    }
    GD_GO(make_room(out, 3 * (size_t)s.width * (size_t)s.height, name, err));
    int turn = opt && opt->no_exif ? 1 : s.orientation;
    gd_exif_apply(pixels, s.width, s.height, turn, out->rgb);
    out->width = gd_exif_swaps(turn) ? s.height : s.width;
    out->height = gd_exif_swaps(turn) ? s.width : s.height;
    out->orientation = s.orientation;
    out->truncated = s.truncated;
    out->multiple = s.multiple;
    out->format = gd_source_format_name(s.format);
    out->file_bytes = size;
    out->n_warnings = s.n_warnings;
    memcpy(out->warnings, s.warnings, sizeof out->warnings);
done:
    gd_mem_put(own);
    return st;
}

/* Errors of the operating system about an input count as input errors. */
static gd_status as_input(gd_status st, gd_error *err) {
    if (st != GD_OK && err && err->code == 0) err->code = st == GD_ERR_NOMEM ? 600 : 300;
    return st;
}

gd_status gd_decoder_read(gd_decoder *d, const char *path, const gd_read_options *opt,
                          gd_picture *out, gd_error *err) {
    unsigned char *data;
    size_t         size;
    forget(out);
    GD_TRY(as_input(gd_file_slurp(path, GD_PICTURE_FILE_BYTES, &data, &size, err), err));
    gd_status st = read_bytes(d, data, size, path, opt, out, err);
    gd_mem_put(data);
    return st;
}

gd_status gd_decoder_read_memory(gd_decoder *d, const void *data, size_t size, const char *name,
                                 const gd_read_options *opt, gd_picture *out, gd_error *err) {
    forget(out);
    if (size > GD_PICTURE_FILE_BYTES)
        return gd_fail_code(err, GD_ERR_FORMAT, 305, "%s: %zu bytes, the limit is %d", name,
                            size, GD_PICTURE_FILE_BYTES);
    unsigned char *copy = gd_mem_get(size);
    if (!copy)
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory for its %zu bytes", name,
                            size);
    if (size) memcpy(copy, data, size);
    gd_status st = read_bytes(d, copy, size, name, opt, out, err);
    gd_mem_put(copy);
    return st;
}

gd_status gd_decoder_read_fd(gd_decoder *d, int fd, const char *name,
                             const gd_read_options *opt, gd_picture *out, gd_error *err) {
    size_t         size = 0, room = FIRST_READ;
    unsigned char *data = gd_mem_get(room);
    gd_status      st = GD_OK;
    forget(out);
    while (data) {
        ssize_t got = read(fd, data + size, room - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            st =
                gd_fail_code(err, GD_ERR_IO, 300, "%s: cannot read: %s", name, strerror(errno));
            goto done;
        }
        if (got == 0) break;
        size += (size_t)got;
        if (size > GD_PICTURE_FILE_BYTES) {
            st = gd_fail_code(err, GD_ERR_FORMAT, 305, "%s: more than %d bytes", name,
                              GD_PICTURE_FILE_BYTES);
            goto done;
        }
        if (size < room) continue;
        unsigned char *more = gd_mem_grow(data, size, 2 * room);
        if (!more) gd_mem_put(data);
        data = more;
        room *= 2;
    }
    if (!data) return gd_fail_code(err, GD_ERR_NOMEM, 600, "%s: no memory to read it", name);
    st = read_bytes(d, data, size, name, opt, out, err);
done:
    gd_mem_put(data);
    return st;
}
