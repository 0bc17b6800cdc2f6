/* build.h -- how a reader hands over what it reads, in any order, to become a gd_data.
 *
 * Boxes are gathered in chunks and moved once to their place by picture, so the peak of memory
 * is twice the arrays. They are judged at the end, when sizes and classes are known. */
#ifndef GD_TOOLS_DATA_BUILD_H
#define GD_TOOLS_DATA_BUILD_H

#include "tools/data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From any 64-bit number to an index: 0, 1, ... in the order of the first meeting. */
typedef struct gd_id_map {
    int64_t *key;
    int32_t *index; /* -1: free */
    size_t   room;  /* 0 or a power of two */
    int32_t  used;
} gd_id_map;

/* The index of a key; a new key is added, *fresh tells. < 0: no memory, or 2^31 keys. */
int32_t gd_id_map_take(gd_id_map *m, int64_t key, bool *fresh);
int32_t gd_id_map_find(const gd_id_map *m, int64_t key); /* -1: none */
void    gd_id_map_free(gd_id_map *m);

typedef struct gd_data_chunk gd_data_chunk;

typedef struct gd_data_build {
    gd_data               *d;
    const gd_data_options *opt;
    gd_error              *err; /* never NULL */
    gd_data_chunk         *first, *last;
    size_t                 n_boxes;
    size_t                 image_room;
    int                    class_room;
    const char           **label_file; /* [image]: where its boxes stand; NULL: d->path */
    size_t                 label_room;
    const char            *root; /* folder of the pictures */
    bool by_id;      /* COCO: images and classes are sorted by id; else images by name */
    bool sort_names; /* classes are sorted by name; else they stay as read */
} gd_data_build;

/* A new picture whose fields `name` ... are {0} except label -1; its index, or < 0 (no memory;
 * the error is filled). An image without a name at the end is one that was never described. */
int32_t gd_data_new_image(gd_data_build *b);
/* Copies the name (relative to the root) and makes the path. False: the name is no path below
 * the root (BAD_PATH was noted) or memory ran out (b->d->report.failed). */
bool      gd_data_name_image(gd_data_build *b, int32_t image, const char *name, size_t n,
                             gd_data_place at);
int32_t   gd_data_new_class(gd_data_build *b); /* as gd_data_new_image; its name is NULL */
gd_status gd_data_add_box(gd_data_build *b, const gd_data_box *box) GD_MUST_CHECK;

/* Sorts, judges, groups: the data set is complete. */
gd_status gd_data_build_end(gd_data_build *b) GD_MUST_CHECK;
void      gd_data_build_free(gd_data_build *b); /* not the data set */

/* ---- readers ----------------------------------------------------------------------------- */

gd_status gd_data_read_coco(gd_data_build *b, const char *path) GD_MUST_CHECK;
gd_status gd_data_read_voc(gd_data_build *b, const char *folder) GD_MUST_CHECK;
gd_status gd_data_read_yolo(gd_data_build *b, const char *yaml) GD_MUST_CHECK;
gd_status gd_data_read_folders(gd_data_build *b, const char *folder) GD_MUST_CHECK;

/* The same from memory, for COCO JSON; `path` is for messages. */
gd_status gd_data_read_coco_text(gd_data_build *b, const char *path, const void *text,
                                 size_t size) GD_MUST_CHECK;

/* ---- helpers of the readers -------------------------------------------------------------- */

/* True when `name` has the extension of a picture that is read. */
bool gd_data_is_picture(const char *name);
/* "folder/name" in `out` (GD_DATA_PATH); false: too long. */
bool gd_data_join(char *out, const char *folder, const char *name);
bool gd_data_is_folder(const char *path);
bool gd_data_is_file(const char *path);
/* Names in a folder, sorted by bytes, without . and ..; the arena owns them. */
gd_status gd_data_list(const char *folder, gd_arena *arena, const char ***names, size_t *n,
                       gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
