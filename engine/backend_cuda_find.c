/* backend_cuda_find.c -- GPUs found, described, and refused with the reason. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "engine/backend_cuda.h"

/* ---- errors ------------------------------------------------------------------------------ */

bool gd_cuda_is_fault(cudaError_t e) {
    switch (e) {
    case cudaErrorDevicesUnavailable:
    case cudaErrorPriorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorContextIsDestroyed:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorTensorMemoryLeak:
    case cudaErrorContained:
    case cudaErrorExternalDevice:
    case cudaErrorUnknown: return true;
    default: return false;
    }
}

static int code_of(cudaError_t e) {
    switch (e) {
    case cudaErrorStubLibrary:
    case cudaErrorInsufficientDriver:
    case cudaErrorCallRequiresNewerDriver:
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice: return 504;
    case cudaErrorNoDevice: return 505;
    case cudaErrorInvalidDevice: return 506;
    case cudaErrorInvalidDeviceFunction:
    case cudaErrorInvalidKernelImage:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion:
    case cudaErrorJitCompilerNotFound:
    case cudaErrorJitCompilationDisabled: return 507;
    case cudaErrorDeviceAlreadyInUse:
    case cudaErrorNotPermitted:
    case cudaErrorSystemNotReady:
    case cudaErrorDevicesUnavailable:
    case cudaErrorOperatingSystem: return 508;
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorExternalDevice:
    case cudaErrorUnknown: return 511;
    default: return gd_cuda_is_fault(e) ? 510 : 512;
    }
}

static atomic_bool lost;

bool gd_cuda_is_lost(void) { return atomic_load_explicit(&lost, memory_order_relaxed); }

gd_status gd_cuda_fail(cudaError_t e, const char *what, gd_error *err) {
    if (gd_cuda_is_fault(e)) atomic_store_explicit(&lost, true, memory_order_relaxed);
    if (e == cudaErrorMemoryAllocation)
        return gd_fail_code(err, GD_ERR_NOMEM, 601, "%s: out of memory", what);
    return gd_fail_code(err, GD_ERR_DEVICE, code_of(e), "%s: %s (%s, %d)", what,
                        cudaGetErrorString(e), cudaGetErrorName(e), (int)e);
}

/* ---- devices ----------------------------------------------------------------------------- */

static gd_status check(cudaError_t e, const char *what, gd_error *err) {
    if (e == cudaSuccess) return GD_OK;
    (void)cudaGetLastError();
    return gd_cuda_fail(e, what, err);
}

gd_status gd_cuda_count(int *n, gd_error *err) {
    *n = 0;
    GD_TRY(check(cudaGetDeviceCount(n), "cudaGetDeviceCount", err));
    return *n > 0 ? GD_OK : gd_cuda_fail(cudaErrorNoDevice, "cudaGetDeviceCount", err);
}

/* 0 where the attribute is not known. */
static int attribute(enum cudaDeviceAttr a, int ordinal) {
    int v = 0;
    return check(cudaDeviceGetAttribute(&v, a, ordinal), "cudaDeviceGetAttribute", NULL) ==
                   GD_OK
               ? v
               : 0;
}

/* "580.95.05" where the driver's own file tells it, else the CUDA version it serves. */
static void driver_version(char *out, size_t size) {
    int   v = 0;
    char  text[32] = "";
    FILE *f = fopen("/proc/driver/nvidia/version", "re");
    if (f) {
        /* "NVRM version: NVIDIA UNIX ... Kernel Module ... 580.95.05  Release Build ..." */
        char word[64];
        for (int i = 0; i < 32 && !text[0] && fscanf(f, "%63s", word) == 1; i++) {
            int major, minor, end = 0;
            if (sscanf(word, "%d.%d%n", &major, &minor, &end) == 2 && end > 4)
                (void)snprintf(text, sizeof text, "%.31s", word);
        }
        (void)fclose(f);
    }
    if (text[0])
        (void)snprintf(out, size, "%s", text);
    else if (!gd_cuda_is_lost() &&
             check(cudaDriverGetVersion(&v), "cudaDriverGetVersion", NULL) == GD_OK)
        (void)snprintf(out, size, "CUDA %d.%d", v / 1000, v % 1000 / 10);
}

static gd_status read_caps(int ordinal, gd_device *d, gd_error *err) {
    struct cudaDeviceProp at;
    GD_TRY(check(cudaGetDeviceProperties(&at, ordinal), "cudaGetDeviceProperties", err));
    /* kHz, both edges, bits to bytes. */
    const double gbs = 2.0 * (double)attribute(cudaDevAttrMemoryClockRate, ordinal) * 1e-6 *
                       (double)at.memoryBusWidth / 8.0;
    (void)snprintf(d->name, sizeof d->name, "%.90s", at.name);
    driver_version(d->driver, sizeof d->driver);
    d->caps = (gd_device_caps){.backend = GD_CUDA,
                               .sm = at.major * 10 + at.minor,
                               .n_sm = at.multiProcessorCount,
                               .smem_optin = at.sharedMemPerBlockOptin,
                               .l2_bytes = (size_t)at.l2CacheSize,
                               .mem_bytes = at.totalGlobalMem,
                               .mem_gbs = gbs};
    return GD_OK;
}

gd_status gd_cuda_identify(int ordinal, gd_device *d, gd_error *err) {
    int n;
    GD_TRY(gd_cuda_count(&n, err));
    if (ordinal >= n) {
        const gd_status st =
            gd_fail_code(err, GD_ERR_DEVICE, 506, "there is no GPU %d: %d visible", ordinal, n);
        gd_error_hint(err, "gdrun devices lists them; CUDA_VISIBLE_DEVICES hides some");
        return st;
    }
    GD_TRY(read_caps(ordinal, d, err));
    if (gd_cuda_is_lost())
        return gd_fail_code(err, GD_ERR_DEVICE, 510, "%s had a fault before it was opened",
                            d->name);
    GD_TRY(check(cudaSetDevice(ordinal), "cudaSetDevice", err));
    const gd_status st = check(gdk_cuda_probe(), "cudaFuncGetAttributes", err);
    if (st == GD_ERR_DEVICE && err && err->code == 507)
        (void)gd_fail_code(err, st, 507, "%s is sm_%d; this build has code for %s", d->name,
                           d->caps.sm, GD_CUDA_BUILT_FOR);
    return st;
}

gd_status gd_cuda_describe(int ordinal, gd_device_info *out, gd_error *err) {
    gd_device d = {0};
    gd_error  why = {0};
    int       runtime = 0;
    size_t    room = 0, total = 0;
    memset(out, 0, sizeof *out);
    out->ordinal = ordinal;
    GD_TRY(check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion", err));
    driver_version(out->driver, sizeof out->driver);
    (void)snprintf(out->runtime, sizeof out->runtime, "CUDA %d.%d", runtime / 1000,
                   runtime % 1000 / 10);
    if (gd_cuda_identify(ordinal, &d, &why) != GD_OK)
        (void)snprintf(out->trouble, sizeof out->trouble, "%.150s", why.msg);
    else if (cudaMemGetInfo(&room, &total) != cudaSuccess)
        (void)cudaGetLastError();
    (void)snprintf(out->name, sizeof out->name, "%s", d.name);
    out->sm = d.caps.sm;
    out->mem_total = total ? total : d.caps.mem_bytes;
    out->mem_free = room;
    return GD_OK;
}
