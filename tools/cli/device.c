/* device.c -- see device.h. */
#include "tools/cli/device.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/model.h"
#include "tools/cli/program.h"
#include "tools/cli/text.h"
#include "weights/json_make.h"

/* ---- --device and --precision ------------------------------------------------------------ */

gd_status gd_device_check(const gd_flags *f, gd_error *err) {
    const char *device = gd_flag_text(f, GD_OPT_DEVICE);
    const char *precision = gd_flag_text(f, GD_OPT_PRECISION);
    if (!strcmp(precision, "int8")) {
        gd_fail_code(err, GD_ERR_UNSUPPORTED, 210,
                     "--precision int8: no kernels in this version; fp32 on the CPU, fp32, "
                     "tf32 and fp16 on a GPU");
        return GD_ERR_UNSUPPORTED;
    }
    if (!strcmp(device, "cpu") && strcmp(precision, "fp32") && strcmp(precision, "auto")) {
        gd_fail_code(err, GD_ERR_UNSUPPORTED, 210, "--precision %s: the CPU computes in fp32",
                     precision);
        gd_error_hint(err, "leave --precision out, or --device cuda");
        return GD_ERR_UNSUPPORTED;
    }
    return GD_OK;
}

/* Few enough words for one line; gdrun devices tells all. */
static const char *no_gpu_words(int code) {
    switch (code) {
    case 502: return "no CUDA plugin";
    case 503: return "CUDA plugin of another version";
    case 504: return "no usable NVIDIA driver";
    case 505: return "no GPU";
    case 507: return "GPU too old for this build";
    case 508: return "GPU not available";
    default: return "no usable GPU";
    }
}

void gd_device_say(const gd_flags *f, const gd_session_stats *s) {
    const char *omp = getenv("OMP_NUM_THREADS");
    const bool  chosen = !strcmp(gd_flag_text(f, GD_OPT_DEVICE), "auto");
    const bool  cpu = !strcmp(s->device, "cpu");
    const int   n = gd_thread_count(f);
    char        why[64] = "", what[160];
    if (chosen && s->no_gpu)
        snprintf(why, sizeof why, " (auto: %s)", no_gpu_words(s->no_gpu));
    else if (chosen)
        snprintf(why, sizeof why, " (auto)");
    if (cpu)
        snprintf(what, sizeof what, "%d thread%s", n, n == 1 ? "" : "s");
    else
        gd_escape(what, sizeof what, s->name);
    gd_say(chosen ? GD_LEVEL_INFO : GD_LEVEL_VERBOSE, "device: %s%s, %s, %s", s->device, why,
           what, s->precision);
    if (cpu && omp && *omp && !gd_flag_given(f, GD_OPT_THREADS))
        gd_say(GD_LEVEL_INFO, "OMP_NUM_THREADS is not used; --threads or GDRUN_THREADS is");
}

void gd_precision_set(gd_session_options *o, const char *name) {
    static const struct {
        const char  *name;
        gd_precision value;
    } known[] = {{"auto", GD_PRECISION_AUTO},
                 {"fp32", GD_PRECISION_FP32},
                 {"tf32", GD_PRECISION_TF32},
                 {"fp16", GD_PRECISION_FP16}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i].name)) o->precision = (int)known[i].value;
}

/* ---- GPUs -------------------------------------------------------------------------------- */

void gd_gpus_find(gd_gpus *g) {
    Dl_info at;
    int     n = 0;
    memset(g, 0, sizeof *g);
    if (gd_plugin_load("cuda", &g->plugin, &g->error) != GD_OK) return;
    if (dladdr(g->plugin, &at) && at.dli_fname)
        snprintf(g->path, sizeof g->path, "%s", at.dli_fname);
    if (g->plugin->count(&n, &g->error) != GD_OK) return;
    for (int i = 0; i < n && i < GD_MAX_GPU; i++) {
        gd_error        err = {0};
        gd_device_info *d = &g->gpu[g->n++];
        if (g->plugin->describe(i, d, &err) == GD_OK) continue;
        d->ordinal = i;
        snprintf(d->trouble, sizeof d->trouble, "%.150s", err.msg);
    }
}

gd_status gd_gpus_need(const gd_gpus *g, const char *device, gd_error *err) {
    const int i = strchr(device, ':') ? atoi(strchr(device, ':') + 1) : 0;
    if (g->error.status != GD_OK) {
        *err = g->error;
        return err->status;
    }
    if (i >= g->n)
        return gd_fail_code(err, GD_ERR_DEVICE, 506, "there is no GPU %d: %d visible", i, g->n);
    if (!*g->gpu[i].trouble) return GD_OK;
    return gd_fail_code(err, GD_ERR_DEVICE, 500, "%s cannot be used: %s", g->gpu[i].name,
                        g->gpu[i].trouble);
}

static json_t *error_json(const gd_error *e, bool *ok) {
    json_t *o = json_object();
    gd_json_set(ok, o, "code", json_integer(e->code));
    gd_json_set(ok, o, "message", gd_json_string(e->msg));
    if (*e->why) gd_json_set(ok, o, "why", gd_json_string(e->why));
    if (*e->hint) gd_json_set(ok, o, "try", gd_json_string(e->hint));
    return o;
}

static json_t *gpu_json(const gd_device_info *d, bool *ok) {
    char    name[32];
    json_t *o = json_object();
    snprintf(name, sizeof name, "cuda:%d", d->ordinal);
    gd_json_set(ok, o, "device", json_string(name));
    gd_json_set(ok, o, "name", gd_json_string(d->name));
    gd_json_set(ok, o, "sm", json_integer(d->sm));
    gd_json_set(ok, o, "memory_bytes", json_integer((json_int_t)d->mem_total));
    gd_json_set(ok, o, "free_bytes", json_integer((json_int_t)d->mem_free));
    gd_json_set(ok, o, "driver", gd_json_string(d->driver));
    gd_json_set(ok, o, "runtime", gd_json_string(d->runtime));
    gd_json_set(ok, o, "usable", json_boolean(!*d->trouble));
    if (*d->trouble) gd_json_set(ok, o, "trouble", gd_json_string(d->trouble));
    return o;
}

json_t *gd_gpus_json(const gd_gpus *g, bool *ok) {
    json_t *o = json_object(), *list = json_array();
    for (int i = 0; i < g->n; i++) gd_json_add(ok, list, gpu_json(&g->gpu[i], ok));
    if (*g->path) gd_json_set(ok, o, "plugin", gd_json_string(g->path));
    if (g->plugin) gd_json_set(ok, o, "built_for", gd_json_string(g->plugin->built_for));
    if (g->error.status != GD_OK) gd_json_set(ok, o, "error", error_json(&g->error, ok));
    gd_json_set(ok, o, "gpus", list);
    return o;
}

static void print_gpu(const gd_device_info *d, const char *mark) {
    char shown[300];
    gd_print("cuda:%d%s %s, sm_%d, %.1f GiB", d->ordinal, mark,
             gd_escape(shown, sizeof shown, d->name), d->sm, (double)d->mem_total / 0x1p30);
    if (d->mem_free) gd_print(" (%.1f free)", (double)d->mem_free / 0x1p30);
    if (*d->driver) gd_print(", driver %s, runtime %s", d->driver, d->runtime);
    if (*d->trouble)
        gd_print(": not usable: %s\n", gd_escape(shown, sizeof shown, d->trouble));
    else
        gd_print(": usable\n");
}

void gd_gpus_print(const gd_gpus *g, const char *mark) {
    char shown[600];
    if (*g->path)
        gd_print("cuda%s plugin %s, built for %s\n", mark,
                 gd_escape(shown, sizeof shown, g->path), g->plugin->built_for);
    if (g->error.status != GD_OK) {
        gd_print("cuda%s not usable (E%03d): %s\n", mark, g->error.code,
                 gd_escape(shown, sizeof shown, g->error.msg));
        if (*g->error.why)
            gd_print("cuda%s why: %s\n", mark, gd_escape(shown, sizeof shown, g->error.why));
        if (*g->error.hint)
            gd_print("cuda%s try: %s\n", mark, gd_escape(shown, sizeof shown, g->error.hint));
    }
    for (int i = 0; i < g->n; i++) print_gpu(&g->gpu[i], mark);
}
