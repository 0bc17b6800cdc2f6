/* loss_cuda.c -- what the CUDA rows of all losses share: parameters, scratch, launches. */
#include "kernels/loss/loss_cuda.h"

static const gd_tensor *input(const gd_launch *l, int i) {
    return i < l->n_in ? l->in[i] : NULL;
}

static uint32_t groups_of(const gd_launch *l, int first) {
    const gd_tensor *norm = input(l, first + 3);
    return !norm || ((const gd_loss *)l->attr)->total ? 1 : (uint32_t)norm->dim[0];
}

static bool fits(const gd_launch *l, int first) {
    const gd_tensor *norm = input(l, first + 3);
    return gd_tensor_count(l->in[first]) <= INT32_MAX &&
           (!norm || gd_tensor_count(norm) <= INT32_MAX);
}

bool gdk_loss_cuda_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return fits(l, 0);
}
bool gdk_loss_bwd_cuda_fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return fits(l, 1);
}

size_t gdk_loss_cuda_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return (groups_of(l, 0) + (size_t)GDK_LOSS_BLOCKS) * sizeof(float);
}
size_t gdk_loss_bwd_cuda_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return groups_of(l, 1) * sizeof(float);
}

static gdk_loss_each_row each_row(const gd_tensor *t) {
    if (!t) return (gdk_loss_each_row){0};
    return (gdk_loss_each_row){.data = t->data,
                               .pitch = t->pitch,
                               .n = (uint32_t)gd_tensor_channels(t),
                               .is_int = t->dtype == GD_I32};
}

gdk_loss_args gdk_loss_cuda_read(const gd_launch *l, int first) {
    const gd_loss   *attr = l->attr;
    const gd_tensor *pred = l->in[first], *target = l->in[first + 1],
                    *norm = input(l, first + 3);
    const uint32_t groups = groups_of(l, first);
    gdk_loss_args  a = {.pred = pred->data,
                        .pred_pitch = pred->pitch,
                        .weight = each_row(input(l, first + 2)),
                        .norm = each_row(norm),
                        .extra = each_row(input(l, first + 4)),
                        .rows = (uint32_t)gd_tensor_pixels(pred),
                        .C = (int32_t)gd_tensor_channels(pred),
                        .groups = groups,
                        .scale = l->scratch,
                        .part = (float *)l->scratch + groups,
                        .factor = attr->factor,
                        .min_norm = attr->min_norm};
    if (norm) a.norm_entries = (uint32_t)gd_tensor_count(norm) / groups;
    if (target->dtype == GD_I32) {
        a.label = each_row(target);
    } else {
        a.values = target->data;
        a.values_pitch = target->pitch;
        a.values_C = (int32_t)gd_tensor_channels(target);
    }
    a.by_C = gdk_fastdiv_by(a.C);
    a.by_group = gdk_fastdiv_by(a.rows / groups);
    if (first) {
        a.d_out = l->in[0]->data;
        a.d_pred = l->out[0]->data;
        a.d_pitch = l->out[0]->pitch;
    } else {
        a.out = l->out[0]->data;
    }
    return a;
}

gd_status gdk_loss_cuda_run(gdk_loss_args *a, const char *what, bool each, int lanes,
                            gdk_loss_launch launch, cudaStream_t stream, gd_error *err) {
    a->items = each ? a->rows * (uint32_t)a->C : a->rows;
    const uint32_t of_block = GDK_LOSS_THREADS / (uint32_t)lanes;
    a->blocks = (a->items + of_block - 1) / of_block;
    /* Backward, each item has its thread: nothing is summed. */
    if (!a->d_out && a->blocks > GDK_LOSS_BLOCKS) a->blocks = GDK_LOSS_BLOCKS;
    cudaError_t e = gdk_loss_factor_launch(a, stream);
    if (e == cudaSuccess) e = launch(a, stream);
    if (e == cudaSuccess && !a->d_out) e = gdk_loss_total_launch(a, stream);
    return gdk_cuda_status(e, what, err);
}
