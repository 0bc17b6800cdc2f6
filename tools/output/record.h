/* record.h -- what one picture yielded, and what a whole run did: the input of every writer. */
#ifndef GD_TOOLS_OUTPUT_RECORD_H
#define GD_TOOLS_OUTPUT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/pipeline/chain.h"
#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What holds for the whole run. Strings are UTF-8 and outlive the writers; any may be NULL. */
typedef struct gd_run_info {
    gd_task     task;
    const char *model;       /* file name as given */
    const char *sha256;      /* of the model file, hexadecimal */
    const char *precision;   /* "fp32" */
    const char *device;      /* "cpu" */
    const char *recipe_json; /* a JSON object, copied into the header as it is; NULL: {} */
    int         n_classes;
    const char *const *names; /* n_classes, or NULL: "class 3" */
    const int  *category_ids; /* n_classes ids of the data set, or NULL: equal to class_id */
    const char *sub_model;    /* of a cascade: the classifier's file, or NULL: there is none */
    const char *sub_sha256;
    int         n_sub; /* its classes */
    const char *const *sub_names;
} gd_run_info;

/* Milliseconds of one picture; negative: not measured, and left out of the outputs. */
typedef struct gd_timing {
    double decode, pre, infer, post, track;
    double classify; /* a cascade's second model */
} gd_timing;

/* One picture or frame. Everything is borrowed for the length of the call. */
typedef struct gd_record {
    const char *source;        /* as the user named it; any bytes */
    int64_t     frame;         /* index in its source; 0 for a picture */
    double      pts;           /* seconds from the start of the source; < 0: none (a picture) */
    int         width, height; /* of the displayed orientation */
    int         orientation;   /* EXIF 1 .. 8 that was applied */

    const gd_detection   *detections; /* best first */
    int                   n_detections;
    const gd_class_score *classes; /* classifiers: best first */
    int                   n_classes;
    int                   n_dropped; /* detections beyond the planned capacity */
    const int64_t        *track_ids; /* n_detections, or NULL: not tracked */
    const gd_class_score *subs; /* n_detections of a cascade's classifier (class_id < 0: not
                                 * classified), or NULL */
    const char *const    *track_states; /* n_detections ("confirmed", ...), or NULL */
    /* n_detections: the track counts as an object (gd_track.confirmed), or NULL: unless its
     * state is "tentative" */
    const bool *track_confirmed;

    const uint8_t *map;       /* segmenters: the class of each pixel, width x height; or NULL */
    const int32_t *map_count; /* pixels of each of map_classes classes */
    int            map_classes;

    gd_timing ms;
    double    latency_ms; /* pipelines: from going in to the result; < 0: the sum of `ms` */
    double    age_ms;     /* live sources: from capture to result; < 0: none */

    const uint8_t *rgb;    /* decoded pixels without drawings (crops need them), or NULL */
    size_t         stride; /* 0: 3 * width */

    const gd_error *error; /* not NULL: the picture failed, and there are no results */
} gd_record;

/* Something that happened to a source between two frames: "reconnecting", "reconnected", "end",
 * with what was counted until then (negative: not known). */
typedef struct gd_event {
    const char *source, *state;
    const char *text;   /* for people; NULL: none */
    double      time;   /* seconds since the source was opened */
    int64_t     frames; /* that gave a result */
    int64_t     decoded, promised, corrupt, dropped;
    int64_t     reconnects;
} gd_event;

/* A record with every unknown marked as such. */
gd_record gd_record_defaults(void);

/* The name of a class: from the table, else "class N" written into `room` bytes of `buffer`. */
const char *gd_run_class_name(const gd_run_info *info, int class_id, char *buffer, size_t room);
/* What the classifier made of detection i: its class's name, or NULL where it made nothing. */
const char *gd_run_sub_name(const gd_run_info *info, const gd_record *r, int i, char *buffer,
                            size_t room);
/* "academic gown 0.41", or without the score; "" where nothing was made of it. */
void gd_run_sub_text(const gd_run_info *info, const gd_class_score *sub, bool no_conf,
                     char *out, size_t room);
int  gd_run_category_id(const gd_run_info *info, int class_id);
/* The class that means "none of the others" in maps: the first, where it is called background;
 * else -1. */
int gd_run_background(const gd_run_info *info);

/* A class of a picture's map. */
typedef struct gd_segment {
    int     class_id;
    int32_t pixels;
    double  share; /* of the picture */
} gd_segment;
/* The classes that a picture shows, largest first (equal: lower class first): how many. */
int gd_record_segments(const gd_record *r, gd_segment out[256]);

/* ---- the whole run ----------------------------------------------------------------------- */

/* Latencies are counted in bins 1 % apart, so that a run of any length needs the same memory.
 * */
enum { GD_LATENCY_BINS = 2400, GD_ERRORS_KEPT = 1000 };

typedef struct gd_summary_error {
    char *source;
    int   code;
    char *message;
} gd_summary_error;

/* What became of the frames of videos, over all sources; set by the caller. -1: not known. */
typedef struct gd_summary_video {
    int64_t promised; /* by the containers */
    int64_t decoded, corrupt;
    int64_t skipped; /* left out on request: --vid-stride, --start */
    int64_t dropped; /* overtaken by newer ones: --live latest */
    int64_t written; /* into videos */
    int64_t reconnects;
} gd_summary_video;
#define GD_SUMMARY_VIDEO_UNKNOWN                                                    \
    (gd_summary_video) {                                                            \
        .promised = -1, .decoded = -1, .corrupt = -1, .skipped = -1, .dropped = -1, \
        .written = -1, .reconnects = -1                                             \
    }

/* Sum and maximum of one of the times of a record. */
typedef struct gd_summary_time {
    int64_t n;
    double  sum, max; /* ms */
} gd_summary_time;
enum { GD_TIMING_PARTS = 6 };
extern const char *const gd_timing_names[GD_TIMING_PARTS]; /* "decode", "pre", ... */
/* The times of a record in the order of their names. */
void gd_timing_parts(const gd_timing *t, double part[GD_TIMING_PARTS]);

typedef struct gd_summary {
    int64_t  frames;      /* that gave a result */
    int64_t  failed;      /* that did not */
    int64_t  detections;  /* classifiers: 0 */
    int64_t  hit_frames;  /* frames with at least one detection */
    int64_t  dropped;     /* detections beyond the capacity */
    double   wall_ms;     /* set by the caller; fps comes from it. 0: unknown */
    double   latency_max; /* ms */
    double   latency_sum;
    int64_t  timed; /* frames with a latency */
    int      n_classes;
    int64_t *class_count; /* detections (classifiers: first places; segmenters: pixels) of each
                           * class */
    uint32_t bin[GD_LATENCY_BINS];
    gd_summary_error *errors; /* the first GD_ERRORS_KEPT */
    int               n_errors, error_room;
    const char       *interrupted; /* "SIGINT", set by the caller; NULL: ran to its end */

    gd_summary_time       part[GD_TIMING_PARTS]; /* by the times in the records */
    gd_summary_time       age;
    bool                  tracked; /* some record had track ids */
    int64_t               tracks;  /* different (source, id) */
    struct gd_track_page *pages;   /* those seen: a hash table of 64 ids an entry */
    int                   n_pages, page_room;
    gd_summary_video      video;
    const gd_chain_stats *chain; /* set by the caller, borrowed; NULL: no pipeline */
} gd_summary;

gd_status gd_summary_init(gd_summary *s, const gd_run_info *info, gd_error *err) GD_MUST_CHECK;
void      gd_summary_free(gd_summary *s);
/* Counts one record, failed ones included. */
gd_status gd_summary_add(gd_summary *s, const gd_record *r, gd_error *err) GD_MUST_CHECK;
/* Milliseconds below which the share `q` (0 .. 1) of the pictures lies, within 1 %; -1: none.
 * */
double gd_summary_latency(const gd_summary *s, double q);

#ifdef __cplusplus
}
#endif
#endif
