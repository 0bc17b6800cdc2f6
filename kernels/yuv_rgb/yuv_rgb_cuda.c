/* yuv_rgb_cuda.c -- CUDA row of the way from decoded planes to RGB. */
#include "kernels/yuv_rgb/yuv_rgb_cuda.h"

#include "kernels/yuv_rgb/yuv_rgb.h"

static bool on_words(const gdk_yuv_rgb_cuda *p) {
    const uintptr_t at = (uintptr_t)p->luma | (uintptr_t)p->chroma | (uintptr_t)p->rgb;
    return ((at | (uint64_t)p->luma_pitch | (uint64_t)p->chroma_pitch | (uint64_t)p->W) & 3) ==
               0 &&
           p->pitch == 3;
}

static gd_status run(const gd_launch *l, gd_error *err) {
    const gd_yuv_rgb *a = l->attr;
    gdk_yuv_rgb_cuda  p = {.luma = l->in[0]->data,
                           .chroma = l->in[1]->data,
                           .rgb = l->out[0]->data,
                           .luma_pitch = l->in[0]->pitch,
                           .chroma_pitch = l->in[1]->pitch,
                           .pitch = l->out[0]->pitch,
                           .H = (int32_t)l->in[0]->dim[0],
                           .W = a->width,
                           .gain = l->in[2]->data};
    if (p.H == 0) return GD_OK;
    p.words = on_words(&p);
    return gdk_cuda_status(gdk_yuv_rgb_launch(&p, gdk_stream(l)), "yuv_rgb", err);
}

extern const gd_kernel gdk_yuv_rgb_cuda_rows[];
const gd_kernel        gdk_yuv_rgb_cuda_rows[] = {
           {GD_ROW_CUDA("yuv_rgb_cuda_f32", GD_F32, run), .flags = GD_ROW_PITCH}, {0}};
