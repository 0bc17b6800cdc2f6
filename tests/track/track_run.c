/* track_run.c -- a tracker driven by lines of text, for the tests in Python.
 *
 * track_run KIND [NAME=VALUE ...] reads from standard input
 *     frame SECONDS N       and N lines  x1 y1 x2 y2 score class
 *     save PATH | load PATH | reset
 * and writes for each frame
 *     frame N M             N lines of detections and M lines of lost tracks:
 *     id state confirmed hits age missed class x1 y1 x2 y2
 * An error ends the program with status 1 and its message. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/track/track.h"

static bool set_option(gd_tracker_options *o, const char *text) {
    struct {
        const char *name;
        double     *real;
        int        *whole;
    } names[] = {{"max_age", NULL, &o->max_age},
                 {"max_age_seconds", &o->max_age_seconds, NULL},
                 {"min_hits", NULL, &o->min_hits},
                 {"frame_rate", &o->frame_rate, NULL},
                 {"iou_threshold", &o->iou_threshold, NULL},
                 {"high", &o->high, NULL},
                 {"low", &o->low, NULL},
                 {"new_track", &o->new_track, NULL},
                 {"match", &o->match, NULL}};
    const char *equal = strchr(text, '=');
    if (!equal) return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i].name) != (size_t)(equal - text) ||
            strncmp(names[i].name, text, (size_t)(equal - text)) != 0)
            continue;
        if (names[i].real)
            *names[i].real = atof(equal + 1);
        else
            *names[i].whole = atoi(equal + 1);
        return true;
    }
    if (strncmp(text, "id_start=", 9) == 0)
        o->id_start = atoll(equal + 1);
    else if (strncmp(text, "per_class=", 10) == 0)
        o->per_class = atoi(equal + 1) != 0;
    else
        return false;
    return true;
}

static void print(const gd_track *a) {
    printf("%" PRId64 " %s %d %" PRId64 " %" PRId64 " %" PRId64 " %d %.9g %.9g %.9g %.9g\n",
           a->id, gd_track_state_name(a->state), a->confirmed, a->hits, a->age, a->missed,
           (int)a->class_id, (double)a->box[0], (double)a->box[1], (double)a->box[2],
           (double)a->box[3]);
}

static gd_status one_frame(gd_tracker *t, gd_error *err) {
    static gd_detection d[GD_TRACK_MAX_DETECTIONS];
    static gd_track     out[GD_TRACK_MAX_DETECTIONS];
    double              seconds;
    int                 n, n_lost;
    if (scanf("%lf %d", &seconds, &n) != 2 || n < 0 || n > GD_TRACK_MAX_DETECTIONS)
        return gd_fail(err, GD_ERR_FORMAT, "a frame needs its time and its detections");
    for (int i = 0; i < n; i++)
        if (scanf("%f %f %f %f %f %d", &d[i].box[0], &d[i].box[1], &d[i].box[2], &d[i].box[3],
                  &d[i].score, &d[i].class_id) != 6)
            return gd_fail(err, GD_ERR_FORMAT, "detection %d is no six numbers", i);
    GD_TRY(gd_tracker_update(t, d, n, seconds, out, err));
    const gd_track *lost = gd_tracker_lost(t, &n_lost);
    printf("frame %d %d\n", n, n_lost);
    for (int i = 0; i < n; i++) print(&out[i]);
    for (int i = 0; i < n_lost; i++) print(&lost[i]);
    return GD_OK;
}

int main(int argc, char **argv) {
    gd_tracker_kind kind;
    gd_tracker     *t = NULL;
    gd_error        err = {0};
    gd_status       st = GD_OK;
    char            word[16], path[4096];
    if (argc < 2 || !gd_tracker_kind_parse(argv[1], &kind)) {
        fprintf(stderr, "usage: track_run iou|sort|bytetrack [NAME=VALUE ...]\n");
        return 2;
    }
    gd_tracker_options opt = gd_tracker_defaults(kind);
    for (int i = 2; i < argc; i++)
        if (!set_option(&opt, argv[i])) {
            fprintf(stderr, "track_run: no option %s\n", argv[i]);
            return 2;
        }
    st = gd_tracker_open(&opt, &t, &err);
    while (st == GD_OK && scanf("%15s", word) == 1) {
        if (strcmp(word, "frame") == 0)
            st = one_frame(t, &err);
        else if (strcmp(word, "save") == 0 && scanf("%4095s", path) == 1)
            st = gd_tracker_save(t, path, true, &err);
        else if (strcmp(word, "load") == 0 && scanf("%4095s", path) == 1)
            st = gd_tracker_load(t, path, &err);
        else if (strcmp(word, "reset") == 0)
            gd_tracker_reset(t);
        else
            st = gd_fail(&err, GD_ERR_FORMAT, "no command '%s'", word);
    }
    gd_tracker_close(t);
    if (st != GD_OK) fprintf(stderr, "track_run: %s\n", err.msg);
    return st != GD_OK;
}
