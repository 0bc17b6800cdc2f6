/* network_run.c -- runs a model on network inputs from a file: the bridge from Python tests to
 * whole networks.
 *
 *     network_run [--fused] [--geom GEOM.npy] MODEL.gdw IN.npy OUT NODE ...
 *
 * IN is f32 [B, H, W, 3], preprocessed; GEOM f32 [B, 8] says where the pictures lie on it, else
 * they fill it. Writes the output of each node named (module path, "#k"
 * for its k-th call; with --fused the path of the last operator fused) to OUT.NODE.npy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "layers/model.h"
#include "tests/parity/npy.h"

typedef struct job {
    gd_graph    g;
    const char *out;
    char      **node;
    int         n_node, n_found;
} job;

/* As a dense tensor, whatever the pitch in the slab. */
static bool write_dense(const char *path, const gd_tensor *t) {
    gd_tensor copy = gd_tensor_make(t->dtype, t->ndim, t->dim);
    copy.data = malloc(gd_tensor_bytes(&copy) + 1);
    if (!copy.data) return false;
    for (int64_t i = 0; i < gd_tensor_count(t); i++)
        gd_tensor_set(&copy, i, gd_tensor_get(t, i));
    const bool ok = npy_write(path, &copy);
    free(copy.data);
    return ok;
}

static gd_status watch(void *ctx, gd_exec *e, int k, gd_error *err) {
    job           *j = ctx;
    const gd_node *n = &j->g.node[k];
    const char    *name = n->fused_name ? n->fused_name : n->name;
    for (int i = 0; i < j->n_node; i++) {
        char path[4096];
        if (strcmp(j->node[i], name)) continue;
        snprintf(path, sizeof path, "%s.%s.npy", j->out, name);
        j->n_found++;
        if (!write_dense(path, gd_exec_tensor(e, n->out[0])))
            return gd_fail(err, GD_ERR_IO, "'%s' cannot be written", path);
    }
    return GD_OK;
}

static gd_status run(const gd_model *m, const gd_tensor *in, const gd_tensor *given, bool fused,
                     job *j, gd_error *err) {
    const gd_recipe       r = m->recipe;
    const gd_device_caps  dev = gd_cpu_caps();
    const gd_net_options  net = {.batch = (int)in->dim[0],
                                 .net_h = (int)in->dim[1],
                                 .net_w = (int)in->dim[2],
                                 .conf = 0.5f,
                                 .iou = r.iou,
                                 .max_det = r.max_det};
    const gd_exec_options opt = {.watch = watch, .watch_ctx = j};
    gd_arena              arena = {0};
    gd_exec              *e = NULL;
    gd_geometry           at;
    gd_status             st;
    gd_graph_init(&j->g, &arena);
    GD_GO(gd_model_graph(m, &r, &net, 0, &j->g, err));
    if (fused) GD_GO(gd_pass_all(&j->g, &dev, GD_F32, err));
    GD_GO(gd_exec_open(&j->g, &dev, &opt, &e, err));
    gd_exec_bind(e, gd_graph_find_input(&j->g, "image"), in->data);
    gd_geometry_of(&r.rule, net.net_h, net.net_w, &at);
    float *geom = gd_exec_tensor(e, gd_graph_find_input(&j->g, "geom"))->data;
    for (int i = 0; i < net.batch; i++) gd_geometry_pack(&at, geom + 8 * i);
    if (given->data) memcpy(geom, given->data, (size_t)net.batch * 8 * sizeof *geom);
    GD_GO(gd_exec_run(e, err));
    if (j->n_found != j->n_node)
        st = gd_fail(err, GD_ERR_ARG, "%d of %d nodes were found", j->n_found, j->n_node);
done:
    gd_exec_close(e);
    gd_arena_free(&arena);
    return st;
}

int main(int argc, char **argv) {
    const bool fused = argc > 1 && !strcmp(argv[1], "--fused");
    const bool placed = argc > 2 + fused && !strcmp(argv[1 + fused], "--geom");
    const int  options = fused + 2 * placed;
    char     **a = argv + 1 + options;
    gd_model  *m = NULL;
    gd_tensor  in = {0}, geom = {0};
    gd_error   err = {0};
    gd_status  st = GD_ERR_ARG;
    if (argc - 1 - options < 4) {
        fprintf(
            stderr,
            "usage: network_run [--fused] [--geom GEOM.npy] MODEL.gdw IN.npy OUT NODE ...\n");
        return EXIT_FAILURE;
    }
    job        j = {.out = a[2], .node = a + 3, .n_node = argc - 4 - options};
    const bool good = !placed || (npy_read(a[-1], &geom) && geom.dtype == GD_F32 &&
                                  geom.ndim == 2 && geom.dim[1] == 8);
    if (good && npy_read(a[1], &in) && in.dtype == GD_F32 && in.ndim == 4 && in.dim[3] == 3 &&
        (!placed || geom.dim[0] == in.dim[0])) {
        st = gd_model_load(a[0], &m, &err);
        if (st == GD_OK) st = run(m, &in, &geom, fused, &j, &err);
    }
    if (st != GD_OK)
        fprintf(stderr, "network_run: %s\n", err.msg[0] ? err.msg : "bad input array");
    gd_model_close(m);
    free(in.data);
    free(geom.data);
    return st == GD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
