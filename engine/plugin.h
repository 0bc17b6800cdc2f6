/* plugin.h -- backends that live in shared objects of their own, loaded when asked for.
 *
 * libgdrun_cuda.so (the CUDA backend and our kernels) and libgdrun_vendor.so (rows that call
 * cuDNN and cuBLASLt) stand beside the program or the library, or in lib/gdrun/ of the same
 * prefix (with lib/ as the build was told). A plugin is self-contained: it shares the host's
 * allocator through gd_plugin_host and nothing else. Once loaded it stays until the process
 * ends. */
#ifndef GD_ENGINE_PLUGIN_H
#define GD_ENGINE_PLUGIN_H

#include "engine/device.h"
#include "engine/mem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever a struct that crosses the seam does: op.h, device.h, tensor.h, this file. */
enum { GD_PLUGIN_ABI = 2 };

typedef struct gd_plugin_host {
    int      abi;
    gd_alloc alloc; /* the host's gd_mem, so that one hook sees every request */
} gd_plugin_host;

/* One device as `gdrun devices` and `doctor` show it. */
typedef struct gd_device_info {
    char     name[96];
    int      ordinal, sm;
    uint64_t mem_total, mem_free;
    char     driver[32], runtime[32];
    char     trouble[160]; /* why it cannot be used; empty: it can */
} gd_device_info;

typedef struct gd_plugin {
    int           abi;
    const char   *name;      /* "cuda", "vendor" */
    const char   *version;   /* of gdrun; must be the host's */
    const char   *built_for; /* "sm_75 sm_80 ...", NULL for a plugin without kernels */
    gd_backend_id backend;
    gd_rows_of    rows;
    /* The rest is NULL in a plugin that only brings rows. Number of visible devices; fails with
     * the reason (no driver, too old a driver, no device). */
    gd_status (*count)(int *n, gd_error *err);
    gd_status (*describe)(int ordinal, gd_device_info *out, gd_error *err);
    gd_status (*open)(int ordinal, gd_device **out, gd_error *err);
} gd_plugin;

/* What every plugin exports as `gd_plugin_entry`; NULL when the host's abi is not its own. */
typedef const gd_plugin *(*gd_plugin_entry_fn)(const gd_plugin_host *host);

/* Loads plugin `name` once and registers its rows; later calls give the same. GD_ERR_DEVICE,
 * code 502, when it is not there or does not load (the reason is in err->why), 503 when it
 * belongs to another version. */
gd_status gd_plugin_load(const char *name, const gd_plugin **out, gd_error *err) GD_MUST_CHECK;

/* Absolute path of libgdrun_NAME.so where it stands in one of the places above; false: it does
 * not. For plugins whose seam is not this one. */
enum { GD_PLUGIN_PATH = 4096 };
bool gd_plugin_find(const char *name, char out[GD_PLUGIN_PATH]);

/* Opens a device by its command-line name: "cuda" or "cuda:N". Never another than that.
 * Codes: 501 not a device name, 502 no plugin, 503 version, 504 no driver or one too old,
 * 505 no GPU, 506 no GPU of that number, 507 GPU older than what was built, 508 not permitted
 * or busy. */
gd_status gd_device_open(const char *name, gd_device **out, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
