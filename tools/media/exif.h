/* exif.h -- the orientation tag of an EXIF block, and nothing else of it. */
#ifndef GD_TOOLS_MEDIA_EXIF_H
#define GD_TOOLS_MEDIA_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_exif_result {
    GD_EXIF_FOUND,  /* *orientation is 1..8 */
    GD_EXIF_ABSENT, /* the block states none */
    GD_EXIF_BAD     /* it cannot be read: *orientation is 1 */
} gd_exif_result;

/* `tiff` points at "II*\0" or "MM\0*" (behind "Exif\0\0" in a JPEG, the whole eXIf chunk of
 * a PNG). Follows no pointer but the first directory's: chains, GPS and maker notes are
 * never walked. *why is "" or, in static storage, what is wrong with the block, even when
 * the tag was found. */
gd_exif_result gd_exif_orientation(const unsigned char *tiff, size_t n, int *orientation,
                                   const char **why);

/* Copies stored pixels [h, w, 3] to their displayed place; dst is [w, h, 3] for orientations
 * 5..8, else [h, w, 3]. src and dst do not overlap. */
void gd_exif_apply(const uint8_t *src, int w, int h, int orientation, uint8_t *dst);

static inline bool gd_exif_swaps(int orientation) { return orientation >= 5; }

#ifdef __cplusplus
}
#endif
#endif
