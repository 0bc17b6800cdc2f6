/* dataset.h -- annotated pictures in memory: where they are, their boxes and their classes.
 *
 *     PATH                                  format
 *     instances.json                        "coco": COCO JSON, read as a stream
 *     FOLDER with Annotations (.xml)        "voc": Pascal VOC, splits in ImageSets/Main/N.txt
 *     data.yaml, or the folder it is in     "yolo": a .txt a picture, names in data.yaml
 *     FOLDER with a folder a class          "folders": classification, no boxes
 *
 * Boxes are continuous: x, y is the corner, and the first pixel covers 0 .. 1. What is wrong
 * with a file is counted by kind and kept with its place (problems.h); labels that cannot be
 * used are left out, and more than 1 % of them refuse the data set. Pictures are not opened
 * here. */
#ifndef GD_TOOLS_DATA_DATASET_H
#define GD_TOOLS_DATA_DATASET_H

#include "engine/arena.h"
#include "tools/data/problems.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GD_DATA_CROWD = 1,      /* COCO iscrowd: a region of many objects */
    GD_DATA_DIFFICULT = 2,  /* VOC difficult: not counted when judged */
    GD_DATA_TRUNCATED = 4,  /* VOC truncated */
    GD_DATA_DEGENERATE = 8, /* no area, or outside its picture: only with keep_degenerate */
    GD_DATA_MASK = 16       /* the file has its outline, which is not read */
};

enum { GD_DATA_CLASSES = 65536, GD_DATA_LINE_BYTES = 1 << 20, GD_DATA_PATH = 4096 };

typedef struct gd_data_box {
    double   x, y, w, h; /* pixels of the picture as annotated */
    double   area;       /* pixels: of the outline where the file tells, else w * h */
    int64_t  id;         /* of the annotation; -1: it has none */
    int32_t  image;      /* index into images */
    int32_t  label;      /* index into classes */
    uint32_t flags;
    uint32_t line; /* of its file; 0: not known (COCO) */
} gd_data_box;

typedef struct gd_data_image {
    const char *path; /* to open */
    const char *name; /* as the data set calls it: relative to its folder of pictures */
    int64_t     id;   /* COCO: its own; else 1, 2, ... */
    int32_t     width, height; /* as annotated; 0: the data set does not tell */
    int32_t     label;         /* class of the whole picture ("folders"); else -1 */
    int32_t     n;             /* its boxes: boxes[first .. first + n), in the file's order */
    size_t      first;
} gd_data_image;

typedef struct gd_data_class {
    const char *name;
    int64_t     id; /* COCO's category id; else the index */
} gd_data_class;

typedef struct gd_data {
    gd_arena       arena;  /* owns every string */
    const char    *format; /* "coco", "voc", "yolo", "folders"; static storage */
    const char    *path;   /* as given */
    const char    *split;  /* "" where there are none */
    gd_data_image *images; /* COCO: by id; else by name */
    size_t         n_images;
    gd_data_box   *boxes; /* by image */
    size_t         n_boxes;
    gd_data_class *classes; /* COCO: by category id; VOC and folders: by name; YOLO: as named */
    int            n_classes;
    gd_data_report report;
} gd_data;

typedef struct gd_data_options {
    const char *format; /* NULL: by what is there */
    const char *split;  /* "train", "val", ...; NULL: all that a VOC folder has, the only or the
                         * first of the others (train) */
    const char *images; /* folder of the pictures; NULL: beside the annotations */
    double      most_bad; /* share of labels or pictures that may be unusable; < 0: any */
    bool        keep_degenerate; /* boxes without area, or outside, stay: as pycocotools does */
    /* Classes in the order of a model's outputs; NULL: the data set's own. Every class of the
     * data set must be among them. VOC needs them where a split lacks a class. */
    const char *const *names;
    int                n_names;
} gd_data_options;

/* most_bad 0.01, the rest 0. */
gd_data_options gd_data_defaults(void);

/* Options NULL: the defaults. GD_ERR_IO: not readable; GD_ERR_FORMAT with a code 80x (exit code
 * 8): refused. */
gd_status gd_data_open(const char *path, const gd_data_options *opt, gd_data **out,
                       gd_error *err) GD_MUST_CHECK;
void      gd_data_close(gd_data *d); /* NULL is allowed */

/* Names of the splits at `path`, in the order train, val, test, others; n 0: it has none (a
 * single COCO file). Strings live in the arena. */
gd_status gd_data_splits(const char *path, const gd_data_options *opt, gd_arena *arena,
                         const char *const **names, int *n, gd_error *err) GD_MUST_CHECK;

/* Image whose id, or whose name, is this; -1: none. */
long gd_data_find_id(const gd_data *d, int64_t id);
/* Index of a class by its name; -1: none. */
int gd_data_find_class(const gd_data *d, const char *name);

#ifdef __cplusplus
}
#endif
#endif
