/* folder_read.c -- a folder a class: dog/1.jpg, cat/2.jpg; splits are folders around them. */
#include <stdio.h>
#include <string.h>

#include "tools/data/build.h"

static gd_status no_memory(gd_data_build *b) {
    return gd_fail(b->err, GD_ERR_NOMEM, "%.200s: no memory", b->d->path);
}

/* Pictures of a class's folder; folders inside it are not looked into. */
static gd_status add_class(gd_data_build *b, const char *folder, const char *class) {
    gd_arena     arena = {0};
    const char **names;
    size_t       n;
    char         name[GD_DATA_PATH];
    int32_t      label = gd_data_new_class(b), image;
    gd_status    st;
    if (label < 0) return b->err->status;
    b->d->classes[label].name = gd_arena_string(&b->d->arena, class);
    if (!b->d->classes[label].name) return no_memory(b);
    GD_GO(gd_data_list(folder, &arena, &names, &n, b->err));
    for (size_t i = 0; i < n; i++) {
        gd_data_place at = {.file = folder, .id = -1, .picture = names[i]};
        if (!gd_data_is_picture(names[i])) continue;
        b->d->report.pictures++;
        image = gd_data_new_image(b);
        if (image < 0) GD_GO(b->err->status);
        b->d->images[image].label = label;
        if (!gd_data_join(name, class, names[i]) ||
            !gd_data_name_image(b, image, name, strlen(name), at)) {
            if (b->d->report.failed) GD_GO(no_memory(b));
        }
    }
done:
    gd_arena_free(&arena);
    return st;
}

gd_status gd_data_read_folders(gd_data_build *b, const char *folder) {
    gd_arena     arena = {0};
    const char **names;
    size_t       n;
    char         root[GD_DATA_PATH], path[GD_DATA_PATH];
    gd_status    st = GD_OK;
    b->sort_names = true;
    if (!gd_data_join(root, folder, b->d->split))
        return gd_fail_code(b->err, GD_ERR_FORMAT, 802, "%.200s: the path is too long", folder);
    b->root = gd_arena_string(&b->d->arena, *b->d->split ? root : folder);
    if (!b->root) return no_memory(b);
    GD_GO(gd_data_list(b->root, &arena, &names, &n, b->err));
    for (size_t i = 0; i < n; i++)
        if (names[i][0] != '.' && gd_data_join(path, b->root, names[i]) &&
            gd_data_is_folder(path))
            GD_GO(add_class(b, path, names[i]));
    if (!b->d->n_images) {
        st = gd_fail_code(b->err, GD_ERR_FORMAT, 802, "%.200s: holds no pictures", b->root);
        gd_error_hint(b->err, "classes are folders of pictures: dog/1.jpg, cat/2.jpg");
    }
done:
    gd_arena_free(&arena);
    return st;
}
