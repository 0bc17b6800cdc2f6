/* yolo_yaml.h -- data.yaml: where the pictures of each split are, and the names of classes. */
#ifndef GD_TOOLS_DATA_YOLO_YAML_H
#define GD_TOOLS_DATA_YOLO_YAML_H

#include "engine/arena.h"
#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_YOLO_SPLITS = 3, GD_YOLO_PLACES = 64, GD_YOLO_BYTES = 4 << 20 };

typedef struct gd_yolo_yaml { /* strings live in the arena */
    const char  *base; /* folder that the places are relative to: `path`, else the file's own */
    const char  *split[GD_YOLO_SPLITS];                 /* "train", "val", "test" */
    const char  *place[GD_YOLO_SPLITS][GD_YOLO_PLACES]; /* folders, or .txt lists */
    int          n_places[GD_YOLO_SPLITS];              /* 0: the split is not there */
    const char **names;                                 /* [n_names], every one there */
    int          n_names;
} gd_yolo_yaml;

/* E802 names the line. Keys that are not known are passed over. */
gd_status gd_yolo_yaml_read(const char *path, gd_arena *arena, gd_yolo_yaml *out,
                            gd_error *err) GD_MUST_CHECK;
/* The same from memory. */
gd_status gd_yolo_yaml_text(const char *path, const void *text, size_t size, gd_arena *arena,
                            gd_yolo_yaml *out, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
