/* op_check_device.c -- a stage sent to a device, run there eagerly and as a recorded graph.
 *
 * All blocks of a stage, guards and gaps included, travel as one image into one allocation that
 * is kept from run to run; what comes back replaces the host's blocks, so that the checks of
 * op_check_stage.c see the device's memory. Under a sanitizer (oc_on.sanitize) every block is
 * an allocation of its own, and outputs and scratch without gaps are not initialised. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/gd_meter.h"
#include "tests/op_check.h"

enum { MAX_PART = GD_MAX_IN + GD_MAX_OUT + GD_MAX_STEP + 1, N_TENSOR = MAX_PART - 1 };

typedef struct part {
    oc_block *b;
    size_t    at;    /* in the image */
    void     *there; /* on the device */
    bool      skip;  /* not uploaded */
} part;

typedef struct trip {
    oc_stage *s;
    part      part[MAX_PART];
    int       n, n_result; /* the parts [0, n_result) are all but scratch */
    size_t    size;
    gd_tensor t[N_TENSOR];
    gd_launch l; /* with the device's addresses */
} trip;

/* Kept from run to run: pinned images of both directions, and the device's. */
static struct {
    unsigned char *up, *down, *there;
    size_t         room;
} image;

void oc_device_free(void) {
    gd_device_unpin(oc_on.device, image.up);
    gd_device_unpin(oc_on.device, image.down);
    gd_device_release(oc_on.device, image.there);
    memset(&image, 0, sizeof image);
}

static gd_status image_grow(size_t need, gd_error *err) {
    const size_t room = need + need / 2 + (1 << 16);
    void        *p;
    if (image.room >= need) return GD_OK;
    oc_device_free();
    GD_TRY(gd_device_pin(oc_on.device, room, &p, err));
    image.up = p;
    GD_TRY(gd_device_pin(oc_on.device, room, &p, err));
    image.down = p;
    if (!oc_on.sanitize) {
        GD_TRY(gd_device_alloc(oc_on.device, room, &p, err));
        image.there = p;
    }
    image.room = room;
    return GD_OK;
}

gd_device_caps oc_caps(const gd_kernel *row) {
    gd_device_caps caps = row->backend == GD_CPU ? gd_cpu_caps() : oc_on.device->caps;
    caps.tf32 = (row->flags & GD_ROW_TF32) != 0;
    caps.providers = oc_on.providers && (row->flags & GD_ROW_PROVIDER);
    return caps;
}

/* ---- launches ---------------------------------------------------------------------------- */

static void copy_tensors(gd_launch *l, const gd_launch *from, gd_tensor *t) {
    *l = *from;
    for (int i = 0; i < l->n_in; i++, t++)
        if (from->in[i]) {
            *t = *from->in[i];
            l->in[i] = t;
        }
    for (int i = 0; i < l->n_out; i++, t++) {
        *t = *from->out[i];
        l->out[i] = t;
    }
    for (int i = 0; i < l->n_step; i++, t++)
        if (from->step[i].arg) {
            *t = *from->step[i].arg;
            l->step[i].arg = t;
        }
}

gd_launch oc_device_cold(const oc_stage *s, gd_tensor *t) {
    gd_launch l;
    copy_tensors(&l, &s->l, t);
    if (!oc_on.device) return l;
    for (int i = 0, k = 0; k < N_TENSOR && i < l.n_in + l.n_out + l.n_step; i++, k++)
        if (i >= l.n_in || !(l.const_in >> i & 1)) t[k].data = NULL;
    l.device = oc_on.device;
    l.stream = oc_on.device->stream[GD_LANE_RUN];
    return l;
}

static void *translate(const trip *r, const void *p) {
    for (int i = 0; i < r->n; i++) {
        const oc_block      *b = r->part[i].b;
        const unsigned char *at = p;
        if (at >= b->base && at <= b->base + b->size)
            return (unsigned char *)r->part[i].there + (at - b->base);
    }
    abort();
}

/* Constants that prepare took over are not there: a row that reads them all the same faults. */
static void hot_launch(trip *r, const gd_kernel *row) {
    copy_tensors(&r->l, &r->s->l, r->t);
    for (int i = 0; i < r->l.n_in + r->l.n_out + r->l.n_step; i++) {
        const bool packed =
            i < r->l.n_in && row->prepare && (row->packs & r->l.const_in & 1u << i) != 0;
        if (r->t[i].data) r->t[i].data = packed ? NULL : translate(r, r->t[i].data);
    }
    r->l.scratch = translate(r, r->s->scratch.base + r->s->scratch.front);
    r->l.device = oc_on.device;
    r->l.stream = oc_on.device->stream[GD_LANE_RUN];
}

/* ---- there and back ---------------------------------------------------------------------- */

static void add_part(trip *r, oc_block *b, bool skip) {
    if (!b->base || b->borrowed) return;
    r->part[r->n++] = (part){.b = b, .at = r->size, .skip = skip && oc_on.sanitize};
    r->size += (b->size + GD_DEVICE_ALIGN - 1) / GD_DEVICE_ALIGN * GD_DEVICE_ALIGN;
}

static gd_status send_open(trip *r, oc_stage *s, const gd_kernel *row, gd_error *err) {
    memset(r, 0, sizeof *r);
    r->s = s;
    for (int i = 0; i < s->l.n_in; i++) add_part(r, &s->in_block[i], false);
    for (int i = 0; i < s->l.n_step; i++) add_part(r, &s->arg_block[i], false);
    for (int i = 0; i < s->l.n_out; i++)
        add_part(r, &s->out_block[i],
                 gd_tensor_dense(&s->out[i]) && !(row->flags & GD_ROW_BULK_STORE));
    r->n_result = r->n;
    add_part(r, &s->scratch, true);
    GD_TRY(image_grow(r->size, err));
    for (int i = 0; i < r->n; i++) {
        memcpy(image.up + r->part[i].at, r->part[i].b->base, r->part[i].b->size);
        r->part[i].there = image.there + r->part[i].at;
        if (oc_on.sanitize) {
            r->part[i].there = NULL;
            GD_TRY(gd_device_alloc(oc_on.device, r->part[i].b->size, &r->part[i].there, err));
        }
    }
    return GD_OK;
}

static void send_close(trip *r) {
    for (int i = 0; oc_on.sanitize && i < r->n; i++)
        gd_device_release(oc_on.device, r->part[i].there);
}

static gd_status upload(const trip *r, gd_error *err) {
    if (!oc_on.sanitize)
        return gd_device_upload(oc_on.device, GD_LANE_RUN, image.there, image.up, r->size, err);
    for (int i = 0; i < r->n; i++)
        if (!r->part[i].skip)
            GD_TRY(gd_device_upload(oc_on.device, GD_LANE_RUN, r->part[i].there,
                                    image.up + r->part[i].at, r->part[i].b->size, err));
    return GD_OK;
}

/* Under a sanitizer scratch stays where it is: nobody wrote all of it. So do the lanes that lie
 * before an output. */
static gd_status download(const trip *r, gd_error *err) {
    gd_device *d = oc_on.device;
    if (!oc_on.sanitize) {
        GD_TRY(gd_device_download(d, GD_LANE_RUN, image.down, image.there, r->size, err));
        return gd_device_sync(d, GD_LANE_RUN, err);
    }
    memcpy(image.down, image.up, r->size);
    for (int i = 0; i < r->n_result; i++) {
        const part  *p = &r->part[i];
        const size_t skip = p->skip ? p->b->front : 0;
        const size_t end = p->b->size - (p->skip ? p->b->back : 0);
        GD_TRY(gd_device_download(d, GD_LANE_RUN, image.down + p->at + skip,
                                  (unsigned char *)p->there + skip, end - skip, err));
    }
    return gd_device_sync(d, GD_LANE_RUN, err);
}

static void trouble(oc_stage *s, const char *what) {
    if (!s->trouble[0]) snprintf(s->trouble, sizeof s->trouble, "%s", what);
}

/* What the eager run left in the stage is compared with what is in the image of a replay. */
static void compare_replay(const trip *r, const char *what) {
    for (int i = 0; i < r->n_result; i++)
        if (memcmp(image.down + r->part[i].at, r->part[i].b->base, r->part[i].b->size) != 0)
            trouble(r->s, what);
}

static gd_status replay(const trip *r, const oc_problem *p, const gd_kernel *row,
                        gd_error *err) {
    gd_device *d = oc_on.device;
    void      *graph = NULL;
    GD_TRY(gd_device_capture(d, err));
    gd_status st = row->run(&r->l, err);
    if (st != GD_OK) {
        gd_device_abandon(d);
        return st;
    }
    GD_TRY(gd_device_captured(d, &graph, err));
    for (int k = 0; k < 2; k++) {
        GD_GO(upload(r, err));
        GD_GO(gd_device_replay(d, graph, err));
        GD_GO(download(r, err));
        if (!(p->op->flags & GD_OP_RANDOM))
            compare_replay(r, k ? "other bits at the second replay" : "other bits in a replay");
    }
done:
    gd_device_forget(d, graph);
    return st;
}

/* ---- memory running out in prepare ------------------------------------------------------- */

static bool fails_cleanly(oc_stage *s, const gd_kernel *row, const gd_launch *cold,
                          const char *what) {
    const gd_device_caps caps = oc_caps(row);
    const size_t         held = oc_on.device->held;
    void                *state = NULL;
    gd_error             e = {0};
    const gd_status      st = row->prepare(cold, &caps, &state, &e);
    if (st == GD_OK && row->release && state) row->release(state);
    if (st != GD_OK && st != GD_ERR_NOMEM) trouble(s, what);
    if (oc_on.device->held != held) trouble(s, "prepare leaves device memory behind");
    return st == GD_OK;
}

static void starve(oc_stage *s, const gd_kernel *row, const gd_launch *cold) {
    gd_device *d = oc_on.device;
    bool       passed = false;
    for (long n = 1; !passed && n < 64; n++) {
        meter          m = {.fail_at = n};
        const gd_alloc hook = {&m, meter_get, meter_put};
        gd_mem_hook(&hook);
        passed = fails_cleanly(s, row, cold, "prepare without memory: not GD_ERR_NOMEM");
        gd_mem_hook(NULL);
        if (m.live) trouble(s, "prepare without memory leaks");
        passed = m.count < n;
    }
    passed = false;
    for (size_t more = 0; !passed && more < (size_t)1 << 32; more = more ? 4 * more : 256) {
        d->limit = d->held + more;
        passed = fails_cleanly(s, row, cold, "prepare without device memory: not GD_ERR_NOMEM");
        d->limit = 0;
    }
}

/* ---- one run ----------------------------------------------------------------------------- */

/* A fault ends everything; a shortage or a refusal does not. */
static gd_status note_fault(gd_status st, const gd_kernel *row, gd_error *err) {
    if (st == GD_ERR_DEVICE) {
        oc_on.lost = true;
        gd_error_why(err, "after %s", row->name);
    }
    return st;
}

gd_status oc_device_run(oc_stage *s, const oc_problem *p, const gd_kernel *row, gd_error *err) {
    const gd_device_caps caps = oc_caps(row);
    gd_tensor            t[N_TENSOR];
    trip                 r = {0};
    gd_status            st;
    memset(t, 0, sizeof t);
    gd_launch cold = oc_device_cold(s, t);
    if (oc_on.lost) return gd_fail(err, GD_ERR_DEVICE, "the device is lost");
    oc_block_open(&s->scratch, row->scratch ? row->scratch(&cold, &caps) : 0, true);
    memset(s->scratch.base + s->scratch.front, s->layout.fill,
           s->scratch.size - s->scratch.front - s->scratch.back);
    GD_GO(send_open(&r, s, row, err));
    gd_device_note(oc_on.device, row->name);
    if (row->prepare && s->layout.fill == 0xff && s->layout.constants && !oc_on.sanitize &&
        !s->layout.pitch_in && !s->l.n_step)
        starve(s, row, &cold);
    if (row->prepare) GD_GO(row->prepare(&cold, &caps, &cold.state, err));
    hot_launch(&r, row);
    r.l.state = cold.state;
    GD_GO(upload(&r, err));
    GD_GO(row->run(&r.l, err));
    GD_GO(download(&r, err));
    for (int i = 0; i < r.n; i++)
        memcpy(r.part[i].b->base, image.down + r.part[i].at, r.part[i].b->size);
    if (s->layout.fill == 0xff) GD_GO(replay(&r, p, row, err));
done:
    if (row->release && cold.state) row->release(cold.state);
    send_close(&r);
    return note_fault(st, row, err);
}
