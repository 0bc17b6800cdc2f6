/* sink.c -- buffered text on top of engine/io.h; see sink.h. */
#include "tools/output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

gd_status gd_sink_open(gd_sink *s, const char *target, bool replace, gd_error *err) {
    static const char name[] = "standard output";
    *s = (gd_sink)GD_SINK_NONE;
    if (strcmp(target, "-") != 0)
        return gd_out_open(&s->out, target, replace ? GD_OUT_REPLACE : 0, err);
    /* A descriptor of its own, so that closing it leaves standard output open. */
    s->out.direct = true;
    memcpy(s->out.path, name, sizeof name);
    s->out.fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (s->out.fd < 0)
        return gd_fail_code(err, GD_ERR_IO, 950, "%s: cannot open for writing: %s", name,
                            strerror(errno));
    return GD_OK;
}

gd_status gd_sink_flush(gd_sink *s, gd_error *err) {
    if (s->text.failed)
        return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for %zu bytes of text", s->out.path,
                       s->text.size);
    GD_TRY(gd_out_write(&s->out, s->text.data, s->text.size, err));
    s->text.size = 0;
    return GD_OK;
}

gd_status gd_sink_commit(gd_sink *s, gd_error *err) {
    gd_status st;
    GD_GO(gd_sink_flush(s, err));
    GD_GO(gd_out_commit(&s->out, err));
done:
    gd_sink_abort(s);
    return st;
}

void gd_sink_abort(gd_sink *s) {
    gd_out_abort(&s->out);
    gd_buffer_free(&s->text);
}
