/* linear_dnnl.c -- the fully connected layer through oneDNN, weights packed once. */
#include "kernels/cpu/cpu_dnnl.h"
#include "kernels/cpu/gemm.h"
#include "kernels/linear/linear.h"

/* Many long rows (the first layer of a box head) are faster through linear_omp.c: the panels of
 * oneDNN 2.6 do not stay in the cache there. */
bool gdk_linear_dnnl_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    const bool many_long = gd_tensor_pixels(l->in[0]) >= 64 && l->in[1]->dim[1] >= 8192;
    return !many_long && gdk_dnnl_takes(l);
}

gd_status gdk_linear_dnnl_prepare(const gd_launch *l, const gd_device_caps *dev, void **state,
                                  gd_error *err) {
    return gdk_dnnl_linear_open(l, gdk_threads(dev), state, err);
}
