/* schedule.h -- the learning rate over the steps of a run, as a factor of the base rate.
 *
 * Counted in steps of the optimiser from 0. The main part:
 *
 *   constant     1
 *   step         gamma ^ (i / period)                     torch StepLR
 *   multi-step   gamma ^ (milestones that are <= i)       torch MultiStepLR
 *   cosine       least + (1 - least) / 2 * (1 + cos(pi * i / period)), then least
 *                                                         torch CosineAnnealingLR
 *
 * and a warm-up of `warmup` steps: start + (1 - start) * (i / warmup) ^ power. It multiplies
 * the main part (torch LinearLR beside a MultiStepLR: torchvision's detectors), or with `then`
 * comes before it, which begins at 0 behind it (torch SequentialLR: torchvision's classifiers;
 * power 2 and cosine: YOLOX). */
#ifndef GD_ENGINE_TRAIN_SCHEDULE_H
#define GD_ENGINE_TRAIN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_MAX_MILESTONE = 16 };

typedef enum gd_schedule_kind {
    GD_SCHEDULE_CONSTANT,
    GD_SCHEDULE_STEP,
    GD_SCHEDULE_MULTI_STEP,
    GD_SCHEDULE_COSINE
} gd_schedule_kind;

typedef struct gd_schedule {
    gd_schedule_kind kind;
    int64_t          period;                      /* steps: between drops, or of the cosine */
    int64_t          milestone[GD_MAX_MILESTONE]; /* rising */
    int              n_milestone;
    double           gamma;  /* of step and multi-step */
    double           least;  /* of cosine: the rate at its end, as a factor */
    int64_t          warmup; /* steps; 0: none */
    double           start;  /* factor of the first step */
    double           power;  /* 0: 1, linear */
    bool             then;
} gd_schedule;

/* GD_ERR_ARG, naming the field: a period below 1, milestones that do not rise, a factor that is
 * negative or not finite. */
gd_status gd_schedule_check(const gd_schedule *s, gd_error *err) GD_MUST_CHECK;
/* The factor of step i >= 0. */
double gd_schedule_factor(const gd_schedule *s, int64_t i);

#ifdef __cplusplus
}
#endif
#endif
