/* conv2d_wgmma_f16.cu -- the Hopper convolution of conv2d_wgmma.cuh. */
#include "kernels/conv2d/conv2d_wgmma.cuh"

template <int COLS>
static cudaError_t launch_for(const gdk_wgmma_args *a, int n_sm, cudaStream_t s) {
    for (int i = 0; i < a->e.n; i++) switch (a->e.kind[i]) {
        case GDK_EPILOGUE_ADD:
        case GDK_EPILOGUE_RELU:
        case GDK_EPILOGUE_LEAKY:
        case GDK_EPILOGUE_SILU: break;
        default: return launch<COLS, RARE>(a, n_sm, s);
        }
    return launch<COLS, COMMON>(a, n_sm, s);
}

template <int COLS> static cudaError_t ready() {
    const cudaError_t e = gdk_launch_ready(gdk_conv2d_wgmma_f16_kernel<COLS, COMMON>);
    return e != cudaSuccess ? e : gdk_launch_ready(gdk_conv2d_wgmma_f16_kernel<COLS, RARE>);
}

extern "C" cudaError_t gdk_conv2d_wgmma_f16_ready(int cols) {
    return cols == 256 ? ready<256>() : cols == 128 ? ready<128>() : ready<64>();
}

extern "C" cudaError_t gdk_conv2d_wgmma_f16_launch(const gdk_wgmma_args *a, int n_sm,
                                                   cudaStream_t s) {
    if (a->cols == 256) return launch_for<256>(a, n_sm, s);
    if (a->cols == 128) return launch_for<128>(a, n_sm, s);
    return launch_for<64>(a, n_sm, s);
}
