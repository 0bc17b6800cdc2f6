/* run_folder.h -- the folder of a training run: one trainer at a time, checkpoints that last.
 *
 *   lock          held by the trainer that works here (flock); empty
 *   last.gdw      the newest checkpoint
 *   previous.gdw  the one before it
 *   best.gdw, epoch-0010.gdw, ...   those that gd_run_folder_keep named
 *
 * A checkpoint is written beside its name, made durable, and renamed; the one before keeps a
 * name of its own until then. A process that is killed, a disk that is full or a machine that
 * loses power leaves at least one whole checkpoint where there was one. */
#ifndef GD_TOOLS_TRAIN_RUN_FOLDER_H
#define GD_TOOLS_TRAIN_RUN_FOLDER_H

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_run_folder {
    char path[3072];
    int  lock; /* descriptor, -1: not open */
} gd_run_folder;

/* Makes the folder where there is none, takes its lock and tries to write in it. GD_ERR_IO with
 * code 985: another trainer has it; 986: it cannot be made or written. */
gd_status gd_run_folder_open(gd_run_folder *f, const char *path, gd_error *err) GD_MUST_CHECK;
/* Lets go of the lock; {.lock = -1} is allowed. */
void gd_run_folder_close(gd_run_folder *f);

/* PATH/NAME in buf; returns buf. */
const char *gd_run_folder_file(const gd_run_folder *f, const char *name, char *buf,
                               size_t size);

/* Writes a whole file of this name, through gd_out, replacing one that is there. */
typedef gd_status (*gd_run_write)(void *ctx, const char *path, gd_error *err);

/* A new last.gdw; the old one becomes previous.gdw. After an error both hold what they held, or
 * both the older state. */
gd_status gd_run_folder_save(const gd_run_folder *f, gd_run_write write, void *ctx,
                             gd_error *err) GD_MUST_CHECK;
/* Takes the name away from a file that is not whole: it is "damaged-NAME" then. */
gd_status gd_run_folder_drop(const gd_run_folder *f, const char *name,
                             gd_error *err) GD_MUST_CHECK;
/* Gives what last.gdw holds now a second name ("best.gdw"), replacing what had it. */
gd_status gd_run_folder_keep(const gd_run_folder *f, const char *name,
                             gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
