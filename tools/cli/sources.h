/* sources.h -- what the user named as input, spread out into single pictures and videos.
 *
 * An argument is, in this order: "-" (a picture on stdin), "@FILE" (a list: one picture or
 * video a line, paths as on the command line, blank lines and lines beginning with # skipped),
 * a camera (/dev/video0, or its number), an address or raw frames, a folder (its pictures and
 * videos by extension, sorted by name, without subfolders), an existing file, or a pattern with
 * * ? [. What cannot be resolved stays in the list with its error, so that the rest runs.
 * Videos are told from pictures by their content, unless the name ends like a picture's. */
#ifndef GD_TOOLS_CLI_SOURCES_H
#define GD_TOOLS_CLI_SOURCES_H

#include <stdbool.h>

#include "engine/arena.h"
#include "engine/status.h"
#include "tools/cli/flags.h"

enum {
    GD_SOURCE_LIST_BYTES = 64 << 20, /* largest list file */
    GD_SOURCE_MOST = 4 << 20         /* most pictures of a run */
};

typedef struct gd_source {
    const char     *path;  /* as the user would name it; "-" is stdin */
    bool            video; /* for gd_video_source_open; else a picture */
    const gd_error *error; /* why it cannot be read; NULL: try */
    const char     *where; /* the list file that named it, or NULL */
} gd_source;

typedef struct gd_sources {
    gd_arena   arena; /* owns everything below */
    gd_source *items;
    int        n, room;
    bool       videos;   /* the command reads them: set before the first argument is added */
    int        n_videos; /* of the items */
} gd_sources;

/* Start from {0}. Fails only for usage (stdin named twice, too many pictures) and memory. */
gd_status gd_sources_add(gd_sources *s, const char *arg, gd_error *err) GD_MUST_CHECK;
/* Every positional argument and every --source of the command; none at all is E207. */
gd_status gd_sources_gather(gd_sources *s, const gd_flags *f, gd_error *err) GD_MUST_CHECK;
void      gd_sources_free(gd_sources *s);

/* Everything from stdin to its end (gd_mem_put), at most `most` bytes. A signal that arrives
 * while it waits ends the reading with GD_ERR_IO. */
gd_status gd_stdin_read(size_t most, unsigned char **out, size_t *size,
                        gd_error *err) GD_MUST_CHECK;

/* True when both names lead to the same existing file. */
bool gd_same_file(const char *a, const char *b);
/* E208 when the file `output` is one of the pictures. */
gd_status gd_sources_clash(const gd_sources *s, const char *output,
                           gd_error *err) GD_MUST_CHECK;

#endif
