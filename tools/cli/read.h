/* read.h -- one source read as the flags of a command say: from a file, or from stdin. */
#ifndef GD_TOOLS_CLI_READ_H
#define GD_TOOLS_CLI_READ_H

#include "tools/cli/sources.h"
#include "tools/media/picture.h"

/* "stdin" for "-", else the path. */
const char *gd_source_name(const gd_source *s);
/* Reads a picture (--allow-truncated, --no-exif). Its warnings are printed; under --strict the
 * first is an error (E356). A source that could not be resolved gives its own error. */
gd_status gd_source_read(const gd_source *s, gd_decoder *dec, const gd_flags *f,
                         gd_picture *out, gd_error *err) GD_MUST_CHECK;

#endif
