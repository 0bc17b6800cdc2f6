/* loader.c -- threads that make batches, and the queue they leave by; see loader.h. */
#include "tools/data/loader.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/mem.h"
#include "engine/pipeline/wait.h"
#include "engine/safe.h"
#include "kernels/augment/augment.h"
#include "tools/data/loader_impl.h"

gd_loader_options gd_loader_defaults(void) {
    return (gd_loader_options){.batch = 4,
                               .threads = 2,
                               .ahead = 2,
                               .n_shards = 1,
                               .rule = {.kind = GD_RULE_LETTERBOX},
                               .canvas = {{640, 640}},
                               .n_canvases = 1,
                               .truth = 100,
                               .most_bad = 0.01};
}

/* ---- opening ----------------------------------------------------------------------------- */

static gd_status check(const gd_loader_options *o, gd_error *err) {
    bool good = o->batch >= 1 && o->batch <= 65536 && o->threads >= 1 &&
                o->threads <= GD_LOADER_THREADS && o->ahead >= 1 && o->ahead <= 1024 &&
                o->n_shards >= 1 && o->shard >= 0 && o->shard < o->n_shards &&
                o->n_shards <= 65536 && o->n_canvases >= 1 &&
                o->n_canvases <= GD_LOADER_CANVASES && o->truth >= 1 && o->truth <= 1 << 20;
    for (int i = 0; good && i < o->n_canvases; i++)
        good = o->canvas[i][0] >= 1 && o->canvas[i][0] <= 65535 && o->canvas[i][1] >= 1 &&
               o->canvas[i][1] <= 65535;
    return good
               ? GD_OK
               : gd_fail(err, GD_ERR_ARG,
                         "loader: batch %d, %d threads, %d ahead, shard %d of %d, %d canvases, "
                         "%d boxes",
                         o->batch, o->threads, o->ahead, o->shard, o->n_shards, o->n_canvases,
                         o->truth);
}

static int layers_of(const gd_loader_options *o) {
    if (o->in_order) return 1;
    return (o->augment.mosaic > 0 ? 4 : 1) + (o->augment.mixup > 0);
}

/* Pixels that a picture has room for. */
static int64_t cap_of(const gd_loader_options *o) {
    int64_t most = o->most_pixels;
    for (int i = 0; !o->most_pixels && i < o->n_canvases; i++) {
        int64_t n = 2 * (int64_t)o->canvas[i][0] * o->canvas[i][1];
        if (n > most) most = n;
    }
    return (most + GD_LAYER_UNIT - 1) / GD_LAYER_UNIT * GD_LAYER_UNIT;
}

static bool slot_open(gd_loader_slot *s, const gd_loader *l) {
    const gd_loader_options *o = &l->o;
    const size_t             n = (size_t)o->batch, truth = (size_t)o->truth;
    gd_batch                *b = &s->batch;
    b->room = o->batch;
    b->truth = o->truth;
    b->n_layers = layers_of(o);
    if (!gd_mul_size(n * (size_t)b->n_layers, (size_t)l->cap, &b->pixel_room) ||
        b->pixel_room / GD_LAYER_UNIT >= 1 << 24) /* places are floats */
        return false;
    b->pixels = gd_mem_array(b->pixel_room, 3);
    b->layers = gd_mem_array(n * (size_t)b->n_layers, GD_LAYER * sizeof *b->layers);
    b->geom = gd_mem_array(n, GD_GEOM * sizeof *b->geom);
    b->gt_boxes = gd_mem_array(n * truth, 4 * sizeof *b->gt_boxes);
    b->gt_labels = gd_mem_array(n * truth, sizeof *b->gt_labels);
    b->gt_count = gd_mem_array(n, sizeof *b->gt_count);
    b->labels = gd_mem_array(n, sizeof *b->labels);
    b->image = gd_mem_array(n, sizeof *b->image);
    return b->pixels && b->layers && b->geom && b->gt_boxes && b->gt_labels && b->gt_count &&
           b->labels && b->image;
}

static void slot_close(gd_loader_slot *s) {
    gd_batch *b = &s->batch;
    gd_mem_put(b->pixels);
    gd_mem_put(b->layers);
    gd_mem_put(b->geom);
    gd_mem_put(b->gt_boxes);
    gd_mem_put(b->gt_labels);
    gd_mem_put(b->gt_count);
    gd_mem_put(b->labels);
    gd_mem_put(b->image);
}

static void *work(void *ctx) {
    gd_loader_worker *w = ctx;
    gd_loader        *l = w->l;
    for (;;) {
        void           *item;
        uint64_t        number;
        int             n;
        gd_loader_slot *s;
        double          from;
        if (gd_queue_take_some(l->empty, &item, 1, 0, &l->next, &number, &n) != GD_PASSED)
            return NULL;
        s = item;
        if (l->o.first + number >= l->end) {
            gd_queue_cut(l->ready, number);
            return NULL;
        }
        from = gd_pipeline_now_ms();
        s->err = (gd_error){0};
        s->st = gd_loader_fill(w, l->o.first + number, s, &s->err);
        pthread_mutex_lock(&l->lock);
        l->stats.decode_ms += gd_pipeline_now_ms() - from;
        for (int k = 0; s->st == GD_OK && k < s->batch.n * s->batch.n_layers; k++)
            l->stats.pictures += s->batch.layers[k * GD_LAYER + GD_LAYER_WEIGHT] > 0;
        pthread_mutex_unlock(&l->lock);
        if (gd_queue_put_at(l->ready, number, s, -1) != GD_PASSED) return NULL;
        if (s->st != GD_OK) return NULL;
    }
}

static gd_status worker_open(gd_loader *l, gd_loader_worker *w, gd_error *err) {
    const gd_loader_options *o = &l->o;
    w->l = l;
    w->chosen = gd_mem_array((size_t)o->batch, sizeof *w->chosen);
    if (!w->chosen) return gd_fail(err, GD_ERR_NOMEM, "no memory for a loader");
    GD_TRY(gd_order_open(&w->order, l->data, o->seed, o->batch * o->n_shards, !o->in_order,
                         o->by_aspect, err));
    return gd_decoder_open(NULL, &w->decoder, err);
}

gd_status gd_loader_open(const gd_data *d, const gd_loader_options *o, gd_loader **out,
                         gd_error *err) {
    gd_loader *l;
    gd_status  st;
    *out = NULL;
    GD_TRY(check(o, err));
    l = gd_mem_get_zero(sizeof *l);
    if (!l) return gd_fail(err, GD_ERR_NOMEM, "no memory for a loader");
    l->data = d;
    l->o = *o;
    l->cap = cap_of(o);
    l->n_slots = o->threads + o->ahead + 1;
    l->have_lock = pthread_mutex_init(&l->lock, NULL) == 0;
    l->workers = gd_mem_array((size_t)o->threads, sizeof *l->workers);
    l->slots = gd_mem_array((size_t)l->n_slots, sizeof *l->slots);
    l->bad = gd_mem_array(d->n_images + 1, 1);
    bool ok = l->have_lock && l->workers && l->slots && l->bad;
    for (int i = 0; ok && i < l->n_slots; i++) ok = slot_open(&l->slots[i], l);
    if (!ok) {
        st = gd_fail(err, GD_ERR_NOMEM,
                     "no memory for %d batches of %d pictures of up to %lld pixels", l->n_slots,
                     o->batch, (long long)l->cap);
        goto done;
    }
    for (int i = 0; i < o->threads; i++) GD_GO(worker_open(l, &l->workers[i], err));
    l->batches = l->workers[0].order.batches;
    l->end = o->once ? (o->first / l->batches + 1) * l->batches : UINT64_MAX;
    GD_GO(gd_queue_open(l->n_slots, &l->empty, err));
    GD_GO(gd_queue_open(l->n_slots, &l->ready, err));
    for (int i = 0; i < l->n_slots; i++)
        if (gd_queue_put(l->empty, &l->slots[i], 0) != GD_PASSED)
            GD_GO(gd_fail(err, GD_ERR_ARG, "loader: no room for its batches"));
    for (int i = 0; i < o->threads; i++) {
        gd_loader_worker *w = &l->workers[i];
        w->started = pthread_create(&w->thread, NULL, work, w) == 0;
        if (!w->started) GD_GO(gd_fail(err, GD_ERR_NOMEM, "no thread for a loader"));
    }
    *out = l;
    l = NULL;
done:
    gd_loader_close(l);
    return st;
}

void gd_loader_close(gd_loader *l) {
    if (!l) return;
    if (l->empty) gd_queue_abort(l->empty);
    if (l->ready) gd_queue_abort(l->ready);
    for (int i = 0; l->workers && i < l->o.threads; i++) {
        gd_loader_worker *w = &l->workers[i];
        if (w->started) pthread_join(w->thread, NULL);
        gd_decoder_close(w->decoder);
        gd_picture_free(&w->picture);
        gd_order_close(&w->order);
        gd_mem_put(w->chosen);
    }
    gd_queue_close(l->empty);
    gd_queue_close(l->ready);
    for (int i = 0; l->slots && i < l->n_slots; i++) slot_close(&l->slots[i]);
    gd_mem_put(l->slots);
    gd_mem_put(l->workers);
    gd_mem_put(l->bad);
    gd_data_report_free(&l->report);
    if (l->have_lock) pthread_mutex_destroy(&l->lock);
    gd_mem_put(l);
}

/* ---- use --------------------------------------------------------------------------------- */

gd_status gd_loader_next(gd_loader *l, gd_batch **out, gd_error *err) {
    void           *item;
    gd_loader_slot *s;
    const double    from = gd_pipeline_now_ms();
    const gd_passed got = gd_queue_take(l->ready, &item, -1);
    *out = NULL;
    pthread_mutex_lock(&l->lock);
    l->stats.stall_ms += gd_pipeline_now_ms() - from;
    l->stats.batches += got == GD_PASSED;
    pthread_mutex_unlock(&l->lock);
    if (got != GD_PASSED) return GD_OK;
    s = item;
    if (s->st != GD_OK) {
        if (err) *err = s->err;
        return s->st;
    }
    *out = &s->batch;
    return GD_OK;
}

void gd_loader_release(gd_loader *l, gd_batch *b) {
    /* The batch is the first member of its slot; the queue has room for every slot. */
    if (b && gd_queue_put(l->empty, (gd_loader_slot *)(void *)b, 0) != GD_PASSED) return;
}

uint32_t gd_loader_batches(const gd_loader *l) { return l->batches; }

size_t gd_loader_pixel_room(const gd_loader *l) { return l->slots[0].batch.pixel_room; }

int gd_loader_layers(const gd_loader *l) { return l->slots[0].batch.n_layers; }

void gd_loader_stats_get(gd_loader *l, gd_loader_stats *out) {
    pthread_mutex_lock(&l->lock);
    *out = l->stats;
    pthread_mutex_unlock(&l->lock);
}

gd_status gd_loader_problems(gd_loader *l, gd_data_report *out, gd_error *err) {
    *out = (gd_data_report){0};
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->report.n; i++) {
        const gd_data_problem *p = &l->report.list[i];
        gd_data_note(out, p->kind, p->at, "%s", p->reason);
    }
    memcpy(out->count, l->report.count, sizeof out->count);
    pthread_mutex_unlock(&l->lock);
    if (!out->failed) return GD_OK;
    gd_data_report_free(out);
    return gd_fail(err, GD_ERR_NOMEM, "no memory for the list of problems");
}

uint64_t gd_data_fingerprint(const gd_data *d) {
    uint64_t h = XXH64(&d->n_boxes, sizeof d->n_boxes, d->n_images);
    for (int i = 0; i < d->n_classes; i++)
        h = XXH64(d->classes[i].name, strlen(d->classes[i].name), h);
    for (size_t i = 0; i < d->n_images; i++) {
        const gd_data_image *im = &d->images[i];
        const int32_t        n[] = {im->width, im->height, im->label, im->n};
        h = XXH64(im->name, strlen(im->name), h);
        h = XXH64(n, sizeof n, h);
    }
    for (size_t i = 0; i < d->n_boxes; i++) {
        const gd_data_box *x = &d->boxes[i];
        const double       v[] = {x->x, x->y, x->w, x->h, x->label, x->flags};
        h = XXH64(v, sizeof v, h);
    }
    return h;
}
