/* conv2d_simt.cu -- conv2d_simt.cuh with sixteen rows a thread; knows the other file. */
#include "kernels/conv2d/conv2d_simt.cuh"

cudaError_t gdk_conv2d_simt_ready(const gdk_conv2d_mma *p, size_t smem_optin) {
#define TRY(m, n, rows, blocks) \
    if (is_tile<m, n, rows, blocks>(p)) return ready<m, n, rows, blocks>(smem_optin);
    GD_SIMT_TALL_TILES(TRY)
#undef TRY
    return gdk_conv2d_simt_low_ready(p, smem_optin);
}

cudaError_t gdk_conv2d_simt_launch(const gdk_conv2d_mma *p, cudaStream_t stream) {
#define TRY(m, n, rows, blocks) \
    if (is_tile<m, n, rows, blocks>(p)) return launch<m, n, rows, blocks>(p, stream);
    GD_SIMT_TALL_TILES(TRY)
#undef TRY
    return gdk_conv2d_simt_low_launch(p, stream);
}
