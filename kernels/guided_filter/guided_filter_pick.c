/* guided_filter_pick.c -- what a launch of the guided filter is about, for all its kernels. */
#include "kernels/guided_filter/guided_filter.h"

gdk_guided gdk_guided_of(const gd_launch *l) {
    const gd_guided_filter *a = l->attr;
    const gd_tensor        *p = l->in[0], *guide = l->in[1] ? l->in[1] : p;
    gdk_guided              k = {.G = (int)guide->dim[3],
                                 .C = (int)p->dim[3],
                                 .self = !l->in[1],
                                 .N = p->dim[0],
                                 .H = p->dim[1],
                                 .W = p->dim[2],
                                 .eps = a->eps};
    k.n_moment = k.G + k.G * (k.G + 1) / 2 + (k.self ? 0 : k.C * (k.G + 1));
    k.n_coef = k.C * (k.G + 1);
    k.ry = a->radius < k.H ? a->radius : k.H > 0 ? (int)k.H - 1 : 0;
    k.rx = a->radius < k.W ? a->radius : k.W > 0 ? (int)k.W - 1 : 0;
    return k;
}
