/* layout.h -- which format lies at a path, and what splits it has. */
#ifndef GD_TOOLS_DATA_LAYOUT_H
#define GD_TOOLS_DATA_LAYOUT_H

#include "tools/data/build.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_data_format {
    GD_DATA_COCO,
    GD_DATA_VOC,
    GD_DATA_YOLO,
    GD_DATA_FOLDERS,
    GD_DATA_FORMATS
} gd_data_format;
extern const char *const gd_data_format_names[GD_DATA_FORMATS];

typedef struct gd_data_layout { /* strings live in the arena it was found with */
    gd_data_format format;
    const char    *main;   /* the file (COCO JSON, data.yaml) or folder that is read */
    const char   **splits; /* train, val, test, then others */
    int            n_splits;
    const char   **files; /* [n_splits] COCO: the file of each; else NULL */
} gd_data_layout;

/* `format`: NULL for what is there. E802: nothing that is known. */
gd_status gd_data_layout_find(const char *path, const char *format, gd_arena *arena,
                              gd_data_layout *out, gd_error *err) GD_MUST_CHECK;
/* Index of the split that `name` means: its own name, else the first that begins with it
 * (train2017 for train); -1: none. */
int gd_data_layout_split(const gd_data_layout *l, const char *name);
/* Adds a split at its place in the order; the file may be NULL. */
gd_status gd_data_layout_add(gd_data_layout *l, gd_arena *arena, const char *name,
                             const char *file, gd_error *err) GD_MUST_CHECK;

/* The splits that a data.yaml names. */
gd_status gd_data_yolo_splits(gd_data_layout *l, gd_arena *arena, gd_error *err) GD_MUST_CHECK;
/* The folder of the pictures of a COCO file, by its place; NULL: no memory. */
const char *gd_data_coco_root(gd_arena *arena, const char *json);

#ifdef __cplusplus
}
#endif
#endif
