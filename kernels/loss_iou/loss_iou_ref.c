/* loss_iou_ref.c -- the definition of the overlap losses, and of their gradient.
 *
 * Both walk the axes: a pair of intervals has an overlap i and a hull h, and the areas are
 * products over the two axes. */
#include "kernels/loss_iou/loss_iou.h"

#include <tgmath.h>

#include "kernels/loss/loss_ref.h"

/* One axis: [a0, a1] predicted, [b0, b1] wanted. */
typedef struct axis {
    gd_real a0, a1, b0, b1, i, h;
} axis;

static axis axis_of(const gd_real *a, const gd_real *b, int k, bool center) {
    axis x = {a[k], a[k + 2], b[k], b[k + 2], 0, 0};
    if (center)
        x = (axis){a[k] - a[k + 2] / 2,
                   a[k] + a[k + 2] / 2,
                   b[k] - b[k + 2] / 2,
                   b[k] + b[k + 2] / 2,
                   0,
                   0};
    x.i = fmin(x.a1, x.b1) - fmax(x.a0, x.b0);
    x.h = fmax(x.a1, x.b1) - fmin(x.a0, x.b0);
    return x;
}

/* Areas: of the intersection, of what either covers, of the box around both. */
typedef struct areas {
    axis    x, y;
    gd_real both, any, hull;
    bool    meet;
} areas;

static areas areas_of(const gdk_loss_in *in, int64_t r) {
    const bool     center = ((const gd_iou_loss *)in->attr)->center != 0;
    const gd_real *a = gd_pixel(in->pred, r), *b = gd_pixel(in->target, r);
    areas          s = {.x = axis_of(a, b, 0, center), .y = axis_of(a, b, 1, center)};
    s.meet = s.x.i > 0 && s.y.i > 0;
    s.both = s.meet ? s.x.i * s.y.i : 0;
    s.any =
        (s.x.a1 - s.x.a0) * (s.y.a1 - s.y.a0) + (s.x.b1 - s.x.b0) * (s.y.b1 - s.y.b0) - s.both;
    s.hull = s.x.h * s.y.h;
    return s;
}

static gd_real quotient(gd_real a, gd_real b) { return b == 0 ? 0 : a / b; }

gd_real GD_REF(iou_loss_row)(const gdk_loss_in *in, int64_t r) {
    const gd_iou_loss *a = in->attr;
    const gd_real      eps = a->eps;
    const areas        s = areas_of(in, r);
    const gd_real      iou = quotient(s.both, s.any + eps);
    if (a->kind == GD_IOU_SQUARED) return 1 - iou * iou;
    return a->kind == GD_IOU_LINEAR ? 1 - iou
                                    : 1 - iou + quotient(s.hull - s.any, s.hull + eps);
}

/* How the loss answers to the length of the overlap, of the hull and of pred along an axis. */
typedef struct pull {
    gd_real i, h, a;
} pull;

/* d max(a, b) / da: half where they are equal. */
static gd_real share(gd_real a, gd_real b) { return a > b ? 1 : a < b ? 0 : GD_REAL(0.5); }

static void pull_axis(const axis *x, pull p, int k, bool center, gd_real scale, gd_real *d) {
    const gd_real d0 = -p.a - p.i * share(x->a0, x->b0) - p.h * share(x->b0, x->a0);
    const gd_real d1 = p.a + p.i * share(x->b1, x->a1) + p.h * share(x->a1, x->b1);
    d[k] = scale * (center ? d0 + d1 : d0);
    d[k + 2] = scale * (center ? (d1 - d0) / 2 : d1);
}

void GD_REF(iou_loss_slope)(const gdk_loss_in *in, int64_t r, gd_real scale, gd_real *d) {
    const gd_iou_loss *a = in->attr;
    const gd_real      eps = a->eps;
    const areas        s = areas_of(in, r);
    const gd_real      iou = quotient(s.both, s.any + eps), inv = quotient(1, s.any + eps);
    const gd_real      d_iou = a->kind == GD_IOU_SQUARED ? -2 * iou : -1;
    /* l as a function of the three areas, then of `both` and the area A of pred: any = A + B -
     * both. */
    gd_real d_both = d_iou * inv, d_any = -d_iou * iou * inv, d_hull = 0;
    if (a->kind == GD_IOU_GENERAL) {
        const gd_real over = quotient(1, s.hull + eps);
        d_any -= over;
        d_hull = over - (s.hull - s.any) * over * over;
    }
    d_both = s.meet ? d_both - d_any : 0;
    const pull x = {d_both * s.y.i, d_hull * s.y.h, d_any * (s.y.a1 - s.y.a0)};
    const pull y = {d_both * s.x.i, d_hull * s.x.h, d_any * (s.x.a1 - s.x.a0)};
    pull_axis(&s.x, x, 0, a->center != 0, scale, d);
    pull_axis(&s.y, y, 1, a->center != 0, scale, d);
}

gd_status GD_REF(iou_loss)(const gd_launch *l, gd_error *err) {
    (void)err;
    return gd_loss_forward(l, GD_REF(iou_loss_row));
}

gd_status GD_REF(iou_loss_bwd)(const gd_launch *l, gd_error *err) {
    (void)err;
    return gd_loss_backward(l, GD_REF(iou_loss_slope));
}
