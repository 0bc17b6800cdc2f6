/* yuv_rgb_ref.c -- the way from decoded planes to RGB, defined. */
#include "kernels/arg.h"
#include "kernels/ref.h"
#include "kernels/yuv_rgb/yuv_rgb.h"

gd_status GD_REF(yuv_rgb)(const gd_launch *l, gd_error *err) {
    const gd_yuv_rgb *a = l->attr;
    const gd_tensor  *luma = l->in[0], *chroma = l->in[1];
    const int         H = (int)luma->dim[0], W = a->width;
    int               gain[GD_YUV_GAIN], add[3];
    (void)err;
    for (int i = 0; i < GD_YUV_GAIN; i++) gain[i] = (int)((const gd_real *)l->in[2]->data)[i];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const uint8_t *pair =
                (const uint8_t *)chroma->data + gdk_yuv_pair(x, y, chroma->pitch);
            const uint8_t at = GD_AT(const uint8_t, luma, y)[x];
            uint8_t      *to = GD_AT(uint8_t, l->out[0], (int64_t)y * W + x);
            gdk_yuv_chroma(gain, pair[0], pair[1], add);
            for (int c = 0; c < 3; c++) to[c] = (uint8_t)gdk_yuv_channel(gain, at, add, c);
        }
    return GD_OK;
}
