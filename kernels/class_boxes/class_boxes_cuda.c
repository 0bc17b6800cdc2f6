/* class_boxes_cuda.c -- the CUDA row of per-class selection. */
#include "kernels/class_boxes/class_boxes_cuda.h"

#include "kernels/class_boxes/class_boxes.h"
#include "kernels/cuda/cuda.h"

static bool fits(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return l->in[0]->dim[0] <= 65535;
}

static size_t rows_of(const gd_launch *l) {
    return (size_t)l->in[0]->dim[0] * (size_t)l->in[0]->dim[1];
}

/* Of the limits of the classes, which come first. */
static size_t limit_bytes(const gd_launch *l) {
    if (((const gd_class_boxes *)l->attr)->per_class == 0) return 0;
    return (size_t)l->in[0]->dim[0] * (size_t)l->in[0]->dim[2] * sizeof(uint64_t);
}

static size_t scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return limit_bytes(l) + rows_of(l) * (sizeof(int32_t) + sizeof(float));
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_class_boxes *attr = l->attr;
    gdk_class_boxes_args  a = {.score = l->in[0]->data,
                               .box = l->in[1]->data,
                               .box_out = l->out[0]->data,
                               .score_out = l->out[1]->data,
                               .label = l->out[2]->data,
                               .found = l->out[3]->data,
                               .dropped = l->out[4]->data,
                               .top = l->out[5]->data,
                               .score_pitch = l->in[0]->pitch,
                               .box_pitch = l->in[1]->pitch,
                               .box_out_pitch = l->out[0]->pitch,
                               .score_out_pitch = l->out[1]->pitch,
                               .label_pitch = l->out[2]->pitch,
                               .B = (int32_t)l->in[0]->dim[0],
                               .n = (int32_t)l->in[0]->dim[1],
                               .classes = (int32_t)l->in[0]->dim[2],
                               .capacity = attr->capacity,
                               .background = attr->background,
                               .shared = l->in[1]->dim[2] == 4,
                               .min_score = attr->min_score,
                               .min_size = attr->min_size,
                               .per_class = attr->per_class};
    if (attr->per_class) a.limit = l->scratch;
    a.row_count = (int32_t *)(void *)((char *)l->scratch + limit_bytes(l));
    if (l->n_in > 2 && l->in[2]) a.count = l->in[2]->data;
    a.row_top = (float *)(void *)(a.row_count + rows_of(l));
    return gdk_cuda_status(gdk_class_boxes_launch(&a, gdk_stream(l)), "class_boxes", err);
}

const gd_kernel gdk_class_boxes_cuda_rows[] = {
    {GD_ROW_CUDA("class_boxes_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH, .fits = fits,
     .scratch = scratch},
    {0}};
