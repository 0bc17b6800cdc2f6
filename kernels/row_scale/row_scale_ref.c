/* row_scale_ref.c -- the definition of row_scale. */
#include "kernels/row_scale/row_scale.h"

#include "kernels/ref.h"

gd_status GD_REF(row_scale)(const gd_launch *l, gd_error *err) {
    (void)err;
    const gd_tensor *w = l->in[0];
    const gd_real   *s = l->in[1]->data;
    const int64_t    C = gd_tensor_channels(w), n = gd_tensor_count(w);
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = i / (n / w->dim[0]);
        gd_pixel_out(l->out[0], i / C)[i % C] = gd_pixel(w, i / C)[i % C] * s[k];
    }
    return GD_OK;
}
