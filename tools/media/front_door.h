/* front_door.h -- what must hold of a picture's bytes before any decoder sees them.
 *
 * Content decides the format, never the name. The walk checks every length, count and index the
 * decoders rely on and that every pixel byte is there: stb_image checks no CRC, reports success
 * with uninitialised pixels for short files and has overflowed on hostile tables. Nothing here
 * allocates more than an inflate state, recurses, or trusts a number of the file. */
#ifndef GD_TOOLS_MEDIA_FRONT_DOOR_H
#define GD_TOOLS_MEDIA_FRONT_DOOR_H

#include "tools/media/picture.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_source_format {
    GD_SOURCE_NONE,
    GD_SOURCE_JPEG,
    GD_SOURCE_PNG,
    GD_SOURCE_BMP,
    GD_SOURCE_TGA,
    GD_SOURCE_PNM
} gd_source_format;

enum { GD_PNG_PASSES = 7 };

/* What the walk learnt. Plain data: it travels to the decoder's process as it is. */
typedef struct gd_source {
    gd_source_format format;
    int              width, height; /* as stored, within the caps of picture.h */
    int              orientation;   /* 1..8 */
    bool             multiple;      /* more pictures follow the first */
    bool             truncated;     /* only with allow_truncated */
    size_t           usable; /* bytes a decoder is given; less than the file's after a cut */
    size_t           padded; /* bytes it expects: zeros stand for the missing ones */
    uint64_t         work;   /* bytes a decoder may hold at once, beyond file and RGB pixels */
    /* Whole rows present in a truncated PNG, BMP, TGA or PNM, in the order they are stored;
     * an interlaced PNG counts them for each pass. JPEG decoders fill with grey themselves. */
    int  rows[GD_PNG_PASSES];
    bool bottom_up;
    int  components; /* JPEG: 1, 3 or 4 */
    /* PNG: as in its header. */
    int           depth, colour;
    bool          interlaced;
    int           n_palette;
    unsigned char palette[768]; /* RGB */
    int           n_warnings;
    char          warnings[GD_PICTURE_NOTES][160];
} gd_source;

/* Walks `size` bytes; `name` is for messages. opt NULL: the defaults. */
gd_status gd_front_door(const unsigned char *data, size_t size, const char *name,
                        const gd_read_options *opt, gd_source *out,
                        gd_error *err) GD_MUST_CHECK;

/* "JPEG", ...; "?" for GD_SOURCE_NONE. */
const char *gd_source_format_name(gd_source_format f);

/* ---- for the walks of the formats -------------------------------------------------------- */

typedef struct gd_walk {
    const unsigned char *p;
    size_t               n;
    const char          *name;
    bool                 allow_truncated;
    gd_source           *s;
    gd_error            *err;
} gd_walk;

gd_status gd_walk_jpeg(gd_walk *w) GD_MUST_CHECK;
gd_status gd_walk_png(gd_walk *w) GD_MUST_CHECK;
gd_status gd_walk_bmp(gd_walk *w) GD_MUST_CHECK;
gd_status gd_walk_tga(gd_walk *w) GD_MUST_CHECK;
gd_status gd_walk_pnm(gd_walk *w) GD_MUST_CHECK;
/* True when the header could be a TGA's: the format has no magic number. */
bool gd_walk_is_tga(const unsigned char *p, size_t n);

/* Inflates the IDAT chunks of a walked PNG into `dst`, which has `cap` bytes; NULL: only
 * counts. False: the stream is damaged, or memory ran out. */
typedef struct gd_png_inflated {
    uint64_t got; /* bytes that came out; beyond cap they are dropped, and soon given up */
    uint64_t left_over; /* compressed bytes behind the end of the stream */
    bool     done;      /* the stream ended, with the right checksum */
    bool     no_memory;
} gd_png_inflated;
bool gd_png_inflate(const unsigned char *png, size_t n, unsigned char *dst, uint64_t cap,
                    gd_png_inflated *r);
/* Size of one pass of the picture (interlaced: Adam7 pass 0..6; else pass 0 is all of it). */
void gd_png_pass(const gd_source *s, int pass, int *width, int *height, size_t *row_bytes);

/* Checks sides and pixels against the caps and records them. */
gd_status gd_walk_size(gd_walk *w, uint64_t width, uint64_t height) GD_MUST_CHECK;
/* Rows of `row_bytes` from `at`: all present, or the whole ones counted into rows[0] where
 * truncation is allowed and at least one is there. */
gd_status gd_walk_rows(gd_walk *w, uint64_t at, uint64_t row_bytes) GD_MUST_CHECK;
void      gd_walk_warn(gd_walk *w, const char *fmt, ...) GD_PRINTF(2, 3);

gd_status gd_walk_fail(const gd_walk *w, gd_status st, int code, const char *file, int line,
                       const char *fmt, ...) GD_PRINTF(6, 7);
#define gd_walk_damaged(w, ...) \
    gd_walk_fail((w), GD_ERR_FORMAT, 304, __FILE__, __LINE__, __VA_ARGS__)
#define gd_walk_short(w, ...) \
    gd_walk_fail((w), GD_ERR_FORMAT, 303, __FILE__, __LINE__, __VA_ARGS__)
#define gd_walk_unread(w, ...) \
    gd_walk_fail((w), GD_ERR_UNSUPPORTED, 306, __FILE__, __LINE__, __VA_ARGS__)

/* Big-endian fields, as JPEG and PNG write them. */
static inline unsigned gd_be16(const unsigned char *p) { return (unsigned)p[0] << 8 | p[1]; }
static inline uint32_t gd_be32(const unsigned char *p) {
    return (uint32_t)gd_be16(p) << 16 | (uint32_t)gd_be16(p + 2);
}

#ifdef __cplusplus
}
#endif
#endif
