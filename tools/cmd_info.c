/* cmd_info.c -- `gdrun info`: what a model file holds and what running it takes. */
#include <string.h>

#include "engine/mem.h"
#include "tools/cli/batch.h"
#include "tools/cli/model.h"
#include "tools/cli/model_table.h"
#include "tools/cli/program.h"
#include "tools/cli/text.h"
#include "tools/cli/workload.h"
#include "tools/cmd.h"
#include "weights/json_make.h"

typedef struct totals {
    int64_t tensors, parameters, statistics, bytes;
} totals;

/* Of the network: what a checkpoint holds for training besides is no part of it. */
static totals count(const gd_gdw *g) {
    totals t = {0, 0, 0, 0};
    for (size_t i = 0; i < gd_gdw_count(g); i++) {
        const gd_gdw_tensor *w = gd_gdw_tensor_at(g, i);
        int64_t              n = 1;
        if (strncmp(w->name, "train/", 6) == 0) continue;
        for (int k = 0; k < w->ndim; k++) n *= w->dim[k];
        t.tensors++;
        t.bytes += (int64_t)w->size;
        *(gd_is_statistic(w->name) ? &t.statistics : &t.parameters) += n;
    }
    return t;
}

/* ---- JSON -------------------------------------------------------------------------------- */

static json_t *text_of(const char *s) { return gd_json_string(s ? s : ""); }

static json_t *tensors_json(const gd_gdw *g, bool *ok) {
    json_t *list = json_array();
    for (size_t i = 0; i < gd_gdw_count(g); i++) {
        const gd_gdw_tensor *w = gd_gdw_tensor_at(g, i);
        json_t              *shape = json_array(), *one = json_object();
        for (int k = 0; k < w->ndim; k++) gd_json_add(ok, shape, json_integer(w->dim[k]));
        gd_json_set(ok, one, "name", text_of(w->name));
        gd_json_set(ok, one, "type", text_of(gd_gdw_type_name(w->type)));
        gd_json_set(ok, one, "shape", shape);
        gd_json_add(ok, list, one);
    }
    return list;
}

static json_t *layers_json(const gd_workload *w, bool *ok) {
    json_t      *list = json_array();
    gd_trace_row row;
    char         shape[GD_SHAPE_TEXT];
    for (int i = 0; gd_workload_layer(w, i, &row, shape); i++) {
        json_t *one = json_object();
        gd_json_set(ok, one, "name", text_of(row.name));
        gd_json_set(ok, one, "op", text_of(row.op));
        gd_json_set(ok, one, "kernel", text_of(row.kernel));
        gd_json_set(ok, one, "output", text_of(shape));
        gd_json_set(ok, one, "gflop", json_real(row.gflop));
        gd_json_set(ok, one, "mib", json_real(row.mib));
        gd_json_add(ok, list, one);
    }
    return list;
}

static json_t *workload_json(const gd_workload *w, bool *ok) {
    json_t *o = json_object();
    gd_json_set(ok, o, "batch", json_integer(w->batch));
    gd_json_set(ok, o, "picture_width", json_integer(w->geometry.src_w));
    gd_json_set(ok, o, "picture_height", json_integer(w->geometry.src_h));
    gd_json_set(ok, o, "input_width", json_integer(w->geometry.net_w));
    gd_json_set(ok, o, "input_height", json_integer(w->geometry.net_h));
    gd_json_set(ok, o, "layers", json_integer(w->stats.n_node));
    gd_json_set(ok, o, "gflop", json_real(w->gflop));
    gd_json_set(ok, o, "weight_bytes", json_integer((json_int_t)w->stats.const_bytes));
    gd_json_set(ok, o, "activation_bytes", json_integer((json_int_t)w->stats.slab_bytes));
    gd_json_set(ok, o, "unshared_bytes", json_integer((json_int_t)w->stats.sum_bytes));
    gd_json_set(ok, o, "scratch_bytes", json_integer((json_int_t)w->stats.scratch_bytes));
    return o;
}

static gd_status print_json(const gd_model *m, const gd_workload *w, const char *path,
                            bool layers, gd_error *err) {
    const gd_gdw *g = m->file;
    totals        t = count(g);
    json_t       *root = json_object(), *meta = json_object(), *names = json_array();
    char         *text;
    bool          ok = true;
    for (int i = 0; i < gd_model_class_count(m); i++) {
        json_t *one = json_object();
        gd_json_set(&ok, one, "class_id", json_integer(i));
        gd_json_set(&ok, one, "category_id", json_integer(gd_model_category_id(m, i)));
        gd_json_set(&ok, one, "name", text_of(gd_model_class_name(m, i)));
        gd_json_add(&ok, names, one);
    }
    for (size_t i = 0; i < gd_gdw_meta_count(g); i++) {
        const char *key, *value;
        gd_gdw_meta_at(g, i, &key, &value);
        gd_json_set(&ok, meta, key, text_of(value));
    }
    gd_json_set(&ok, root, "file", text_of(path));
    gd_json_set(&ok, root, "architecture", text_of(gd_model_arch(m)));
    gd_json_set(&ok, root, "task", text_of(gd_task_name(gd_model_task(m))));
    gd_json_set(&ok, root, "parameters", json_integer(t.parameters));
    gd_json_set(&ok, root, "statistics", json_integer(t.statistics));
    gd_json_set(&ok, root, "weight_bytes", json_integer(t.bytes));
    gd_json_set(&ok, root, "classes", names);
    gd_json_set(&ok, root, "metadata", meta);
    gd_json_set(&ok, root, "workload", workload_json(w, &ok));
    if (layers) gd_json_set(&ok, root, "layers", layers_json(w, &ok));
    if (layers) gd_json_set(&ok, root, "tensors", tensors_json(g, &ok));
    text = ok ? gd_json_text(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    if (!text) return gd_fail(err, GD_ERR_NOMEM, "no memory for the description");
    gd_print_bytes(text, strlen(text));
    gd_print("\n");
    gd_mem_put(text);
    return GD_OK;
}

/* ---- text -------------------------------------------------------------------------------- */

/* The first names tell which list it is; ImageNet's thousand would fill screens. */
enum { CLASSES_SHOWN = 10 };

static void print_classes(const gd_model *m, bool all) {
    int  n = gd_model_class_count(m), shown = all || n < CLASSES_SHOWN ? n : CLASSES_SHOWN;
    char name[96];
    gd_print("classes       %d:", n);
    for (int i = 0; i < shown; i++)
        gd_print("%s %s", i ? "," : "",
                 gd_escape(name, sizeof name, gd_model_class_name(m, i)));
    if (shown < n) gd_print(", and %d more (-v lists them)", n - shown);
    gd_print("\n");
}

/* Long values (licence texts, name lists) are cut. */
static void print_metadata(const gd_gdw *g) {
    char shown[81];
    for (size_t i = 0; i < gd_gdw_meta_count(g); i++) {
        const char *key, *value;
        gd_gdw_meta_at(g, i, &key, &value);
        gd_print("  %-20s%s\n", key, gd_escape(shown, sizeof shown, value));
    }
}

static void print_layers(const gd_workload *w) {
    gd_trace_row row;
    char         shape[GD_SHAPE_TEXT], shown[300];
    gd_print("\n%-44s %-14s %-20s %9s %9s\n", "layer", "operator", "output", "GFLOP", "MiB");
    for (int i = 0; gd_workload_layer(w, i, &row, shape); i++)
        gd_print("%-44s %-14s %-20s %9.4f %9.3f\n", gd_escape(shown, sizeof shown, row.name),
                 row.op, shape, row.gflop, row.mib);
}

static void print_workload(const gd_workload *w) {
    const gd_geometry   *at = &w->geometry;
    const gd_exec_stats *s = &w->stats;
    gd_print("input         %dx%d for a picture of %dx%d, batch %d\n", at->net_w, at->net_h,
             at->src_w, at->src_h, w->batch);
    gd_print("work          %.3f GFLOP in %d layers\n", w->gflop, s->n_node);
    gd_print("memory        %.1f MiB weights, %.1f MiB activations (%.1f MiB without sharing), "
             "%.1f MiB scratch\n",
             (double)s->const_bytes / 0x1p20, (double)s->slab_bytes / 0x1p20,
             (double)s->sum_bytes / 0x1p20, (double)s->scratch_bytes / 0x1p20);
}

static void print_text(const gd_model *m, const gd_workload *w, const char *path, bool layers,
                       bool all) {
    const gd_gdw *g = m->file;
    totals        t = count(g);
    char          shown[300];
    gd_print("file          %s\n", gd_escape(shown, sizeof shown, path));
    gd_print("architecture  %s\n", gd_model_arch(m));
    gd_print("task          %s\n", gd_task_name(gd_model_task(m)));
    gd_print("parameters    %lld, and %lld statistics of batch norm, in %lld tensors\n",
             (long long)t.parameters, (long long)t.statistics, (long long)t.tensors);
    gd_print("weights       %.1f MiB\n", (double)t.bytes / 0x1p20);
    print_workload(w);
    print_classes(m, all);
    gd_print("metadata\n");
    print_metadata(g);
    if (layers) print_layers(w);
}

/* The picture that work and memory are told for, unless --imgsz says otherwise. */
enum { PICTURE_WIDTH = 640, PICTURE_HEIGHT = 480 };

/* --batch, with auto's choice on the CPU. */
static gd_status choose_batch(const gd_flags *f, const gd_model *m,
                              const gd_session_options *opt, int *batch, gd_error *err) {
    gd_session        *s = NULL;
    gd_session_options o = *opt;
    gd_status          st;
    *batch = (int)gd_flag_int(f, GD_OPT_BATCH);
    if (*batch) return GD_OK;
    o.device = "cpu";
    GD_GO(gd_session_open(m, &o, &s, err));
    GD_GO(gd_batch_auto(s, PICTURE_WIDTH, PICTURE_HEIGHT, GD_BATCH_MOST, batch, err));
done:
    gd_session_close(s);
    return st;
}

int gd_cmd_info(gd_flags *f) {
    gd_error           err = {0};
    gd_model          *m = NULL;
    gd_workload        w = {0};
    gd_session_options opt = gd_session_defaults();
    gd_status          st;
    char               path[4096];
    const char        *name = f->n_args ? f->args[0] : gd_flag_text(f, GD_OPT_MODEL);
    bool               layers = gd_flag_on(f, GD_OPT_LAYERS);
    int                batch;
    if (!name || f->n_args > 1) {
        gd_fail_code(&err, GD_ERR_ARG, 207, "info takes one model");
        return (int)gd_report_error(&err, GD_EXIT_USAGE, NULL);
    }
    opt.threads = gd_thread_count(f);
    opt.imgsz_w = gd_flag_get(f, GD_OPT_IMGSZ)->width;
    opt.imgsz_h = gd_flag_get(f, GD_OPT_IMGSZ)->height;
    GD_GO(gd_model_find(name, path, sizeof path, &err));
    GD_GO(gd_model_load(path, &m, &err));
    GD_GO(choose_batch(f, m, &opt, &batch, &err));
    GD_GO(gd_workload_open(&w, m, &opt, batch, PICTURE_WIDTH, PICTURE_HEIGHT, &err));
    if (gd_flag_on(f, GD_OPT_INFO_JSON))
        GD_GO(print_json(m, &w, path, layers, &err));
    else
        print_text(m, &w, path, layers, gd_flag_int(f, GD_OPT_VERBOSE) > 0);
done:
    gd_workload_close(&w);
    gd_model_close(m);
    return st == GD_OK ? GD_EXIT_OK : (int)gd_report_error(&err, GD_EXIT_MODEL, name);
}
