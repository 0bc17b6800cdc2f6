/* plugin.c -- finds and loads the plugins that stand beside the program; see plugin.h. */
#include "engine/plugin.h"

#include <ctype.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

enum { MAX_PLUGIN = 4, PATH = GD_PLUGIN_PATH };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    const char      *name;
    const gd_plugin *plugin;
} loaded[MAX_PLUGIN];

static void *host_get(void *ctx, size_t size) {
    (void)ctx;
    return gd_mem_get(size);
}
static void host_put(void *ctx, void *p) {
    (void)ctx;
    gd_mem_put(p);
}
static const gd_plugin_host host = {.abi = GD_PLUGIN_ABI,
                                    .alloc = {.get = host_get, .put = host_put}};

/* The folder of the object that this code is part of: libgdrun.so, or the program itself. Of a
 * program the loader knows but the name it was started by, which need not lead to it. */
static bool own_folder(char *out, size_t size) {
    Dl_info at, program;
    union {
        const gd_plugin_host *object;
        const void           *address;
    } me = {.object = &host};
    const union {
        unsigned long entry;
        const void   *address;
    } start = {.entry = getauxval(AT_ENTRY)};
    char real[PATH];
    if (!dladdr(me.address, &at) || !at.dli_fname) return false;
    const bool is_program =
        dladdr(start.address, &program) && program.dli_fbase == at.dli_fbase;
    if (!realpath(is_program ? "/proc/self/exe" : at.dli_fname, real)) return false;
    char *slash = strrchr(real, '/');
    if (!slash) return false;
    *slash = '\0';
    return snprintf(out, size, "%s", real) < (int)size;
}

/* An absolute path is what dlopen needs so as not to search where others may write. */
bool gd_plugin_find(const char *name, char real[PATH]) {
    static const char *const place[] = {"", "/gdrun", "/../" GD_LIBDIR "/gdrun"};
    char                     folder[PATH], path[PATH + 64];
    if (!own_folder(folder, sizeof folder)) return false;
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        const int n =
            snprintf(path, sizeof path, "%s%s/libgdrun_%s.so", folder, place[i], name);
        if (n > 0 && n < (int)sizeof path && realpath(path, real)) return true;
    }
    return false;
}

static gd_status refuse(gd_error *err, const char *name, int code, const char *why) {
    const gd_status st = gd_fail_code(err, GD_ERR_DEVICE, code,
                                      "the plugin libgdrun_%s.so cannot be used", name);
    gd_error_why(err, "%s", why);
    gd_error_hint(err, "--device cpu needs no plugin");
    return st;
}

static gd_status open_plugin(const char *name, const gd_plugin **out, gd_error *err) {
    char path[PATH];
    union {
        void              *object;
        gd_plugin_entry_fn function;
    } entry;
    if (!gd_plugin_find(name, path))
        return refuse(err, name, 502, "it is not beside the program; this build may have none");
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!so) return refuse(err, name, 502, dlerror());
    entry.object = dlsym(so, "gd_plugin_entry");
    const gd_plugin *p = entry.object ? entry.function(&host) : NULL;
    if (!p || p->abi != GD_PLUGIN_ABI || strcmp(p->version, GD_VERSION_STRING) != 0) {
        dlclose(so);
        return refuse(err, name, 503, "it was built from other sources than the program");
    }
    gd_op_register(p->backend, p->rows);
    *out = p;
    return GD_OK;
}

gd_status gd_plugin_load(const char *name, const gd_plugin **out, gd_error *err) {
    gd_status st = GD_OK;
    int       i = 0;
    *out = NULL;
    (void)pthread_mutex_lock(&lock);
    while (i < MAX_PLUGIN && loaded[i].plugin && strcmp(loaded[i].name, name) != 0) i++;
    GD_ASSERT(i < MAX_PLUGIN);
    if (!loaded[i].plugin) {
        st = open_plugin(name, &loaded[i].plugin, err);
        if (st == GD_OK) loaded[i].name = loaded[i].plugin->name;
    }
    *out = loaded[i].plugin;
    (void)pthread_mutex_unlock(&lock);
    return st;
}

/* N of "cuda:N", 0 of "cuda"; -1: no such name. */
static int ordinal_of(const char *name) {
    char *end;
    if (!strcmp(name, "cuda")) return 0;
    if (strncmp(name, "cuda:", 5) != 0 || !isdigit((unsigned char)name[5])) return -1;
    const long n = strtol(name + 5, &end, 10);
    return *end || n > 1023 ? -1 : (int)n;
}

gd_status gd_device_open(const char *name, gd_device **out, gd_error *err) {
    const gd_plugin *p;
    const int        ordinal = ordinal_of(name);
    *out = NULL;
    if (ordinal < 0) {
        const gd_status st =
            gd_fail_code(err, GD_ERR_DEVICE, 501, "there is no device '%s'", name);
        gd_error_hint(err, "use auto, cpu, cuda or cuda:N");
        return st;
    }
    GD_TRY(gd_plugin_load("cuda", &p, err));
    return p->open(ordinal, out, err);
}
