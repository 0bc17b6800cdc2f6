/* encode.h -- pictures out: JPEG, PNG and BMP files, written whole or not at all. */
#ifndef GD_TOOLS_MEDIA_ENCODE_H
#define GD_TOOLS_MEDIA_ENCODE_H

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_encode_format {
    GD_ENCODE_NONE,
    GD_ENCODE_JPEG, /* quality 90, 4:4:4 */
    GD_ENCODE_PNG,
    GD_ENCODE_BMP /* 24 bits */
} gd_encode_format;

/* From the extension (.jpg .jpeg .png .bmp, any case); GD_ENCODE_NONE for others, so that a
 * command can refuse the name before it does any work. */
gd_encode_format gd_encode_format_of(const char *path);

/* The encoded bytes, released with gd_mem_put. */
gd_status gd_encode_memory(gd_encode_format format, const gd_image *image, unsigned char **out,
                           size_t *size, gd_error *err) GD_MUST_CHECK;
/* The file `path`, its format by extension, by NAME.part and rename; flags as for gd_out_open
 * (GD_OUT_REPLACE). */
gd_status gd_encode_file(const char *path, unsigned flags, const gd_image *image,
                         gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
