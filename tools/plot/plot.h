/* plot.h -- charts as pictures: lines between axes, and tables of shares as shades.
 *
 *     gd_plot_line line[] = {{"all classes", x, y, n, {0, 0, 0}, 3}};
 *     gd_plot      p = {.title = "Precision and recall", .x_label = "recall", .line = line,
 *                       .n_lines = 1, .x = {0, 1}, .y = {0, 1}};
 *     GD_GO(gd_plot_lines(&p, &image, err));
 *     st = gd_encode_file("pr.png", 0, &image.image, err);
 *     gd_plot_free(&image);
 *
 * Text is that of tools/draw: no font is read at run time. */
#ifndef GD_TOOLS_PLOT_PLOT_H
#define GD_TOOLS_PLOT_PLOT_H

#include "tools/draw/draw.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A finished chart; released with gd_plot_free, which takes {0}. */
typedef struct gd_plot_picture {
    gd_image image;
    uint8_t *pixels;
} gd_plot_picture;
void gd_plot_free(gd_plot_picture *p);

typedef struct gd_plot_line {
    const char   *name; /* in the legend, UTF-8; NULL: not there */
    const double *x, *y;
    int           n; /* points; those that are not finite break the line */
    gd_color      color;
    float         width; /* pixels */
} gd_plot_line;

typedef struct gd_plot {
    const char         *title, *x_label, *y_label; /* may be NULL */
    const gd_plot_line *line;
    int                 n_lines;
    double              x[2], y[2];    /* least and largest; equal: taken from the lines */
    int                 width, height; /* 0: 960 x 640 */
} gd_plot;

/* GD_ERR_ARG: a picture below 160 x 120 or above 8192. */
gd_status gd_plot_lines(const gd_plot *p, gd_plot_picture *out, gd_error *err) GD_MUST_CHECK;

/* A table of n x n numbers: rows are what is true, columns what was found. A cell's shade is
 * its share of its row; its number is written where there is room. */
typedef struct gd_plot_table {
    const char        *title, *row_label, *column_label;
    const char *const *names; /* n, UTF-8 */
    int                n;     /* 1 .. GD_PLOT_TABLE_MOST */
    const int64_t     *count; /* [n][n]; rows that sum to 0 stay white */
} gd_plot_table;

enum { GD_PLOT_TABLE_MOST = 512 };

gd_status gd_plot_counts(const gd_plot_table *t, gd_plot_picture *out,
                         gd_error *err) GD_MUST_CHECK;

/* Ten colours that are told apart, also by most who see colours differently; then again. */
gd_color gd_plot_color(int i);

/* ---- axes --------------------------------------------------------------------------------
 *
 * Marks of an axis: multiples of 1, 2 or 5 times a power of ten, at most `most` of them. Fills
 * *first and *step, and tells how many lie within [low, high]; 0 where the range is empty or
 * not finite. */
int gd_plot_marks(double low, double high, int most, double *first, double *step);

/* Text that runs upwards; (x, y) is where its baseline begins, at its lower end. */
gd_status gd_plot_text_up(const gd_canvas *c, float x, float y, const char *text, float size,
                          gd_color color, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
