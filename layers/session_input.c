/* session_input.c -- brings pictures to a planned graph: in place, gathered, or uploaded. */
#include <string.h>

#include "engine/mem.h"
#include "layers/session_impl.h"

enum { MAX_SIDE = 65535 };

gd_status gd_image_check_place(const gd_image *p, const gd_device *device, gd_error *err) {
    if (!p->gpu || (device && p->gpu == device->ordinal + 1)) return GD_OK;
    if (!device)
        return gd_fail_code(err, GD_ERR_ARG, 514,
                            "a picture in memory of GPU %d for what runs on the CPU",
                            p->gpu - 1);
    return gd_fail_code(err, GD_ERR_ARG, 514,
                        "a picture in memory of GPU %d for what runs on GPU %d", p->gpu - 1,
                        device->ordinal);
}

gd_status gd_session_check_image(const gd_session *s, const gd_image *p, int i, gd_error *err) {
    GD_TRY(gd_image_check_place(p, s->device, err));
    if (!p->rgb || p->width < 1 || p->height < 1 || p->width > MAX_SIDE || p->height > MAX_SIDE)
        return gd_fail(err, GD_ERR_ARG, "picture %d: %d x %d pixels at %s", i, p->width,
                       p->height, p->rgb ? "an address" : "NULL");
    if (p->stride && p->stride < (size_t)p->width * 3)
        return gd_fail(err, GD_ERR_ARG, "picture %d: stride %zu is less than 3 * %d", i,
                       p->stride, p->width);
    return GD_OK;
}

static size_t row_bytes(const gd_image *p) { return (size_t)p->width * 3; }
static bool   is_dense(const gd_image *p) { return !p->stride || p->stride == row_bytes(p); }

/* Staging for n pictures at `one` bytes each. */
static gd_status make_staging(gd_session *s, size_t one, int n, gd_error *err) {
    const size_t want = one * (size_t)n;
    void        *p = NULL;
    if (s->staging_size >= want) return GD_OK;
    gd_session_unpin(s, s->staging);
    s->staging = NULL;
    s->staging_size = 0;
    GD_TRY(gd_session_pin(s, want, &p, err));
    s->staging = p;
    s->staging_size = want;
    return GD_OK;
}

static void gather(const gd_image *p, unsigned char *to) {
    const size_t row = row_bytes(p), stride = p->stride ? p->stride : row;
    for (int y = 0; y < p->height; y++)
        memcpy(to + row * (size_t)y, p->rgb + stride * (size_t)y, row);
}

gd_status gd_image_copy(const gd_image *p, gd_exec *e, int value, size_t offset,
                        gd_error *err) {
    const size_t row = row_bytes(p);
    if (is_dense(p))
        return gd_exec_copy(e, value, offset, p->rgb, row * (size_t)p->height, err);
    for (int y = 0; y < p->height; y++)
        GD_TRY(gd_exec_copy(e, value, offset + row * (size_t)y, p->rgb + p->stride * (size_t)y,
                            row, err));
    return GD_OK;
}

gd_status gd_session_dense(gd_session *s, const gd_image *p, bool pinned, const uint8_t **out,
                           gd_error *err) {
    *out = p->rgb;
    if (is_dense(p) && (!pinned || gd_device_pinned(s->device, p->rgb))) return GD_OK;
    GD_TRY(make_staging(s, row_bytes(p) * (size_t)p->height, 1, err));
    gather(p, s->staging);
    *out = s->staging;
    return GD_OK;
}

static void pack_geometry(const gd_session *s, const gd_image *images, int n, float *to) {
    gd_geometry at;
    for (int i = 0; i < n; i++) {
        gd_geometry_of(&s->recipe.rule, images[i].height, images[i].width, &at);
        gd_geometry_pack(&at, to + 8 * i);
    }
}

static gd_status load_host(gd_session *s, gd_entry *e, const gd_image *images, int n,
                           gd_error *err) {
    const int     pixels = gd_graph_find_input(&e->graph, "pixels");
    const int     geom = gd_graph_find_input(&e->graph, "geom");
    const int64_t own = (int64_t)images[0].width * images[0].height;
    const size_t  one = (size_t)(n > 1 ? e->cap : own) * 3;
    union {
        const uint8_t *in;
        void          *out;
    } address = {.in = images[0].rgb};
    if (n > 1 || !is_dense(&images[0])) {
        GD_TRY(make_staging(s, one, n, err));
        for (int i = 0; i < n; i++) gather(&images[i], s->staging + one * (size_t)i);
        address.out = s->staging;
    }
    gd_exec_bind(e->exec, pixels, address.out);
    /* Kernels check a picture against the room it has: alone, it has just its own. */
    gd_exec_tensor(e->exec, pixels)->dim[1] = n > 1 ? e->cap : own;
    pack_geometry(s, images, n, gd_exec_tensor(e->exec, geom)->data);
    return GD_OK;
}

/* A picture on the GPU stays there; a dense one in pinned memory goes up from where it lies,
 * any other by way of staging. Pictures of one size that follow each other there go together:
 * hundreds of small copies take longer than the bus needs for them. */
static gd_status load_device(gd_session *s, gd_entry *e, const gd_image *images, int n,
                             gd_error *err) {
    const int    pixels = gd_graph_find_input(&e->graph, "pixels");
    const int    geom = gd_graph_find_input(&e->graph, "geom");
    const size_t one = (size_t)e->cap * 3;
    gd_rows      run = {.n = 0}; /* the last of the pictures before i */
    bool         of_staging = false;
    for (int i = 0; i < n; i++) {
        const gd_image *p = &images[i];
        const uint8_t  *from = p->rgb;
        const size_t    bytes = row_bytes(p) * (size_t)p->height;
        size_t          step = bytes;
        bool            staged = false;
        if (p->gpu) {
            GD_TRY(gd_exec_write_rows(e->exec, pixels, one * ((size_t)i - run.n), &run, err));
            run.n = 0;
            GD_TRY(gd_image_copy(p, e->exec, pixels, one * (size_t)i, err));
            continue;
        }
        if (!is_dense(p) || !gd_device_pinned(s->device, p->rgb)) {
            GD_TRY(make_staging(s, one, n, err));
            step = one;
            staged = true;
            from = s->staging + one * (size_t)i;
            gather(p, s->staging + one * (size_t)i);
        }
        if (run.n && of_staging == staged && run.bytes == bytes && run.src_step == step &&
            from == (const uint8_t *)run.src + run.n * step) {
            run.n++;
            continue;
        }
        GD_TRY(gd_exec_write_rows(e->exec, pixels, one * ((size_t)i - run.n), &run, err));
        run = (gd_rows){.src = from, .dst_step = one, .src_step = step, .bytes = bytes, .n = 1};
        of_staging = staged;
    }
    GD_TRY(gd_exec_write_rows(e->exec, pixels, one * ((size_t)n - run.n), &run, err));
    pack_geometry(s, images, n, e->geom);
    return gd_exec_write(e->exec, geom, 0, e->geom, (size_t)n * 8 * sizeof(float), err);
}

gd_status gd_session_load(gd_session *s, gd_entry *e, const gd_image *images, int n,
                          gd_error *err) {
    return s->device ? load_device(s, e, images, n, err) : load_host(s, e, images, n, err);
}
