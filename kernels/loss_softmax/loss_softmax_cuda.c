/* loss_softmax_cuda.c -- the CUDA rows of softmax cross-entropy. */
#include "kernels/loss/loss_cuda.h"
#include "kernels/loss_softmax/loss_softmax.h"

static gd_status run(const gd_launch *l, int first, const char *what, gd_error *err) {
    const gd_softmax_cross_entropy *a = l->attr;
    gdk_loss_args                   args = gdk_loss_cuda_read(l, first);
    args.p = a->smoothing;
    return gdk_loss_cuda_run(&args, what, false, 32, gdk_loss_softmax_launch, gdk_stream(l),
                             err);
}

static gd_status run_softmax_cross_entropy(const gd_launch *l, gd_error *err) {
    return run(l, 0, "softmax_cross_entropy", err);
}
static gd_status run_softmax_cross_entropy_bwd(const gd_launch *l, gd_error *err) {
    return run(l, 1, "softmax_cross_entropy_bwd", err);
}

GDK_LOSS_CUDA_ROWS(softmax_cross_entropy)
