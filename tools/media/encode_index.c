/* encode_index.c -- PNG of colour type 3 (PNG 1.2, 4.1 and 9): see encode_index.h. */
#include "tools/media/encode_index.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "engine/io.h"
#include "engine/mem.h"

enum { DEFLATE_LEVEL = 6, PIECE = 1 << 16, CHUNK_EXTRA = 12 };

static void put_u32(unsigned char *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* A chunk around n bytes that stand at p + 8: length, type, and after them the checksum. */
static gd_status put_chunk(gd_out *o, const char type[4], unsigned char *p, size_t n,
                           gd_error *err) {
    put_u32(p, (uint32_t)n);
    memcpy(p + 4, type, 4);
    put_u32(p + 8 + n, (uint32_t)crc32(crc32(0, NULL, 0), p + 4, (uInt)(n + 4)));
    return gd_out_write(o, p, n + CHUNK_EXTRA, err);
}

static gd_status put_head(gd_out *o, const gd_index_image *im, gd_error *err) {
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    unsigned char              chunk[CHUNK_EXTRA + 3 * 256];
    GD_TRY(gd_out_write(o, signature, sizeof signature, err));
    put_u32(chunk + 8, (uint32_t)im->width);
    put_u32(chunk + 12, (uint32_t)im->height);
    memcpy(chunk + 16, (const unsigned char[]){8, 3, 0, 0, 0}, 5); /* depth, colour type */
    GD_TRY(put_chunk(o, "IHDR", chunk, 13, err));
    memcpy(chunk + 8, im->palette, 3 * (size_t)im->n_colour);
    return put_chunk(o, "PLTE", chunk, 3 * (size_t)im->n_colour, err);
}

/* Deflates what is set as input, and writes each piece that is full; with `finish` the rest. */
static gd_status drain(z_stream *z, bool finish, gd_out *o, unsigned char *chunk,
                       gd_error *err) {
    for (;;) {
        const int st = deflate(z, finish ? Z_FINISH : Z_NO_FLUSH);
        GD_ASSERT(st == Z_OK || st == Z_STREAM_END || st == Z_BUF_ERROR);
        if (z->avail_out > 0 && !finish) return GD_OK;
        if (z->avail_out < PIECE)
            GD_TRY(put_chunk(o, "IDAT", chunk, PIECE - z->avail_out, err));
        z->next_out = chunk + 8;
        z->avail_out = PIECE;
        if (st == Z_STREAM_END) return GD_OK;
    }
}

/* Rows without a filter, which is best for palettes (PNG 1.2, 12.8). */
static gd_status put_rows(gd_out *o, const gd_index_image *im, unsigned char *chunk,
                          gd_error *err) {
    z_stream      z = {.zalloc = gd_mem_zalloc, .zfree = gd_mem_zfree};
    unsigned char none = 0;
    gd_status     st = GD_OK;
    if (deflateInit(&z, DEFLATE_LEVEL) != Z_OK)
        return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to encode %d x %d pixels",
                            im->width, im->height);
    z.next_out = chunk + 8;
    z.avail_out = PIECE;
    for (int y = 0; y < im->height && st == GD_OK; y++) {
        union {
            const uint8_t *in;
            Bytef         *out;
        } row = {.in = im->index + (size_t)y * (size_t)im->width};
        z.next_in = &none;
        z.avail_in = 1;
        st = drain(&z, false, o, chunk, err);
        z.next_in = row.out;
        z.avail_in = (uInt)im->width;
        if (st == GD_OK) st = drain(&z, false, o, chunk, err);
    }
    if (st == GD_OK) st = drain(&z, true, o, chunk, err);
    deflateEnd(&z);
    return st;
}

static gd_status check(const gd_index_image *im, gd_error *err) {
    if (im->width < 1 || im->height < 1 || im->width > 65535 || im->height > 65535 ||
        im->n_colour < 1 || im->n_colour > 256)
        return gd_fail_code(err, GD_ERR_ARG, 900, "cannot encode %d x %d indices of %d colours",
                            im->width, im->height, im->n_colour);
    for (size_t i = 0; i < (size_t)im->width * (size_t)im->height; i++)
        if (im->index[i] >= im->n_colour)
            return gd_fail_code(err, GD_ERR_ARG, 900, "index %d of %d colours", im->index[i],
                                im->n_colour);
    return GD_OK;
}

gd_status gd_encode_index_file(const char *path, unsigned flags, const gd_index_image *im,
                               gd_error *err) {
    unsigned char *chunk = NULL;
    gd_out         o = {.fd = -1};
    gd_status      st = check(im, err);
    if (st != GD_OK) return st;
    GD_GO(gd_out_open(&o, path, flags, err));
    chunk = gd_mem_get(PIECE + CHUNK_EXTRA);
    if (!chunk) {
        st = gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to encode %s", path);
        goto done;
    }
    GD_GO(put_head(&o, im, err));
    GD_GO(put_rows(&o, im, chunk, err));
    GD_GO(put_chunk(&o, "IEND", chunk, 0, err));
    GD_GO(gd_out_commit(&o, err));
done:
    gd_out_abort(&o);
    gd_mem_put(chunk);
    if (st != GD_OK && err && err->code == 0) err->code = 900;
    return st;
}
