/* augment.cu -- layers of pictures to the network's input. Bound by the traffic of values out
 * and by the four pixels that each place of a layer reads, most of them shared with neighbours.
 *
 * A block owns a tile of 32 x 8 output pixels of one picture, a thread one pixel. The block's
 * first threads read the layers, and drop those whose rectangle misses the tile, so that a
 * mosaic costs hardly more than one picture. */
#include "kernels/augment/augment_cuda.h"

enum { WIDE = 32, HIGH = 8, MOST = 8 };

/* A layer whose rectangle meets the tile. */
static __device__ __forceinline__ bool meets(const gdk_layer &l, int x, int y) {
    return l.rect[0] < (float)(x + WIDE) && l.rect[2] > (float)x &&
           l.rect[1] < (float)(y + HIGH) && l.rect[3] > (float)y;
}

static __global__ void __launch_bounds__(WIDE *HIGH) gdk_augment_kernel(gdk_augment_cuda p) {
    __shared__ gdk_layer layer[MOST];
    __shared__ bool      there[MOST];
    const int            tx = (int)threadIdx.x % WIDE, ty = (int)threadIdx.x / WIDE;
    const int            x0 = (int)blockIdx.x * WIDE, y0 = (int)blockIdx.y * HIGH;
    const int            b = (int)blockIdx.z, x = x0 + tx, y = y0 + ty;
    if ((int)threadIdx.x < p.S) {
        const int    s = (int)threadIdx.x;
        const float *row = p.layers + ((int64_t)b * p.S + s) * p.layer_pitch;
        there[s] = gdk_layer_of(row, p.n_pixels, &layer[s]) && meets(layer[s], x0, y0);
    }
    __syncthreads();
    if (x >= p.out_w || y >= p.out_h) return;
    float v[3] = {p.values.pad[0], p.values.pad[1], p.values.pad[2]};
    for (int s = 0; s < p.S; s++)
        if (there[s]) gdk_layer_add(&layer[s], p.pixels, &p.values, x, y, v);
    float *o = p.out + (((int64_t)b * p.out_h + y) * p.out_w + x) * p.pitch;
    o[0] = v[0];
    o[1] = v[1];
    o[2] = v[2];
    if (p.pitch == 4) o[3] = 0.0f;
}

extern "C" cudaError_t gdk_augment_launch(const gdk_augment_cuda *p, cudaStream_t stream) {
    const dim3 grid((unsigned)(p->out_w + WIDE - 1) / WIDE,
                    (unsigned)(p->out_h + HIGH - 1) / HIGH, (unsigned)p->B);
    if (p->S < 1 || p->S > MOST) return cudaErrorInvalidValue;
    gdk_augment_kernel<<<grid, WIDE * HIGH, 0, stream>>>(*p);
    return cudaPeekAtLastError();
}
