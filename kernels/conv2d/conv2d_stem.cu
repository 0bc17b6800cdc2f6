/* conv2d_stem.cu -- FP16 convolution of three-channel pictures on tensor cores.
 *
 * Bound by tensor-core issue and the store of the output. A block of four warps owns 8 x 32
 * output pixels and 32 or 64 filters, a warp two rows of 32; blocks go on to further tiles
 * with their weights in shared memory. The picture's patch lies there with four channels a
 * pixel, so that at stride 2 the window of output column q starts 16 q bytes into a row and
 * ldmatrix reads A fragments from the patch itself; at stride 1 odd columns read a copy that
 * is one pixel on. */
#include "kernels/conv2d/conv2d_direct.h"
#include "kernels/conv2d/conv2d_stem_pick.h"
#include "kernels/cuda/epilogue.cuh"
#include "kernels/cuda/mma.cuh"

namespace {

enum { TP = 8, TQ = 32, WARPS = 4, THREADS = 32 * WARPS };

/* From sm_100 on the wider kernel would spill: gdk_stem_width never asks for it. */
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
constexpr bool NARROW = true;
#else
constexpr bool NARROW = false;
#endif

template <int R, int ST> struct stem_shape {
    static constexpr int CHUNKS = (R + 1) / 2, STEPS = R * CHUNKS / 2;
    static constexpr int ROWS = (TP - 1) * ST + R;
    static constexpr int COLS =
        ((TQ - 1) * ST + 2 * CHUNKS + 1) / 2 * 2; /* pixels of 8 bytes */
    static constexpr int PIXELS = ROWS * COLS;
    /* The second copy starts half the banks away from the first. */
    static constexpr int SHIFTED = (PIXELS * 8 + 127) / 128 * 128 + 64;
    static constexpr int PATCH = ST == 2 ? PIXELS * 8 : SHIFTED + PIXELS * 8;
};

/* A tile's patch on its way: read from the picture before the product of the tile before it,
 * put into shared memory behind that. */
template <int R, int ST> struct patch_of {
    using shape = stem_shape<R, ST>;
    static constexpr int EACH = (shape::PIXELS + THREADS - 1) / THREADS;
    uint2                v[EACH]; /* a pixel as it lies: its fourth half may be anything */

    __device__ __forceinline__ void fetch(const gdk_direct &p, int n, int p0, int q0) {
        const bool    quad = p.x_pitch % 4 == 0;
        const int     h0 = p0 * ST - p.pad[0], v0 = q0 * ST - p.pad[1];
        const __half *x = (const __half *)p.x + (int64_t)n * p.H * p.W * p.x_pitch;
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            const int at = threadIdx.x + i * THREADS, row = at / shape::COLS;
            const int h = h0 + row, u = v0 + at - row * shape::COLS;
            v[i] = make_uint2(0, 0);
            if ((unsigned)h >= (unsigned)p.H || (unsigned)u >= (unsigned)p.W ||
                row >= shape::ROWS)
                continue;
            const __half *from = x + ((int64_t)h * p.W + u) * p.x_pitch;
            if (quad) {
                v[i] = *(const uint2 *)from;
            } else {
                const unsigned short *each = (const unsigned short *)from;
                v[i] = make_uint2(each[0] | (uint32_t)each[1] << 16, each[2]);
            }
        }
    }

    __device__ __forceinline__ void put(char *patch) const {
#pragma unroll
        for (int i = 0; i < EACH; i++) {
            const int at = threadIdx.x + i * THREADS;
            if (at >= shape::PIXELS) continue;
            const uint2 three = make_uint2(v[i].x, v[i].y & 0xffffu);
            ((uint2 *)patch)[at] = three;
            if (ST == 1 && at > 0) ((uint2 *)(patch + shape::SHIFTED))[at - 1] = three;
        }
    }
};

/* Product of a warp's 64 pixels and NT * 8 filters. */
template <int R, int ST, int NT>
__device__ __forceinline__ void multiply(uint32_t a_row, const uint4 *w, int lane,
                                         float (&acc)[4][NT][4]) {
    using shape = stem_shape<R, ST>;
    constexpr int PITCH = shape::COLS * 8;
#pragma unroll
    for (int step = 0; step < shape::STEPS; step++) {
        constexpr int  CH = shape::CHUNKS;
        const int      lo = 2 * step / CH * PITCH + 2 * step % CH * 16;
        const int      hi = (2 * step + 1) / CH * PITCH + (2 * step + 1) % CH * 16;
        const uint32_t at = a_row + (lane & 16 ? hi : lo);
        uint32_t       a[4][4];
#pragma unroll
        for (int i = 0; i < 4; i++)
            gdk_ldmatrix4(a[i], at + (i >> 1) * ST * PITCH + (i & 1) * 16 * ST * 8);
#pragma unroll
        for (int j = 0; j < NT / 2; j++) {
            const uint4 b = w[(step * (NT / 2) + j) * 32 + lane];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                gdk_mma_f16(acc[i][2 * j], a[i], b.x, b.y);
                gdk_mma_f16(acc[i][2 * j + 1], a[i], b.z, b.w);
            }
        }
    }
}

/* Bias and steps on all accumulators at once; no step has a second operand. Lane runs begin at
 * channel k. */
template <int NT>
__device__ __forceinline__ void activate(const gdk_epilogue &e, int k, int K,
                                         float (&acc)[4][NT][4]) {
#pragma unroll
    for (int j = 0; j < NT / 4; j++) {
        float b[8] = {};
        if (k + j * 32 < K) gdk_epilogue_bias<8>(e, k + j * 32, b);
#pragma unroll
        for (int i = 0; i < 32; i++)
            acc[i / 8][4 * j + i % 8 / 2][i % 2] += b[i % 8],
                acc[i / 8][4 * j + i % 8 / 2][2 + i % 2] += b[i % 8];
    }
    for (int s = 0; s < e.n; s++)
        gdk_epilogue_acts(e.kind[s], e.slope[s], [&](auto f) {
            float *v = &acc[0][0][0];
#pragma unroll
            for (int i = 0; i < 16 * NT; i++) v[i] = f(v[i]);
        });
}

template <int R, int ST, int NT>
__device__ __forceinline__ void run_tiles(const gdk_direct &p, int tiles_p, int tiles_q) {
    using shape = stem_shape<R, ST>;
    constexpr int     WORDS = shape::STEPS * (NT / 2) * 32;
    extern __shared__ __align__(128) char smem[];
    uint4                                *w = (uint4 *)smem;
    char                                 *patch = smem + WORDS * 16;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = blockIdx.y * NT * 8;
    for (int i = threadIdx.x; i < WORDS; i += THREADS)
        w[i] = ((const uint4 *)p.w)[blockIdx.y * WORDS + i];
    /* Lane i points at column i % 16 of its warp's first row; the upper half at the next
     * chunk. */
    const int      q = lane & 15;
    const uint32_t column = ST == 2 ? q * 16 : (q >> 1) * 16 + (q & 1) * shape::SHIFTED;
    const uint32_t a_row =
        gdk_smem_address(patch) + (2 * warp * ST) * (shape::COLS * 8) + column;
    const int       plane = tiles_p * tiles_q, tiles = p.N * plane;
    patch_of<R, ST> next;
    int             n = blockIdx.x / plane, in = blockIdx.x - n * plane;
    next.fetch(p, n, in / tiles_q * TP, in % tiles_q * TQ);
    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const int p0 = in / tiles_q * TP, q0 = in % tiles_q * TQ, now = n;
        __syncthreads();
        next.put(patch);
        __syncthreads();
        n = (tile + gridDim.x) / plane;
        in = tile + gridDim.x - n * plane;
        if (n < p.N) next.fetch(p, n, in / tiles_q * TP, in % tiles_q * TQ);
        float acc[4][NT][4] = {};
        multiply<R, ST, NT>(a_row, w, lane, acc);
        activate<NT>(p.e, first + (lane & 3) * 8, p.K, acc);
#pragma unroll
        for (int i = 0; i < 8; i++) { /* rows g and g + 8 of four 16-pixel tiles */
            const int row = p0 + 2 * warp + (i >> 2);
            const int col = q0 + (i >> 1 & 1) * 16 + (i & 1) * 8 + (lane >> 2);
            if (row >= p.P || col >= p.Q) continue;
            const int64_t at = (((int64_t)now * p.P + row) * p.Q + col) * p.e.out_pitch;
#pragma unroll
            for (int j = 0; j < NT / 4; j++) {
                const int k = first + j * 32 + (lane & 3) * 8;
                float     v[8];
#pragma unroll
                for (int e = 0; e < 8; e++)
                    v[e] = acc[i >> 1][4 * j + e / 2][(i & 1) * 2 + e % 2];
                if (k < p.K)
                    gdk_run_store<8>((char *)p.e.out + ((at + k) << (1 + p.e.out_wide)), v,
                                     p.e.out_wide);
            }
        }
    }
}

template <int R, int ST, int NT>
__global__ void __launch_bounds__(THREADS, NT == 8 || NARROW ? 2 : 3)
    conv2d_stem_f16(const __grid_constant__ gdk_direct p, int tiles_p, int tiles_q) {
    if constexpr (NT == 4 || !NARROW) run_tiles<R, ST, NT>(p, tiles_p, tiles_q);
}

template <int R, int ST, int NT> cudaError_t launch(const gdk_direct *p, cudaStream_t stream) {
    using shape = stem_shape<R, ST>;
    constexpr int SMEM = shape::STEPS * (NT / 2) * 512 + shape::PATCH;
    const int     tiles_p = (p->P + TP - 1) / TP, tiles_q = (p->Q + TQ - 1) / TQ;
    const int     blocks_k = (p->K + NT * 8 - 1) / (NT * 8);
    const int     tiles = p->N * tiles_p * tiles_q;
    const int     seats = (NT == 8 ? 2 : 3) * p->n_sm,
              rounds = (tiles * blocks_k + seats - 1) / seats;
    if (SMEM > 48 * 1024) {
        const cudaError_t e = cudaFuncSetAttribute(
            conv2d_stem_f16<R, ST, NT>, cudaFuncAttributeMaxDynamicSharedMemorySize, SMEM);
        if (e) return e;
    }
    conv2d_stem_f16<R, ST, NT>
        <<<dim3((tiles + rounds - 1) / rounds, blocks_k), THREADS, SMEM, stream>>>(*p, tiles_p,
                                                                                   tiles_q);
    return cudaPeekAtLastError();
}

template <int NT> cudaError_t launch_size(const gdk_direct *p, cudaStream_t stream) {
    if (p->R == 7) return launch<7, 2, NT>(p, stream);
    if (p->R == 6) return launch<6, 2, NT>(p, stream);
    if (p->stride[0] == 2) return launch<3, 2, NT>(p, stream);
    return launch<3, 1, NT>(p, stream);
}

} // namespace

cudaError_t gdk_conv2d_stem_f16_launch(const gdk_direct *p, cudaStream_t stream) {
    return p->width == 32 ? launch_size<4>(p, stream) : launch_size<8>(p, stream);
}
