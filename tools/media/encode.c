/* encode.c -- JPEG through libjpeg-turbo, PNG and BMP through stb_image_write; see encode.h. */
#include "tools/media/encode.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <turbojpeg.h>
#include <zlib.h>

#include "engine/io.h"
#include "engine/mem.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STBIW_ASSERT(x) GD_ASSERT(x)
#define STBIW_MALLOC(n) pen_get(n)
#define STBIW_REALLOC_SIZED(p, old, n) NULL /* only its own compressor grows blocks */
#define STBIW_FREE(p) pen_put(p)
#define STBIW_ZLIB_COMPRESS(data, n, out_n, level) deflate_rows(data, n, out_n)

enum { QUALITY = 90, DEFLATE_LEVEL = 4, PEN_BLOCKS = 4 };

/* What stb_image_write holds: when memory ends it forgets a block, so we remember for it. */
static _Thread_local void *pen[PEN_BLOCKS];

static void *pen_get(int n) {
    for (int i = 0; n >= 0 && i < PEN_BLOCKS; i++)
        if (!pen[i]) return pen[i] = gd_mem_get((size_t)n);
    return NULL;
}

static void pen_put(void *p) {
    for (int i = 0; i < PEN_BLOCKS; i++)
        if (pen[i] == p) pen[i] = NULL;
    gd_mem_put(p);
}

/* zlib in the place of stb_image_write's compressor, which cannot be told that memory ended. */
static unsigned char *deflate_rows(unsigned char *data, int n, int *out_n) {
    z_stream z = {.zalloc = gd_mem_zalloc, .zfree = gd_mem_zfree};
    if (deflateInit(&z, DEFLATE_LEVEL) != Z_OK) return NULL;
    uLong          bound = deflateBound(&z, (uLong)n);
    unsigned char *out = bound < INT_MAX - 64 ? pen_get((int)bound) : NULL;
    if (out) {
        z.next_in = data;
        z.avail_in = (uInt)n;
        z.next_out = out;
        z.avail_out = (uInt)bound;
        GD_ASSERT(deflate(&z, Z_FINISH) == Z_STREAM_END); /* the bound is enough */
        *out_n = (int)z.total_out;
    }
    deflateEnd(&z);
    return out;
}

#pragma GCC diagnostic ignored "-Wunused-function" /* it defines more than is used here */
#include <stb_image_write.h>

gd_encode_format gd_encode_format_of(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    if (!dot) return GD_ENCODE_NONE;
    if (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0) return GD_ENCODE_JPEG;
    if (strcasecmp(dot, ".png") == 0) return GD_ENCODE_PNG;
    if (strcasecmp(dot, ".bmp") == 0) return GD_ENCODE_BMP;
    return GD_ENCODE_NONE;
}

/* Bytes that stb_image_write hands over piece by piece. */
typedef struct sink {
    unsigned char *p;
    size_t         n, room;
    bool           failed;
} sink;

static void pour(void *ctx, void *data, int n) {
    sink *s = ctx;
    if (s->failed || n <= 0) return;
    if (s->room - s->n < (size_t)n) {
        size_t         room = 2 * s->room + (size_t)n;
        unsigned char *p = gd_mem_grow(s->p, s->n, room);
        if (!p) {
            s->failed = true;
            return;
        }
        s->p = p;
        s->room = room;
    }
    memcpy(s->p + s->n, data, (size_t)n);
    s->n += (size_t)n;
}

static gd_status encode_stb(gd_encode_format format, const gd_image *im, size_t stride, sink *s,
                            gd_error *err) {
    size_t   row = 3 * (size_t)im->width;
    uint8_t *dense = NULL;
    int      ok;
    if (format == GD_ENCODE_BMP) {
        /* The BMP writer takes dense rows only, and asks for memory once at the most. */
        dense = stride == row ? NULL : gd_mem_get(row * (size_t)im->height);
        if (stride != row && !dense) goto no_memory;
        for (int y = 0; dense && y < im->height; y++)
            memcpy(dense + row * (size_t)y, im->rgb + stride * (size_t)y, row);
        ok = stbi_write_bmp_to_func(pour, s, im->width, im->height, 3, dense ? dense : im->rgb);
    } else {
        ok = stbi_write_png_to_func(pour, s, im->width, im->height, 3, im->rgb, (int)stride);
    }
    gd_mem_put(dense);
    for (int i = 0; i < PEN_BLOCKS; i++)
        if (pen[i]) pen_put(pen[i]);
    if (ok && !s->failed) return GD_OK;
no_memory:
    return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to encode %d x %d pixels", im->width,
                        im->height);
}

static gd_status encode_jpeg(const gd_image *im, size_t stride, sink *s, gd_error *err) {
    tjhandle      tj = tjInitCompress();
    unsigned long n = tjBufSize(im->width, im->height, TJSAMP_444);
    gd_status     st = GD_OK;
    s->p = n == (unsigned long)-1 ? NULL : gd_mem_get(n);
    if (!tj || !s->p) {
        st = gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory to encode %d x %d pixels",
                          im->width, im->height);
        goto done;
    }
    if (tjCompress2(tj, im->rgb, im->width, (int)stride, im->height, TJPF_RGB, &s->p, &n,
                    TJSAMP_444, QUALITY, TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC) != 0)
        st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 900, "cannot encode as JPEG: %s",
                          tjGetErrorStr2(tj));
    s->n = n;
done:
    if (tj) tjDestroy(tj);
    return st;
}

gd_status gd_encode_memory(gd_encode_format format, const gd_image *im, unsigned char **out,
                           size_t *size, gd_error *err) {
    size_t    stride = im->stride ? im->stride : 3 * (size_t)im->width;
    sink      s = {0};
    gd_status st = GD_OK;
    *out = NULL;
    *size = 0;
    if (im->width < 1 || im->height < 1 || im->width > 65535 || im->height > 65535 ||
        stride < 3 * (size_t)im->width || stride > INT_MAX ||
        (uint64_t)im->width * (uint64_t)im->height > (1u << 28))
        return gd_fail_code(err, GD_ERR_ARG, 900, "cannot encode %d x %d pixels, stride %zu",
                            im->width, im->height, stride);
    switch (format) {
    case GD_ENCODE_JPEG: GD_GO(encode_jpeg(im, stride, &s, err)); break;
    case GD_ENCODE_PNG:
    case GD_ENCODE_BMP: GD_GO(encode_stb(format, im, stride, &s, err)); break;
    default: return gd_fail_code(err, GD_ERR_ARG, 900, "no picture format to encode to");
    }
    *out = s.p;
    *size = s.n;
    s.p = NULL;
done:
    gd_mem_put(s.p);
    return st;
}

gd_status gd_encode_file(const char *path, unsigned flags, const gd_image *im, gd_error *err) {
    gd_encode_format format = gd_encode_format_of(path);
    unsigned char   *bytes = NULL;
    size_t           n;
    gd_out           o = {.fd = -1};
    gd_status        st = GD_OK;
    if (format == GD_ENCODE_NONE) {
        gd_fail_code(err, GD_ERR_ARG, 200, "%s: no picture format has this extension", path);
        gd_error_hint(err, "use .jpg, .png or .bmp");
        return GD_ERR_ARG;
    }
    GD_GO(gd_out_open(&o, path, flags, err)); /* a bad target is known before the work */
    GD_GO(gd_encode_memory(format, im, &bytes, &n, err));
    GD_GO(gd_out_write(&o, bytes, n, err));
    GD_GO(gd_out_commit(&o, err));
done:
    gd_out_abort(&o);
    gd_mem_put(bytes);
    if (st != GD_OK && err && err->code == 0) err->code = 900;
    return st;
}
