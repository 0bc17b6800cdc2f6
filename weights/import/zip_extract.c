/* zip_extract.c -- the bytes of a storage: read in blocks, inflated if need be, checksum
 * compared. */
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "engine/mem.h"
#include "weights/import/zip.h"

enum { BLOCK = 1 << 18 };

static gd_status damaged(const gd_file *f, const gd_ckpt_storage *s, const char *what,
                         gd_error *err) {
    return gd_fail_code(err, GD_ERR_FORMAT, 405, "%s: %s: %s", f->path, s->key, what);
}

/* Stored bytes; without a destination they pass through `block`. */
static gd_status copy(gd_file *f, const gd_ckpt_storage *s, unsigned char *dst,
                      unsigned char *block, uLong *crc, gd_error *err) {
    for (uint64_t done = 0; done < s->bytes;) {
        size_t         n = s->bytes - done < BLOCK ? (size_t)(s->bytes - done) : BLOCK;
        unsigned char *to = dst ? dst + done : block;
        GD_TRY(gd_file_read(f, s->at + done, to, n, err));
        if (s->has_crc) *crc = crc32_z(*crc, to, n);
        done += n;
    }
    return GD_OK;
}

/* One raw deflate stream that must use all its input and give exactly the announced bytes. */
static gd_status inflate_all(gd_file *f, const gd_ckpt_storage *s, z_stream *z,
                             unsigned char *dst, unsigned char *block, uLong *crc,
                             gd_error *err) {
    unsigned char *in = block, *out = block + BLOCK;
    uint64_t       taken = 0, made = 0;
    int            state = Z_OK;
    while (state != Z_STREAM_END) {
        if (z->avail_in == 0 && taken < s->coded) {
            size_t n = s->coded - taken < BLOCK ? (size_t)(s->coded - taken) : BLOCK;
            GD_TRY(gd_file_read(f, s->at + taken, in, n, err));
            taken += n;
            z->next_in = in;
            z->avail_in = (uInt)n;
        }
        z->next_out = out;
        z->avail_out = BLOCK;
        state = inflate(z, Z_NO_FLUSH);
        size_t n = BLOCK - z->avail_out;
        if (state == Z_MEM_ERROR)
            return gd_fail(err, GD_ERR_NOMEM, "%s: %s: no memory to inflate it", f->path,
                           s->key);
        if ((state != Z_OK && state != Z_STREAM_END) || n > s->bytes - made ||
            (n == 0 && state == Z_OK && z->avail_in == 0 && taken == s->coded))
            return damaged(f, s, "its compressed data is damaged", err);
        if (dst && n) memcpy(dst + made, out, n);
        *crc = crc32_z(*crc, out, n);
        made += n;
    }
    if (made != s->bytes || taken != s->coded || z->avail_in != 0)
        return damaged(f, s, "its compressed data has another size than announced", err);
    return GD_OK;
}

static gd_status inflate_storage(gd_file *f, const gd_ckpt_storage *s, unsigned char *dst,
                                 unsigned char *block, uLong *crc, gd_error *err) {
    z_stream z = {.zalloc = gd_mem_zalloc, .zfree = gd_mem_zfree};
    if (inflateInit2(&z, -15) != Z_OK)
        return gd_fail(err, GD_ERR_NOMEM, "%s: %s: no memory to inflate it", f->path, s->key);
    gd_status st = inflate_all(f, s, &z, dst, block, crc, err);
    inflateEnd(&z);
    return st;
}

gd_status gd_zip_extract(gd_file *f, const gd_ckpt_storage *s, unsigned char *dst,
                         gd_error *err) {
    unsigned char *block = NULL;
    uLong          crc = crc32_z(0, NULL, 0);
    gd_status      st;
    if (!dst || s->deflated) {
        block = gd_mem_get((size_t)2 * BLOCK);
        if (!block) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory to read it", f->path);
    }
    GD_GO(s->deflated ? inflate_storage(f, s, dst, block, &crc, err)
                      : copy(f, s, dst, block, &crc, err));
    if (s->has_crc && (uint32_t)crc != s->crc)
        st = gd_fail_code(err, GD_ERR_FORMAT, 405,
                          "%s: %s: crc mismatch in the %" PRIu64 " bytes from %" PRIu64
                          " (expected %08x, found %08x)",
                          f->path, s->key, s->coded, s->at, s->crc, (unsigned)crc);
done:
    gd_mem_put(block);
    return st;
}
