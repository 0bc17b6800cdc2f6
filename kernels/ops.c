/* ops.c -- turns ops.def into the table the engine searches. */
#include <string.h>

#include "engine/op.h"

#define GD_OP(name) extern const gd_op gd_op_##name;
#include "kernels/ops.def"
#undef GD_OP

const gd_op *const gd_ops[] = {
#define GD_OP(name) &gd_op_##name,
#include "kernels/ops.def"
#undef GD_OP
    NULL};

const gd_op *gd_op_find(const char *name) {
    for (const gd_op *const *p = gd_ops; *p; p++)
        if (!strcmp((*p)->name, name)) return *p;
    return NULL;
}
