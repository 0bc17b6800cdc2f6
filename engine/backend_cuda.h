/* backend_cuda.h -- what the files of the CUDA backend share. */
#ifndef GD_ENGINE_BACKEND_CUDA_H
#define GD_ENGINE_BACKEND_CUDA_H

#include <cuda_runtime_api.h>

#include "engine/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Translates a runtime error: out of memory, missing driver or device, faults each get their
 * code. `what` names the call. */
gd_status gd_cuda_fail(cudaError_t e, const char *what, gd_error *err);
/* After one of these the process's context is dead. */
bool gd_cuda_is_fault(cudaError_t e);
/* Whether gd_cuda_fail ever saw one: no further call is made then, by any device. */
bool gd_cuda_is_lost(void);

/* The entries of gd_plugin. */
gd_status gd_cuda_count(int *n, gd_error *err);
gd_status gd_cuda_describe(int ordinal, gd_device_info *out, gd_error *err);
gd_status gd_cuda_open(int ordinal, gd_device **out, gd_error *err);

/* Makes GPU `ordinal` current, fills name and caps; fails where it cannot run our kernels. */
gd_status gd_cuda_identify(int ordinal, gd_device *d, gd_error *err);

#ifndef GD_CUDA_BUILT_FOR
#define GD_CUDA_BUILT_FOR "" /* "sm_75 sm_80 ...": the build says */
#endif
/* kernels/cuda/probe.cu: whether this build has code for the current GPU. */
cudaError_t gdk_cuda_probe(void);

#ifdef __cplusplus
}
#endif
#endif
