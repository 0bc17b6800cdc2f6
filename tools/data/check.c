/* check.c -- every picture of a data set decoded once; see check.h. */
#include "tools/data/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/media/picture.h"

/* What is known of one picture; of earlier splits too. */
typedef struct seen {
    uint64_t    hash[2];
    const char *path, *split; /* in the arena */
    uint32_t    index;
    bool        ok; /* hash counts */
} seen;

typedef struct finding {
    int  kind; /* gd_data_kind; -1: nothing */
    char why[256];
} finding;

typedef struct worker {
    gd_check   *c;
    gd_decoder *decoder;
    gd_picture  picture;
    pthread_t   thread;
    bool        started;
} worker;

struct gd_check {
    worker  *workers;
    int      n;
    gd_arena arena;
    seen    *earlier; /* of the splits before, by hash */
    size_t   n_earlier;
    /* Of the data set under way. */
    const gd_data *d;
    seen          *now;
    finding       *found;
    atomic_size_t  next, done;
    atomic_bool    stop, broken;
    gd_error       why; /* broken: the system's failure, no picture's */
};

gd_status gd_check_open(int threads, gd_check **out, gd_error *err) {
    gd_check *c = gd_mem_get_zero(sizeof *c);
    gd_status st = GD_OK;
    *out = NULL;
    if (!c) return gd_fail(err, GD_ERR_NOMEM, "no memory to check pictures");
    c->n = threads < 1 ? 1 : threads > GD_CHECK_THREADS ? GD_CHECK_THREADS : threads;
    c->workers = gd_mem_array((size_t)c->n, sizeof *c->workers);
    if (!c->workers) GD_GO(gd_fail(err, GD_ERR_NOMEM, "no memory to check pictures"));
    for (int i = 0; i < c->n; i++) {
        c->workers[i].c = c;
        GD_GO(gd_decoder_open(NULL, &c->workers[i].decoder, err));
    }
    *out = c;
    c = NULL;
done:
    gd_check_close(c);
    return st;
}

void gd_check_close(gd_check *c) {
    if (!c) return;
    for (int i = 0; c->workers && i < c->n; i++) {
        gd_decoder_close(c->workers[i].decoder);
        gd_picture_free(&c->workers[i].picture);
    }
    gd_mem_put(c->workers);
    gd_mem_put(c->earlier);
    gd_arena_free(&c->arena);
    gd_mem_put(c);
}

/* What is no fault of a picture: memory, or decoders that cannot be started (E310). */
static void stop_at(gd_check *c, const gd_error *why) {
    if (!atomic_exchange(&c->broken, true)) c->why = *why;
    atomic_store(&c->stop, true);
}

static void look(worker *w, size_t i) {
    gd_check            *c = w->c;
    const gd_data_image *im = &c->d->images[i];
    finding             *f = &c->found[i];
    gd_picture          *p = &w->picture;
    gd_error             why = {0};
    unsigned char       *data = NULL;
    size_t               n;
    gd_status            st = gd_file_slurp(im->path, GD_PICTURE_FILE_BYTES, &data, &n, &why);
    f->kind = st == GD_OK ? -1 : GD_DATA_NO_PICTURE;
    if (st == GD_OK) {
        const XXH128_hash_t h = XXH3_128bits(data, n);
        c->now[i] = (seen){.hash = {h.low64, h.high64}, .index = (uint32_t)i, .ok = true};
        st = gd_decoder_read_memory(w->decoder, data, n, im->path, NULL, p, &why);
        if (st != GD_OK) f->kind = GD_DATA_BAD_PICTURE;
    }
    gd_mem_put(data);
    if (st == GD_ERR_NOMEM || why.code == 310) stop_at(c, &why);
    if (st == GD_OK && im->width && (p->width != im->width || p->height != im->height) &&
        !(p->orientation >= 5 && p->width == im->height && p->height == im->width)) {
        f->kind = GD_DATA_OTHER_SIZE;
        snprintf(why.msg, sizeof why.msg, "%d x %d, the labels are for %d x %d", p->width,
                 p->height, im->width, im->height);
    }
    /* The path stands in front of the text already. */
    const size_t m = strlen(im->path);
    snprintf(f->why, sizeof f->why, "%.255s",
             !strncmp(why.msg, im->path, m) && why.msg[m] == ':' ? why.msg + m + 2 : why.msg);
}

static void *work(void *ctx) {
    worker   *w = ctx;
    gd_check *c = w->c;
    for (;;) {
        const size_t i = atomic_fetch_add(&c->next, 1);
        if (i >= c->d->n_images || atomic_load(&c->stop)) return NULL;
        look(w, i);
        atomic_fetch_add(&c->done, 1);
    }
}

static int compare(const void *a, const void *b) {
    const seen *p = a, *q = b;
    for (int k = 0; k < 2; k++)
        if (p->hash[k] != q->hash[k]) return p->hash[k] < q->hash[k] ? -1 : 1;
    return (p->index > q->index) - (p->index < q->index);
}

static bool same(const seen *a, const seen *b) {
    return a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1];
}

/* Twins among the pictures of now, and of now and before; then now becomes before. */
static gd_status note_twins(gd_check *c, gd_data *d, gd_error *err) {
    seen  *all;
    size_t n = 0;
    for (size_t i = 0; i < d->n_images; i++)
        if (c->now[i].ok) c->now[n++] = c->now[i];
    qsort(c->now, n, sizeof *c->now, compare);
    for (size_t i = 0, k = 0; i < n; i++) {
        seen               *s = &c->now[i];
        const gd_data_place at = {.file = d->images[s->index].path, .id = -1};
        while (k < c->n_earlier &&
               (c->earlier[k].hash[0] < s->hash[0] ||
                (c->earlier[k].hash[0] == s->hash[0] && c->earlier[k].hash[1] < s->hash[1])))
            k++;
        if (k < c->n_earlier && same(&c->earlier[k], s))
            gd_data_note(&d->report, GD_DATA_OVERLAP, at,
                         "the same bytes as %.150s of split %.40s", c->earlier[k].path,
                         c->earlier[k].split);
        if (i && same(&c->now[i - 1], s))
            gd_data_note(&d->report, GD_DATA_SAME_PICTURE, at, "the same bytes as %.200s",
                         d->images[c->now[i - 1].index].name);
        s->path = gd_arena_string(&c->arena, d->images[s->index].path);
        s->split = gd_arena_string(&c->arena, d->split);
        if (!s->path || !s->split) return gd_fail(err, GD_ERR_NOMEM, "no memory");
    }
    all = gd_mem_array(c->n_earlier + n + 1, sizeof *all);
    if (!all) return gd_fail(err, GD_ERR_NOMEM, "no memory");
    if (c->n_earlier) memcpy(all, c->earlier, c->n_earlier * sizeof *all);
    if (n) memcpy(all + c->n_earlier, c->now, n * sizeof *all);
    qsort(all, c->n_earlier + n, sizeof *all, compare);
    gd_mem_put(c->earlier);
    c->earlier = all;
    c->n_earlier += n;
    return GD_OK;
}

gd_status gd_check_pictures(gd_check *c, gd_data *d, bool *usable,
                            bool (*progress)(size_t done, size_t all), gd_error *err) {
    gd_status st = GD_OK;
    int       running = 0;
    c->d = d;
    c->now = gd_mem_array(d->n_images + 1, sizeof *c->now);
    c->found = gd_mem_array(d->n_images + 1, sizeof *c->found);
    if (!c->now || !c->found) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory to check %zu pictures", d->n_images);
        goto done;
    }
    atomic_store(&c->next, 0);
    atomic_store(&c->done, 0);
    atomic_store(&c->stop, false);
    atomic_store(&c->broken, false);
    for (int i = 0; i < c->n; i++) {
        worker *w = &c->workers[i];
        w->started = pthread_create(&w->thread, NULL, work, w) == 0;
        running += w->started;
    }
    while (running && progress && atomic_load(&c->done) < d->n_images &&
           !atomic_load(&c->stop)) {
        if (progress(atomic_load(&c->done), d->n_images)) atomic_store(&c->stop, true);
        usleep(20000);
    }
    for (int i = 0; i < c->n; i++)
        if (c->workers[i].started) pthread_join(c->workers[i].thread, NULL);
    if (!running) work(&c->workers[0]); /* no thread is to be had: one by one */
    if (atomic_load(&c->broken)) {
        st = c->why.status;
        if (err) *err = c->why;
    }
    if (atomic_load(&c->stop)) goto done;
    for (size_t i = 0; i < d->n_images; i++) {
        if (usable) usable[i] = c->found[i].kind < 0;
        if (c->found[i].kind >= 0)
            gd_data_note(&d->report, (gd_data_kind)c->found[i].kind,
                         (gd_data_place){.file = d->images[i].path, .id = -1}, "%s",
                         c->found[i].why);
    }
    st = note_twins(c, d, err);
done:
    gd_mem_put(c->now);
    gd_mem_put(c->found);
    c->now = NULL;
    c->found = NULL;
    return st;
}
