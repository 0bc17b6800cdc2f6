/* cublaslt.c -- descriptors of a matrix product, the library's choice for it, and the launch.
 *
 * The library counts in columns: y transposed, k x rows, is w transposed (k x c, read from its
 * c x k columns) times x transposed (c x rows). So a bias per row of its result is one per
 * output channel, which is the bias its epilogue adds. */
#include "kernels/vendor/cublaslt.h"

#include <cublasLt.h>
#include <pthread.h>
#include <string.h>

enum { MAX_CHOICES = 16, MAX_DEVICES = 64 };

_Static_assert(sizeof(cublasLtMatmulAlgo_t) == sizeof(((gdk_lt_plan *)0)->algo),
               "an algorithm is 64 bytes of the library's own");

static pthread_mutex_t  lock = PTHREAD_MUTEX_INITIALIZER;
static cublasLtHandle_t handles[MAX_DEVICES]; /* one a device, until the process ends */

static gd_status fail(gd_error *err, cublasStatus_t st, const char *what) {
    if (st == CUBLAS_STATUS_ALLOC_FAILED)
        return gd_fail(err, GD_ERR_NOMEM, "cuBLASLt: no memory for %s", what);
    return gd_fail_code(err, GD_ERR_DEVICE, 512, "cuBLASLt: %s: %s", what,
                        cublasLtGetStatusName(st));
}

static gd_status get_handle(cublasLtHandle_t *out, gd_error *err) {
    int            device = 0;
    cublasStatus_t st = CUBLAS_STATUS_SUCCESS;
    if (cudaGetDevice(&device) || device < 0 || device >= MAX_DEVICES)
        return gd_fail_code(err, GD_ERR_DEVICE, 512, "cuBLASLt: no device is current");
    pthread_mutex_lock(&lock);
    if (!handles[device]) st = cublasLtCreate(&handles[device]);
    *out = handles[device];
    pthread_mutex_unlock(&lock);
    return st ? fail(err, st, "a handle") : GD_OK;
}

static cudaDataType_t type_of(gd_dtype t) { return t == GD_F16 ? CUDA_R_16F : CUDA_R_32F; }

/* A matrix as the library sees it: `rows` adjacent elements, `columns` pitches apart. */
static cublasStatus_t layout(void **out, gd_dtype t, int64_t rows, int64_t columns,
                             int64_t pitch) {
    return cublasLtMatrixLayoutCreate((cublasLtMatrixLayout_t *)out, type_of(t), (uint64_t)rows,
                                      (uint64_t)columns, pitch);
}

static cublasStatus_t describe(gdk_lt_plan *p) {
    const gdk_lt_key         *k = &p->key;
    const cublasComputeType_t compute =
        k->in == GD_F32 && k->tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    const cublasOperation_t  transposed = CUBLAS_OP_T;
    const cublasLtEpilogue_t epilogue =
        k->bias ? (k->relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
                : (k->relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT);
    const cudaDataType_t bias = type_of(k->out);
    cublasStatus_t       st;
    if ((st = cublasLtMatmulDescCreate((cublasLtMatmulDesc_t *)&p->matmul, compute,
                                       CUDA_R_32F)) ||
        (st = layout(&p->w, k->in, k->c, k->k, k->c)) ||
        (st = layout(&p->x, k->in, k->c, k->rows, k->x_pitch)) ||
        (st = layout(&p->add, k->out, k->k, k->rows, k->add ? k->add_pitch : k->y_pitch)) ||
        (st = layout(&p->y, k->out, k->k, k->rows, k->y_pitch)) ||
        (st = cublasLtMatmulDescSetAttribute(p->matmul, CUBLASLT_MATMUL_DESC_TRANSA,
                                             &transposed, sizeof transposed)) ||
        (st = cublasLtMatmulDescSetAttribute(p->matmul, CUBLASLT_MATMUL_DESC_EPILOGUE,
                                             &epilogue, sizeof epilogue)))
        return st;
    return k->bias ? cublasLtMatmulDescSetAttribute(
                         p->matmul, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &bias, sizeof bias)
                   : CUBLAS_STATUS_SUCCESS;
}

/* Partial sums are added in FP32 and in a fixed order; addresses are aligned to 16 bytes. */
static cublasStatus_t prefer(cublasLtMatmulPreference_t p) {
    const uint64_t most = GDK_LT_SCRATCH;
    const uint32_t reduction = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE, align = 16;
    static const cublasLtMatmulPreferenceAttributes_t aligned[] = {
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES};
    cublasStatus_t st = cublasLtMatmulPreferenceSetAttribute(
        p, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most, sizeof most);
    if (!st)
        st = cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                                  &reduction, sizeof reduction);
    for (int i = 0; i < 4 && !st; i++)
        st = cublasLtMatmulPreferenceSetAttribute(p, aligned[i], &align, sizeof align);
    return st;
}

static cublasStatus_t choose(gdk_lt_plan *p, cublasLtHandle_t handle, int skip) {
    cublasLtMatmulPreference_t      preference = NULL;
    cublasLtMatmulHeuristicResult_t found[MAX_CHOICES];
    int                             n = 0;
    cublasStatus_t                  st = cublasLtMatmulPreferenceCreate(&preference);
    if (!st) st = prefer(preference);
    if (!st)
        st = cublasLtMatmulAlgoGetHeuristic(handle, p->matmul, p->w, p->x, p->add, p->y,
                                            preference, MAX_CHOICES, found, &n);
    if (preference) cublasLtMatmulPreferenceDestroy(preference);
    if (st) return st;
    for (int i = 0; i < n; i++) {
        if (found[i].state != CUBLAS_STATUS_SUCCESS || skip-- > 0) continue;
        memcpy(p->algo, &found[i].algo, sizeof p->algo);
        p->scratch = found[i].workspaceSize;
        return CUBLAS_STATUS_SUCCESS;
    }
    return CUBLAS_STATUS_NOT_SUPPORTED;
}

gd_status gdk_lt_open(const gdk_lt_key *key, int skip, gdk_lt_plan *out, gd_error *err) {
    cublasLtHandle_t handle = NULL;
    memset(out, 0, sizeof *out);
    out->key = *key;
    GD_TRY(get_handle(&handle, err));
    cublasStatus_t st = describe(out);
    if (!st) st = choose(out, handle, skip);
    if (!st) return GD_OK;
    gdk_lt_close(out);
    if (st == CUBLAS_STATUS_NOT_SUPPORTED || st == CUBLAS_STATUS_INVALID_VALUE)
        return gd_fail(err, GD_ERR_UNSUPPORTED, "cuBLASLt: no kernel for [%lld,%lld] x [%lld]",
                       (long long)key->rows, (long long)key->c, (long long)key->k);
    return fail(err, st, "a matrix product");
}

void gdk_lt_close(gdk_lt_plan *p) {
    if (p->matmul) cublasLtMatmulDescDestroy(p->matmul);
    void *const all[] = {p->w, p->x, p->add, p->y};
    for (int i = 0; i < 4; i++)
        if (all[i]) cublasLtMatrixLayoutDestroy(all[i]);
    memset(p, 0, sizeof *p);
}

gd_status gdk_lt_launch(gdk_lt_plan *p, const void *x, const void *w, const void *bias,
                        const void *add, void *y, void *scratch, cudaStream_t stream,
                        gd_error *err) {
    const float          one = 1, beta = p->key.add ? 1 : 0;
    cublasLtHandle_t     handle = NULL;
    cublasLtMatmulAlgo_t algo;
    cublasStatus_t       st = CUBLAS_STATUS_SUCCESS;
    GD_TRY(get_handle(&handle, err));
    memcpy(&algo, p->algo, sizeof algo);
    if (p->key.bias)
        st = cublasLtMatmulDescSetAttribute(p->matmul, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias,
                                            sizeof bias);
    if (!st)
        st = cublasLtMatmul(handle, p->matmul, &one, w, p->w, x, p->x, &beta,
                            p->key.add ? add : y, p->add, y, p->y, &algo, scratch, p->scratch,
                            stream);
    return st ? fail(err, st, "a matrix product") : GD_OK;
}
