/* filter_text.h -- "guided:radius=8,eps=0.01": a filter's name and values, read and written. */
#ifndef GD_LAYERS_FILTER_TEXT_H
#define GD_LAYERS_FILTER_TEXT_H

#include <stdbool.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_filter_kind {
    GD_FILTER_KIND_GUIDED,
    GD_FILTER_KIND_GAUSSIAN,
    GD_FILTER_KIND_BILATERAL,
    GD_FILTER_KIND_SHARPEN,
    GD_FILTER_KIND_SOBEL,
    GD_N_FILTER_KIND
} gd_filter_kind;

enum { GD_FILTER_VALUES = 4, GD_FILTER_TEXT = 96 };

/* Places of the values, by kind. A choice is the number of its word. */
enum { GD_GUIDED_RADIUS, GD_GUIDED_EPS, GD_GUIDED_GUIDE };
enum { GD_BLUR_SIGMA, GD_BLUR_SIZE };
enum { GD_BILATERAL_RADIUS, GD_BILATERAL_COLOR, GD_BILATERAL_SPACE };
enum { GD_SHARPEN_AMOUNT, GD_SHARPEN_SIGMA };
enum { GD_SOBEL_ALONG, GD_SOBEL_SIZE, GD_SOBEL_SCALE, GD_SOBEL_GREY };

typedef struct gd_filter_text {
    gd_filter_kind kind;
    double         value[GD_FILTER_VALUES];
} gd_filter_text;

/* Fails with code 204, naming what is known. */
gd_status gd_filter_read(const char *text, gd_filter_text *out, gd_error *err) GD_MUST_CHECK;
/* All values, in their order; returns buf. */
const char *gd_filter_write(const gd_filter_text *t, char buf[GD_FILTER_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
