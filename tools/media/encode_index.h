/* encode_index.h -- maps of classes out: PNG files of one byte a pixel with a palette. */
#ifndef GD_TOOLS_MEDIA_ENCODE_INDEX_H
#define GD_TOOLS_MEDIA_ENCODE_INDEX_H

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A picture whose pixels are indices, row by row, and n_colour red, green, blue to look them up
 * in (1 .. 256; an index beyond them is GD_ERR_ARG). */
typedef struct gd_index_image {
    const uint8_t *index;
    int            width, height; /* 1 .. 65535 */
    const uint8_t (*palette)[3];
    int n_colour;
} gd_index_image;

/* The file `path`, by NAME.part and rename; flags as for gd_out_open (GD_OUT_REPLACE). The
 * indices are stored as they are: whoever reads the file without its palette reads classes. */
gd_status gd_encode_index_file(const char *path, unsigned flags, const gd_index_image *im,
                               gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
