/* draw.c -- what the engine knows about drawing: shapes and kernels. */
#include "kernels/draw/draw.h"

#include <string.h>

#include "kernels/arg.h"

_Static_assert(sizeof(gd_ink) == GD_INK_WORDS * sizeof(int32_t), "a shape is a row of a list");

enum { MOST_SIDE = 65535, MOST_ATLAS = 1 << 24 /* whole numbers that a float holds */ };

gd_ink gdk_ink_at(const gd_tensor *list, int64_t k) {
    gd_ink i;
    memcpy(&i, GD_AT(const int32_t, list, k + 1), sizeof i);
    return i;
}

int64_t gdk_ink_count(const gd_tensor *list) {
    const int64_t n = *(const int32_t *)list->data, room = list->dim[0] - 1;
    return n < 0 ? 0 : n > room ? room : n;
}

static gd_status infer(const gd_launch *l, gd_error *err) {
    const gd_tensor *x = l->in[0], *list = l->in[1], *atlas = l->in[2];
    if (x->dtype != GD_U8 || x->ndim != 4 || x->dim[0] != 1 || x->dim[3] != 3 ||
        x->dim[1] > MOST_SIDE || x->dim[2] > MOST_SIDE)
        return gd_fail_input(err, "draw", 0, x, "a picture u8[1,H,W,3], at most 65535 a side");
    if (list->dtype != GD_I32 || list->ndim != 2 || list->dim[0] < 1 ||
        list->dim[1] != GD_INK_WORDS)
        return gd_fail_input(err, "draw", 1, list, "a list i32[1+room,8]");
    if (atlas->dtype != GD_U8 || atlas->ndim != 1 || atlas->dim[0] > MOST_ATLAS)
        return gd_fail_input(err, "draw", 2, atlas, "an atlas u8[n], at most 16 MiB");
    gd_infer_like(l->out[0], x);
    return GD_OK;
}

/* clang-format off */
const gd_op gd_op_draw = {
    .name = "draw",
    .min_in = 3,
    .max_in = 3,
    .n_out = 1,
    .flags = GD_OP_INPLACE,
    .infer = infer,
    .kernels = (const gd_kernel[]){
        {.name = "draw_cpu_u8", .backend = GD_CPU, .dtype = GD_U8, .run = gdk_draw_cpu_u8},
        GD_ROW_REF_AS("draw_ref_u8", GD_U8, gdk_draw_ref_f32),
        {0}}};
/* clang-format on */
