/* loss_sigmoid_cuda.c -- the CUDA rows of sigmoid cross-entropy and the focal loss. */
#include "kernels/loss/loss_cuda.h"
#include "kernels/loss_sigmoid/loss_sigmoid.h"

static gd_status run(const gd_launch *l, int first, const char *what, gd_error *err) {
    const gd_sigmoid_focal *a = l->attr;
    gdk_loss_args           args = gdk_loss_cuda_read(l, first);
    args.p = a->alpha;
    args.q = a->gamma;
    return gdk_loss_cuda_run(&args, what, true, 1, gdk_loss_sigmoid_launch, gdk_stream(l), err);
}

static gd_status run_sigmoid_focal(const gd_launch *l, gd_error *err) {
    return run(l, 0, "sigmoid_focal", err);
}
static gd_status run_sigmoid_focal_bwd(const gd_launch *l, gd_error *err) {
    return run(l, 1, "sigmoid_focal_bwd", err);
}

GDK_LOSS_CUDA_ROWS(sigmoid_focal)
