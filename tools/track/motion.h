/* motion.h -- a box that moves at constant velocity: the Kalman filters of SORT and ByteTrack.
 *
 * Both papers filter four numbers of a box and their velocities. Their motion, measurement and
 * noise matrices couple a number with its own velocity only, so the filter of seven or eight
 * dimensions is four of two, and no matrix is ever inverted. */
#ifndef GD_TOOLS_TRACK_MOTION_H
#define GD_TOOLS_TRACK_MOTION_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One number of a box: its estimate, its velocity a frame, and their covariance. */
typedef struct gd_axis {
    double x, v;
    double pxx, pxv, pvv;
} gd_axis;

/* SORT: centre x, centre y, area, width / height (without velocity). */
void gd_sort_begin(gd_axis a[4], const double box[4]);
void gd_sort_predict(gd_axis a[4]);
void gd_sort_correct(gd_axis a[4], const double box[4]);
void gd_sort_box(const gd_axis a[4], double box[4]);

/* ByteTrack: centre x, centre y, width / height, height. A box that is not seen stops
 * growing. */
void gd_byte_begin(gd_axis a[4], const double box[4]);
void gd_byte_predict(gd_axis a[4], bool seen);
void gd_byte_correct(gd_axis a[4], const double box[4]);
void gd_byte_box(const gd_axis a[4], double box[4]);

#ifdef __cplusplus
}
#endif
#endif
