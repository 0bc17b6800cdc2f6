/* model.c -- see model.h. */
#include "tools/cli/model.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "engine/sha256.h"
#include "layers/model.h"
#include "tools/cli/device.h"
#include "tools/cli/number.h"
#include "tools/cli/report.h"
#include "tools/cli/text.h"
#include "weights/json_make.h"

/* ---- the file ---------------------------------------------------------------------------- */

gd_status gd_model_find(const char *name, char *path, size_t room, gd_error *err) {
    static const char *const endings[] = {"", ".gdw"};
    const char              *folder = getenv("GDRUN_MODEL_DIR");
    if (strlen(name) >= room)
        return gd_fail(err, GD_ERR_IO, "model name of %zu bytes is too long", strlen(name));
    snprintf(path, room, "%s", name);
    if (access(name, F_OK) == 0 || strchr(name, '/')) return GD_OK;
    for (int i = 0; folder && *folder && i < 2; i++) {
        int n = snprintf(path, room, "%s/%s%s", folder, name, endings[i]);
        if (n > 0 && (size_t)n < room && access(path, F_OK) == 0) return GD_OK;
    }
    gd_fail(err, GD_ERR_IO, "model '%s' was not found", name);
    if (folder && *folder) gd_error_why(err, "neither here nor in GDRUN_MODEL_DIR=%s", folder);
    gd_error_hint(err, "-m takes a .gdw file; gdconvert makes one from a checkpoint");
    return GD_ERR_IO;
}

/* ---- threads ----------------------------------------------------------------------------- */

static void *wait_at(void *barrier) {
    pthread_mutex_lock(barrier);
    pthread_mutex_unlock(barrier);
    return NULL;
}

/* How many of `n` threads (this one included) can exist at once. */
static int startable(int n) {
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t      *t = gd_mem_array((size_t)n, sizeof *t);
    int             started = 0;
    if (!t) return 1;
    pthread_mutex_lock(&gate);
    while (started < n - 1 && pthread_create(&t[started], NULL, wait_at, &gate) == 0) started++;
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < started; i++) pthread_join(t[i], NULL);
    gd_mem_put(t);
    return started + 1;
}

static int cores(void) {
    cpu_set_t set;
    long      n = sysconf(_SC_NPROCESSORS_ONLN);
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return n > 0 ? (int)n : 1;
}

int gd_thread_count(const gd_flags *f) {
    static int asked, given; /* the answer is the same all through the process */
    int        n = (int)gd_flag_int(f, GD_OPT_THREADS);
    if (n < 1) n = cores();
    if (n != asked) {
        asked = n;
        given = startable(n);
        if (given < n) { /* a limit on processes, and the decoder needs two of its own */
            given = given > 2 ? given - 2 : 1;
            gd_warn(253, "%d of %d threads are used: no more can be started", given, n);
        }
    }
    return given;
}

gd_status gd_model_finite(const gd_model *m, gd_error *err) {
    for (size_t i = 0; i < gd_gdw_count(m->file); i++) {
        const gd_tensor *t = &m->weight[i];
        const float     *v = t->data;
        int64_t          n = gd_tensor_count(t);
        for (int64_t k = 0; k < n; k++)
            if (!isfinite(v[k])) {
                gd_fail(err, GD_ERR_FORMAT, "weight '%s' holds %g at element %lld",
                        gd_gdw_tensor_at(m->file, i)->name, (double)v[k], (long long)k);
                gd_error_why(err, "--strict looks at every weight");
                return GD_ERR_FORMAT;
            }
    }
    return GD_OK;
}

/* ---- the session ------------------------------------------------------------------------- */

static void say_override(const gd_flags *f, gd_flag_id id) {
    const gd_flag *flag = &gd_flag_table[id];
    const char    *text = flag->kind == GD_KIND_SWITCH ? "" : gd_flag_text(f, id);
    if (gd_flag_given(f, id))
        gd_say(GD_LEVEL_INFO, "override of the model's recipe: --%s%s%s", flag->name,
               *text ? " " : "", text);
}

gd_session_options gd_session_flags(const gd_flags *f, const gd_model *m) {
    gd_session_options o = gd_session_defaults();
    o.device = gd_flag_text(f, GD_OPT_DEVICE);
    gd_precision_set(&o, gd_flag_text(f, GD_OPT_PRECISION));
    o.threads = gd_thread_count(f);
    o.memory_limit = (uint64_t)gd_flag_int(f, GD_OPT_DEVICE_MEM_CAP);
    o.providers = gd_flag_on(f, GD_OPT_PROVIDERS);
    o.check_numerics = gd_flag_on(f, GD_OPT_CHECK_NUMERICS);
    say_override(f, GD_OPT_IMGSZ);
    if (gd_flag_given(f, GD_OPT_IMGSZ)) {
        o.imgsz_w = gd_flag_get(f, GD_OPT_IMGSZ)->width;
        o.imgsz_h = gd_flag_get(f, GD_OPT_IMGSZ)->height;
    }
    if (gd_model_task(m) == GD_TASK_CLASSIFY) {
        o.top_k = (int)gd_flag_int(f, GD_OPT_TOP_K);
        return o;
    }
    if (gd_model_task(m) == GD_TASK_SEGMENT) {
        o.smooth = (int)gd_flag_int(f, GD_OPT_SMOOTH);
        return o;
    }
    say_override(f, GD_OPT_IOU);
    say_override(f, GD_OPT_MAX_DET);
    say_override(f, GD_OPT_AGNOSTIC_NMS);
    o.conf = (float)gd_flag_real(f, GD_OPT_CONF);
    if (gd_flag_given(f, GD_OPT_IOU)) o.iou = (float)gd_flag_real(f, GD_OPT_IOU);
    if (gd_flag_given(f, GD_OPT_MAX_DET)) o.max_det = (int)gd_flag_int(f, GD_OPT_MAX_DET);
    o.agnostic_nms = gd_flag_on(f, GD_OPT_AGNOSTIC_NMS);
    return o;
}

gd_status gd_file_sha256(const char *path, char hex[65], gd_error *err) {
    enum { PIECE = 1 << 16 };
    gd_file       f;
    gd_sha256     sha;
    unsigned char digest[32], *buffer = gd_mem_get(PIECE);
    gd_status     st;
    if (!buffer) return gd_fail(err, GD_ERR_NOMEM, "no memory to read %s", path);
    GD_GO(gd_file_open(&f, path, err));
    gd_sha256_start(&sha);
    for (uint64_t at = 0; st == GD_OK && at < f.size;) {
        size_t n = f.size - at < PIECE ? (size_t)(f.size - at) : PIECE;
        st = gd_file_read(&f, at, buffer, n, err);
        gd_sha256_add(&sha, buffer, n);
        at += n;
    }
    gd_file_close(&f);
    gd_sha256_end(&sha, digest);
    gd_sha256_hex(digest, hex);
done:
    gd_mem_put(buffer);
    return st;
}

static json_t *triple(const float v[3]) {
    return json_pack("[f,f,f]", (double)v[0], (double)v[1], (double)v[2]);
}

char *gd_recipe_json(const gd_model *m, const gd_session_options *opt) {
    gd_recipe r;
    json_t   *o = json_object();
    char     *text;
    bool      ok = true;
    gd_model_recipe(m, opt, &r);
    gd_json_set(&ok, o, "rule", json_string(gd_rule_name(r.rule.kind)));
    if (r.rule.short_side) gd_json_set(&ok, o, "short", json_integer(r.rule.short_side));
    if (r.rule.long_side) gd_json_set(&ok, o, "long", json_integer(r.rule.long_side));
    if (r.rule.size_h)
        gd_json_set(&ok, o, "size", json_pack("[i,i]", r.rule.size_w, r.rule.size_h));
    gd_json_set(&ok, o, "filter", json_string(gd_filter_name(r.filter)));
    gd_json_set(&ok, o, "order", json_string(r.bgr ? "bgr" : "rgb"));
    gd_json_set(&ok, o, "scale", json_real((double)r.scale));
    gd_json_set(&ok, o, "mean", triple(r.mean));
    gd_json_set(&ok, o, "std", triple(r.std));
    if (gd_model_task(m) == GD_TASK_DETECT) {
        gd_json_set(&ok, o, "conf", json_real((double)r.conf));
        gd_json_set(&ok, o, "iou", json_real((double)r.iou));
        gd_json_set(&ok, o, "max_det", json_integer(r.max_det));
    }
    text = ok ? gd_json_text(o, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    json_decref(o);
    return text;
}

/* ---- classes ----------------------------------------------------------------------------- */

gd_status gd_class_find(const gd_model *m, const char *text, int *id, gd_error *err) {
    int         n = gd_model_class_count(m), best_at = INT_MAX;
    int64_t     number;
    const char *best = NULL;
    char        shown[96];
    for (int i = 0; i < n; i++) {
        const char *name = gd_model_class_name(m, i);
        int         d = name ? gd_edit_distance(text, name) : INT_MAX;
        if (d == 0) {
            *id = i;
            return GD_OK;
        }
        if (d < best_at) {
            best_at = d;
            best = name;
        }
    }
    if (gd_number_int(text, &number) && number >= 0 && number < n) {
        *id = (int)number;
        return GD_OK;
    }
    gd_fail_code(err, GD_ERR_ARG, 211, "the model has no class '%s' (%d classes)",
                 gd_escape(shown, sizeof shown, text), n);
    if (best && gd_is_near(best_at, strlen(text)))
        gd_error_hint(err, "did you mean '%s'?", best);
    else
        gd_error_hint(err, "gdrun info MODEL lists the classes");
    return GD_ERR_ARG;
}
