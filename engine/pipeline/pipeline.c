/* pipeline.c -- pictures in, results out, in the order of each source. */
#include <string.h>

#include "engine/mem.h"
#include "engine/pipeline/pipeline_impl.h"

enum { MAX_SIDE = 65535 };

/* ---- slots ------------------------------------------------------------------------------- */

static void set_free(gd_pipeline *p, gd_slot *s) {
    s->state = GD_SLOT_FREE;
    (void)pthread_cond_broadcast(&p->freed);
}

static void append(gd_lane_list *l, gd_slot *s) {
    s->next = NULL;
    *(l->last ? &l->last->next : &l->first) = s;
    l->last = s;
}

static void remove_from(gd_lane_list *l, const gd_slot *s) {
    gd_slot *before = NULL;
    for (gd_slot *q = l->first; q && q != s; q = q->next) before = q;
    *(before ? &before->next : &l->first) = s->next;
    if (l->last == s) l->last = before;
}

/* Live sources: the oldest picture that waits; else, if there must be room, the oldest result
 * that nobody has asked for. The rest is running, or in the caller's hands. */
static void drop_oldest(gd_pipeline *p, int source, bool results_too) {
    gd_lane_list     *l = &p->lane[source];
    const gd_request *r = gd_batcher_drop_oldest(p->batcher, source);
    gd_slot          *s = r ? r->user : NULL;
    if (!s && results_too && l->first && l->first->state == GD_SLOT_DONE) {
        s = l->first;
        p->n_done--;
    }
    if (!s) return;
    remove_from(l, s);
    p->n_dropped++;
    set_free(p, s);
}

static gd_slot *find(const gd_pipeline *p, int source, gd_slot_state state, const void *rgb) {
    gd_slot *s = p->lane[source].slot;
    for (int i = 0; i < p->o.depth; i++)
        if (s[i].state == state && (!rgb || s[i].rgb == rgb)) return &s[i];
    return NULL;
}

static gd_status check_source(const gd_pipeline *p, int source, int least, gd_error *err) {
    if (source >= least && source < p->o.sources) return GD_OK;
    return gd_fail(err, GD_ERR_ARG, "source %d of %d", source, p->o.sources);
}

static gd_status check_size(int width, int height, gd_error *err) {
    if (width >= 1 && height >= 1 && width <= MAX_SIDE && height <= MAX_SIDE) return GD_OK;
    return gd_fail(err, GD_ERR_ARG, "a picture of %d x %d", width, height);
}

/* Under the lock: why nothing can be submitted any more. */
static gd_status ended(const gd_pipeline *p, gd_error *err) {
    if (p->failed != GD_OK) {
        if (err) *err = p->error;
        return p->failed;
    }
    if (p->drained && !p->stopped)
        return gd_fail(err, GD_ERR_ARG, "a picture is submitted to a drained pipeline");
    return GD_OK;
}

/* A slot in state FILLING, or NULL when none came free in time or it was stopped. */
static gd_status take_slot(gd_pipeline *p, int source, double wait_ms, gd_slot **out,
                           gd_error *err) {
    gd_status st;
    double    start = -1;
    *out = NULL;
    const double deadline = gd_wait_deadline(wait_ms);
    (void)pthread_mutex_lock(&p->lock);
    while ((st = ended(p, err)) == GD_OK && !p->stopped) {
        *out = find(p, source, GD_SLOT_FREE, NULL);
        if (!*out && p->o.latest) {
            drop_oldest(p, source, true);
            *out = find(p, source, GD_SLOT_FREE, NULL);
        }
        if (*out || p->o.latest) break;
        if (start < 0) start = gd_pipeline_now_ms();
        if (!gd_wait_until(&p->freed, &p->lock, deadline)) break;
    }
    if (start >= 0) p->submit_wait_ms += gd_pipeline_now_ms() - start;
    if (*out) (*out)->state = GD_SLOT_FILLING;
    (void)pthread_mutex_unlock(&p->lock);
    return st;
}

static void give_back(gd_pipeline *p, gd_slot *s) {
    (void)pthread_mutex_lock(&p->lock);
    set_free(p, s);
    (void)pthread_mutex_unlock(&p->lock);
}

/* ---- submit ------------------------------------------------------------------------------ */

gd_status gd_pipeline_room(gd_pipeline *p, int source, int width, int height, double wait_ms,
                           uint8_t **rgb, gd_error *err) {
    gd_slot *s;
    *rgb = NULL;
    GD_TRY(check_source(p, source, 0, err));
    GD_TRY(check_size(width, height, err));
    GD_TRY(take_slot(p, source, wait_ms, &s, err));
    if (!s) return GD_OK;
    const gd_status st = gd_slot_reserve(p, s, (size_t)width * (size_t)height * 3, err);
    if (st == GD_OK)
        *rgb = s->rgb;
    else
        give_back(p, s);
    return st;
}

void gd_pipeline_unroom(gd_pipeline *p, uint8_t *rgb) {
    gd_slot *s = NULL;
    if (!rgb) return;
    (void)pthread_mutex_lock(&p->lock);
    for (int i = 0; i < p->o.sources && !s; i++) s = find(p, i, GD_SLOT_FILLING, rgb);
    if (s) set_free(p, s);
    (void)pthread_mutex_unlock(&p->lock);
}

static gd_status check_image(const gd_image *m, gd_error *err) {
    GD_TRY(check_size(m->width, m->height, err));
    if (m->gpu)
        return gd_fail_code(err, GD_ERR_ARG, 514,
                            "a picture in memory of GPU %d for a pipeline, which takes the "
                            "host's",
                            m->gpu - 1);
    if (!m->rgb || (m->stride && m->stride < (size_t)m->width * 3))
        return gd_fail(err, GD_ERR_ARG, "a picture at %s, %d wide, stride %zu",
                       m->rgb ? "an address" : "NULL", m->width, m->stride);
    return GD_OK;
}

static void copy_rows(uint8_t *to, const gd_image *m) {
    const size_t row = (size_t)m->width * 3, stride = m->stride ? m->stride : row;
    if (stride == row) {
        memcpy(to, m->rgb, row * (size_t)m->height);
        return;
    }
    for (int y = 0; y < m->height; y++)
        memcpy(to + row * (size_t)y, m->rgb + stride * (size_t)y, row);
}

/* The slot with the picture in it: the caller's room, or a free one and a copy. *mine tells
 * that it was taken here. */
static gd_status fill_slot(gd_pipeline *p, const gd_submission *in, double wait_ms,
                           gd_slot **out, bool *mine, gd_error *err) {
    const gd_image *m = &in->image;
    const size_t    row = (size_t)m->width * 3, size = row * (size_t)m->height;
    (void)pthread_mutex_lock(&p->lock);
    *out = find(p, in->source, GD_SLOT_FILLING, m->rgb);
    (void)pthread_mutex_unlock(&p->lock);
    *mine = !*out;
    if (*out) {
        if (size > (*out)->rgb_size || (m->stride && m->stride != row))
            return gd_fail(err, GD_ERR_ARG, "%zu bytes a row, %d rows in room for %zu bytes",
                           m->stride ? m->stride : row, m->height, (*out)->rgb_size);
        return GD_OK;
    }
    GD_TRY(take_slot(p, in->source, wait_ms, out, err));
    if (!*out) return GD_OK;
    const gd_status st = gd_slot_reserve(p, *out, size, err);
    if (st == GD_OK)
        copy_rows((*out)->rgb, m);
    else
        give_back(p, *out);
    return st;
}

/* Puts a filled slot among those that wait. */
static gd_status hand_in(gd_pipeline *p, const gd_submission *in, gd_slot *s, gd_error *err) {
    gd_lane_list *l = &p->lane[in->source];
    gd_status     st = ended(p, err);
    if (st != GD_OK || p->stopped) return st;
    if (p->o.latest) drop_oldest(p, in->source, false);
    s->order = p->n_submitted;
    s->state = GD_SLOT_PENDING;
    append(l, s);
    const gd_passed put = gd_batcher_put(p->batcher, &s->request, 0);
    GD_ASSERT(put == GD_PASSED); /* it has room for every slot, and ends under this lock */
    if (p->n_submitted++ == 0) p->first_ms = s->request.put_ms;
    return GD_OK;
}

gd_status gd_pipeline_submit(gd_pipeline *p, const gd_submission *in, double wait_ms,
                             int *taken, gd_error *err) {
    gd_slot *s;
    bool     mine;
    int      net_h, net_w;
    *taken = 0;
    GD_TRY(check_source(p, in->source, 0, err));
    GD_TRY(check_image(&in->image, err));
    GD_TRY(gd_session_shape(p->worker[0].session, in->image.width, in->image.height, &net_h,
                            &net_w, err));
    GD_TRY(fill_slot(p, in, wait_ms, &s, &mine, err));
    if (!s) {
        (void)pthread_mutex_lock(&p->lock);
        if (p->o.latest && !p->stopped) {
            p->n_submitted++;
            p->n_dropped++;
        }
        (void)pthread_mutex_unlock(&p->lock);
        return GD_OK;
    }
    s->frame = (gd_frame){.id = in->id, .source = in->source, .user = in->user};
    s->frame.image = (gd_image){s->rgb, in->image.width, in->image.height, 0, 0};
    s->request.id = in->id;
    s->request.key = (uint64_t)(unsigned)net_h << 32 | (unsigned)net_w;
    s->request.lane = in->source;
    s->request.priority = in->priority;
    s->request.user = s;
    (void)pthread_mutex_lock(&p->lock);
    const gd_status st = hand_in(p, in, s, err);
    *taken = s->state == GD_SLOT_PENDING;
    if (!*taken && mine) set_free(p, s);
    (void)pthread_mutex_unlock(&p->lock);
    return st;
}

/* ---- get --------------------------------------------------------------------------------- */

/* The lane whose oldest picture is done, the earliest submitted of several; *any tells whether
 * something is still to come. */
static gd_lane_list *ready_lane(const gd_pipeline *p, int source, bool *any) {
    gd_lane_list *best = NULL;
    *any = false;
    const int first = source < 0 ? 0 : source, end = source < 0 ? p->o.sources : source + 1;
    for (int i = first; i < end; i++) {
        gd_lane_list *l = &p->lane[i];
        if (!l->first) continue;
        *any = true;
        if (l->first->state != GD_SLOT_DONE) continue;
        if (!best || l->first->order < best->first->order) best = l;
    }
    return best;
}

gd_status gd_pipeline_get(gd_pipeline *p, int source, double wait_ms, const gd_frame **out,
                          gd_error *err) {
    gd_status st = GD_OK;
    double    start = -1;
    bool      any;
    *out = NULL;
    GD_TRY(check_source(p, source, -1, err));
    const double deadline = gd_wait_deadline(wait_ms);
    (void)pthread_mutex_lock(&p->lock);
    while (!p->stopped) {
        gd_lane_list *l = ready_lane(p, source, &any);
        if (l) {
            gd_slot *s = l->first;
            remove_from(l, s);
            s->state = GD_SLOT_HELD;
            *out = &s->frame;
            break;
        }
        if (!any && p->failed != GD_OK) {
            st = p->failed;
            if (err) *err = p->error;
            break;
        }
        if (!any && p->drained) break;
        if (start < 0) start = gd_pipeline_now_ms();
        if (!gd_wait_until(&p->done, &p->lock, deadline)) break;
    }
    if (start >= 0) p->get_wait_ms += gd_pipeline_now_ms() - start;
    (void)pthread_mutex_unlock(&p->lock);
    return st;
}

void gd_pipeline_release(gd_pipeline *p, const gd_frame *f) {
    if (!f) return;
    (void)pthread_mutex_lock(&p->lock);
    for (int i = 0; i < p->o.depth; i++) {
        gd_slot *s = &p->lane[f->source].slot[i];
        if (&s->frame == f && s->state == GD_SLOT_HELD) set_free(p, s);
    }
    (void)pthread_mutex_unlock(&p->lock);
}

/* ---- ends -------------------------------------------------------------------------------- */

void gd_pipeline_drain(gd_pipeline *p) {
    (void)pthread_mutex_lock(&p->lock);
    p->drained = true;
    gd_batcher_drain(p->batcher);
    (void)pthread_cond_broadcast(&p->freed);
    (void)pthread_cond_broadcast(&p->done);
    (void)pthread_mutex_unlock(&p->lock);
}

void gd_pipeline_stop(gd_pipeline *p) {
    (void)pthread_mutex_lock(&p->lock);
    p->stopped = true;
    gd_batcher_abort(p->batcher);
    (void)pthread_cond_broadcast(&p->freed);
    (void)pthread_cond_broadcast(&p->done);
    (void)pthread_mutex_unlock(&p->lock);
}
