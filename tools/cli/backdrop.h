/* backdrop.h -- --background: what stands behind the classes that are kept. */
#ifndef GD_TOOLS_CLI_BACKDROP_H
#define GD_TOOLS_CLI_BACKDROP_H

#include "tools/cli/flags.h"
#include "tools/media/picture.h"

typedef struct gd_backdrop gd_backdrop;

/* Reads --background and --keep: a wrong text, or a class that the model has not, is refused
 * here; a picture is read by `dec`. *out is NULL, and all is well, without --background.
 * *subject is the exit code that a failure deserves where its own code tells none. */
gd_status gd_backdrop_open(const gd_flags *f, const gd_model *m, gd_decoder *dec,
                           gd_backdrop **out, int *subject, gd_error *err) GD_MUST_CHECK;
void      gd_backdrop_close(gd_backdrop *b);

/* Draws to `out`, dense rows of the picture's size, the picture where its map shows a class
 * that is kept, and the backdrop elsewhere; between them edges are two pixels soft. `out` may
 * be the picture itself. One thread at a time. */
gd_status gd_backdrop_draw(gd_backdrop *b, const gd_image *in, const uint8_t *map, uint8_t *out,
                           gd_error *err) GD_MUST_CHECK;

#endif
