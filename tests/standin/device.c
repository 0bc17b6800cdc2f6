/* device.c -- devices, errors by name, and kernels of the stand-in runtime. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standin/standin.h"

#define ENTER                                           \
    do {                                                \
        const cudaError_t e_ = standin_enter(__func__); \
        if (e_) return e_;                              \
    } while (0)

enum { SMEM_PLAIN = 48 << 10, SMEM_OPTIN = 227 << 10, MAX_KERNEL = 4096 };

/* ---- errors ------------------------------------------------------------------------------ */

static const struct {
    int         code;
    const char *name, *text;
} errors[] = {
    {0, "cudaSuccess", "no error"},
    {1, "cudaErrorInvalidValue", "invalid argument"},
    {2, "cudaErrorMemoryAllocation", "out of memory"},
    {9, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {35, "cudaErrorInsufficientDriver", "CUDA driver version is insufficient"},
    {46, "cudaErrorDevicesUnavailable", "CUDA-capable device(s) is/are busy or unavailable"},
    {100, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {101, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {209, "cudaErrorNoKernelImageForDevice", "no kernel image is available"},
    {214, "cudaErrorECCUncorrectable", "uncorrectable ECC error encountered"},
    {700, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {719, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {999, "cudaErrorUnknown", "unknown error"},
};

STANDIN_API const char *cudaGetErrorName(cudaError_t e) {
    standin_note(__func__);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].code == (int)e) return errors[i].name;
    return "cudaErrorOfAnotherKind";
}

STANDIN_API const char *cudaGetErrorString(cudaError_t e) {
    standin_note(__func__);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].code == (int)e) return errors[i].text;
    return "another error";
}

/* ---- devices ----------------------------------------------------------------------------- */

static _Thread_local int current;

static int n_device(void) { return (int)standin_setting("STANDIN_DEVICES", 1); }
static int sm(void) { return (int)standin_setting("STANDIN_SM", 90); }

STANDIN_API cudaError_t cudaGetDeviceCount(int *n) {
    ENTER;
    *n = n_device();
    return standin_result(*n > 0 ? cudaSuccess : cudaErrorNoDevice);
}

STANDIN_API cudaError_t cudaSetDevice(int ordinal) {
    ENTER;
    if (ordinal < 0 || ordinal >= n_device()) return standin_result(cudaErrorInvalidDevice);
    current = ordinal;
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaGetDevice(int *ordinal) {
    ENTER;
    *ordinal = current;
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaDriverGetVersion(int *v) {
    ENTER;
    *v = 13000;
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaRuntimeGetVersion(int *v) {
    ENTER;
    *v = 13000;
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaDeviceGetAttribute(int *v, enum cudaDeviceAttr what, int ordinal) {
    ENTER;
    if (ordinal < 0 || ordinal >= n_device()) return standin_result(cudaErrorInvalidDevice);
    switch (what) {
    case cudaDevAttrComputeCapabilityMajor: *v = sm() / 10; break;
    case cudaDevAttrComputeCapabilityMinor: *v = sm() % 10; break;
    case cudaDevAttrMultiProcessorCount: *v = 132; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *v = SMEM_OPTIN; break;
    case cudaDevAttrMemoryClockRate: *v = 3201000; break;
    case cudaDevAttrGlobalMemoryBusWidth: *v = 6144; break;
    default: *v = 0;
    }
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *at, int ordinal) {
    ENTER;
    if (ordinal < 0 || ordinal >= n_device()) return standin_result(cudaErrorInvalidDevice);
    memset(at, 0, sizeof *at);
    snprintf(at->name, sizeof at->name, "Stand-in %d", ordinal);
    at->major = sm() / 10;
    at->minor = sm() % 10;
    at->multiProcessorCount = 132;
    at->sharedMemPerBlockOptin = SMEM_OPTIN;
    at->l2CacheSize = 50 << 20;
    at->totalGlobalMem = (size_t)standin_setting("STANDIN_MEMORY", 1L << 32);
    at->memoryBusWidth = 6144;
    return cudaSuccess;
}

/* What nvcc's host code calls is declared in C++ only. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* ---- kernels ----------------------------------------------------------------------------- */

typedef struct kernel {
    const void *function;
    const char *name;
    int         smem; /* dynamic bytes that a launch may ask for */
} kernel;

static kernel kernels[MAX_KERNEL];
static int    n_kernel;
static long   n_launch;

long standin_launches(void) { return n_launch; }

static kernel *kernel_of(const void *function) {
    for (int i = 0; i < n_kernel; i++)
        if (kernels[i].function == function) return &kernels[i];
    return NULL;
}

STANDIN_API void **__cudaRegisterFatBinary(void *image) {
    static void *none;
    (void)image;
    return &none;
}
STANDIN_API void __cudaRegisterFatBinaryEnd(void **image) { (void)image; }
STANDIN_API void __cudaUnregisterFatBinary(void **image) { (void)image; }

STANDIN_API void __cudaRegisterFunction(void **image, const char *function, char *device,
                                        const char *name, int limit, void *tid, void *bid,
                                        void *block, void *grid, int *size) {
    (void)image, (void)device, (void)limit, (void)tid, (void)bid;
    (void)block, (void)grid, (void)size;
    if (n_kernel == MAX_KERNEL) standin_wrong("more than %d kernels", MAX_KERNEL);
    kernels[n_kernel++] = (kernel){function, name, SMEM_PLAIN};
}

STANDIN_API void __cudaRegisterVar(void **image, char *host, char *device, const char *name,
                                   int ext, size_t size, int constant, int global) {
    (void)image, (void)host, (void)device, (void)name;
    (void)ext, (void)size, (void)constant, (void)global;
}

STANDIN_API char __cudaInitModule(void **image) {
    (void)image;
    return 1;
}

STANDIN_API cudaError_t __cudaGetKernel(cudaKernel_t *out, const void *function) {
    ENTER;
    *out = (cudaKernel_t)(void *)kernel_of(function);
    return standin_result(*out ? cudaSuccess : cudaErrorInvalidDeviceFunction);
}

static cudaError_t image_fits(void) {
    return standin_result(sm() < 75 ? cudaErrorNoKernelImageForDevice : cudaSuccess);
}

/* What a launch may ask for: no empty grid, at most 65,535 in y and z, 1,024 threads. */
static cudaError_t launch(const kernel *k, dim3 grid, dim3 block, size_t smem, cudaStream_t s) {
    if (image_fits()) return cudaErrorNoKernelImageForDevice;
    if (!k) return standin_result(cudaErrorInvalidDeviceFunction);
    standin_log("kernel", k->name);
    const size_t threads = (size_t)block.x * block.y * block.z;
    if (!grid.x || !grid.y || !grid.z || grid.x > 0x7fffffffu || grid.y > 65535 ||
        grid.z > 65535 || !threads || threads > 1024 || block.z > 64)
        return standin_result(cudaErrorInvalidConfiguration);
    if (smem > (size_t)k->smem) return standin_result(cudaErrorInvalidValue);
    n_launch++;
    return standin_result(standin_kernel(s));
}

STANDIN_API cudaError_t cudaLaunchKernel(const void *function, dim3 grid, dim3 block,
                                         void **args, size_t smem, cudaStream_t s) {
    ENTER;
    (void)args;
    return launch(kernel_of(function), grid, block, smem, s);
}

STANDIN_API cudaError_t __cudaLaunchKernel(cudaKernel_t k, dim3 grid, dim3 block, void **args,
                                           size_t smem, cudaStream_t s) {
    ENTER;
    (void)args;
    return launch((const kernel *)(void *)k, grid, block, smem, s);
}

STANDIN_API cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *c, const void *function,
                                            void **args) {
    ENTER;
    (void)args;
    return launch(kernel_of(function), c->gridDim, c->blockDim, c->dynamicSmemBytes, c->stream);
}

static _Thread_local struct {
    dim3         grid, block;
    size_t       smem;
    cudaStream_t stream;
} pushed;

STANDIN_API unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t smem,
                                                 cudaStream_t s) {
    pushed.grid = grid;
    pushed.block = block;
    pushed.smem = smem;
    pushed.stream = s;
    return 0;
}

STANDIN_API cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *smem,
                                                   void *s) {
    *grid = pushed.grid;
    *block = pushed.block;
    *smem = pushed.smem;
    memcpy(s, &pushed.stream, sizeof pushed.stream);
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *at,
                                              const void                *function) {
    ENTER;
    memset(at, 0, sizeof *at);
    at->maxThreadsPerBlock = 1024;
    at->binaryVersion = at->ptxVersion = sm();
    if (!kernel_of(function)) return standin_result(cudaErrorInvalidDeviceFunction);
    return image_fits();
}

STANDIN_API cudaError_t cudaFuncSetAttribute(const void *function, enum cudaFuncAttribute what,
                                             int value) {
    ENTER;
    kernel *k = kernel_of(function);
    if (!k) return standin_result(cudaErrorInvalidDeviceFunction);
    if (what != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value > SMEM_OPTIN) return standin_result(cudaErrorInvalidValue);
    k->smem = value;
    return cudaSuccess;
}

/* Any function of the driver: succeeds and does nothing. */
static int driver_call(void) { return 0; }

STANDIN_API cudaError_t cudaGetDriverEntryPointByVersion(
    const char *symbol, void **out, unsigned version, unsigned long long flags,
    enum cudaDriverEntryPointQueryResult *found) {
    int (*const call)(void) = driver_call;
    ENTER;
    (void)version, (void)flags;
    standin_log("driver", symbol);
    memcpy(out, &call, sizeof call);
    if (found) *found = cudaDriverEntryPointSuccess;
    return cudaSuccess;
}

STANDIN_API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int        *n,
                                                                      const void *function,
                                                                      int         threads,
                                                                      size_t      smem) {
    ENTER;
    (void)threads, (void)smem;
    *n = 2;
    return standin_result(kernel_of(function) ? cudaSuccess : cudaErrorInvalidDeviceFunction);
}

STANDIN_API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int *n, const void *function, int threads, size_t smem, unsigned flags) {
    (void)flags;
    return cudaOccupancyMaxActiveBlocksPerMultiprocessor(n, function, threads, smem);
}
