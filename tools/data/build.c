/* build.c -- gathers what readers read; see build.h. */
#include "tools/data/build.h"

#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "tools/data/build_impl.h"

static gd_status no_memory(gd_data_build *b) {
    return gd_fail(b->err, GD_ERR_NOMEM, "%.200s: no memory for the data set", b->d->path);
}

/* Room for one more in an array of `size` byte elements that grows by half. */
static bool room_for(void **p, size_t n, size_t *room, size_t size) {
    size_t want, bytes;
    void  *q;
    if (n < *room) return true;
    want = *room + *room / 2 + 16;
    if (!gd_mul_size(want, size, &bytes)) return false;
    q = *p ? gd_mem_grow(*p, *room * size, bytes) : gd_mem_get(bytes);
    if (!q) return false;
    *p = q;
    *room = want;
    return true;
}

int32_t gd_data_new_image(gd_data_build *b) {
    gd_data *d = b->d;
    void    *images = d->images, *files = (void *)b->label_file;
    bool     ok = d->n_images < INT32_MAX &&
              room_for(&images, d->n_images, &b->image_room, sizeof *d->images);
    d->images = images;
    ok = ok && room_for(&files, d->n_images, &b->label_room, sizeof *b->label_file);
    b->label_file = files;
    if (!ok) return no_memory(b), -1;
    b->label_file[d->n_images] = NULL;
    d->images[d->n_images] = (gd_data_image){.label = -1};
    return (int32_t)d->n_images++;
}

int32_t gd_data_new_class(gd_data_build *b) {
    gd_data *d = b->d;
    if (d->n_classes >= GD_DATA_CLASSES)
        return gd_fail_code(b->err, GD_ERR_FORMAT, 802, "%.200s: has more than %d classes",
                            b->d->path, (int)GD_DATA_CLASSES),
               -1;
    if (d->n_classes == b->class_room) {
        size_t         old = (size_t)b->class_room, room = old ? 2 * old : 32;
        gd_data_class *c = old ? gd_mem_grow(d->classes, old * sizeof *c, room * sizeof *c)
                               : gd_mem_array(room, sizeof *c);
        if (!c) return no_memory(b), -1;
        d->classes = c;
        b->class_room = (int)room;
    }
    d->classes[d->n_classes] = (gd_data_class){0};
    return d->n_classes++;
}

/* A relative path that stays below its folder. */
static bool path_ok(const char *name, size_t n) {
    if (n == 0 || n >= GD_DATA_PATH || name[0] == '/' || memchr(name, '\0', n)) return false;
    for (size_t at = 0; at <= n;) {
        size_t end = at;
        while (end < n && name[end] != '/') end++;
        if (end - at == 2 && name[at] == '.' && name[at + 1] == '.') return false;
        at = end + 1;
    }
    return name[n - 1] != '/';
}

bool gd_data_name_image(gd_data_build *b, int32_t image, const char *name, size_t n,
                        gd_data_place at) {
    gd_data_image *im = &b->d->images[image];
    const char    *root = b->root ? b->root : "";
    size_t         k = strlen(root), total;
    bool           slash = k && root[k - 1] != '/';
    char          *path;
    if (!path_ok(name, n)) {
        gd_data_note(&b->d->report, GD_DATA_BAD_PATH, at, NULL);
        return false;
    }
    total = k + slash + n;
    if (total >= GD_DATA_PATH) {
        gd_data_note(&b->d->report, GD_DATA_BAD_PATH, at, "the path has %zu bytes", total);
        return false;
    }
    /* The name is the end of the path, so one copy serves both. */
    path = gd_arena_small(&b->d->arena, total + 1);
    if (!path) {
        b->d->report.failed = true;
        return false;
    }
    memcpy(path, root, k);
    if (slash) path[k] = '/';
    memcpy(path + k + slash, name, n);
    path[total] = '\0';
    im->path = path;
    im->name = path + k + slash;
    return true;
}

gd_status gd_data_add_box(gd_data_build *b, const gd_data_box *box) {
    gd_data_chunk *c = b->last;
    if (!c || c->n == GD_DATA_CHUNK) {
        c = gd_mem_get(sizeof *c);
        if (!c) return no_memory(b);
        c->next = NULL;
        c->n = 0;
        *(b->last ? &b->last->next : &b->first) = c;
        b->last = c;
    }
    c->box[c->n++] = *box;
    b->n_boxes++;
    return GD_OK;
}

void gd_data_build_free(gd_data_build *b) {
    while (b->first) {
        gd_data_chunk *next = b->first->next;
        gd_mem_put(b->first);
        b->first = next;
    }
    b->last = NULL;
    gd_mem_put((void *)b->label_file);
    b->label_file = NULL;
}
