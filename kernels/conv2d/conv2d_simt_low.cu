/* conv2d_simt_low.cu -- conv2d_simt.cuh with eight rows a thread. */
#include "kernels/conv2d/conv2d_simt.cuh"

cudaError_t gdk_conv2d_simt_low_ready(const gdk_conv2d_mma *p, size_t smem_optin) {
#define TRY(m, n, rows, blocks) \
    if (is_tile<m, n, rows, blocks>(p)) return ready<m, n, rows, blocks>(smem_optin);
    GD_SIMT_LOW_TILES(TRY)
#undef TRY
    return cudaErrorInvalidValue;
}

cudaError_t gdk_conv2d_simt_low_launch(const gdk_conv2d_mma *p, cudaStream_t stream) {
#define TRY(m, n, rows, blocks) \
    if (is_tile<m, n, rows, blocks>(p)) return launch<m, n, rows, blocks>(p, stream);
    GD_SIMT_LOW_TILES(TRY)
#undef TRY
    return cudaErrorInvalidValue;
}
