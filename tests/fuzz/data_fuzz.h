/* data_fuzz.h -- a data set made of any bytes, and what must hold of it then. */
#ifndef GD_TESTS_FUZZ_DATA_FUZZ_H
#define GD_TESTS_FUZZ_DATA_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/data/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct subject {
    gd_data        *d;
    gd_data_options opt;
    gd_error        err;
    gd_data_build   b;
} subject;

static inline void subject_open(subject *s) {
    s->d = gd_mem_get_zero(sizeof *s->d);
    if (!s->d) abort();
    s->opt = gd_data_defaults();
    s->opt.most_bad = -1;
    s->err = (gd_error){0};
    s->d->path = s->d->split = s->d->format = "";
    s->b = (gd_data_build){.d = s->d, .opt = &s->opt, .err = &s->err, .root = "root"};
}

/* Indices in range, boxes grouped, sizes positive; counts that add up. */
static inline void subject_end(subject *s, gd_status st) {
    gd_data *d = s->d;
    size_t   n = 0;
    if (st == GD_OK) st = gd_data_build_end(&s->b);
    if (st == GD_ERR_ARG) abort();
    for (size_t i = 0; st == GD_OK && i < d->n_images; i++) {
        const gd_data_image *im = &d->images[i];
        if (im->first != n || im->n < 0 || im->label >= d->n_classes || !im->name) abort();
        if (im->name[0] == '/' || !strncmp(im->name, "../", 3)) abort();
        n += (size_t)im->n;
        for (size_t k = im->first; k < n; k++) {
            const gd_data_box *x = &d->boxes[k];
            if ((size_t)x->image != i || x->label < 0 || x->label >= d->n_classes) abort();
            if (!(x->w > 0 && x->h > 0)) abort();
        }
    }
    if (st == GD_OK && n != d->n_boxes) abort();
    gd_data_build_free(&s->b);
    gd_data_close(d);
}

#endif
