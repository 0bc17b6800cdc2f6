/* setup.h -- the flags of `gdrun train` as what trainer, loader and schedule are told. */
#ifndef GD_TOOLS_TRAIN_SETUP_H
#define GD_TOOLS_TRAIN_SETUP_H

#include "engine/train/schedule.h"
#include "layers/train/trainer.h"
#include "tools/cli/flags.h"
#include "tools/data/loader.h"
#include "tools/train/checkpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_TRAIN_WITH = 40, GD_TRAIN_VALUE = 96 };

typedef struct gd_train_setup {
    gd_trainer_options trainer;
    gd_loader_options  loader;
    gd_schedule        schedule; /* in epochs until gd_train_setup_steps */
    double             rate, momentum, average;
    int64_t            epochs, max_steps; /* 0: no limit of steps */
    int                accumulate;
    int64_t            patience, save_period;
    uint64_t           seed;
    bool               forced; /* the canvas is not the model's own: --imgsz */
    const char        *folder;
    bool               resume;
    /* How the run is set up, for checkpoints: what must be the same to go on. */
    int           n_with;
    gd_train_pair with[GD_TRAIN_WITH];
    char          value[GD_TRAIN_WITH][GD_TRAIN_VALUE];
} gd_train_setup;

/* Reads the flags for a model. E204 names a value that is none. Strings stay the flags'. The
 * struct must not move afterwards. */
gd_status gd_train_setup_read(gd_train_setup *s, const gd_flags *f, const gd_model *m,
                              const gd_data *data, gd_error *err) GD_MUST_CHECK;
/* From epochs to updates, of which an epoch has so many. */
gd_status gd_train_setup_steps(gd_train_setup *s, int64_t per_epoch,
                               gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
