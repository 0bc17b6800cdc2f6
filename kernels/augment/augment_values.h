/* augment_values.h -- the attributes of augmentation as its rows use them. */
#ifndef GD_KERNELS_AUGMENT_VALUES_H
#define GD_KERNELS_AUGMENT_VALUES_H

#include "kernels/augment/augment.h"
#include "kernels/augment/augment_layer.h"

static inline gdk_augment_values gdk_augment_values_of(const gd_augment *a) {
    gdk_augment_values v = {.swap_rb = a->swap_rb != 0};
    for (int c = 0; c < 3; c++) {
        v.gain[c] = (float)((double)a->scale / (double)a->std[c]);
        v.shift[c] = (float)(-(double)a->mean[c] / (double)a->std[c]);
        v.pad[c] = a->pad[c];
    }
    return v;
}

#endif
