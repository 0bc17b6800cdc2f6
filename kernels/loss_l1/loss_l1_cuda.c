/* loss_l1_cuda.c -- the CUDA rows of smooth L1. */
#include "kernels/loss/loss_cuda.h"
#include "kernels/loss_l1/loss_l1.h"

static gd_status run(const gd_launch *l, int first, const char *what, gd_error *err) {
    const gd_smooth_l1 *a = l->attr;
    gdk_loss_args       args = gdk_loss_cuda_read(l, first);
    args.p = a->beta;
    return gdk_loss_cuda_run(&args, what, true, 1, gdk_loss_l1_launch, gdk_stream(l), err);
}

static gd_status run_smooth_l1(const gd_launch *l, gd_error *err) {
    return run(l, 0, "smooth_l1", err);
}
static gd_status run_smooth_l1_bwd(const gd_launch *l, gd_error *err) {
    return run(l, 1, "smooth_l1_bwd", err);
}

GDK_LOSS_CUDA_ROWS(smooth_l1)
