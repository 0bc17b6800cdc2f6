/* conv2d_dnnl.c -- convolution through oneDNN: channels last throughout, weights packed. */
#include "kernels/conv2d/conv2d.h"
#include "kernels/cpu/cpu_dnnl.h"
#include "kernels/cpu/gemm.h"

/* oneDNN 2.6 forgets the sum with a residual where a window lies on padding alone. */
static bool windows_meet_input(const gd_conv2d *a, const gd_tensor *w) {
    for (int i = 0; i < 4; i++)
        if (a->pad[i] > (w->dim[1 + i % 2] - 1) * a->dilation[i % 2]) return false;
    return true;
}

/* Groupings other than depthwise and multiples of 16 end in a plain loop of oneDNN, slower than
 * ours. */
bool gdk_conv2d_dnnl_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const gd_conv2d *a = l->attr;
    const gd_tensor *w = l->in[1];
    const int64_t    c = w->dim[3], k = w->dim[0] / a->groups;
    if (a->groups > 1 && !(c == 1 && k == 1) && (c % 16 || k % 16)) return false;
    return windows_meet_input(a, w) && gdk_dnnl_takes(l);
}

gd_status gdk_conv2d_dnnl_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                  gd_error *err) {
    const gd_conv2d      *a = l->attr;
    const gdk_dnnl_window win = {{a->stride[0], a->stride[1]},
                                 {a->pad[0], a->pad[1], a->pad[2], a->pad[3]},
                                 {a->dilation[0], a->dilation[1]},
                                 a->groups};
    return gdk_dnnl_conv_open(l, &win, gdk_threads(dev), state, err);
}
