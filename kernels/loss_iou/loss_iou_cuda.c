/* loss_iou_cuda.c -- the CUDA rows of the overlap losses. */
#include "kernels/loss/loss_cuda.h"
#include "kernels/loss_iou/loss_iou.h"

static gd_status run(const gd_launch *l, int first, const char *what, gd_error *err) {
    const gd_iou_loss *a = l->attr;
    gdk_loss_args      args = gdk_loss_cuda_read(l, first);
    args.kind = a->kind;
    args.center = a->center;
    args.p = a->eps;
    return gdk_loss_cuda_run(&args, what, false, 1, gdk_loss_iou_launch, gdk_stream(l), err);
}

static gd_status run_iou_loss(const gd_launch *l, gd_error *err) {
    return run(l, 0, "iou_loss", err);
}
static gd_status run_iou_loss_bwd(const gd_launch *l, gd_error *err) {
    return run(l, 1, "iou_loss_bwd", err);
}

GDK_LOSS_CUDA_ROWS(iou_loss)
