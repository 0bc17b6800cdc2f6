/* cold.h -- `gdrun bench --cold`: from a process's start to its first results, by stage. */
#ifndef GD_TOOLS_BENCH_COLD_H
#define GD_TOOLS_BENCH_COLD_H

#include "tools/cli/flags.h"
#include "tools/media/picture.h"

/* In order of time, except that the last is all that stands in no other. */
typedef enum gd_cold_stage {
    GD_COLD_START,   /* exec, dynamic linking, flags */
    GD_COLD_DECODER, /* the process that decodes pictures */
    GD_COLD_MODEL,   /* reading and checking the weights */
    GD_COLD_PLUGIN,
    GD_COLD_DEVICE,
    GD_COLD_DECODE, /* the picture */
    GD_COLD_PLAN,
    GD_COLD_WEIGHTS,
    GD_COLD_CAPTURE,
    GD_COLD_RUN, /* the first results, without the stages above */
    GD_COLD_REST,
    GD_N_COLD
} gd_cold_stage;

/* One start, in the process that was started: `from_ns` is when the parent began it. Prints one
 * line of JSON. */
gd_status gd_cold_child(const gd_flags *f, const char *model, const char *picture,
                        int64_t from_ns, gd_error *err) GD_MUST_CHECK;
/* Starts this program --iters times (after --warmup, which warms the page cache, at most three)
 * and prints the stages in the form of --output. Returns the exit code. */
int gd_cold_parent(const gd_flags *f, const char *model, const char *picture);

#endif
