/* epilogue.c -- absorbed steps of a launch, translated for the kernels. */
#include "kernels/cuda/epilogue.h"

#include <string.h>

#include "kernels/activation/activation.h"
#include "kernels/cuda/cuda.h"

const char *const gdk_epilogue_absorbs[] = {"add",       "relu", "leaky_relu", "silu",
                                            "mish",      "gelu", "relu6",      "hardsigmoid",
                                            "hardswish", "cast", NULL};

/* -1: none, it only changes the type. */
static int kind_of(const char *name) {
    static const struct {
        const char *name;
        int         kind;
    } all[] = {{"add", GDK_EPILOGUE_ADD},
               {"relu", GDK_EPILOGUE_RELU},
               {"leaky_relu", GDK_EPILOGUE_LEAKY},
               {"silu", GDK_EPILOGUE_SILU},
               {"mish", GDK_EPILOGUE_MISH},
               {"gelu", GDK_EPILOGUE_GELU},
               {"relu6", GDK_EPILOGUE_RELU6},
               {"hardsigmoid", GDK_EPILOGUE_HARDSIGMOID},
               {"hardswish", GDK_EPILOGUE_HARDSWISH}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(name, all[i].name)) return all[i].kind;
    return -1;
}

bool gdk_epilogue_fits(const gd_launch *l, int bias) {
    const gd_tensor *y = l->out[0], *b = bias < l->n_in ? l->in[bias] : NULL;
    if (!gdk_half_or_wide(y) || (b && b->dtype != GD_F32)) return false;
    for (int i = 0; i < l->n_step; i++) {
        const gd_step   *s = &l->step[i];
        const gd_tensor *arg = s->arg;
        if (kind_of(s->op->name) == GDK_EPILOGUE_GELU && ((const gd_gelu *)s->attr)->tanh)
            return false;
        if (arg && (!gdk_half_or_wide(arg) || !gd_tensor_same_shape(arg, y))) return false;
    }
    return true;
}

void gdk_epilogue_read(const gd_launch *l, int bias, gdk_epilogue *e) {
    const gd_tensor *y = l->out[0], *b = bias < l->n_in ? l->in[bias] : NULL;
    memset(e, 0, sizeof *e);
    e->bias = b ? b->data : NULL;
    e->out = y->data;
    e->out_pitch = y->pitch;
    e->out_wide = y->dtype == GD_F32;
    e->vec = gdk_aligned(y) && (uintptr_t)e->bias % 16 == 0;
    for (int i = 0; i < l->n_step; i++) {
        const gd_step *s = &l->step[i];
        const int      kind = kind_of(s->op->name);
        if (kind < 0) continue;
        const int k = e->n++;
        e->kind[k] = kind;
        if (e->kind[k] == GDK_EPILOGUE_LEAKY)
            e->slope[k] = ((const gd_leaky_relu *)s->attr)->slope;
        if (e->kind[k] != GDK_EPILOGUE_ADD) continue;
        e->arg[k] = s->arg->data;
        e->arg_pitch[k] = s->arg->pitch;
        e->arg_wide[k] = s->arg->dtype == GD_F32;
        e->vec = e->vec && gdk_aligned(s->arg);
    }
}

void gdk_epilogue_round(gdk_epilogue *e) {
    if (e->out_wide) e->kind[e->n++] = GDK_EPILOGUE_TF32;
}
