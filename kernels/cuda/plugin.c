/* plugin.c -- what libgdrun_cuda.so exports: the CUDA backend with our kernel rows. */
#include "engine/backend_cuda.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/rows.h"

gd_status gdk_cuda_status(cudaError_t e, const char *what, gd_error *err) {
    if (e == cudaSuccess) return GD_OK;
    (void)cudaGetLastError(); /* it is reported here and must not be seen again */
    return gd_cuda_fail(e, what, err);
}

static const gd_plugin plugin = {.abi = GD_PLUGIN_ABI,
                                 .name = "cuda",
                                 .version = GD_VERSION_STRING,
                                 .built_for = GD_CUDA_BUILT_FOR,
                                 .backend = GD_CUDA,
                                 .rows = gdk_cuda_rows_of,
                                 .count = gd_cuda_count,
                                 .describe = gd_cuda_describe,
                                 .open = gd_cuda_open};

GD_API const gd_plugin *gd_plugin_entry(const gd_plugin_host *host);
GD_API const gd_plugin *gd_plugin_entry(const gd_plugin_host *host) {
    static gd_alloc alloc;
    if (!host || host->abi != GD_PLUGIN_ABI) return NULL;
    alloc = host->alloc;
    gd_mem_hook(&alloc);
    return &plugin;
}
