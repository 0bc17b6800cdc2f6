/* simota.h -- attributes of SimOTA, the assignment of YOLOX (Ge et al. 2021).
 *
 *   boxes [B,A,4] as predicted (x1 y1 x2 y2), objectness logits [B,A,1], class logits [B,A,C],
 *   points [A,3] (centre x, y and stride of each cell), gt [B,G,4], gt labels I32[B,G],
 *   gt_count I32[B]
 *   ->  match I32[B,A], iou [B,A], count I32[B]
 *
 * For each picture, as the official implementation (0.3) has it:
 *   near(g, a)   both distances of the centre of box g from point a are below radius * stride
 *   a takes part where near(g, a) for some g
 *   p_c = sqrt(sigmoid(class_c) * sigmoid(objectness))
 *   cost(g, a) = sum over c of the binary cross-entropy of p_c (logarithms from -100 on), and
 *                3 * -log(iou(g, a) + 1e-8), and 1e6 where not near(g, a)
 *   k(g) = the 10 largest iou(g, .) summed, rounded down, at least 1
 * Each box g takes the k(g) rows of least cost, of equal ones the first; a row that several
 * take goes to the box of least cost of all. match is that box, -1: none; iou is that with it,
 * 0: none; count is the number of rows that have one. Not differentiable. */
#ifndef GD_KERNELS_SIMOTA_H
#define GD_KERNELS_SIMOTA_H

#include "kernels/rows.h"

enum { GD_SIMOTA_K = 10 };

typedef struct gd_simota {
    float radius;
} gd_simota;

/* Places of the inputs. */
enum {
    GD_SIMOTA_BOX,
    GD_SIMOTA_OBJECT,
    GD_SIMOTA_CLASS,
    GD_SIMOTA_POINT,
    GD_SIMOTA_GT,
    GD_SIMOTA_LABEL,
    GD_SIMOTA_COUNT,
    GD_SIMOTA_IN
};

GD_REF_DECLARE(simota)
size_t    gdk_simota_cpu_scratch(const gd_launch *l, const gd_device_caps *dev);
gd_status gdk_simota_cpu_f32(const gd_launch *l, gd_error *err);

#endif
