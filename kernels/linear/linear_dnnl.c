/* linear_dnnl.c -- the fully connected layer through oneDNN, weights packed once. */
#include "kernels/cpu/cpu_dnnl.h"
#include "kernels/cpu/gemm.h"
#include "kernels/linear/linear.h"

bool gdk_linear_dnnl_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return gdk_dnnl_takes(l);
}

gd_status gdk_linear_dnnl_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                  gd_error *err) {
    return gdk_dnnl_linear_open(l, gdk_threads(dev), state, err);
}
