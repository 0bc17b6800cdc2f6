/* log.h -- what a training run tells: a line on the terminal, JSON Lines, TensorBoard's events.
 *
 *   FOLDER/log.jsonl    an object a line, there as soon as it is told:
 *     {"type":"start","time":1.7e9,"step":0,"version":"0.1.0",...}    what the caller says
 *     {"type":"step","time":...,"step":120,"epoch":1,"batch":20,"batches":52,"loss":1.25,...,
 *      "seconds":0.31,"img_per_s":12.9,"stall":0.02,"mib":812.5}
 *     {"type":"epoch","time":...,"step":520,"epoch":1,"AP":0.31,...}
 *     {"type":"event","time":...,"step":77,"what":"skipped","text":"..."}
 *   FOLDER/events.out.tfevents.*    the figures of steps and epochs
 *
 * A run that goes on from a checkpoint cuts what the log holds beyond it, so that every step
 * stands there once, and a line that a killed run left unfinished. Values that are not finite
 * are null. A log that cannot be written is no reason to lose a run: the first failure is a
 * warning (W988), and the rest of that file is not tried. */
#ifndef GD_TOOLS_TRAIN_LOG_H
#define GD_TOOLS_TRAIN_LOG_H

#include <stdbool.h>

#include "tools/train/events.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_train_log {
    char      path[4096];  /* of log.jsonl */
    int       fd;          /* -1: not written */
    gd_events events;      /* fd -1: not written */
    int64_t   first, last; /* steps that were done at the start, and shall be at the end */
    int       epochs;
    int       every; /* steps between lines of text where there is no terminal */
} gd_train_log;

typedef struct gd_train_log_options {
    const char *folder;
    int64_t     from_step; /* done already, by the checkpoint; 0: a new run */
    int64_t     steps;     /* that the run shall have in the end; 0: not known */
    int         epochs;
    int         every; /* 0: 50 */
    bool        no_events;
} gd_train_log_options;

/* GD_ERR_IO: neither file can be made. */
gd_status gd_train_log_open(gd_train_log *l, const gd_train_log_options *opt,
                            gd_error *err) GD_MUST_CHECK;
/* {.fd = -1, .events.fd = -1} is allowed. */
void gd_train_log_close(gd_train_log *l);

/* Keys and values of a record of type "start": what the run is (strings are borrowed). */
typedef struct gd_log_word {
    const char *key, *value;
} gd_log_word;
void gd_train_log_start(gd_train_log *l, const gd_log_word *word, int n);

typedef struct gd_log_step {
    int64_t          step;           /* from 1 */
    int              epoch;          /* from 1 */
    int64_t          batch, batches; /* of the epoch, from 1; batches 0: not known */
    const gd_figure *figure; /* "loss" first, then its parts ("loss.box"), "lr", "scale" */
    int              n;
    int              images;
    double           seconds; /* that the step took */
    double           stall;   /* of these, waiting for pictures */
    uint64_t         bytes;   /* held on the device; 0: not known */
} gd_log_step;
void gd_train_log_step(gd_train_log *l, const gd_log_step *s);

/* The end of an epoch with what was measured then ("AP", "loss.val"); also a line of text. */
void gd_train_log_epoch(gd_train_log *l, int64_t step, int epoch, const gd_figure *figure,
                        int n);
/* Something that happened: "skipped", "saved", "stopped"; only in log.jsonl. */
void gd_train_log_event(gd_train_log *l, int64_t step, const char *what, const char *text);

#ifdef __cplusplus
}
#endif
#endif
