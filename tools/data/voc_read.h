/* voc_read.h -- one Pascal VOC annotation, also from memory. */
#ifndef GD_TOOLS_DATA_VOC_READ_H
#define GD_TOOLS_DATA_VOC_READ_H

#include "tools/data/build.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_VOC_NAME = 256, GD_VOC_BYTES = 16 << 20 };

typedef struct gd_voc_object {
    char        name[GD_VOC_NAME];
    double      box[4]; /* xmin ymin xmax ymax as written: 1-based, inclusive */
    unsigned    have;   /* a bit for each of box */
    unsigned    flags;  /* GD_DATA_DIFFICULT, GD_DATA_TRUNCATED */
    uint32_t    line;   /* of <object> */
    const char *fault;  /* a value that cannot be read; static storage */
} gd_voc_object;

typedef struct gd_voc_page { /* {0} is empty */
    char           filename[GD_VOC_NAME];
    double         width, height; /* 0: not told */
    gd_voc_object *objects;
    size_t         n, room;
} gd_voc_page;

/* Reads one annotation. A DOCTYPE, with which entities begin, is refused. GD_ERR_FORMAT (E802)
 * names the line. */
gd_status gd_voc_text(const char *path, const void *text, size_t size, gd_voc_page *out,
                      gd_error *err) GD_MUST_CHECK;
void      gd_voc_page_free(gd_voc_page *p);

#ifdef __cplusplus
}
#endif
#endif
