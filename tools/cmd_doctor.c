/* cmd_doctor.c -- `gdrun doctor`: this machine, this build, the decoder's sandbox and a
 * model. */
#include <jansson.h>
#include <math.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <yaml.h>
#include <zlib.h>
#if GD_HAVE_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#endif

#include "engine/backend.h"
#include "engine/machine.h"
#include "engine/mem.h"
#include "tools/cli/device.h"
#include "tools/cli/model.h"
#include "tools/cli/program.h"
#include "tools/cli/test_picture.h"
#include "tools/cli/text.h"
#include "tools/cmd.h"
#include "tools/media/av/av.h"
#include "tools/media/picture.h"

/* ---- the machine ------------------------------------------------------------------------- */

static void cpu_features(void) {
#if defined(__x86_64__)
    gd_print("cpu features:%s%s%s%s%s%s\n", __builtin_cpu_supports("sse4.2") ? " sse4.2" : "",
             __builtin_cpu_supports("avx") ? " avx" : "",
             __builtin_cpu_supports("avx2") ? " avx2" : "",
             __builtin_cpu_supports("fma") ? " fma" : "",
             __builtin_cpu_supports("avx512f") ? " avx512f" : "",
             __builtin_cpu_supports("avx512vnni") ? " avx512vnni" : "");
#endif
}

static void machine(const gd_flags *f) {
    struct utsname u;
    char           text[256], shown[300];
    const uint64_t room = gd_machine_room("");
    if (uname(&u) == 0) gd_print("system: %s %s %s\n", u.sysname, u.release, u.machine);
    gd_machine_cpu("", text, sizeof text);
    gd_print("cpu: %s\n", *text ? gd_escape(shown, sizeof shown, text) : "unknown");
    cpu_features();
    gd_print("kernels for: %s\n", gd_cpu_isa());
    gd_print("threads: %d of %ld processors\n", gd_thread_count(f),
             sysconf(_SC_NPROCESSORS_ONLN));
    gd_print("memory: %.1f GiB", (double)gd_cpu_caps().mem_bytes / 0x1p30);
    if (room < UINT64_MAX) gd_print(", %.1f GiB available", (double)room / 0x1p30);
    gd_print("\n");
}

static void build(void) {
    const struct scmp_version *seccomp = seccomp_version();
    gd_print("gdrun: %s, compiled by %s\n", gd_version(), GD_COMPILER);
#if GD_HAVE_ONEDNN
    const dnnl_version_t *dnnl = dnnl_version();
    gd_print("oneDNN: %d.%d.%d\n", dnnl->major, dnnl->minor, dnnl->patch);
#else
    gd_print("oneDNN: not in this build; convolutions run on plain OpenMP code\n");
#endif
    gd_print("zlib: %s\njansson: %s\nlibyaml: %s\n", zlibVersion(), JANSSON_VERSION,
             yaml_get_version_string());
    if (seccomp)
        gd_print("libseccomp: %u.%u.%u\n", seccomp->major, seccomp->minor, seccomp->micro);
    const gd_av *av;
    gd_error     err = {0};
    char         shown[900];
    if (gd_av_load(&av, &err) == GD_OK)
        gd_print("video: %s\n", av->built_on);
    else
        gd_print("video: not read or written; %s\n", gd_escape(shown, sizeof shown, err.why));
}

static void environment(void) {
    extern char **environ;
    char          shown[300];
    for (char **e = environ; e && *e; e++)
        if (!strncmp(*e, "GDRUN_", 6))
            gd_print("environment: %s\n", gd_escape(shown, sizeof shown, *e));
}

/* ---- checks ------------------------------------------------------------------------------ */

/* Decodes a picture of two pixels in the sandboxed process. */
static bool sandbox_works(void) {
    static const char ppm[] = "P6\n2 1\n255\n\x01\x02\x03\xfa\xfb\xfc";
    gd_decoder       *d = NULL;
    gd_picture        p = {0};
    gd_error          err = {0};
    gd_status         st = gd_decoder_open(NULL, &d, &err);
    if (st == GD_OK)
        st = gd_decoder_read_memory(d, ppm, sizeof ppm - 1, "test picture", NULL, &p, &err);
    if (st == GD_OK && (p.width != 2 || p.height != 1 || memcmp(p.rgb, ppm + 11, 6)))
        st = gd_fail(&err, GD_ERR_CHECK, "the test picture was decoded to other pixels");
    gd_picture_free(&p);
    gd_decoder_close(d);
    gd_print("picture decoder: %s\n", st == GD_OK ? "works, sandboxed" : "FAILED");
    if (st != GD_OK) gd_report_error(&err, GD_EXIT_CHECK, NULL);
    return st == GD_OK;
}

/* FNV-1a over what a run returned; false when a number is not finite. */
static bool digest(const gd_result *r, uint64_t *hash) {
    uint64_t h = 14695981039346656037u;
    for (int i = 0; i < r->n_detections + r->n_classes; i++) {
        bool                 det = i < r->n_detections;
        const gd_detection  *d = det ? &r->detections[i] : NULL;
        float                v[6] = {0};
        const unsigned char *p = (const unsigned char *)v;
        if (det) memcpy(v, d->box, sizeof d->box);
        v[4] = det ? d->score : r->classes[i - r->n_detections].score;
        v[5] = (float)(det ? d->class_id : r->classes[i - r->n_detections].class_id);
        for (int k = 0; k < 5; k++)
            if (!isfinite(v[k])) return false;
        for (size_t k = 0; k < sizeof v; k++) h = (h ^ p[k]) * 1099511628211u;
    }
    *hash = h;
    return true;
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* Runs the test picture twice, watching for NaN: finite, and the same both times. */
static gd_status try_model(const gd_flags *f, const gd_model *m, gd_error *err) {
    enum { WIDTH = 640, HEIGHT = 480 };
    gd_session_options opt = gd_session_defaults();
    gd_session        *s = NULL;
    gd_image           image = {gd_test_picture(WIDTH, HEIGHT), WIDTH, HEIGHT, 0, 0};
    gd_result          r = {0};
    gd_session_stats   stats;
    uint64_t           hash[2] = {0, 0};
    double             start = 0;
    gd_status          st;
    opt.device = gd_flag_text(f, GD_OPT_DEVICE);
    opt.threads = gd_thread_count(f);
    opt.conf = 0.01f;
    opt.check_numerics = 1;
    if (!image.rgb) return gd_fail(err, GD_ERR_NOMEM, "no memory for the test picture");
    GD_GO(gd_session_open(m, &opt, &s, err));
    for (int i = 0; i < 2; i++) {
        start = now_ms();
        GD_GO(gd_session_run(s, &image, 1, &r, err));
        if (!digest(&r, &hash[i])) {
            st = gd_fail(err, GD_ERR_CHECK, "the model yields numbers that are not finite");
            goto done;
        }
    }
    gd_session_stats_get(s, &stats);
    gd_print("model run on %s: %.1f ms, %d result%s, digest %016llx\n", stats.device,
             now_ms() - start, r.n_detections + r.n_classes,
             r.n_detections + r.n_classes == 1 ? "" : "s", (unsigned long long)hash[1]);
    if (hash[0] != hash[1])
        st = gd_fail(err, GD_ERR_CHECK, "two runs of one picture differ: %016llx and %016llx",
                     (unsigned long long)hash[0], (unsigned long long)hash[1]);
done:
    gd_session_close(s);
    gd_mem_put((void *)(uintptr_t)image.rgb);
    return st;
}

static int check_model(const gd_flags *f, const char *name) {
    char      path[4096];
    gd_error  err = {0};
    gd_model *m = NULL;
    gd_status st;
    GD_GO(gd_model_find(name, path, sizeof path, &err));
    GD_GO(gd_model_load(path, &m, &err));
    gd_print("model: %s, %s, %d classes, every byte verified\n", path, gd_model_arch(m),
             gd_model_class_count(m));
    GD_GO(try_model(f, m, &err));
done:
    gd_model_close(m);
    if (st == GD_OK) return GD_EXIT_OK;
    gd_print("model: FAILED\n");
    gd_print_flush();
    return (int)gd_report_error(&err, GD_EXIT_MODEL, name);
}

int gd_cmd_doctor(gd_flags *f) {
    gd_error    err = {0};
    const char *model = gd_flag_text(f, GD_OPT_MODEL);
    bool        sandboxed;
    int         code = GD_EXIT_OK;
    const char *device = gd_flag_text(f, GD_OPT_DEVICE);
    gd_gpus     gpus;
    sandboxed = sandbox_works(); /* first: it wants a program of one thread */
    build();
    machine(f);
    environment();
    gd_gpus_find(&gpus);
    gd_gpus_print(&gpus, ":");
    if (!strncmp(device, "cuda", 4) && gd_gpus_need(&gpus, device, &err) != GD_OK) {
        gd_print_flush();
        return (int)gd_report_error(&err, GD_EXIT_DEVICE, NULL);
    }
    if (model) code = check_model(f, model);
    return code != GD_EXIT_OK ? code : sandboxed ? GD_EXIT_OK : GD_EXIT_CHECK;
}
