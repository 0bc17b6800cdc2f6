/* op_bench_device.c -- times the rows of a GPU in recorded graphs.
 *
 * A graph holds 10 to 20 launches of one row (fewer of long ones). Their activations take turns
 * among buffers that together exceed the L2 cache three times over, unless one set is larger:
 * so every launch reads memory, as a network's layers mostly do. Weights stay in one place.
 * Rows take turns, round by round. A time is that of a graph, divided by its launches: what it
 * costs to start a node of a graph is in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/op_bench.h"
#include "engine/exec_impl.h"
#include "engine/mem.h"

enum { MAX_SETS = 20, PERIOD = 1009, PATTERN = PERIOD * 2048, MARK_A = 60, MARK_B = 61 };

/* One copy of the activations. Constants are the same in all. */
typedef struct set {
    gd_tensor in[GD_MAX_IN], out[GD_MAX_OUT], arg[GD_MAX_STEP];
} set;

typedef struct lane {
    const gd_kernel *row;
    void            *state, *scratch, *graph;
    int              n_launch, n;
    bool             bare;
    double           ms[MAX_RUNS];
} lane;

typedef struct stand {
    gd_device     *d;
    const problem *p;
    gd_device_caps caps;
    set            s[MAX_SETS];
    int            n_set;
    void          *block[GD_MAX_IN + MAX_SETS]; /* device memory */
    int            n_block;
    void          *pattern; /* pinned, PATTERN elements of the type in use */
    gd_dtype       pattern_type;
} stand;

static size_t rounded(size_t n) { return (n + 255) / 256 * 256; }

static gd_status make_pattern(stand *x, gd_dtype type, gd_error *err) {
    const int64_t dim = PATTERN;
    if (x->pattern && x->pattern_type == type) return GD_OK;
    if (x->pattern) gd_device_unpin(x->d, x->pattern);
    GD_TRY(gd_device_pin(x->d, PATTERN * gd_dtype_size(type), &x->pattern, err));
    gd_tensor t = gd_tensor_make(type, 1, &dim);
    t.data = x->pattern;
    x->pattern_type = type;
    for (int64_t i = 0; i < PATTERN; i++)
        gd_tensor_set(&t, i, (double)(i % PERIOD) / PERIOD - 0.5);
    return GD_OK;
}

/* Values of `from` (host) where it has some, else the pattern. */
static gd_status load(stand *x, gd_tensor *to, const gd_tensor *from, gd_error *err) {
    const size_t size = gd_tensor_bytes(to);
    char        *at = to->data;
    if (from->data) return gd_device_upload(x->d, GD_LANE_RUN, at, from->data, size, err);
    GD_TRY(make_pattern(x, to->dtype, err));
    const size_t piece = PATTERN * gd_dtype_size(to->dtype);
    for (size_t done = 0; done < size; done += piece)
        GD_TRY(gd_device_upload(x->d, GD_LANE_RUN, at + done, x->pattern,
                                size - done < piece ? size - done : piece, err));
    return gd_device_sync(x->d, GD_LANE_RUN, err); /* the pattern may change next */
}

static gd_status take(stand *x, size_t size, void **out, gd_error *err) {
    GD_TRY(gd_device_alloc(x->d, size, out, err));
    x->block[x->n_block++] = *out;
    return GD_OK;
}

/* On a device the engine gives three channels a pitch of four. */
static void pad_channels(gd_tensor *t) {
    if (t->ndim == 4 && t->dim[3] == 3 && gd_dtype_is_float(t->dtype) && !t->data) t->pitch = 4;
}

static gd_status make_constants(stand *x, gd_error *err) {
    const problem *p = x->p;
    for (int i = 0; i < p->l.n_in; i++) {
        if (!p->l.in[i] || !(p->l.const_in >> i & 1)) continue;
        void     *data;
        gd_tensor t = p->in[i];
        GD_TRY(take(x, gd_tensor_bytes(&t), &data, err));
        t.data = data;
        GD_TRY(load(x, &t, &p->in[i], err));
        for (int k = 0; k < MAX_SETS; k++) x->s[k].in[i] = t;
    }
    return GD_OK;
}

/* Gives tensors of a set their places from `base` on (NULL: only counts), and says the size. */
static size_t place(const problem *p, set *s, char *base) {
    size_t at = 0;
    for (int k = 0; k < p->l.n_in + p->l.n_out + p->l.n_step; k++) {
        const int  o = k - p->l.n_in, a = o - p->l.n_out;
        gd_tensor *t = o < 0 ? &s->in[k] : a < 0 ? &s->out[o] : &s->arg[a];
        if (o < 0 && (!p->l.in[k] || (p->l.const_in >> k & 1))) continue;
        if (a >= 0 && !p->l.step[a].arg) continue;
        *t = o < 0 ? p->in[k] : a < 0 ? p->out[o] : p->arg[a];
        pad_channels(t);
        t->data = base ? base + at : NULL;
        at += rounded(gd_tensor_bytes(t));
    }
    return at;
}

static gd_status make_sets(stand *x, bool warm, gd_error *err) {
    const problem *p = x->p;
    const size_t   size = place(p, &x->s[0], NULL), want = 3 * x->caps.l2_bytes;
    x->n_set = warm ? 1 : (int)(want / (size ? size : 1)) + 1;
    if (x->n_set > MAX_SETS) x->n_set = MAX_SETS;
    for (int k = 0; k < x->n_set; k++) {
        void *base;
        set  *s = &x->s[k];
        GD_TRY(take(x, size, &base, err));
        place(p, s, base);
        for (int i = 0; i < p->l.n_in; i++)
            if (p->l.in[i] && !(p->l.const_in >> i & 1))
                GD_TRY(load(x, &s->in[i], &p->in[i], err));
        for (int i = 0; i < p->l.n_step; i++)
            if (p->l.step[i].arg) GD_TRY(load(x, &s->arg[i], &p->arg[i], err));
    }
    return gd_device_sync(x->d, GD_LANE_RUN, err);
}

static gd_launch bind(const stand *x, const lane *a, int k) {
    gd_launch  l = x->p->l;
    const set *s = &x->s[k];
    for (int i = 0; i < l.n_in; i++)
        if (l.in[i]) l.in[i] = &s->in[i];
    for (int i = 0; i < l.n_out; i++) l.out[i] = (gd_tensor *)&s->out[i];
    for (int i = 0; i < l.n_step; i++)
        if (l.step[i].arg) l.step[i].arg = &s->arg[i];
    if (a->bare) l.n_step = 0;
    l.state = a->state;
    l.scratch = a->scratch;
    l.stream = x->d->stream[GD_LANE_RUN];
    l.device = x->d;
    return l;
}

/* As the engine asks: constants with host addresses, everything else without one. */
static gd_launch asked(stand *x) {
    static set without;
    gd_launch  l = x->p->l;
    (void)place(x->p, &without, NULL);
    for (int i = 0; i < l.n_in; i++)
        if (l.in[i] && !(l.const_in >> i & 1)) l.in[i] = &without.in[i];
    for (int i = 0; i < l.n_out; i++) l.out[i] = &without.out[i];
    for (int i = 0; i < l.n_step; i++)
        if (l.step[i].arg) l.step[i].arg = &without.arg[i];
    l.device = x->d;
    l.stream = x->d->stream[GD_LANE_RUN];
    return l;
}

static bool all_dense(const gd_launch *l) {
    for (int i = 0; i < l->n_in; i++)
        if (l->in[i] && !gd_tensor_dense(l->in[i])) return false;
    return true;
}

/* Sets *bare where a vendor's row fits without the steps alone. */
static bool is_wanted(const stand *x, const gd_kernel *row, const gd_launch *l,
                      const options *o, bool *bare) {
    *bare = false;
    if (row->dtype != gd_op_dtype(x->p->op, l) || !gd_kernel_allowed(row, &x->caps))
        return false;
    if (o->row ? !strstr(row->name, o->row) : (row->flags & GD_ROW_REFERENCE) != 0)
        return false;
    if (!(row->flags & GD_ROW_PITCH) && !all_dense(l)) return false;
    if (absorbs_all(row, l) && (!row->fits || row->fits(l, &x->caps))) return true;
    gd_launch less = *l;
    less.n_step = 0;
    *bare = (row->flags & GD_ROW_PROVIDER) && l->n_step > 0;
    return *bare && row->fits(&less, &x->caps);
}

static gd_status prepare(stand *x, lane *a, gd_error *err) {
    gd_launch l = asked(x);
    if (a->bare) l.n_step = 0;
    const size_t size = a->row->scratch ? a->row->scratch(&l, &x->caps) : 0;
    GD_TRY(gd_device_alloc(x->d, size, &a->scratch, err));
    return a->row->prepare ? a->row->prepare(&l, &x->caps, &a->state, err) : GD_OK;
}

/* Runs once everywhere, so that whatever is loaded at first use is; then records. */
static gd_status record(stand *x, lane *a, gd_error *err) {
    gd_status st = GD_OK;
    double    ms = 0;
    for (int k = 0; k < x->n_set; k++) {
        const gd_launch l = bind(x, a, k);
        GD_TRY(a->row->run(&l, err));
    }
    const gd_launch again = bind(x, a, 0);
    GD_TRY(gd_device_mark(x->d, GD_LANE_RUN, MARK_A, err));
    GD_TRY(a->row->run(&again, err));
    GD_TRY(gd_device_mark(x->d, GD_LANE_RUN, MARK_B, err));
    GD_TRY(gd_device_sync(x->d, GD_LANE_RUN, err));
    GD_TRY(gd_device_elapsed(x->d, MARK_A, MARK_B, &ms, err));
    a->n_launch = ms > 0.5 ? 4 : ms > 0.1 ? 10 : 20;
    if (a->n_launch < x->n_set) a->n_launch = x->n_set;
    GD_TRY(gd_device_capture(x->d, err));
    for (int i = 0; i < a->n_launch && st == GD_OK; i++) {
        const gd_launch l = bind(x, a, i % x->n_set);
        st = a->row->run(&l, err);
    }
    if (st == GD_OK) return gd_device_captured(x->d, &a->graph, err);
    gd_device_abandon(x->d);
    return st;
}

static gd_status replay(stand *x, lane *a, bool keep, gd_error *err) {
    double ms = 0;
    gd_device_note(x->d, a->row->name);
    GD_TRY(gd_device_mark(x->d, GD_LANE_RUN, MARK_A, err));
    GD_TRY(gd_device_replay(x->d, a->graph, err));
    GD_TRY(gd_device_mark(x->d, GD_LANE_RUN, MARK_B, err));
    GD_TRY(gd_device_sync(x->d, GD_LANE_RUN, err));
    GD_TRY(gd_device_elapsed(x->d, MARK_A, MARK_B, &ms, err));
    if (keep && a->n < MAX_RUNS) a->ms[a->n++] = ms / a->n_launch;
    return GD_OK;
}

static void drop_lane(stand *x, lane *a) {
    if (a->graph) gd_device_forget(x->d, a->graph);
    if (a->row->release && a->state) a->row->release(a->state);
    gd_device_release(x->d, a->scratch);
}

/* Rounds until the time is used up, three at least. */
static gd_status rounds(stand *x, lane *a, int n, double seconds, gd_error *err) {
    double spent = 0;
    for (int round = 0; n && round < MAX_RUNS; round++) {
        if (round > 5 && spent > seconds * 1e3 * n) break;
        for (int i = 0; i < n; i++) {
            GD_TRY(replay(x, &a[i], round > 0, err));
            if (round) spent += a[i].ms[a[i].n - 1] * a[i].n_launch;
        }
    }
    return GD_OK;
}

static int lanes(stand *x, const options *o, lane *a, gd_error *err) {
    const gd_launch  l = asked(x);
    const gd_kernel *row;
    int              n = 0;
    for (int i = 0; n < MAX_ROWS && (row = gd_op_row(x->p->op, GD_CUDA, i)); i++) {
        bool bare;
        if (!is_wanted(x, row, &l, o, &bare)) continue;
        memset(&a[n], 0, sizeof a[n]);
        a[n].bare = bare;
        a[n].row = row;
        if (prepare(x, &a[n], err) == GD_OK && record(x, &a[n], err) == GD_OK) {
            n++;
            continue;
        }
        printf("  %-28s failed: %s %s\n", row->name, err->msg, err->why);
        drop_lane(x, &a[n]);
    }
    return n;
}

int device_bench(gd_device *d, problem *p, const options *o, result *r) {
    static stand x;
    static lane  a[MAX_ROWS];
    gd_error     err = {0};
    gd_status    st = GD_OK;
    int          n = 0;
    memset(&x, 0, sizeof x);
    x.d = d;
    x.p = p;
    x.caps = d->caps;
    x.caps.providers = o->providers;
    x.caps.tf32 = o->tf32;
    GD_GO(gd_device_use(d, &err));
    GD_GO(make_constants(&x, &err));
    GD_GO(make_sets(&x, o->warm, &err));
    n = lanes(&x, o, a, &err);
    GD_GO(rounds(&x, a, n, o->seconds > 0 ? o->seconds : 0.02, &err));
    for (int i = 0; i < n; i++) {
        measurement *m = &r->m[r->n++];
        *m = measure(a[i].row->name, a[i].ms, a[i].n);
        m->provider = (a[i].row->flags & GD_ROW_PROVIDER) != 0;
        m->bare = a[i].bare;
    }
done:
    for (int i = 0; i < n; i++) drop_lane(&x, &a[i]);
    for (int i = 0; i < x.n_block; i++) gd_device_release(d, x.block[i]);
    if (x.pattern) gd_device_unpin(d, x.pattern);
    if (st == GD_ERR_NOMEM) return complain("skipped:", err.msg), 0;
    return st == GD_OK ? 0 : complain("failed:", err.msg);
}
