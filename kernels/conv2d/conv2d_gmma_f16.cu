/* conv2d_gmma_f16.cu -- the Hopper convolution of conv2d_gmma.cuh for f16 operands. */
#include "kernels/conv2d/conv2d_gmma.cuh"

#define ONE(m, n, wm, wn, blocks) +1
enum { FIRST = 0 GD_CONV2D_TILES(ONE) }; /* these come after the tiles of mma.sync */
#undef ONE

#define TILE(m, n, blocks) {ready_gmma<0, m, n, blocks>, launch_gmma<0, m, n, blocks>},
static const struct {
    cudaError_t (*ready)();
    cudaError_t (*launch)(const gdk_conv2d_mma *p, cudaStream_t stream);
} tiles[] = {GD_CONV2D_GMMA_TILES(TILE)};
#undef TILE

extern "C" cudaError_t gdk_conv2d_gmma_f16_ready(const gdk_conv2d_mma *p) {
    return tiles[p->tile - FIRST].ready();
}

extern "C" cudaError_t gdk_conv2d_gmma_f16_launch(const gdk_conv2d_mma *p,
                                                  cudaStream_t          stream) {
    return tiles[p->tile - FIRST].launch(p, stream);
}
