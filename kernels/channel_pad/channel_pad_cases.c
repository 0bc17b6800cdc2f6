/* channel_pad_cases.c -- shapes on which every kernel of channel_pad is checked and timed.
 *
 * Golden values: torch.nn.functional.pad of the last axis. */
#include "kernels/channel_pad/channel_pad.h"

extern const gd_case gd_cases_channel_pad[];

static const double x[] = {0,     -0.375, 0.25,  0.5,    -0.5,  0.625,
                           -0.25, -0.125, 0.125, -0.625, -0.75, 0.375};
static const double y[] = {0, 0, 0,     -0.375, 0.25,  0, 0, 0, 0.5,    -0.5,  0.625, 0,
                           0, 0, -0.25, -0.125, 0.125, 0, 0, 0, -0.625, -0.75, 0.375, 0};

const gd_case gd_cases_channel_pad[] = {{.label = "torch",
                                         .attr = &(const gd_channel_pad){2, 1},
                                         .in = {{.ndim = 4, .dim = {1, 2, 2, 3}, .give = x}},
                                         .out = {{.ndim = 4, .dim = {1, 2, 2, 6}, .want = y}}},
                                        {.label = "nothing",
                                         .attr = &(const gd_channel_pad){0, 0},
                                         .in = {{.ndim = 2, .dim = {3, 5}}}},
                                        {.label = "after only",
                                         .attr = &(const gd_channel_pad){0, 3},
                                         .in = {{.ndim = 2, .dim = {3, 5}}}},
                                        {.label = "cifar shortcut",
                                         .attr = &(const gd_channel_pad){8, 8},
                                         .in = {{.ndim = 4, .dim = {1, 3, 3, 16}}}},
                                        {.label = "threads",
                                         .attr = &(const gd_channel_pad){3, 0},
                                         .in = {{.ndim = 4, .dim = {1, 61, 59, 23}}},
                                         .flags = GD_CASE_NO_GRAD},
                                        {0}};
