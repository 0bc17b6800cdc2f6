/* read.c -- see read.h. */
#include "tools/cli/read.h"

#include <string.h>

#include "engine/mem.h"
#include "tools/cli/report.h"

static bool is_pipe(const gd_source *s) { return !strcmp(s->path, "-"); }

const char *gd_source_name(const gd_source *s) { return is_pipe(s) ? "stdin" : s->path; }

/* Warnings about a picture: an error under --strict. */
static gd_status judge_warnings(const gd_flags *f, const gd_picture *p, const char *name,
                                gd_error *err) {
    for (int i = 0; i < p->n_warnings; i++) {
        if (gd_flag_on(f, GD_OPT_STRICT)) {
            gd_fail_code(err, GD_ERR_FORMAT, 356, "%s: %s", name, p->warnings[i]);
            gd_error_why(err, "--strict makes warnings about data errors");
            return GD_ERR_FORMAT;
        }
        gd_warn(360, "%s: %s", name, p->warnings[i]);
    }
    return GD_OK;
}

/* The decoder could read the pipe itself, but would wait for its end through a signal. */
static gd_status read_stdin(gd_decoder *dec, const gd_read_options *opt, gd_picture *out,
                            gd_error *err) {
    unsigned char *data = NULL;
    size_t         size;
    gd_status      st = gd_stdin_read(GD_PICTURE_FILE_BYTES, &data, &size, err);
    if (st == GD_OK) st = gd_decoder_read_memory(dec, data, size, "stdin", opt, out, err);
    gd_mem_put(data);
    return st;
}

gd_status gd_source_read(const gd_source *s, gd_decoder *dec, const gd_flags *f,
                         gd_picture *out, gd_error *err) {
    const gd_read_options opt = {.allow_truncated = gd_flag_on(f, GD_OPT_ALLOW_TRUNCATED),
                                 .no_exif = gd_flag_on(f, GD_OPT_NO_EXIF)};
    gd_status             st = GD_OK;
    if (s->error) {
        *err = *s->error;
        st = s->error->status;
    } else if (is_pipe(s)) {
        st = read_stdin(dec, &opt, out, err);
    } else {
        st = gd_decoder_read(dec, s->path, &opt, out, err);
    }
    if (st == GD_OK) st = judge_warnings(f, out, gd_source_name(s), err);
    if (st != GD_OK && s->where && !err->why[0])
        gd_error_why(err, "named by the list %s", s->where);
    return st;
}
