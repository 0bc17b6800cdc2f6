/* workload.c -- see workload.h. */
#include "tools/cli/workload.h"

#include <stdio.h>
#include <string.h>

#include "engine/backend.h"

gd_status gd_workload_open(gd_workload *w, const gd_model *m, const gd_session_options *opt,
                           int batch, int width, int height, gd_error *err) {
    const gd_exec_options run = {.trace = true};
    gd_device_caps        dev;
    gd_recipe             recipe;
    gd_net_options        net;
    gd_status             st;
    memset(w, 0, sizeof *w);
    gd_cpu_set_threads(opt->threads);
    dev = gd_cpu_caps();
    gd_model_recipe(m, opt, &recipe);
    gd_geometry_of(&recipe.rule, height, width, &w->geometry);
    net = (gd_net_options){.batch = batch,
                           .net_h = w->geometry.net_h,
                           .net_w = w->geometry.net_w,
                           .conf = recipe.conf,
                           .iou = recipe.iou,
                           .max_det = recipe.max_det};
    w->batch = batch;
    gd_graph_init(&w->graph, &w->arena);
    GD_GO(gd_model_graph(m, &recipe, &net, (int64_t)width * height, &w->graph, err));
    GD_GO(gd_pass_all(&w->graph, &dev, GD_F32, err));
    GD_GO(gd_exec_open(&w->graph, &dev, &run, &w->exec, err));
    gd_exec_stats_get(w->exec, &w->stats);
    for (int i = 0; i < w->graph.n_node; i++) {
        gd_trace_row row;
        if (gd_exec_trace(w->exec, i, &row)) w->gflop += row.gflop;
    }
done:
    if (st != GD_OK) gd_workload_close(w);
    return st;
}

void gd_workload_close(gd_workload *w) {
    gd_exec_close(w->exec);
    gd_arena_free(&w->arena);
    memset(w, 0, sizeof *w);
}

bool gd_workload_layer(const gd_workload *w, int i, gd_trace_row *row,
                       char shape[GD_SHAPE_TEXT]) {
    const gd_tensor *t;
    size_t           at = 0;
    if (!gd_exec_trace(w->exec, i, row)) return false;
    t = &w->graph.value[w->graph.node[i].out[0]].t;
    for (int k = 0; k < t->ndim && at + 24 < GD_SHAPE_TEXT; k++)
        at += (size_t)snprintf(shape + at, GD_SHAPE_TEXT - at, "%s%lld", k ? "," : "[",
                               (long long)t->dim[k]);
    snprintf(shape + at, GD_SHAPE_TEXT - at, "]");
    return true;
}
