/* plugin_vendor.c -- what libgdrun_vendor.so exports: rows, and no device of its own. */
#include <string.h>

#include "engine/plugin.h"

#define GD_VENDOR(op) extern const gd_kernel gdk_##op##_vendor_rows[];
#include "kernels/vendor/rows.def"
#undef GD_VENDOR

static const struct {
    const char      *op;
    const gd_kernel *rows;
} all[] = {
#define GD_VENDOR(op) {#op, gdk_##op##_vendor_rows},
#include "kernels/vendor/rows.def"
#undef GD_VENDOR
    {NULL, NULL}};

static const gd_kernel *rows_of(const char *op) {
    for (int i = 0; all[i].op; i++)
        if (!strcmp(all[i].op, op)) return all[i].rows;
    return NULL;
}

static const gd_plugin plugin = {.abi = GD_PLUGIN_ABI,
                                 .name = "vendor",
                                 .version = GD_VERSION_STRING,
                                 .backend = GD_CUDA,
                                 .rows = rows_of};

GD_API const gd_plugin *gd_plugin_entry(const gd_plugin_host *host);
GD_API const gd_plugin *gd_plugin_entry(const gd_plugin_host *host) {
    static gd_alloc alloc;
    if (!host || host->abi != GD_PLUGIN_ABI) return NULL;
    alloc = host->alloc;
    gd_mem_hook(&alloc);
    return &plugin;
}
