/* picture_size.c -- the size of a picture without its pixels; see picture_size.h. */
#include "tools/data/picture_size.h"

#include <string.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/media/exif.h"
#include "tools/media/front_door.h"

/* Markers of JPEG (ITU T.81, table B.1). */
enum { SOF0 = 0xc0, DHT = 0xc4, JPG = 0xc8, DAC = 0xcc, SOF15 = 0xcf, SOS = 0xda, APP1 = 0xe1 };
enum { SEGMENTS = 4096, EXIF_BYTES = 65536 };

static gd_status damaged(const gd_file *f, uint64_t at, gd_error *err) {
    return gd_fail_code(err, GD_ERR_FORMAT, 304, "%.200s: JPEG: no frame header by byte %llu",
                        f->path, (unsigned long long)at);
}

static gd_status read_exif(gd_file *f, uint64_t at, size_t n, int *orientation, gd_error *err) {
    unsigned char *p = gd_mem_get(EXIF_BYTES);
    const char    *why;
    gd_status      st = p ? gd_file_read(f, at, p, n, err)
                          : gd_fail(err, GD_ERR_NOMEM, "%.200s: no memory", f->path);
    if (st == GD_OK && n > 6 && !memcmp(p, "Exif\0\0", 6) &&
        gd_exif_orientation(p + 6, n - 6, orientation, &why) != GD_EXIF_FOUND)
        *orientation = 1;
    gd_mem_put(p);
    return st;
}

static gd_status jpeg_size(gd_file *f, gd_picture_size *out, gd_error *err) {
    uint64_t at = 2;
    bool     have_exif = false;
    for (int k = 0; k < SEGMENTS; k++) {
        unsigned char p[9];
        unsigned      n;
        if (f->size < at + sizeof p) break;
        GD_TRY(gd_file_read(f, at, p, sizeof p, err));
        if (p[0] != 0xff) break;
        if (p[1] == 0xff) { /* fill */
            at++;
            continue;
        }
        if (p[1] == SOS || p[1] < SOF0) break;
        n = gd_be16(p + 2);
        if (n < 2) break;
        if (p[1] <= SOF15 && p[1] != DHT && p[1] != JPG && p[1] != DAC) {
            out->height = (int)gd_be16(p + 5);
            out->width = (int)gd_be16(p + 7);
            return out->width && out->height ? GD_OK : damaged(f, at, err);
        }
        if (p[1] == APP1 && !have_exif && f->size >= at + 2 + n) {
            GD_TRY(read_exif(f, at + 4, n - 2, &out->orientation, err));
            have_exif = true;
        }
        at += 2 + n;
    }
    return damaged(f, at, err);
}

static gd_status other_size(const char *path, gd_picture_size *out, gd_error *err) {
    unsigned char *data = NULL;
    size_t         n;
    gd_source      s;
    gd_status      st = gd_file_slurp(path, GD_PICTURE_FILE_BYTES, &data, &n, err);
    if (st == GD_OK) st = gd_front_door(data, n, path, NULL, &s, err);
    gd_mem_put(data);
    if (st != GD_OK) return st;
    *out = (gd_picture_size){s.width, s.height, s.orientation};
    return GD_OK;
}

gd_status gd_picture_size_read(const char *path, gd_picture_size *out, gd_error *err) {
    gd_file       f = {.fd = -1};
    unsigned char magic[2] = {0, 0};
    gd_status     st;
    *out = (gd_picture_size){0, 0, 1};
    st = gd_file_open(&f, path, err);
    if (st == GD_OK && f.size >= 2) st = gd_file_read(&f, 0, magic, 2, err);
    if (st == GD_OK)
        st = magic[0] == 0xff && magic[1] == 0xd8 ? jpeg_size(&f, out, err)
                                                  : other_size(path, out, err);
    gd_file_close(&f);
    if (st == GD_OK && gd_exif_swaps(out->orientation)) {
        int w = out->width;
        out->width = out->height;
        out->height = w;
    }
    return st;
}
