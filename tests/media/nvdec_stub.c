/* nvdec_stub.c -- a driver whose decoder decodes nothing: libcuda.so.1, libnvcuvid.so.1.
 *
 * FFmpeg's NVDEC works on it: each picture is a surface of grey, in memory of the stand-in's
 * GPU (tests/standin) where that is loaded. What was done is written to NVDEC_REPORT at the
 * end:
 *
 *   shared N   surfaces mapped on a stream of the caller's    own N   on the default one
 *   host N     planes copied to the host                      live N  never unmapped */
#include <dlfcn.h>
#include <ffnvcodec/dynlink_cuda.h>
#include <ffnvcodec/dynlink_cuviddec.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))
enum { LUMA = 200, CHROMA = 128, PITCH = 256 };

typedef struct decoder {
    unsigned       pitch, rows;
    unsigned char *surface;
    int            on_gpu;
} decoder;

static long            shared, own, host, live;
static int             context; /* its address is what matters */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void count(long *which, long by) {
    pthread_mutex_lock(&lock);
    *which += by;
    pthread_mutex_unlock(&lock);
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("NVDEC_REPORT");
    FILE       *f = path && (shared || own || host) ? fopen(path, "w") : NULL;
    if (!f) return;
    fprintf(f, "shared %ld\nown %ld\nhost %ld\nlive %ld\n", shared, own, host, live);
    fclose(f);
}

API int cuDeviceGet(CUdevice *out, int ordinal) {
    *out = (CUdevice)ordinal;
    return 0;
}
API int cuDeviceGetAttribute(int *out, int which, CUdevice device) {
    (void)which;
    (void)device;
    *out = PITCH; /* of all of them FFmpeg asks for the alignment of textures alone */
    return 0;
}
API int cuCtxGetCurrent(CUcontext *out) {
    *out = getenv("NVDEC_NO_CONTEXT") ? NULL : (CUcontext)(void *)&context;
    return 0;
}
API int cuCtxCreate_v2(CUcontext *out, unsigned flags, CUdevice device) {
    (void)flags;
    (void)device;
    *out = (CUcontext)(void *)&context;
    return 0;
}
API int cuCtxPushCurrent_v2(CUcontext c) { return c == (CUcontext)(void *)&context ? 0 : 201; }
API int cuCtxPopCurrent_v2(CUcontext *out) {
    *out = (CUcontext)(void *)&context;
    return 0;
}

API int cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *c, CUstream stream) {
    const char *from = (const char *)(size_t)c->srcDevice + c->srcY * c->srcPitch;
    (void)stream;
    if (c->dstMemoryType != CU_MEMORYTYPE_HOST) return 1;
    for (size_t y = 0; y < c->Height; y++)
        memcpy((char *)c->dstHost + y * c->dstPitch, from + y * c->srcPitch, c->WidthInBytes);
    count(&host, 1);
    return 0;
}

API int cuvidGetDecoderCaps(CUVIDDECODECAPS *caps) {
    caps->bIsSupported = 1;
    caps->nMaxWidth = caps->nMaxHeight = 8192;
    caps->nMaxMBCount = 1 << 20;
    caps->nMinWidth = caps->nMinHeight = 16;
    return 0;
}

API int cuvidCreateDecoder(CUvideodecoder *out, CUVIDDECODECREATEINFO *i) {
    int (*get)(void **, size_t) = NULL;
    void    *so = dlopen("libcudart.so.13", RTLD_NOW | RTLD_NOLOAD);
    void    *found = so ? dlsym(so, "cudaMalloc") : NULL, *p = NULL;
    decoder *d = calloc(1, sizeof *d);
    d->pitch = (unsigned)(i->ulTargetWidth + PITCH - 1) / PITCH * PITCH;
    if (i->bitDepthMinus8) d->pitch *= 2;
    d->rows = (unsigned)i->ulTargetHeight;
    const size_t size = (size_t)d->pitch * (d->rows + (d->rows + 1) / 2);
    memcpy(&get, &found, sizeof get);
    d->on_gpu = get && get(&p, size) == 0;
    d->surface = d->on_gpu ? p : malloc(size);
    memset(d->surface, LUMA, (size_t)d->pitch * d->rows);
    memset(d->surface + (size_t)d->pitch * d->rows, CHROMA, size - (size_t)d->pitch * d->rows);
    *out = d;
    return 0;
}

API int cuvidDestroyDecoder(CUvideodecoder handle) {
    decoder *d = handle;
    int (*put)(void *) = NULL;
    void *so = dlopen("libcudart.so.13", RTLD_NOW | RTLD_NOLOAD);
    void *found = so ? dlsym(so, "cudaFree") : NULL;
    memcpy(&put, &found, sizeof put);
    if (d->on_gpu)
        put(d->surface);
    else
        free(d->surface);
    free(d);
    return 0;
}

API int cuvidMapVideoFrame64(CUvideodecoder handle, int i, unsigned long long *at,
                             unsigned *pitch, CUVIDPROCPARAMS *how) {
    const decoder *d = handle;
    (void)i;
    *at = (unsigned long long)(size_t)d->surface;
    *pitch = d->pitch;
    count(how->output_stream ? &shared : &own, 1);
    count(&live, 1);
    return 0;
}

API int cuvidUnmapVideoFrame64(CUvideodecoder handle, unsigned long long at) {
    (void)handle;
    (void)at;
    count(&live, -1);
    return 0;
}

/* What FFmpeg looks up and does not call here. */
#define NOTHING(name) \
    API int name(void) { return 0; }
/* clang-format off */
NOTHING(cuInit) NOTHING(cuDeviceGetCount) NOTHING(cuDeviceGetName)
NOTHING(cuDeviceComputeCapability) NOTHING(cuCtxSetLimit) NOTHING(cuCtxDestroy_v2)
NOTHING(cuMemAlloc_v2) NOTHING(cuMemAllocPitch_v2) NOTHING(cuMemAllocManaged)
NOTHING(cuMemsetD8Async) NOTHING(cuMemFree_v2) NOTHING(cuMemcpy) NOTHING(cuMemcpyAsync)
NOTHING(cuMemcpy2D_v2) NOTHING(cuMemcpyHtoD_v2) NOTHING(cuMemcpyHtoDAsync_v2)
NOTHING(cuMemcpyDtoH_v2) NOTHING(cuMemcpyDtoHAsync_v2) NOTHING(cuMemcpyDtoD_v2)
NOTHING(cuMemcpyDtoDAsync_v2) NOTHING(cuGetErrorName) NOTHING(cuGetErrorString)
NOTHING(cuCtxGetDevice) NOTHING(cuDevicePrimaryCtxRetain) NOTHING(cuDevicePrimaryCtxRelease)
NOTHING(cuDevicePrimaryCtxSetFlags) NOTHING(cuDevicePrimaryCtxGetState)
NOTHING(cuDevicePrimaryCtxReset) NOTHING(cuStreamCreate) NOTHING(cuStreamQuery)
NOTHING(cuStreamSynchronize) NOTHING(cuStreamDestroy_v2) NOTHING(cuStreamAddCallback)
NOTHING(cuEventCreate) NOTHING(cuEventDestroy_v2) NOTHING(cuEventSynchronize)
NOTHING(cuEventQuery) NOTHING(cuEventRecord) NOTHING(cuLaunchKernel) NOTHING(cuLinkCreate)
NOTHING(cuLinkAddData) NOTHING(cuLinkComplete) NOTHING(cuLinkDestroy)
NOTHING(cuModuleLoadData) NOTHING(cuModuleUnload) NOTHING(cuModuleGetFunction)
NOTHING(cuModuleGetGlobal) NOTHING(cuTexObjectCreate) NOTHING(cuTexObjectDestroy)
NOTHING(cuGLGetDevices_v2) NOTHING(cuGraphicsGLRegisterImage)
NOTHING(cuGraphicsUnregisterResource) NOTHING(cuGraphicsMapResources)
NOTHING(cuGraphicsUnmapResources) NOTHING(cuGraphicsSubResourceGetMappedArray)
NOTHING(cuGraphicsResourceGetMappedPointer_v2) NOTHING(cuArray3DCreate_v2)
NOTHING(cuArrayDestroy) NOTHING(cuD3D11GetDevice) NOTHING(cuD3D11GetDevices)
NOTHING(cuGraphicsD3D11RegisterResource) NOTHING(cuvidDecodePicture)
NOTHING(cuvidGetDecodeStatus) NOTHING(cuvidReconfigureDecoder) NOTHING(cuvidMapVideoFrame)
NOTHING(cuvidUnmapVideoFrame) NOTHING(cuvidCtxLockCreate) NOTHING(cuvidCtxLockDestroy)
NOTHING(cuvidCtxLock) NOTHING(cuvidCtxUnlock) NOTHING(cuvidCreateVideoSource)
NOTHING(cuvidCreateVideoSourceW) NOTHING(cuvidDestroyVideoSource)
NOTHING(cuvidSetVideoSourceState) NOTHING(cuvidGetVideoSourceState)
NOTHING(cuvidGetSourceVideoFormat) NOTHING(cuvidGetSourceAudioFormat)
NOTHING(cuvidCreateVideoParser) NOTHING(cuvidParseVideoData) NOTHING(cuvidDestroyVideoParser)
    /* clang-format on */
