/* decode.h -- the decoders themselves; they run inside the sandbox. */
#ifndef GD_TOOLS_MEDIA_DECODE_H
#define GD_TOOLS_MEDIA_DECODE_H

#include "tools/media/front_door.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Decodes bytes that passed the front door to `dst`, RGB [height, width, 3] as stored.
 * `data` has s->usable bytes and may be changed. Messages carry no file name. */
gd_status gd_decode(const gd_source *s, unsigned char *data, uint8_t *dst,
                    gd_error *err) GD_MUST_CHECK;

/* One format family each, for gd_decode. */
gd_status gd_decode_jpeg(const gd_source *s, const unsigned char *data, uint8_t *dst,
                         gd_error *err) GD_MUST_CHECK;
gd_status gd_decode_stb(const gd_source *s, unsigned char *data, size_t n, uint8_t *dst,
                        gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
