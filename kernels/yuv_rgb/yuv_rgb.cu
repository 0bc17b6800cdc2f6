/* yuv_rgb.cu -- decoded planes to RGB. Bound by memory traffic, 1.5 bytes in and 3 out a pixel.
 *
 * A block owns 128 x 16 pixels, a thread four neighbours in each of two rows, which share two
 * pairs of chroma. */
#include "kernels/yuv_rgb/yuv_rgb_cuda.h"

enum { ACROSS = 32, DOWN = 8, WIDE = 4, HIGH = 2 };

/* Four pixels in three words. */
static __device__ __forceinline__ void four(const int *g, uint32_t luma, uint32_t chroma,
                                            uint32_t *to) {
    uint32_t out[3] = {0, 0, 0};
#pragma unroll
    for (int k = 0; k < WIDE; k++) {
        const uint32_t pair = chroma >> (k / 2 * 16);
        int            add[3];
        gdk_yuv_chroma(g, pair & 255, pair >> 8 & 255, add);
#pragma unroll
        for (int c = 0; c < 3; c++) {
            const int at = 3 * k + c;
            out[at / 4] |= (uint32_t)gdk_yuv_channel(g, luma >> 8 * k & 255, add, c)
                           << 8 * (at % 4);
        }
    }
#pragma unroll
    for (int i = 0; i < 3; i++) to[i] = out[i];
}

static __device__ void one(const gdk_yuv_rgb_cuda &p, const int *g, int x, int y) {
    const uint8_t *pair = p.chroma + gdk_yuv_pair(x, y, p.chroma_pitch);
    uint8_t       *to = p.rgb + ((int64_t)y * p.W + x) * p.pitch;
    int            add[3];
    gdk_yuv_chroma(g, pair[0], pair[1], add);
    for (int c = 0; c < 3; c++)
        to[c] = (uint8_t)gdk_yuv_channel(g, p.luma[y * p.luma_pitch + x], add, c);
}

static __global__ void __launch_bounds__(ACROSS *DOWN, 4)
    gdk_yuv_rgb_kernel(const __grid_constant__ gdk_yuv_rgb_cuda p) {
    const int x = ((int)blockIdx.x * ACROSS + (int)threadIdx.x) * WIDE;
    const int y = ((int)blockIdx.y * DOWN + (int)threadIdx.y) * HIGH;
    if (x >= p.W || y >= p.H) return;
    const int end = y + HIGH < p.H ? y + HIGH : p.H;
    int       g[GD_YUV_GAIN];
#pragma unroll
    for (int i = 0; i < GD_YUV_GAIN; i++) g[i] = (int)p.gain[i];
    if (p.words) {
        const uint32_t chroma =
            *(const uint32_t *)(p.chroma + gdk_yuv_pair(x, y, p.chroma_pitch));
#pragma unroll 1
        for (int row = y; row < end; row++)
            four(g, *(const uint32_t *)(p.luma + row * p.luma_pitch + x), chroma,
                 (uint32_t *)(p.rgb + ((int64_t)row * p.W + x) * 3));
        return;
    }
    for (int row = y; row < end; row++)
        for (int k = x; k < x + WIDE && k < p.W; k++) one(p, g, k, row);
}

extern "C" cudaError_t gdk_yuv_rgb_launch(const gdk_yuv_rgb_cuda *p, cudaStream_t stream) {
    const dim3 grid((unsigned)(p->W + ACROSS * WIDE - 1) / (ACROSS * WIDE),
                    (unsigned)(p->H + DOWN * HIGH - 1) / (DOWN * HIGH));
    gdk_yuv_rgb_kernel<<<grid, dim3(ACROSS, DOWN), 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
