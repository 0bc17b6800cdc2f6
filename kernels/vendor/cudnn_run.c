/* cudnn_run.c -- plans kept by shape, handles kept by stream, and the launch itself.
 *
 * Both tables are static and small: they belong to the process, as the library behind them
 * does. cuDNN promises no thread safety for plans, so one lock covers them and every launch. */
#include <cudnn.h>
#include <pthread.h>
#include <string.h>

#include "kernels/vendor/cudnn_graph.h"

enum { N_SLOT = 512, N_HANDLE = 64, MAX_DEVICES = 64, N_AT = 6 };

typedef struct slot {
    gdk_cudnn_plan plan; /* plan.plan NULL: known to have none */
    bool           known;
    int            users;
    uint64_t       turn; /* when it was last asked for */
} slot;

typedef struct bound {
    cudnnHandle_t handle;
    int           device, users;
    cudaStream_t  stream;
} bound;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static slot            table[N_SLOT];
static bound           handles[N_HANDLE];
static uint64_t        turn;

static slot *find_slot(const gdk_cudnn_conv *key) {
    slot *oldest = NULL;
    for (int i = 0; i < N_SLOT; i++) {
        slot *s = &table[i];
        if (s->known && !memcmp(&s->plan.key, key, sizeof *key)) return s;
        if (s->users) continue;
        if (!oldest || (!s->known && oldest->known) ||
            (s->known == oldest->known && s->turn < oldest->turn))
            oldest = s;
    }
    if (oldest) {
        gdk_cudnn_drop(&oldest->plan);
        oldest->known = false;
    }
    return oldest;
}

static gd_status fail(gd_error *err, cudnnStatus_t st, const char *what) {
    char last[192] = "";
    cudnnGetLastErrorString(last, sizeof last);
    gd_fail_code(err, GD_ERR_DEVICE, 512, "cuDNN: %s: %s", what, cudnnGetErrorString(st));
    if (last[0]) gd_error_why(err, "%s", last);
    return GD_ERR_DEVICE;
}

/* Plans are built with a handle of their device that no stream of ours uses. Under the lock. */
static gd_status builder(int device, cudnnHandle_t *out, gd_error *err) {
    static cudnnHandle_t made[MAX_DEVICES];
    *out = NULL;
    if (device < 0 || device >= MAX_DEVICES)
        return gd_fail(err, GD_ERR_ARG, "cuDNN: device %d of %d", device, MAX_DEVICES);
    const cudnnStatus_t st = made[device] ? CUDNN_STATUS_SUCCESS : cudnnCreate(&made[device]);
    if (st) return fail(err, st, "cannot make a handle");
    *out = made[device];
    return GD_OK;
}

/* Kernels that want NCHW copy all three tensors into scratch; 64 MiB are for partial sums. */
static size_t most_scratch(const gdk_cudnn_conv *key) {
    const int64_t x = (int64_t)key->n * key->h * key->w * key->x_pitch,
                  y = (int64_t)key->n * key->p * key->q * key->y_pitch,
                  w = (int64_t)key->k * key->r * key->s * (key->c / key->groups);
    return (size_t)(x + y + w) * gd_dtype_size((gd_dtype)key->type) + ((size_t)64 << 20);
}

const gdk_cudnn_plan *gdk_cudnn_plan_hold(const gdk_cudnn_conv *key) {
    const gdk_cudnn_plan *found = NULL;
    cudnnHandle_t         handle;
    gd_error              err;
    pthread_mutex_lock(&lock);
    slot *s = find_slot(key);
    if (s && !s->known && builder(key->device, &handle, &err) == GD_OK) {
        const gd_status st = gdk_cudnn_build(handle, key, most_scratch(key), 0, &s->plan, &err);
        s->known = st == GD_OK || st == GD_ERR_UNSUPPORTED;
    }
    if (s && s->known) {
        s->turn = ++turn;
        if (s->plan.plan) {
            s->users++;
            found = &s->plan;
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void gdk_cudnn_plan_put(const gdk_cudnn_plan *plan) {
    pthread_mutex_lock(&lock);
    for (int i = 0; i < N_SLOT; i++)
        if (plan == &table[i].plan) table[i].users--;
    pthread_mutex_unlock(&lock);
}

static gd_status bind_handle(bound *h, int device, cudaStream_t stream, gd_error *err) {
    cudnnStatus_t st = cudnnCreate(&h->handle);
    if (st) return fail(err, st, "cannot make a handle");
    if ((st = cudnnSetStream(h->handle, stream))) {
        cudnnDestroy(h->handle);
        h->handle = NULL;
        return fail(err, st, "cannot bind a handle to a stream");
    }
    h->device = device;
    h->stream = stream;
    return GD_OK;
}

gd_status gdk_cudnn_open(cudaStream_t stream, gdk_cudnn_run *out, gd_error *err) {
    gd_status st = GD_OK;
    int       device = 0;
    bound    *h = NULL, *idle = NULL;
    memset(out, 0, sizeof *out);
    if (cudaGetDevice(&device))
        return gd_fail_code(err, GD_ERR_DEVICE, 512, "cuDNN: no device is current");
    pthread_mutex_lock(&lock);
    for (int i = 0; i < N_HANDLE && !h; i++) {
        if (!handles[i].handle) {
            if (!idle) idle = &handles[i];
        } else if (handles[i].device == device && handles[i].stream == stream) {
            h = &handles[i];
        }
    }
    if (!h && !idle)
        st = gd_fail(err, GD_ERR_UNSUPPORTED, "cuDNN: %d streams at once are in use", N_HANDLE);
    else if (!h)
        st = bind_handle(h = idle, device, stream, err);
    if (st == GD_OK) {
        h->users++;
        out->handle = h->handle;
    }
    pthread_mutex_unlock(&lock);
    return st;
}

void gdk_cudnn_close(gdk_cudnn_run *run) {
    if (run->pack) cudnnBackendDestroyDescriptor(run->pack);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < N_HANDLE && run->handle; i++) {
        bound *h = &handles[i];
        if (h->handle != run->handle || --h->users > 0) continue;
        cudnnDestroy(h->handle);
        memset(h, 0, sizeof *h);
    }
    pthread_mutex_unlock(&lock);
    memset(run, 0, sizeof *run);
}

/* The pointers of a launch in cuDNN's form. */
static cudnnStatus_t repack(const gdk_cudnn_plan *plan, gdk_cudnn_run *run,
                            const void *const at[N_AT]) {
    const gdk_cudnn_conv    *key = &plan->key;
    const bool               given[5] = {true, true, key->bias, key->add, true};
    int64_t                  id[5], n = 0;
    const void              *data[5];
    cudnnBackendDescriptor_t pack = NULL;
    cudnnStatus_t            st;
    for (int i = 0; i < 5; i++) {
        if (!given[i]) continue;
        id[n] = GDK_CUDNN_X + i;
        data[n++] = at[i];
    }
    if (run->pack) cudnnBackendDestroyDescriptor(run->pack);
    run->pack = NULL;
    if ((st = cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack)))
        return st;
    if ((st = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS,
                                       CUDNN_TYPE_INT64, n, id)) ||
        (st = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS,
                                       CUDNN_TYPE_VOID_PTR, n, data)) ||
        (st = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE,
                                       CUDNN_TYPE_VOID_PTR, 1, &at[5])) ||
        (st = cudnnBackendFinalize(pack))) {
        cudnnBackendDestroyDescriptor(pack);
        return st;
    }
    run->pack = pack;
    memcpy(run->at, at, sizeof run->at);
    return CUDNN_STATUS_SUCCESS;
}

gd_status gdk_cudnn_launch(const gdk_cudnn_plan *plan, gdk_cudnn_run *run,
                           const void *const at[N_AT], gd_error *err) {
    cudnnStatus_t st = CUDNN_STATUS_SUCCESS;
    pthread_mutex_lock(&lock);
    if (!run->pack || memcmp(run->at, at, sizeof run->at)) st = repack(plan, run, at);
    if (!st) st = cudnnBackendExecute(run->handle, plan->plan, run->pack);
    pthread_mutex_unlock(&lock);
    return st ? fail(err, st, "convolution") : GD_OK;
}
