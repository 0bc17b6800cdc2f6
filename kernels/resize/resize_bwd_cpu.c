/* resize_bwd_cpu.c -- the gradient of resizing feature maps: a pixel gathers from the outputs
 * that read it (cpu/window_back.h). */
#include <math.h>

#include "kernels/cpu/window_back.h"
#include "kernels/resize/resize.h"

static gdk_reach nearest(const gd_launch *l, int axis, int64_t o) {
    const int64_t at = gdk_nearest(o, l->out[0]->dim[1 + axis], l->in[0]->dim[1 + axis]);
    return (gdk_reach){at, at + 1, {1, 0}};
}

/* As the definition: the scale in float, the coordinate in double. */
static gdk_reach bilinear(const gd_launch *l, int axis, int64_t o) {
    const int64_t src = l->out[0]->dim[1 + axis], dst = l->in[0]->dim[1 + axis];
    const double  scale = (double)((float)src / (float)dst);
    const double  x = fmax(scale * ((double)o + 0.5) - 0.5, 0);
    const int64_t lo = (int64_t)x < src - 1 ? (int64_t)x : src - 1;
    const float   w = (float)fmin(x - (double)lo, 1);
    if (lo + 1 >= src) return (gdk_reach){lo, src, {1, 0}};
    return (gdk_reach){lo, lo + 2, {(double)(1 - w), (double)w}};
}

gd_status gdk_resize_bwd_cpu_f32(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_resize *a = l->attr;
    gdk_window_back(l, a->mode == GD_RESIZE_NEAREST ? nearest : bilinear);
    return GD_OK;
}
