/* workload.h -- what running a model takes: its layers as they will run, work and memory. */
#ifndef GD_TOOLS_CLI_WORKLOAD_H
#define GD_TOOLS_CLI_WORKLOAD_H

#include "engine/exec.h"
#include "layers/model.h"

typedef struct gd_workload {
    gd_arena      arena;
    gd_graph      graph; /* after all passes */
    gd_exec      *exec;
    gd_exec_stats stats;
    gd_geometry   geometry; /* of the picture asked for */
    int           batch;
    double        gflop; /* a run of the whole batch; multiply and add count as two */
} gd_workload;

/* Plans the model for `batch` pictures of width x height; nothing is run. */
gd_status gd_workload_open(gd_workload *w, const gd_model *m, const gd_session_options *opt,
                           int batch, int width, int height, gd_error *err) GD_MUST_CHECK;
void      gd_workload_close(gd_workload *w);
/* Layer `i`: its trace row, and the shape of its first output as "[1,52,52,128]"; false beyond
 * the last. */
bool gd_workload_layer(const gd_workload *w, int i, gd_trace_row *row,
                       char shape[GD_SHAPE_TEXT]);

#endif
