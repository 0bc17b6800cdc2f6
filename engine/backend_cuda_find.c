/* backend_cuda_find.c -- GPUs found, described, and refused with the reason. */
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

gd_status gd_cuda_fail(cudaError_t e, const char *what, gd_error *err) {
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

static int attribute(enum cudaDeviceAttr a, int ordinal) {
    int v = 0;
    return cudaDeviceGetAttribute(&v, a, ordinal) == cudaSuccess ? v : 0;
}

static gd_status read_caps(int ordinal, gd_device *d, gd_error *err) {
    struct cudaDeviceProp at;
    GD_TRY(check(cudaGetDeviceProperties(&at, ordinal), "cudaGetDeviceProperties", err));
    /* kHz, both edges, bits to bytes. */
    const double gbs = 2.0 * (double)attribute(cudaDevAttrMemoryClockRate, ordinal) * 1e-6 *
                       (double)at.memoryBusWidth / 8.0;
    (void)snprintf(d->name, sizeof d->name, "%.90s", at.name);
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
    int       driver = 0, runtime = 0;
    size_t    room = 0, total = 0;
    memset(out, 0, sizeof *out);
    out->ordinal = ordinal;
    GD_TRY(check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion", err));
    GD_TRY(check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion", err));
    (void)snprintf(out->driver, sizeof out->driver, "CUDA %d.%d", driver / 1000,
                   driver % 1000 / 10);
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
