/* half_run.c -- detections of a model in FP32, and as if it ran in FP16: the bridge for a test.
 *
 *     half_run MODEL.gdw fp32|fp16 PICTURE.rgb WIDTH HEIGHT ...
 *
 * PICTURE holds WIDTH x HEIGHT x 3 bytes. Prints "picture" for each, then a line "label score
 * x1 y1 x2 y2" for each detection.
 *
 * FP16 is emulated on the host's own rows: the graph is rewritten for FP16, then every value
 * that would be stored in a half is kept in FP32 and rounded when it has been made. Sums are in
 * FP32 either way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "engine/half.h"
#include "layers/model.h"

typedef struct job {
    gd_arena    arena;
    gd_graph    g;
    gd_exec    *e;
    bool       *half; /* by value: stored in FP16 */
    gd_geometry at;
} job;

static void round_values(gd_tensor *t) {
    for (int64_t i = 0; i < gd_tensor_pixels(t); i++) {
        float *x = (float *)t->data + i * t->pitch;
        for (int64_t c = 0; c < gd_tensor_channels(t); c++)
            x[c] = gd_half_to_float(gd_half_from_float(x[c]));
    }
}

static gd_status watch(void *ctx, gd_exec *e, int k, gd_error *err) {
    const job     *j = ctx;
    const gd_node *n = &j->g.node[k];
    (void)err;
    for (int i = 0; j->half && i < n->n_out; i++)
        if (j->half[n->out[i]]) round_values(gd_exec_tensor(e, n->out[i]));
    return GD_OK;
}

/* A constant in FP16, in FP32 again: rounded. */
static gd_status widen(gd_graph *g, gd_tensor *t, gd_error *err) {
    gd_tensor wide = gd_tensor_make(GD_F32, t->ndim, t->dim);
    wide.data = gd_arena_get(g->arena, gd_tensor_bytes(&wide));
    if (!wide.data) return gd_fail(err, GD_ERR_NOMEM, "no memory for a constant");
    gd_half_to_floats(t->data, wide.data, gd_tensor_count(t));
    *t = wide;
    return GD_OK;
}

/* Marks what is stored in FP16 and makes it FP32. What a cast alone reads is never stored: its
 * maker absorbs the cast. */
static gd_status emulate(job *j, gd_error *err) {
    gd_graph *g = &j->g;
    int      *uses = gd_arena_array(g->arena, (size_t)g->n_value + 1, sizeof *uses);
    j->half = gd_arena_array(g->arena, (size_t)g->n_value + 1, sizeof *j->half);
    if (!uses || !j->half) return gd_fail(err, GD_ERR_NOMEM, "no memory for the graph");
    gd_graph_uses(g, uses);
    for (int v = 0; v < g->n_value; v++) {
        gd_tensor *t = &g->value[v].t;
        if (t->dtype != GD_F16) continue;
        j->half[v] = true;
        if (g->value[v].kind == GD_VALUE_CONST) GD_TRY(widen(g, t, err));
        t->dtype = GD_F32;
    }
    for (int k = 0; k < g->n_node; k++)
        if ((g->node[k].op->flags & GD_OP_CAST) && uses[g->node[k].in[0]] == 1)
            j->half[g->node[k].in[0]] = false;
    return GD_OK;
}

static gd_status open_job(job *j, const gd_model *m, bool half, int w, int h, gd_error *err) {
    const gd_recipe       r = m->recipe;
    const gd_device_caps  dev = gd_cpu_caps();
    const gd_exec_options opt = {.watch = watch, .watch_ctx = j};
    gd_geometry_of(&r.rule, h, w, &j->at);
    const gd_net_options net = {.batch = 1,
                                .net_h = j->at.net_h,
                                .net_w = j->at.net_w,
                                .conf = 0.1f,
                                .iou = r.iou,
                                .max_det = 300,
                                .pixels = (int64_t)w * h};
    gd_graph_init(&j->g, &j->arena);
    GD_TRY(gd_model_graph(m, &r, &net, (int64_t)w * h, &j->g, err));
    GD_TRY(gd_pass_fold(&j->g, err));
    if (half) {
        GD_TRY(gd_pass_precision(&j->g, GD_F16, err));
        GD_TRY(gd_graph_verify(&j->g, "precision", err));
        GD_TRY(emulate(j, err));
    }
    GD_TRY(gd_pass_fuse(&j->g, &dev, err));
    return gd_exec_open(&j->g, &dev, &opt, &j->e, err);
}

static const void *output(job *j, const char *name) {
    return gd_exec_tensor(j->e, gd_graph_find_output(&j->g, name))->data;
}

/* The class of each pixel, two hexadecimal digits each. */
static void print_map(job *j) {
    const uint8_t *map = output(j, "map");
    printf("picture\n");
    for (int i = 0; i < j->at.src_h * j->at.src_w; i++) printf("%02x", map[i]);
    printf("\n");
}

static gd_status detect(job *j, gd_task task, unsigned char *rgb, gd_error *err) {
    gd_geometry_pack(&j->at, gd_exec_tensor(j->e, gd_graph_find_input(&j->g, "geom"))->data);
    gd_exec_bind(j->e, gd_graph_find_input(&j->g, "pixels"), rgb);
    GD_TRY(gd_exec_run(j->e, err));
    if (task == GD_TASK_SEGMENT) {
        print_map(j);
        return GD_OK;
    }
    const float   *box = output(j, "boxes"), *score = output(j, "scores");
    const int32_t *label = output(j, "labels"), *count = output(j, "count");
    printf("picture\n");
    for (int32_t i = 0; i < count[0]; i++)
        printf("%d %.6f %.4f %.4f %.4f %.4f\n", label[i], (double)score[i], (double)box[4 * i],
               (double)box[4 * i + 1], (double)box[4 * i + 2], (double)box[4 * i + 3]);
    return GD_OK;
}

static gd_status run(const gd_model *m, bool half, const char *path, int w, int h,
                     gd_error *err) {
    const size_t   size = (size_t)w * (size_t)h * 3;
    unsigned char *rgb = malloc(size + 1);
    FILE          *f = fopen(path, "rb");
    job            j = {0};
    gd_status      st = GD_OK;
    if (!rgb || !f || fread(rgb, 1, size + 1, f) != size)
        st = gd_fail(err, GD_ERR_IO, "'%s' is not %d x %d pixels", path, w, h);
    if (st == GD_OK) st = open_job(&j, m, half, w, h, err);
    if (st == GD_OK) st = detect(&j, gd_model_task(m), rgb, err);
    gd_exec_close(j.e);
    gd_arena_free(&j.arena);
    if (f) fclose(f);
    free(rgb);
    return st;
}

int main(int argc, char **argv) {
    gd_model *m = NULL;
    gd_error  err = {0};
    if (argc < 6 || argc % 3 || (strcmp(argv[2], "fp32") && strcmp(argv[2], "fp16"))) {
        fprintf(stderr, "usage: half_run MODEL.gdw fp32|fp16 PICTURE.rgb WIDTH HEIGHT ...\n");
        return EXIT_FAILURE;
    }
    gd_status st = gd_model_load(argv[1], &m, &err);
    for (int i = 3; i < argc && st == GD_OK; i += 3)
        st = run(m, !strcmp(argv[2], "fp16"), argv[i], atoi(argv[i + 1]), atoi(argv[i + 2]),
                 &err);
    if (st != GD_OK) fprintf(stderr, "half_run: %s\n", err.msg);
    gd_model_close(m);
    return st == GD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
