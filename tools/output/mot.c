/* mot.c -- MOTChallenge text: frame,id,left,top,width,height,conf,-1,-1,-1, counted from 1.
 *
 * Tracked: a line for each detection of a confirmed track. Not tracked: every detection with
 * the id -1, which is how that format holds what a detector found. The format has no name of
 * a source, so a file takes one video, or pictures that are one sequence. */
#include <string.h>

#include "engine/mem.h"
#include "tools/output/writer_kind.h"

typedef struct mot {
    char *source;
} mot;

/* A detection stands for its track unless the track may yet turn out to be an accident. */
static bool counts(const gd_record *r, int i) {
    if (!r->track_ids) return true;
    if (r->track_ids[i] < 0) return false;
    if (r->track_confirmed) return r->track_confirmed[i];
    return !r->track_states || !r->track_states[i] ||
           strcmp(r->track_states[i], "tentative") != 0;
}

static gd_status mot_put(gd_writer *w, const gd_record *r, gd_error *err) {
    mot       *m = w->state;
    gd_buffer *b = &w->sink.text;
    if (r->error) return GD_OK;
    if (!m->source) {
        m->source = gd_mem_string(r->source);
        if (!m->source) return gd_fail(err, GD_ERR_NOMEM, "no memory for the name of a source");
    } else if (r->pts >= 0 && strcmp(m->source, r->source) != 0) {
        gd_status st = gd_fail_code(err, GD_ERR_ARG, 959, "%s: the file already holds %s",
                                    r->source, m->source);
        gd_error_hint(err, "run once for each source, each with a --mot file of its own");
        return st;
    }
    for (int i = 0; i < r->n_detections; i++) {
        const gd_detection *d = &r->detections[i];
        const float         box[4] = {d->box[0] + 1, d->box[1] + 1, d->box[2] - d->box[0],
                                      d->box[3] - d->box[1]};
        if (!counts(r, i)) continue;
        gd_put_int(b, r->frame + 1);
        gd_put(b, ",");
        gd_put_int(b, r->track_ids ? r->track_ids[i] : -1);
        for (int k = 0; k < 4; k++) {
            gd_put(b, ",");
            gd_put_float(b, box[k]);
        }
        gd_put(b, ",");
        gd_put_float(b, d->score);
        gd_put(b, ",-1,-1,-1\n");
    }
    return GD_OK;
}

static void mot_close(gd_writer *w) {
    mot *m = w->state;
    gd_mem_put(m->source);
}

const gd_writer_kind gd_writer_mot = {.name = "mot",
                                      .boxes_only = true,
                                      .state_size = sizeof(mot),
                                      .put = mot_put,
                                      .close = mot_close};
