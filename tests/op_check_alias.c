/* op_check_alias.c -- the hooks that avoid work: view, join and as_affine.
 *
 * Each must say the same as the operator's own kernel: an alias shows the elements that the
 * copy would hold and stays inside the memory it lives in. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/op_check.h"

/* Elements between data and the last channel of the last pixel. */
static int64_t reach(const gd_tensor *t) {
    const int64_t pixels = gd_tensor_pixels(t), C = gd_tensor_channels(t);
    return pixels && C ? (pixels - 1) * t->pitch + C : 0;
}

static bool inside(const gd_tensor *part, size_t offset, const gd_tensor *whole) {
    const size_t size = gd_dtype_size(whole->dtype);
    return offset % size == 0 &&
           offset + (size_t)reach(part) * size <= (size_t)reach(whole) * size;
}

static bool equal_bits(const gd_tensor *a, const gd_tensor *b) {
    for (int64_t k = 0; k < gd_tensor_count(a); k++) {
        const double x = gd_tensor_get(a, k), y = gd_tensor_get(b, k);
        if (memcmp(&x, &y, sizeof x) != 0) return false;
    }
    return true;
}

static void check_view(const oc_problem *p, const oc_stage *s, const char *layout) {
    gd_launch l = s->l;
    gd_tensor y = s->out[0];
    size_t    offset = 0;
    y.pitch = gd_tensor_channels(&y);
    l.out[0] = &y;
    if (!p->op->view(&l, &offset)) return;
    const bool fits = inside(&y, offset, &s->in[0]);
    y.data = (char *)s->in[0].data + offset;
    oc_report(fits, "view", p, NAN, "%s: leaves its input", layout);
    if (fits)
        oc_report(equal_bits(&y, &s->out[0]), "view", p, NAN, "%s: shows other values", layout);
}

static void check_join(const oc_problem *p, const oc_stage *s, int i, const char *layout) {
    gd_tensor x = s->in[i];
    size_t    offset = 0;
    if (!p->op->join(&s->l, i, &offset)) return;
    if (gd_tensor_pixels(&x) > 1) x.pitch = s->out[0].pitch;
    const bool fits = inside(&x, offset, &s->out[0]);
    x.data = (char *)s->out[0].data + offset;
    oc_report(fits, "join", p, NAN, "%s: input %d leaves the output", layout, i);
    if (fits)
        oc_report(equal_bits(&x, &s->in[i]), "join", p, NAN, "%s: input %d shows other values",
                  layout, i);
}

void oc_alias(const oc_problem *p) {
    static const oc_layout layouts[] = {
        {.name = "dense", .fill = 0xff},
        {.name = "pitched",
         .pitch_in = 0xffff,
         .pitch_out = true,
         .pitch_weights = true,
         .fill = 0xff},
    };
    if (!p->op->view && !p->op->join) return;
    for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++) {
        oc_stage s;
        gd_error e = {0};
        if (oc_stage_open(&s, p, GD_F64, &layouts[k], &e) == GD_OK &&
            oc_stage_run(&s, p, NULL, &e) == GD_OK) {
            if (p->op->view) check_view(p, &s, layouts[k].name);
            for (int i = 0; p->op->join && i < p->n_in; i++)
                check_join(p, &s, i, layouts[k].name);
        } else {
            oc_report(false, "alias", p, NAN, "%s", e.msg);
        }
        oc_stage_close(&s);
    }
}

void oc_affine(const oc_problem *p) {
    const oc_layout constant = {.name = "dense", .constants = true, .fill = 0xff};
    const oc_layout changing = {.name = "dense", .fill = 0xff};
    oc_stage        s, loose;
    gd_error        e = {0};
    if (!p->op->as_affine) return;
    if (oc_stage_open(&s, p, GD_F64, &constant, &e) != GD_OK ||
        oc_stage_run(&s, p, NULL, &e) != GD_OK) {
        oc_report(false, "affine", p, NAN, "%s", e.msg);
        oc_stage_close(&s);
        return;
    }
    const int64_t C = gd_tensor_channels(&s.in[0]), n = gd_tensor_count(&s.in[0]);
    double       *scale = oc_alloc((size_t)C * sizeof *scale);
    double       *shift = oc_alloc((size_t)C * sizeof *shift);
    if (p->op->as_affine(&s.l, scale, shift)) {
        double worst = 0, top = 0;
        for (int64_t k = 0; k < n; k++) {
            const double y = gd_tensor_get(&s.out[0], k);
            const double d = gd_tensor_get(&s.in[0], k) * scale[k % C] + shift[k % C] - y;
            worst = fmax(worst, fabs(d));
            top = fmax(top, fabs(y));
        }
        oc_report(worst <= 1e-12 * (1 + top), "affine", p, worst / (1e-12 * (1 + top)),
                  "scale and shift are off by %.3g", worst);
    }
    if (p->n_in > 1 && oc_stage_open(&loose, p, GD_F64, &changing, &e) == GD_OK) {
        oc_report(!p->op->as_affine(&loose.l, scale, shift), "affine", p, NAN,
                  "claimed with parameters that may change");
        oc_stage_close(&loose);
    }
    free(scale);
    free(shift);
    oc_stage_close(&s);
}
