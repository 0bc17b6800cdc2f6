/* loader_fill.c -- one batch: its pictures read, placed and packed, their boxes moved. */
#include <math.h>
#include <string.h>

#include "kernels/augment/augment.h"
#include "tools/data/loader_impl.h"

/* Streams of random numbers of one position. */
enum { PLACE, PARTNERS, CANVAS, REPLACE };
enum { ATTEMPTS = 64 };

/* ---- pictures ---------------------------------------------------------------------------- */

/* Counts a picture that cannot be used, once. GD_ERR_FORMAT when there are too many. */
static gd_status note_bad(gd_loader *l, uint32_t index, gd_data_kind kind, const char *why,
                          gd_error *err) {
    const gd_data_image *im = &l->data->images[index];
    gd_status            st = GD_OK;
    pthread_mutex_lock(&l->lock);
    l->stats.replaced++;
    if (!l->bad[index]) {
        l->bad[index] = 1;
        l->stats.bad++;
        gd_data_note(&l->report, kind, (gd_data_place){.file = im->path, .id = -1}, "%.250s",
                     why);
    }
    if ((double)l->stats.bad > l->o.most_bad * (double)l->data->n_images) {
        st = gd_fail_code(err, GD_ERR_FORMAT, 805,
                          "%.150s: %llu of %zu pictures cannot be read in training",
                          l->data->path, (unsigned long long)l->stats.bad, l->data->n_images);
        gd_error_why(err, "the last: %.400s", why);
        gd_error_hint(err, "gdrun data check lists them; --fix leaves them out");
    }
    pthread_mutex_unlock(&l->lock);
    return st;
}

/* Whether the decoded picture has the size that its labels were made for. One that was labelled
 * as it is stored is read so. */
static gd_status read_as_labelled(gd_loader_worker *w, const gd_data_image *im, bool *other,
                                  gd_error *err) {
    const gd_read_options stored = {.no_exif = true};
    gd_picture           *p = &w->picture;
    *other = false;
    GD_TRY(gd_decoder_read(w->decoder, im->path, NULL, p, err));
    if (!im->width || (p->width == im->width && p->height == im->height)) return GD_OK;
    if (p->orientation >= 5 && p->width == im->height && p->height == im->width)
        return gd_decoder_read(w->decoder, im->path, &stored, p, err);
    *other = true;
    return GD_OK;
}

/* Averages two by two, in place; an odd last row or column is left out. */
static void halve(gd_picture *p) {
    const size_t w = (size_t)p->width / 2, h = (size_t)p->height / 2;
    const size_t line = (size_t)p->width * 3;
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            for (size_t c = 0; c < 3; c++) {
                const uint8_t *q = p->rgb + 2 * y * line + 6 * x + c;
                p->rgb[(y * w + x) * 3 + c] =
                    (uint8_t)((q[0] + q[3] + q[line] + q[line + 3] + 2) / 4);
            }
    p->width = (int)w;
    p->height = (int)h;
}

/* torchvision's grey of the whole picture, after its brightness. */
static double mean_grey(const gd_picture *p, double brightness) {
    const size_t n = (size_t)p->width * (size_t)p->height;
    const float  b = (float)brightness;
    double       sum = 0;
    for (size_t i = 0; i < n; i++) {
        float v[3];
        for (size_t c = 0; c < 3; c++) v[c] = fminf(b * (float)p->rgb[3 * i + c], 255);
        sum += (double)(0.2989f * v[0] + 0.587f * v[1] + 0.114f * v[2]);
    }
    return n ? sum / (double)n : 0;
}

/* Reads picture *index, or, where it cannot be used, another one of its group instead. */
static gd_status read_one(gd_loader_worker *w, uint32_t position, uint32_t *index,
                          gd_error *err) {
    gd_loader *l = w->l;
    gd_draws   d = gd_draws_of(l->o.seed, w->b->epoch, position, REPLACE);
    for (int k = 0; k < ATTEMPTS; k++) {
        const gd_data_image *im = &l->data->images[*index];
        gd_error             why = {0};
        bool                 other;
        gd_status            st = read_as_labelled(w, im, &other, &why);
        gd_data_kind         kind = st == GD_ERR_IO ? GD_DATA_NO_PICTURE : GD_DATA_BAD_PICTURE;
        if (st == GD_ERR_NOMEM || why.code == 310) { /* no fault of the picture */
            if (err) *err = why;
            return st;
        }
        if (st == GD_OK && other) {
            kind = GD_DATA_OTHER_SIZE;
            gd_fail(&why, GD_ERR_FORMAT, "%.150s: has %d x %d pixels, its labels %d x %d",
                    im->path, w->picture.width, w->picture.height, im->width, im->height);
        }
        if (st == GD_OK && !other) {
            while ((int64_t)w->picture.width * w->picture.height > l->cap &&
                   w->picture.width > 1 && w->picture.height > 1)
                halve(&w->picture);
            if ((int64_t)w->picture.width * w->picture.height <= l->cap) return GD_OK;
            gd_fail(&why, GD_ERR_FORMAT, "%.150s: is too long and thin", im->path);
        }
        GD_TRY(note_bad(l, *index, kind, why.msg, err));
        const gd_order *o = &w->order;
        *index = o->members[w->tall][gd_draws_below(&d, o->n[w->tall])];
    }
    return gd_fail_code(err, GD_ERR_FORMAT, 805, "%.200s: no picture can be read",
                        l->data->path);
}

/* ---- packing ----------------------------------------------------------------------------- */

/* Boxes of a picture behind those that row b has. A crowd is no single object. */
static void add_boxes(gd_loader_worker *w, int b, uint32_t index, const gd_place *p,
                      double shrunk_x, double shrunk_y) {
    gd_loader           *l = w->l;
    gd_batch            *out = w->b;
    const gd_data_image *im = &l->data->images[index];
    uint64_t             dropped = 0;
    for (int k = 0; k < im->n; k++) {
        const gd_data_box *x = &l->data->boxes[im->first + (size_t)k];
        const double       box[4] = {x->x * shrunk_x, x->y * shrunk_y, x->w * shrunk_x,
                                     x->h * shrunk_y};
        float              at[4];
        if (x->flags & (GD_DATA_CROWD | GD_DATA_DEGENERATE) || !gd_place_box(p, box, at))
            continue;
        if (out->gt_count[b] == out->truth) {
            dropped++;
            continue;
        }
        const size_t row = (size_t)b * (size_t)out->truth + (size_t)out->gt_count[b]++;
        memcpy(out->gt_boxes + 4 * row, at, sizeof at);
        out->gt_labels[row] = x->label;
    }
    if (dropped) {
        pthread_mutex_lock(&l->lock);
        l->stats.boxes_dropped += dropped;
        pthread_mutex_unlock(&l->lock);
    }
}

/* Puts the picture just read into the batch as layer s of row b. */
static void pack(gd_loader_worker *w, int b, int s, uint32_t index, gd_place *p) {
    gd_batch            *out = w->b;
    const gd_picture    *pic = &w->picture;
    const gd_data_image *im = &w->l->data->images[index];
    const size_t         n = (size_t)pic->width * (size_t)pic->height;
    const double grey = p->contrast < 1 || p->contrast > 1 ? mean_grey(pic, p->brightness) : 0;
    memcpy(out->pixels + 3 * out->n_pixels, pic->rgb, 3 * n);
    gd_place_layer(p, pic->width, pic->height, (int64_t)out->n_pixels, grey, w->l->o.smooth,
                   out->layers + ((size_t)b * (size_t)out->n_layers + (size_t)s) * GD_LAYER);
    /* Nothing of an earlier batch stays between pictures. */
    memset(out->pixels + 3 * (out->n_pixels + n), 0,
           3 * ((GD_LAYER_UNIT - n % GD_LAYER_UNIT) % GD_LAYER_UNIT));
    out->n_pixels += (n + GD_LAYER_UNIT - 1) / GD_LAYER_UNIT * GD_LAYER_UNIT;
    add_boxes(w, b, index, p, im->width ? (double)pic->width / im->width : 1,
              im->height ? (double)pic->height / im->height : 1);
}

/* What a picture alone covers of the canvas. */
static void set_geom(gd_batch *b, int row, const gd_place *p) {
    float *g = b->geom + (size_t)row * GD_GEOM;
    int    top = 0, left = 0, h = b->height, w = b->width;
    if (p) {
        left = (int)floor(p->rect[0]);
        top = (int)floor(p->rect[1]);
        w = (int)ceil(p->rect[2]) - left;
        h = (int)ceil(p->rect[3]) - top;
    }
    g[GD_GEOM_SRC_H] = g[GD_GEOM_NEW_H] = (float)(h > 1 ? h : 1);
    g[GD_GEOM_SRC_W] = g[GD_GEOM_NEW_W] = (float)(w > 1 ? w : 1);
    g[GD_GEOM_TOP] = (float)top;
    g[GD_GEOM_LEFT] = (float)left;
    g[GD_GEOM_SCALE_Y] = g[GD_GEOM_SCALE_X] = 1;
}

static gd_status fill_mosaic(gd_loader_worker *w, int row, uint32_t index, uint32_t position,
                             gd_draws *partners, gd_draws *d, gd_error *err) {
    gd_batch       *b = w->b;
    const gd_order *o = &w->order;
    const double    x = b->width * gd_draws_between(d, 0.3, 0.7);
    const double    y = b->height * gd_draws_between(d, 0.3, 0.7);
    for (int k = 0; k < 4; k++) {
        uint32_t i = k ? o->members[w->tall][gd_draws_below(partners, o->n[w->tall])] : index;
        GD_TRY(read_one(w, position, &i, err));
        if (!k) b->image[row] = (int32_t)i;
        gd_place p = gd_place_mosaic(&w->l->o.augment, w->picture.width, w->picture.height,
                                     b->width, b->height, floor(x), floor(y), k, d);
        pack(w, row, k, i, &p);
    }
    set_geom(b, row, NULL);
    return GD_OK;
}

/* Another picture over what the row holds, each at about half its strength. */
static gd_status add_mixup(gd_loader_worker *w, int row, int n, uint32_t position,
                           gd_draws *partners, gd_draws *d, gd_error *err) {
    gd_batch       *b = w->b;
    const gd_order *o = &w->order;
    const double    share = gd_draws_between(d, 0.4, 0.6);
    float          *layers = b->layers + (size_t)row * (size_t)b->n_layers * GD_LAYER;
    uint32_t        i = o->members[w->tall][gd_draws_below(partners, o->n[w->tall])];
    GD_TRY(read_one(w, position, &i, err));
    gd_place p = gd_place_alone(&w->l->o.augment, &w->l->o.rule, w->picture.width,
                                w->picture.height, b->width, b->height, d);
    for (int k = 0; k < n; k++) layers[k * GD_LAYER + GD_LAYER_WEIGHT] *= (float)(1 - share);
    p.weight = share;
    pack(w, row, n, i, &p);
    set_geom(b, row, NULL);
    return GD_OK;
}

static gd_status fill_row(gd_loader_worker *w, int row, uint32_t index, uint32_t position,
                          gd_error *err) {
    const gd_loader_options  *o = &w->l->o;
    const gd_augment_options  none = {0};
    const gd_augment_options *a = o->in_order ? &none : &o->augment;
    gd_draws                  d = gd_draws_of(o->seed, w->b->epoch, position, PLACE);
    gd_draws                  partners = gd_draws_of(o->seed, w->b->epoch, position, PARTNERS);
    int                       n = 1;
    if (a->mosaic > 0 && gd_draws_next(&partners) < a->mosaic) {
        GD_TRY(fill_mosaic(w, row, index, position, &partners, &d, err));
        n = 4;
    } else {
        GD_TRY(read_one(w, position, &index, err));
        w->b->image[row] = (int32_t)index;
        gd_place p = gd_place_alone(a, &o->rule, w->picture.width, w->picture.height,
                                    w->b->width, w->b->height, &d);
        pack(w, row, 0, index, &p);
        set_geom(w->b, row, &p);
    }
    w->b->labels[row] = w->l->data->images[w->b->image[row]].label;
    if (a->mixup > 0 && gd_draws_next(&partners) < a->mixup)
        GD_TRY(add_mixup(w, row, n, position, &partners, &d, err));
    return GD_OK;
}

gd_status gd_loader_fill(gd_loader_worker *w, uint64_t number, gd_loader_slot *s,
                         gd_error *err) {
    gd_loader               *l = w->l;
    const gd_loader_options *o = &l->o;
    gd_batch                *b = w->b = &s->batch;
    const uint32_t           i = (uint32_t)(number % l->batches);
    gd_draws                 d;
    b->number = number;
    b->epoch = (uint32_t)(number / l->batches);
    b->n_pixels = 0;
    memset(b->layers, 0, (size_t)b->room * (size_t)b->n_layers * GD_LAYER * sizeof *b->layers);
    memset(b->gt_boxes, 0, (size_t)b->room * (size_t)b->truth * 4 * sizeof *b->gt_boxes);
    memset(b->gt_labels, 0, (size_t)b->room * (size_t)b->truth * sizeof *b->gt_labels);
    memset(b->gt_count, 0, (size_t)b->room * sizeof *b->gt_count);
    memset(b->labels, 0xff, (size_t)b->room * sizeof *b->labels);
    memset(b->image, 0xff, (size_t)b->room * sizeof *b->image);
    gd_order_epoch(&w->order, b->epoch);
    b->n = gd_order_batch(&w->order, i, o->shard * o->batch, o->batch, w->chosen, &w->tall);
    d = gd_draws_of(o->seed, b->epoch, i, CANVAS);
    b->canvas = o->in_order ? 0 : (int)gd_draws_below(&d, (uint32_t)o->n_canvases);
    b->height = o->canvas[b->canvas][w->tall];
    b->width = o->canvas[b->canvas][!w->tall];
    w->position = (i * (uint32_t)o->n_shards + (uint32_t)o->shard) * (uint32_t)o->batch;
    for (int row = 0; row < b->room; row++) set_geom(b, row, NULL);
    for (int row = 0; row < b->n; row++)
        GD_TRY(fill_row(w, row, w->chosen[row], w->position + (uint32_t)row, err));
    return GD_OK;
}
