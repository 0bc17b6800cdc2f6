/* picture.h -- pictures in: a decoder handle turns files, bytes or a pipe into RGB pixels.
 *
 * The file is read once, its structure is walked by the front door, and only then a decoder
 * sees it, in a sandboxed process of its own. A picture that crashes or hangs the decoder
 * fails alone; the next read gets a fresh process. Usage, for any number of files in order:
 *
 *   gd_decoder *dec;  gd_picture pic = {0};
 *   gd_decoder_open(NULL, &dec, err);           early: before threads, before a GPU is touched
 *   for each file: if (gd_decoder_read(dec, path, NULL, &pic, err) == GD_OK)
 *                      run(gd_picture_image(&pic)), show pic.warnings; else count the failure
 *   gd_picture_free(&pic);  gd_decoder_close(dec); */
#ifndef GD_TOOLS_MEDIA_PICTURE_H
#define GD_TOOLS_MEDIA_PICTURE_H

#include <stdbool.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GD_PICTURE_SIDE = 65535,         /* longest side, pixels */
    GD_PICTURE_PIXELS = 1 << 28,     /* most pixels */
    GD_PICTURE_FILE_BYTES = 1 << 30, /* largest file */
    GD_PICTURE_NOTES = 6             /* most warnings kept for one picture */
};

/* One decoded picture. Start from {0}; a read reuses the pixel buffer where it is large
 * enough. */
typedef struct gd_picture {
    uint8_t    *rgb; /* [height, width, 3], rows dense; NULL after a failed first read */
    int         width, height; /* as displayed: the orientation is applied; 0 after a failure */
    int         orientation;   /* of the file, 1..8 as in EXIF; 1 when it states none */
    bool        truncated;     /* part of it was missing and is filled with grey */
    bool        multiple;      /* the file holds more pictures; this is the first */
    const char *format;        /* "JPEG", "PNG", "BMP", "TGA", "PNM"; static storage */
    size_t      file_bytes;
    int         n_warnings; /* what a user should be told though the read succeeded */
    char        warnings[GD_PICTURE_NOTES][160];
    size_t      room; /* bytes behind rgb */
} gd_picture;

typedef struct gd_decoder gd_decoder;

typedef struct gd_decoder_options {
    bool in_process; /* no sandbox: for tests and timing */
    int  timeout_ms; /* for one picture; 0: 10000 */
} gd_decoder_options;

typedef struct gd_read_options {
    bool allow_truncated; /* missing rows become grey, with a warning; else they are an error */
    bool no_exif;         /* pixels as stored; pic->orientation still tells the tag */
} gd_read_options;

/* Starts the process that starts decoders, so call it while the program has one thread; the
 * decoder itself starts with the first read. Options NULL: the defaults. A handle belongs to
 * one thread at a time; open several to decode in parallel. */
gd_status gd_decoder_open(const gd_decoder_options *opt, gd_decoder **out,
                          gd_error *err) GD_MUST_CHECK;
void      gd_decoder_close(gd_decoder *d); /* NULL is allowed */

/* Reads one picture; options NULL: the defaults. Errors name the file. GD_ERR_IO: not
 * readable; GD_ERR_FORMAT: damaged, truncated, or its decoder crashed or hung;
 * GD_ERR_UNSUPPORTED: a named format or variant that is not read; GD_ERR_NOMEM. The handle
 * stays usable after every one. */
gd_status gd_decoder_read(gd_decoder *d, const char *path, const gd_read_options *opt,
                          gd_picture *out, gd_error *err) GD_MUST_CHECK;
/* The same from `size` bytes; `name` stands for the path in messages. */
gd_status gd_decoder_read_memory(gd_decoder *d, const void *data, size_t size, const char *name,
                                 const gd_read_options *opt, gd_picture *out,
                                 gd_error *err) GD_MUST_CHECK;
/* The same from a pipe or file, from where it stands to its end; the caller keeps the fd. */
gd_status gd_decoder_read_fd(gd_decoder *d, int fd, const char *name,
                             const gd_read_options *opt, gd_picture *out,
                             gd_error *err) GD_MUST_CHECK;

/* Process id of the decoder, -1 when none runs: for tests and diagnostics. */
int gd_decoder_process(const gd_decoder *d);

void gd_picture_free(gd_picture *p); /* leaves {0} */

/* The picture as a session takes it; it borrows the pixels. */
static inline gd_image gd_picture_image(const gd_picture *p) {
    gd_image v = {p->rgb, p->width, p->height, 3 * (size_t)p->width, 0};
    return v;
}

#ifdef __cplusplus
}
#endif
#endif
