/* bench.h -- `gdrun bench`: what is measured, the record of it, and its forms.
 *
 * Three rows a configuration, by the same calls that detect and classify make:
 *   device   the graph on the device, first kernel to last (CPU: the run of the graph)
 *   host     8-bit pictures in page-locked memory -> results in host memory
 *   file     decoding the picture from its file, then as above from ordinary memory */
#ifndef GD_TOOLS_BENCH_BENCH_H
#define GD_TOOLS_BENCH_BENCH_H

#include <stdbool.h>

#include "tools/bench/samples.h"
#include "tools/media/picture.h"

typedef enum gd_bench_what {
    GD_BENCH_DEVICE,
    GD_BENCH_HOST,
    GD_BENCH_FILE,
    GD_N_BENCH
} gd_bench_what;
extern const char *const gd_bench_name[GD_N_BENCH]; /* "device", "host", "file" */

typedef struct gd_bench_row {
    char      precision[8];
    int       batch;
    gd_timing time[GD_N_BENCH];
    int       results;       /* detections or classes of the first picture */
    uint64_t  peak_bytes;    /* that the session asked of the device, at most */
    uint64_t  used_bytes;    /* of the whole device in use then, by everybody; 0 on the CPU */
    uint64_t  process_bytes; /* most that the program ever had resident */
    gd_error  error;         /* status GD_OK: measured */
} gd_bench_row;

typedef struct gd_bench_record {
    const char      *model, *arch, *picture;
    char             date[32];
    gd_session_stats stats; /* of the last session: the device */
    int              width, height, threads;
    int              iters, warmup;
    int              n, room;
    gd_bench_row    *row;
} gd_bench_record;

/* How one configuration is measured. */
typedef struct gd_bench_plan {
    const gd_model    *model;
    gd_session_options options;
    gd_decoder        *decoder;
    const char        *path;    /* of the picture */
    const gd_picture  *picture; /* decoded */
    int                iters, warmup;
    double             max_ms;
    bool (*stop)(void); /* asked between runs; may be NULL */
} gd_bench_plan;

/* Measures `row->batch` pictures at a time; the options hold the precision. What fails
 * is kept in row->error too. `stats` are the session's, once it was open. */
gd_status gd_bench_measure(const gd_bench_plan *p, gd_bench_row *row, gd_session_stats *stats,
                           gd_error *err) GD_MUST_CHECK;

/* The record on stdout: "md", "csv" or "json". */
gd_status gd_bench_print(const gd_bench_record *r, const char *form,
                         gd_error *err) GD_MUST_CHECK;

#endif
