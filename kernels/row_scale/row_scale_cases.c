/* row_scale_cases.c -- shapes on which every kernel of row_scale is checked and timed.
 *
 * Golden values: torch.tensor(w) * s[:, None, None, None] in double precision. */
#include "kernels/row_scale/row_scale.h"

extern const gd_case gd_cases_row_scale[];

static const double w[] = {0.75, 1.75, 1.5, 2, 0, -1, 3.75, -0.75, 0.25, -2.75, -4.25, 2.5};
static const double s[] = {1.5, -0.75, 2};
static const double y[] = {1.125, 2.625, 2.25, 3, 0, 0.75, -2.8125, 0.5625, 0.5, -5.5, -8.5, 5};

#define SHAPE(text, extra, k, n, ...)                                                         \
    {                                                                                         \
        .label = text,                                                                        \
        .in = {{.ndim = n, .dim = {__VA_ARGS__}}, {.ndim = 1, .dim = {k}, .constant = true}}, \
        .flags = extra                                                                        \
    }

const gd_case gd_cases_row_scale[] = {
    {.label = "torch",
     .in = {{.ndim = 4, .dim = {3, 1, 2, 2}, .give = w},
            {.ndim = 1, .dim = {3}, .give = s, .constant = true}},
     .out = {{.ndim = 4, .dim = {3, 1, 2, 2}, .want = y}}},
    SHAPE("bias", 0, 7, 1, 7),
    SHAPE("rows", 0, 5, 2, 5, 17),
    SHAPE("one filter", 0, 1, 4, 1, 1, 1, 1),
    SHAPE("filters of three channels", 0, 4, 4, 4, 3, 3, 3),
    SHAPE("threads", GD_CASE_NO_GRAD, 67, 4, 67, 3, 3, 129),
    {0}};
