/* conv2d_mma_tf32.cu -- the tensor-core convolution of conv2d_mma.cuh for tf32 operands. */
#include "kernels/conv2d/conv2d_mma.cuh"

#define TILE(m, n, wm, wn, blocks) \
    {ready<1, m, n, wm, wn, blocks>, launch<1, m, n, wm, wn, blocks>},
static const struct {
    cudaError_t (*ready)();
    cudaError_t (*launch)(const gdk_conv2d_mma *p, cudaStream_t stream);
} tiles[] = {GD_CONV2D_TILES(TILE)};
#undef TILE

extern "C" cudaError_t gdk_conv2d_mma_tf32_ready(const gdk_conv2d_mma *p) {
    return tiles[p->tile].ready();
}

extern "C" cudaError_t gdk_conv2d_mma_tf32_launch(const gdk_conv2d_mma *p,
                                                  cudaStream_t          stream) {
    return tiles[p->tile].launch(p, stream);
}
