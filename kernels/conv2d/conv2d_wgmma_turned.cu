/* conv2d_wgmma_turned.cu -- the gradient of an input by the Hopper convolution of
 * conv2d_wgmma.cuh. */
#include "kernels/conv2d/conv2d_wgmma.cuh"

template <int COLS> static cudaError_t ready() {
    return gdk_launch_ready(gdk_conv2d_wgmma_f16_kernel<COLS, TURNED>);
}

extern "C" cudaError_t gdk_conv2d_wgmma_turned_ready(int cols) {
    return cols == 256 ? ready<256>() : cols == 128 ? ready<128>() : ready<64>();
}

extern "C" cudaError_t gdk_conv2d_wgmma_turned_launch(const gdk_wgmma_args *a, int n_sm,
                                                      cudaStream_t s) {
    if (a->cols == 256) return launch<256, TURNED>(a, n_sm, s);
    if (a->cols == 128) return launch<128, TURNED>(a, n_sm, s);
    return launch<64, TURNED>(a, n_sm, s);
}
