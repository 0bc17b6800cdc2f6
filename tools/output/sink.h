/* sink.h -- where text goes: a file that appears when it is complete, or standard output. */
#ifndef GD_TOOLS_OUTPUT_SINK_H
#define GD_TOOLS_OUTPUT_SINK_H

#include "engine/io.h"
#include "tools/output/buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_sink { /* start from GD_SINK_NONE */
    gd_out    out;
    gd_buffer text; /* what the next flush writes */
} gd_sink;
#define GD_SINK_NONE       \
    {                      \
        .out = {.fd = -1 } \
    }

/* `target` "-" is standard output, written directly. */
gd_status gd_sink_open(gd_sink *s, const char *target, bool replace,
                       gd_error *err) GD_MUST_CHECK;
/* Hands the text to the operating system and empties it. */
gd_status gd_sink_flush(gd_sink *s, gd_error *err) GD_MUST_CHECK;
/* Flushes and gives the file its name; releases either way. */
gd_status gd_sink_commit(gd_sink *s, gd_error *err) GD_MUST_CHECK;
/* Drops an unfinished file; harmless after a commit. */
void gd_sink_abort(gd_sink *s);

#ifdef __cplusplus
}
#endif
#endif
