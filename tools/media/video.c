/* video.c -- sources: raw frames here, everything else through the plugin; see video.h. */
#include "tools/media/video.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "engine/plugin.h"
#include "tools/media/video_host.h"

/* ---- the plugin -------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const gd_av    *loaded;

static void *host_get(void *ctx, size_t size) {
    (void)ctx;
    return gd_mem_get(size);
}
static void host_put(void *ctx, void *p) {
    (void)ctx;
    gd_mem_put(p);
}
static const gd_av_host host = {.abi = GD_AV_ABI, .alloc = {.get = host_get, .put = host_put}};

static gd_status refuse(gd_error *err, int code, const char *why) {
    const gd_status st = gd_fail_code(err, GD_ERR_UNSUPPORTED, code,
                                      "video needs the plugin libgdrun_av.so, which cannot be "
                                      "used");
    gd_error_why(err, "%s", why);
    gd_error_hint(err, "build with FFmpeg's libraries (tools/packages video), or feed frames "
                       "of another program: raw:WxH:rgb24:-");
    return st;
}

static gd_status load(const gd_av **out, gd_error *err) {
    char path[GD_PLUGIN_PATH];
    union {
        void          *object;
        gd_av_entry_fn function;
    } entry;
    if (!gd_plugin_find("av", path))
        return refuse(err, 370, "it is not beside the program; this build may have none");
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!so) return refuse(err, 370, dlerror());
    entry.object = dlsym(so, "gd_av_entry");
    const gd_av *av = entry.object ? entry.function(&host) : NULL;
    if (!av || av->abi != GD_AV_ABI || strcmp(av->version, GD_VERSION_STRING) != 0) {
        (void)dlclose(so);
        return refuse(err, 371, "it was built from other sources than the program");
    }
    *out = av;
    return GD_OK;
}

gd_status gd_av_load(const gd_av **out, gd_error *err) {
    gd_status st = GD_OK;
    *out = NULL;
    (void)pthread_mutex_lock(&lock);
    if (!loaded) st = load(&loaded, err);
    *out = loaded;
    (void)pthread_mutex_unlock(&lock);
    return st;
}

/* ---- sources ----------------------------------------------------------------------------- */

gd_status gd_video_source_open(const char *path, const gd_video_source_options *opt,
                               gd_video_source **out, gd_error *err) {
    static const gd_video_source_options defaults = {0};
    gd_status                            st = GD_OK;
    gd_video_source                     *s = gd_mem_get_zero(sizeof *s);
    *out = NULL;
    if (!opt) opt = &defaults;
    if (!s) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for a video source");
    if (!strncmp(path, "raw:", 4)) {
        GD_GO(gd_video_raw_open(path, STDIN_FILENO, opt, &s->raw, err));
    } else {
        GD_GO(gd_av_load(&s->av, err));
        GD_GO(s->av->source_open(path, opt, &s->impl, err));
    }
    *out = s;
    s = NULL;
done:
    gd_mem_put(s);
    return st;
}

void gd_video_source_close(gd_video_source *s) {
    if (!s) return;
    if (s->av)
        s->av->source_close(s->impl);
    else
        gd_video_raw_close(s->raw);
    gd_mem_put(s);
}

const gd_video_info *gd_video_source_info(const gd_video_source *s) {
    return s->av ? s->av->source_info(s->impl) : gd_video_raw_info(s->raw);
}

gd_status gd_video_source_read(gd_video_source *s, gd_video_frame *f, gd_error *err) {
    return s->av ? s->av->source_read(s->impl, f, err) : gd_video_raw_read(s->raw, f, err);
}

void gd_video_source_stop(gd_video_source *s) {
    if (s->av)
        s->av->source_stop(s->impl);
    else
        gd_video_raw_stop(s->raw);
}

void gd_video_source_counts(gd_video_source *s, gd_video_counts *out) {
    if (s->av)
        s->av->source_counts(s->impl, out);
    else
        gd_video_raw_counts(s->raw, out);
}

bool gd_video_source_note(gd_video_source *s, gd_video_note *out) {
    return s->av && s->av->source_note(s->impl, out);
}
