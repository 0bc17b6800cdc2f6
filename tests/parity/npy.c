/* npy.c -- .npy version 1: a line of Python describing type and shape, then the elements. */
#include "tests/parity/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const descr[GD_N_DTYPE] = {
    [GD_F32] = "<f4", [GD_F64] = "<f8", [GD_F16] = "<f2", [GD_I8] = "|i1",
    [GD_U8] = "|u1",  [GD_I32] = "<i4", [GD_I64] = "<i8"};

static bool complain(const char *path, const char *what) {
    fprintf(stderr, "%s: %s\n", path, what);
    return false;
}

static bool parse(const char *path, const char *head, gd_tensor *out) {
    const char *type = strstr(head, "'descr': '"), *shape = strstr(head, "'shape': (");
    if (!type || !shape || strstr(head, "'fortran_order': True"))
        return complain(path, "not a C-ordered array");
    int dtype = 0;
    while (dtype < GD_N_DTYPE && strncmp(type + 10, descr[dtype], 3)) dtype++;
    if (dtype == GD_N_DTYPE) return complain(path, "an element type that tensors do not have");
    int64_t dim[GD_MAX_DIM] = {1};
    int     ndim = 0;
    for (const char *p = shape + 10; *p && *p != ')';) {
        char *end;
        if (*p == ',' || *p == ' ') {
            p++;
            continue;
        }
        if (ndim == GD_MAX_DIM) return complain(path, "too many axes");
        dim[ndim++] = strtoll(p, &end, 10);
        if (end == p) return complain(path, "a shape that is not numbers");
        p = end;
    }
    *out = gd_tensor_make((gd_dtype)dtype, ndim ? ndim : 1, dim);
    return true;
}

bool npy_read(const char *path, gd_tensor *out) {
    unsigned char start[10];
    char          head[4096] = "";
    bool          good = false;
    FILE         *f = fopen(path, "rb");
    out->data = NULL;
    if (!f) return complain(path, "cannot be opened");
    if (fread(start, 1, 10, f) != 10 || memcmp(start, "\x93NUMPY\x01", 7)) goto done;
    const size_t size = (size_t)(start[8] | start[9] << 8);
    if (size >= sizeof head || fread(head, 1, size, f) != size || !parse(path, head, out))
        goto done;
    const size_t bytes = gd_tensor_bytes(out);
    out->data = aligned_alloc(64, (bytes + 64) / 64 * 64);
    good = out->data && fread(out->data, 1, bytes, f) == bytes;
done:
    if (!good) complain(path, "is not a readable .npy file of version 1");
    fclose(f);
    return good;
}

bool npy_write(const char *path, const gd_tensor *t) {
    char head[128], shape[80] = "";
    int  n = 0;
    for (int i = 0; i < t->ndim; i++)
        n += snprintf(shape + n, sizeof shape - (size_t)n, "%lld,", (long long)t->dim[i]);
    n = snprintf(head, sizeof head, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                 descr[t->dtype], shape);
    if (n >= 117) return complain(path, "has a shape too long to write");
    memset(head + n, ' ', sizeof head - (size_t)n);
    head[117] = '\n';
    FILE *f = fopen(path, "wb");
    if (!f) return complain(path, "cannot be written");
    bool good =
        fwrite("\x93NUMPY\x01\0\x76\0", 1, 10, f) == 10 && fwrite(head, 1, 118, f) == 118;
    const size_t row = (size_t)gd_tensor_channels(t) * gd_dtype_size(t->dtype);
    for (int64_t p = 0; good && p < gd_tensor_pixels(t); p++)
        good = fwrite((const char *)t->data + (size_t)(p * t->pitch) * gd_dtype_size(t->dtype),
                      1, row, f) == row;
    good = fclose(f) == 0 && good;
    return good || complain(path, "cannot be written");
}
