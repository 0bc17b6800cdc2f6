/* bilateral.cu -- the bilateral filter. Bound by arithmetic: an exponential and about twenty
 * operations a tap.
 *
 * A block owns WIDE x HIGH pixels of one picture, a thread one of them. The tile and what lies
 * within the radius of it are in shared memory, one plane a channel; where that does not fit,
 * taps come from global memory. */
#include "kernels/bilateral/bilateral_cuda.h"
#include "kernels/mirror.h"

enum { WIDE = 32, HIGH = 8, MOST_SHARED = 48 * 1024 };

template <int C, bool TILED>
static __global__ void __launch_bounds__(WIDE *HIGH)
    gdk_bilateral_kernel(const __grid_constant__ gdk_bilateral_cuda p) {
    extern __shared__ float tile[];
    const int               r = p.radius, wide = WIDE + 2 * r, plane = wide * (HIGH + 2 * r);
    const int               x0 = (int)blockIdx.x * WIDE, y0 = (int)blockIdx.y * HIGH;
    const int    tx = threadIdx.x % WIDE, ty = threadIdx.x / WIDE, x = x0 + tx, y = y0 + ty;
    const float *picture = p.x + (int64_t)blockIdx.z * p.H * p.W * p.x_pitch;
    if constexpr (TILED) {
        for (int i = threadIdx.x; i < plane; i += WIDE * HIGH) {
            const int64_t row = gdk_mirror(y0 + i / wide - r, p.H),
                          col = gdk_mirror(x0 + i % wide - r, p.W);
            const float *v = picture + (row * p.W + col) * p.x_pitch;
#pragma unroll
            for (int c = 0; c < C; c++) tile[c * plane + i] = v[c];
        }
        __syncthreads();
    }
    if (x >= p.W || y >= p.H) return;
    float at[C], sum[C] = {}, weights = 0;
#pragma unroll
    for (int c = 0; c < C; c++) at[c] = picture[((int64_t)y * p.W + x) * p.x_pitch + c];
    for (int i = -r; i <= r; i++) {
        const int64_t row = TILED ? 0 : gdk_mirror(y + i, p.H);
        const float  *line = TILED ? tile + (ty + r + i) * wide + tx + r : picture;
        for (int j = -r; j <= r; j++) {
            if (i * i + j * j > r * r) continue;
            float v[C], d = 0;
#pragma unroll
            for (int c = 0; c < C; c++) {
                if constexpr (TILED)
                    v[c] = line[c * plane + j];
                else
                    v[c] = line[(row * p.W + gdk_mirror(x + j, p.W)) * p.x_pitch + c];
                d += fabsf(v[c] - at[c]);
            }
            const float k = expf((float)(i * i + j * j) * p.of_space + d * d * p.of_color);
            weights += k;
#pragma unroll
            for (int c = 0; c < C; c++) sum[c] = fmaf(k, v[c], sum[c]);
        }
    }
    float *out = p.y + (((int64_t)blockIdx.z * p.H + y) * p.W + x) * p.y_pitch;
#pragma unroll
    for (int c = 0; c < C; c++) out[c] = sum[c] / weights;
}

template <int C> static void launch(const gdk_bilateral_cuda *p, cudaStream_t stream) {
    const dim3 grid((unsigned)((p->W + WIDE - 1) / WIDE), (unsigned)((p->H + HIGH - 1) / HIGH),
                    (unsigned)p->N);
    const size_t shared =
        sizeof(float) * C * (size_t)(WIDE + 2 * p->radius) * (size_t)(HIGH + 2 * p->radius);
    if (shared <= MOST_SHARED)
        gdk_bilateral_kernel<C, true><<<grid, WIDE * HIGH, shared, stream>>>(*p);
    else
        gdk_bilateral_kernel<C, false><<<grid, WIDE * HIGH, 0, stream>>>(*p);
}

extern "C" cudaError_t gdk_bilateral_launch(const gdk_bilateral_cuda *p, cudaStream_t stream) {
    if (p->C == 1) launch<1>(p, stream);
    if (p->C == 2) launch<2>(p, stream);
    if (p->C == 3) launch<3>(p, stream);
    if (p->C == 4) launch<4>(p, stream);
    return cudaPeekAtLastError();
}
