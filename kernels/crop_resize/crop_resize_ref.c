/* crop_resize_ref.c -- the definition of crop_resize: preprocess on a rectangle of a frame. */
#include "kernels/crop_resize/crop_resize.h"
#include "kernels/ref.h"

gd_status GD_REF(crop_resize)(const gd_launch *l, gd_error *err) {
    return GD_REF(canvases)(l, gdk_crop_picture, err);
}
