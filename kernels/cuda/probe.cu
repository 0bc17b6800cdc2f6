/* probe.cu -- asks the runtime whether this build holds code that the current GPU can run. */
#include "engine/backend_cuda.h"

static __global__ void probe_kernel(int *out) { *out = 1; }

extern "C" cudaError_t gdk_cuda_probe(void) {
    cudaFuncAttributes at;
    return cudaFuncGetAttributes(&at, probe_kernel);
}
