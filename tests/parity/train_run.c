/* train_run.c -- losses and gradients of a model on a batch from files: the bridge from Python
 * tests to the training graphs.
 *
 *     train_run [--live] [--norms] [--l1] [--steps N RATE] MODEL.gdw FOLDER [ANCHORS PROPOSALS]
 *
 * FOLDER holds image.npy f32 [B, H, W, 3], preprocessed, and labels.npy i32; of detectors also
 * geom.npy f32 [B, 8], boxes.npy f32 [B, G, 4], count.npy i32 [B] and rng.npy i32 [4]. Weights
 * are constants, norms as at inference; with --live weights are variables, and with --norms
 * norms take the batch's statistics. --l1 asks for that loss of YOLOX. Writes loss.<name>.npy,
 * d.<weight>.<n>.npy for the n-th use of each weight that the loss depends on, drawn.<n>.npy,
 * the index of the n-th sample, and rois.0.npy, the boxes drawn among the proposals and the
 * ground truth. With --steps it trains instead, all but the norms, by SGD with a momentum of
 * 0.9, and prints the loss of each step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "layers/model.h"
#include "layers/train/step.h"
#include "tests/parity/npy.h"

enum { IMAGE, GEOM, BOXES, LABELS, COUNT, RNG, INPUTS };
static const char *const input_name[INPUTS] = {"image",  "geom",  "boxes",
                                               "labels", "count", "rng"};

typedef struct job {
    gd_graph    g;
    const char *folder;
    bool        live, norms;
    gd_tensor   in[INPUTS];
    int         id[INPUTS]; /* -1: not in the folder */
    int         n_weight;
    int        *weight, *d; /* values; d: -1 where the loss does not depend on it */
    int         n_drawn;
    int         steps; /* 0: gradients */
    float       rate;
} job;

static bool read_inputs(job *j) {
    char path[4096];
    for (int i = 0; i < INPUTS; i++) {
        snprintf(path, sizeof path, "%s/%s.npy", j->folder, input_name[i]);
        FILE *f = fopen(path, "rb");
        if (!f) continue;
        fclose(f);
        if (!npy_read(path, &j->in[i])) return false;
    }
    return j->in[IMAGE].ndim == 4 && j->in[LABELS].data;
}

/* As a dense array, whatever the pitch in the slab. */
static gd_status write(const job *j, const char *kind, const char *name, const gd_tensor *t,
                       gd_error *err) {
    char      path[4096];
    gd_tensor copy = gd_tensor_make(t->dtype, t->ndim, t->dim);
    snprintf(path, sizeof path, "%s/%s.%s.npy", j->folder, kind, name);
    copy.data = malloc(gd_tensor_bytes(&copy) + 1);
    if (!copy.data) return gd_fail(err, GD_ERR_NOMEM, "no memory for '%s'", path);
    for (int64_t i = 0; i < gd_tensor_count(t); i++)
        gd_tensor_set(&copy, i, gd_tensor_get(t, i));
    const bool ok = npy_write(path, &copy);
    free(copy.data);
    return ok ? GD_OK : gd_fail(err, GD_ERR_IO, "'%s' cannot be written", path);
}

static gd_status watch(void *ctx, gd_exec *e, int k, gd_error *err) {
    job           *j = ctx;
    const gd_node *n = &j->g.node[k];
    char           name[512];
    for (int o = 0; o < n->n_out; o++)
        for (int i = 0; i < j->n_weight; i++) {
            if (j->d[i] != n->out[o]) continue;
            snprintf(name, sizeof name, "%s.%d", j->g.value[j->weight[i]].name, i);
            GD_TRY(write(j, "d", name, gd_exec_tensor(e, n->out[o]), err));
        }
    if (!strcmp(n->op->name, "sample")) {
        snprintf(name, sizeof name, "%d", j->n_drawn++);
        return write(j, "drawn", name, gd_exec_tensor(e, n->out[0]), err);
    }
    const int from = strcmp(n->op->name, "gather_rows") ? -1 : j->g.value[n->in[0]].producer;
    if (from < 0 || strcmp(j->g.node[from].op->name, "append_boxes")) return GD_OK;
    return write(j, "rois", "0", gd_exec_tensor(e, n->out[0]), err);
}

static bool every(const void *ctx, const char *name) {
    (void)ctx;
    (void)name;
    return true;
}

static gd_status build(job *j, const gd_model *m, const gd_train_options *opt, gd_error *err) {
    const gd_net_train live = {.trains = every, .batch_norm = j->norms, .bn_momentum = 0.1f};
    gd_net             n;
    gd_net_init(&n, &j->g, &m->source, err);
    if (j->live) n.train = &live;
    n.facts = &m->facts;
    n.bn_eps = m->recipe.bn_eps;
    n.n_class = m->n_class + m->arch->n_background;
    for (int i = 0; i < INPUTS; i++) {
        const gd_tensor *t = &j->in[i];
        j->id[i] = -1;
        if (t->data)
            GD_TRY(gd_graph_input(&j->g, input_name[i], t->dtype, t->ndim, t->dim, &j->id[i],
                                  err));
    }
    if (!m->arch->train)
        return gd_fail(err, GD_ERR_UNSUPPORTED, "'%s' cannot be trained", m->arch->name);
    const gd_truth_values truth = {j->id[BOXES], j->id[LABELS], j->id[COUNT], j->id[RNG]};
    m->arch->train(&n, m->arch, opt, j->id[IMAGE], j->id[GEOM], &truth);
    return n.st;
}

/* A gradient that is a view is no node's work, so that nobody could watch it being made: a
 * copy. */
static gd_status copy_view(job *j, int *d, gd_error *err) {
    if (*d < 0 || j->g.value[*d].producer < 0) return GD_OK;
    const gd_tensor t = j->g.value[*d].t;
    int             in[2] = {*d, -1};
    if (!j->g.node[j->g.value[*d].producer].op->view) return GD_OK;
    GD_TRY(gd_graph_const_new(&j->g, NULL, t.dtype, t.ndim, t.dim, &in[1], err));
    return gd_graph_add(&j->g, "add", NULL, 2, in, d, err);
}

static gd_status differentiate(job *j, gd_error *err) {
    const int64_t one = 1;
    const int     loss = gd_graph_find_output(&j->g, "loss");
    int           seed;
    GD_TRY(gd_graph_const_new(&j->g, NULL, GD_F32, 1, &one, &seed, err));
    *(float *)j->g.value[seed].t.data = 1;
    j->weight = gd_arena_array(j->g.arena, (size_t)j->g.n_value, sizeof *j->weight);
    j->d = gd_arena_array(j->g.arena, (size_t)j->g.n_value, sizeof *j->d);
    if (!j->weight || !j->d) return gd_fail(err, GD_ERR_NOMEM, "no memory for the gradients");
    for (int i = 0; i < j->g.n_value; i++) {
        const gd_value *v = &j->g.value[i];
        if ((v->kind == GD_VALUE_CONST || v->variable) && v->name && v->t.dtype == GD_F32)
            j->weight[j->n_weight++] = i;
    }
    GD_TRY(gd_autodiff(&j->g, 1, &loss, &seed, j->n_weight, j->weight, j->d, err));
    for (int i = 0; i < j->n_weight; i++) GD_TRY(copy_view(j, &j->d[i], err));
    return gd_graph_verify(&j->g, "autodiff", err);
}

/* The weights of the file are the variables: nothing updates them. */
static gd_status bind(job *j, const gd_model *m, gd_exec *e, gd_error *err) {
    for (int i = 0; i < INPUTS; i++)
        if (j->id[i] >= 0) gd_exec_bind(e, j->id[i], j->in[i].data);
    for (int i = 0; i < j->g.n_value; i++) {
        const gd_value *v = &j->g.value[i];
        gd_tensor       t;
        if (!v->variable) continue;
        if (!m->source.find(m->source.ctx, v->name, &t))
            return gd_fail(err, GD_ERR_ARG, "'%s' is not in the file", v->name);
        gd_exec_bind(e, i, t.data);
    }
    return GD_OK;
}

static gd_status run(job *j, const gd_model *m, const gd_train_options *opt, gd_error *err) {
    const gd_device_caps  dev = gd_cpu_caps();
    const gd_exec_options how = {.watch = watch, .watch_ctx = j};
    gd_arena              arena = {0};
    gd_exec              *e = NULL;
    gd_status             st;
    gd_graph_init(&j->g, &arena);
    GD_GO(build(j, m, opt, err));
    GD_GO(differentiate(j, err));
    GD_GO(gd_exec_open(&j->g, &dev, &how, &e, err));
    GD_GO(bind(j, m, e, err));
    GD_GO(gd_exec_run(e, err));
    for (int i = 0; i < j->g.n_output; i++) {
        const char *dot = strchr(j->g.output_name[i], '.');
        GD_GO(write(j, "loss", dot ? dot + 1 : "sum", gd_exec_output(e, j->g.output[i]), err));
    }
done:
    gd_exec_close(e);
    gd_arena_free(&arena);
    return st;
}

static gd_status one_step(job *j, const gd_train_step *step, int k, gd_exec *e, gd_error *err) {
    const gd_train_rates r = {.rate = j->rate, .momentum = 0.9f, .first = true, .apply = true};
    float                hyper[GD_N_HYPER + GD_MAX_GROUP];
    const size_t         n = (size_t)gd_train_step_hyper(step, &r, hyper);
    GD_TRY(gd_exec_write(e, step->hyper, 0, hyper, n * sizeof *hyper, err));
    if (j->in[RNG].data) ((int32_t *)j->in[RNG].data)[2] = k;
    GD_TRY(gd_exec_run(e, err));
    const gd_tensor *loss = gd_exec_output(e, gd_graph_find_output(&j->g, "loss"));
    printf("%.9g\n", gd_tensor_get(loss, 0));
    return GD_OK;
}

static gd_status train(job *j, const gd_model *m, const gd_train_options *opt, gd_error *err) {
    const gd_device_caps        dev = gd_cpu_caps();
    const gd_exec_options       how = {0};
    const gd_train_step_options o = {.optim = GD_OPTIM_SGD};
    gd_arena                    arena = {0};
    gd_exec                    *e = NULL;
    gd_store                   *store = NULL;
    gd_train_step               step;
    gd_status                   st;
    gd_graph_init(&j->g, &arena);
    j->live = true;
    GD_GO(build(j, m, opt, err));
    GD_GO(gd_train_step_build(&j->g, &o, &step, err));
    GD_GO(gd_pass_all(&j->g, &dev, GD_F32, err));
    GD_GO(gd_store_open(&j->g, NULL, &store, err));
    GD_GO(gd_train_step_start(&step, store, &m->source, err));
    GD_GO(gd_exec_open(&j->g, &dev, &how, &e, err));
    GD_GO(gd_store_bind(store, &j->g, e, err));
    for (int i = 0; i < INPUTS; i++)
        if (j->id[i] >= 0) gd_exec_bind(e, j->id[i], j->in[i].data);
    for (int k = 0; k < j->steps; k++) GD_GO(one_step(j, &step, k, e, err));
done:
    gd_exec_close(e);
    gd_store_close(store);
    gd_arena_free(&arena);
    return st;
}

int main(int argc, char **argv) {
    gd_train_options opt = {0};
    gd_model        *m = NULL;
    gd_error         err = {0};
    gd_status        st = GD_ERR_ARG;
    job              j = {0};
    for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
        j.live |= !strcmp(argv[1], "--live");
        j.norms |= !strcmp(argv[1], "--norms");
        opt.l1 |= !strcmp(argv[1], "--l1");
        if (strcmp(argv[1], "--steps") || argc < 4) continue;
        j.steps = (int)strtol(argv[2], NULL, 10);
        j.rate = strtof(argv[3], NULL);
        argc -= 2;
        argv += 2;
    }
    if (argc != 3 && argc != 5) {
        fprintf(stderr,
                "usage: train_run [--live] [--norms] [--l1] [--steps N RATE] MODEL.gdw FOLDER "
                "[ANCHORS PROPOSALS]\n");
        return EXIT_FAILURE;
    }
    if (argc == 5) {
        opt.anchors = (int)strtol(argv[3], NULL, 10);
        opt.proposals = (int)strtol(argv[4], NULL, 10);
    }
    j.folder = argv[2];
    if (read_inputs(&j)) {
        st = gd_model_load(argv[1], &m, &err);
        if (st == GD_OK) st = (j.steps ? train : run)(&j, m, &opt, &err);
    }
    if (st != GD_OK)
        fprintf(stderr, "train_run: %s\n", err.msg[0] ? err.msg : "bad input arrays");
    gd_model_close(m);
    for (int i = 0; i < INPUTS; i++) free(j.in[i].data);
    return st == GD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
