/* tell.h -- what `gdrun data check` and `stats` print: text, or one JSON document. */
#ifndef GD_TOOLS_DATA_TELL_H
#define GD_TOOLS_DATA_TELL_H

#include "tools/data/stats.h"
#include "tools/output/buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_teller {
    bool      json, all; /* all: every case that was kept, not the first few of a kind */
    bool      refused;   /* some part was */
    int       n_parts;
    gd_buffer text; /* JSON of the parts */
} gd_teller;

/* A part that was read with any number of problems; `refused`: too many. Text goes to stdout.
 */
gd_status gd_tell_check(gd_teller *t, const gd_data *d, bool refused,
                        gd_error *err) GD_MUST_CHECK;
gd_status gd_tell_stats(gd_teller *t, const gd_data *d, gd_error *err) GD_MUST_CHECK;
/* Prints the document. */
gd_status gd_tell_end(gd_teller *t, const char *path, const char *type,
                      gd_error *err) GD_MUST_CHECK;
void      gd_tell_free(gd_teller *t);

#ifdef __cplusplus
}
#endif
#endif
