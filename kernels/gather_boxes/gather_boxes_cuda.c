/* gather_boxes_cuda.c -- the CUDA row of picking boxes by index. */
#include "kernels/gather_boxes/gather_boxes_cuda.h"

#include "kernels/cuda/cuda.h"
#include "kernels/gather_boxes/gather_boxes.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535 && l->in[0]->dim[1] <= INT32_MAX &&
           l->out[0]->dim[1] <= INT32_MAX / 2;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    gdk_gather_boxes_args a = {.box = l->in[0]->data,
                               .score = l->in[1]->data,
                               .index = l->in[3]->data,
                               .box_out = l->out[0]->data,
                               .score_out = l->out[1]->data,
                               .label_out = l->out[2]->data,
                               .box_pitch = l->in[0]->pitch,
                               .score_pitch = l->in[1]->pitch,
                               .index_pitch = l->in[3]->pitch,
                               .box_out_pitch = l->out[0]->pitch,
                               .score_out_pitch = l->out[1]->pitch,
                               .label_out_pitch = l->out[2]->pitch,
                               .B = (int32_t)l->in[0]->dim[0],
                               .n = (int32_t)l->in[0]->dim[1],
                               .m = (int32_t)l->out[0]->dim[1],
                               .early = gdk_early(l)};
    if (l->in[2]) {
        a.label = l->in[2]->data;
        a.label_pitch = l->in[2]->pitch;
    }
    if (l->n_in > 4 && l->in[4]) a.count = l->in[4]->data;
    return gdk_cuda_status(gdk_gather_boxes_launch(&a, gdk_stream(l)), "gather_boxes", err);
}

const gd_kernel gdk_gather_boxes_cuda_rows[] = {
    {GD_ROW_CUDA("gather_boxes_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits},
    {0}};
