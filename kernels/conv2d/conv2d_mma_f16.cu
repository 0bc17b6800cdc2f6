/* conv2d_mma_f16.cu -- the tensor-core convolution of conv2d_mma.cuh for f16 operands. */
#include "kernels/conv2d/conv2d_mma.cuh"

#define TILE(m, n, wm, wn, blocks) \
    {ready<0, m, n, wm, wn, blocks>, launch<0, m, n, wm, wn, blocks>},
static const struct {
    cudaError_t (*ready)();
    cudaError_t (*launch)(const gdk_conv2d_mma *p, cudaStream_t stream);
} tiles[] = {GD_CONV2D_TILES(TILE)};
#undef TILE

extern "C" cudaError_t gdk_conv2d_mma_f16_ready(const gdk_conv2d_mma *p) {
    return tiles[p->tile].ready();
}

extern "C" cudaError_t gdk_conv2d_mma_f16_launch(const gdk_conv2d_mma *p, cudaStream_t stream) {
    return tiles[p->tile].launch(p, stream);
}
