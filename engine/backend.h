/* backend.h -- the host as a device: its thread pool, instruction set and capabilities.
 *
 * Operators bring their own kernels (op.h), so adding one never edits this, and adding a device
 * never edits an operator that does not want to run on it. */
#ifndef GD_ENGINE_BACKEND_H
#define GD_ENGINE_BACKEND_H

#include "engine/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Threads of the one pool (OpenMP) that CPU kernels run on: `#pragma omp parallel for
 * num_threads(gd_cpu_threads())`. At least 1. The calling thread's scope decides, else the
 * number set for the process. */
int  gd_cpu_threads(void);
void gd_cpu_set_threads(int n); /* of the process; n < 1: one per core it may use */
/* From now on the calling thread sees n; 0 ends that. Returns what was in force before. An exec
 * opens and runs in a scope of its own, since scratch is sized by the number of threads. */
int gd_cpu_scope(int n);
int gd_cpu_cores(void); /* that the process may use: a container's limit counts */
/* "avx512", "avx2", "sse2": what the kernels that choose at run time will use. */
const char    *gd_cpu_isa(void);
gd_device_caps gd_cpu_caps(void);

#ifdef __cplusplus
}
#endif
#endif
