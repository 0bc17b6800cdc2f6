/* standin_session_test.c -- every CUDA call of a session failing in turn, without a GPU.
 *
 * The stand-in runtime has the place of libcudart.so.13. Each error is met at the n-th call
 * for every n, once and from then on: the status and the words fit, nothing is left behind
 * on either side, a session that ran out of memory can be used again, and once the context
 * is dead no further call is made. */
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/mem.h"
#include "engine/plugin.h"
#include "layers/model.h"
#include "tests/gd_meter.h"
#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

static struct {
    void (*make_fail)(long n, int on, int error, const char *call);
    long (*calls)(void);
    long (*live)(void);
    long (*after_fault)(void);
    long (*launches)(void);
    const char *(*failed)(void);
} standin;

/* Function pointers out of dlsym. */
static bool find(void *so, const char *name, void *slot) {
    void *found = dlsym(so, name);
    memcpy(slot, &found, sizeof found);
    return found != NULL;
}

static bool is_here(void) {
    void *so = dlopen("libcudart.so.13", RTLD_NOW);
    return so && find(so, "standin_fail", &standin.make_fail) &&
           find(so, "standin_calls", &standin.calls) &&
           find(so, "standin_live", &standin.live) &&
           find(so, "standin_after_fault", &standin.after_fault) &&
           find(so, "standin_launches", &standin.launches) &&
           find(so, "standin_failed", &standin.failed);
}

/* ---- one life of a session --------------------------------------------------------------- */

enum { N_RUN = 3 }; /* launched, recorded, replayed */

typedef struct life {
    const gd_model *m;
    gd_image        p;
    int             precision;
    bool            failed; /* a run did, and `after` is what the next one gave */
    gd_status       after;
    long            worked; /* calls before the session was closed */
} life;

static gd_status live(life *l, gd_error *err) {
    gd_session_options o = gd_session_defaults();
    gd_session        *s = NULL;
    gd_result          r;
    o.device = "cuda";
    o.precision = l->precision;
    o.threads = 1;
    l->failed = false;
    gd_status st = gd_session_open(l->m, &o, &s, err);
    for (int i = 0; st == GD_OK && i < N_RUN; i++) {
        st = gd_session_run(s, &l->p, 1, &r, err);
        if (st == GD_OK) continue;
        l->failed = true;
        l->after = gd_session_run(s, &l->p, 1, &r, NULL);
    }
    l->worked = standin.calls();
    gd_session_close(s);
    return st;
}

/* Calls that put something away: their failure is not reported, and keeps what it should
 * free. */
static bool puts_away(const char *call) {
    return strstr(call, "Free") || strstr(call, "Destroy") || strstr(call, "cudaSetDevice");
}

/* Calls whose failure leaves a way on: the copy is made from pageable memory, a time is not
 * known. */
static bool can_do_without(const char *call) {
    return strstr(call, "cudaPointerGetAttributes") || strstr(call, "cudaMemGetInfo") ||
           strstr(call, "cudaDeviceGetAttribute") || strstr(call, "GetVersion") ||
           strstr(call, "cudaHostAlloc");
}

typedef struct kind {
    int       code;
    gd_status st;
    bool      kills;
} kind;

/* What came of a life with a call that fails. */
typedef struct outcome {
    bool      met; /* the call was reached */
    gd_status st;
    long      host, device, after_fault; /* blocks and objects left, calls behind the fault */
    life      life;
    gd_error  err;
    char      call[64];
} outcome;

static void live_with(life *l, const kind *k, bool on, long n, outcome *o) {
    meter          m = {0};
    const gd_alloc hook = {&m, meter_get, meter_put};
    const long     before = standin.live();
    memset(o, 0, sizeof *o);
    standin.make_fail(n, on, k->code, "");
    gd_mem_hook(&hook);
    o->st = live(l, &o->err);
    gd_mem_hook(NULL);
    o->met = standin.failed()[0] != '\0';
    o->host = m.live;
    o->device = standin.live() - before;
    o->after_fault = standin.after_fault();
    o->life = *l;
    snprintf(o->call, sizeof o->call, "%s", standin.failed());
}

/* After a fault a process is of no use: it has one of its own. */
static void live_apart(life *l, const kind *k, bool on, long n, outcome *o) {
    int end[2], status;
    assert_int_equal(pipe(end), 0);
    const pid_t child = fork();
    if (child == 0) {
        live_with(l, k, on, n, o);
        _exit(write(end[1], o, sizeof *o) == (ssize_t)sizeof *o ? 0 : 1);
    }
    close(end[1]);
    memset(o, 0, sizeof *o);
    const bool whole = read(end[0], o, sizeof *o) == (ssize_t)sizeof *o;
    close(end[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!whole || status)
        fail_msg("call %ld failing with %d ends the process (%d)", n, k->code, status);
}

static void judge(const outcome *o, const kind *k, long n, bool on, const char *arch) {
    const char *what = NULL;
    const bool  unseen = n > o->life.worked || puts_away(o->call) || can_do_without(o->call);
    if (o->st == GD_OK && !unseen)
        what = "nobody said so";
    else if (o->st != GD_OK && o->st != k->st)
        what = "another status";
    else if (o->st != GD_OK && strlen(o->err.msg) < 12)
        what = "no words for it";
    else if (o->host)
        what = "host memory is left";
    else if (k->kills && o->after_fault)
        what = "calls behind a fault";
    else if (k->kills && o->life.failed && o->life.after == GD_OK)
        what = "a run behind a fault";
    else if (!k->kills && !on && o->life.failed && o->life.after != GD_OK)
        what = "the session is of no use any more";
    else if (!k->kills && !on && o->device &&
             !puts_away(o->call)) /* what cannot be freed stays */
        what = "objects are left on the device";
    if (what)
        fail_msg(
            "%s: %s failed with %d as call %ld%s: %s: %s (%s), %ld blocks, %ld objects, %ld "
            "calls after",
            arch, o->call, k->code, n, on ? " and on" : "", what, gd_status_name(o->st),
            o->err.msg, o->host, o->device, o->after_fault);
}

/* Of the calls of a life, `calls` of them, the first ones fail in turn and then one in so many,
 * with GD_LONG every one. */
static void sweep(life *l, const kind *k, bool on, const char *arch, long calls) {
    const long first = k->kills ? 10 : 24, then = k->kills ? 15 : 36;
    const long step =
        getenv("GD_LONG") || calls <= first + then ? 1 : (calls - first) / then + 1;
    for (long n = 1;; n += n < first ? 1 : step) {
        outcome o;
        if (k->kills)
            live_apart(l, k, on, n, &o);
        else
            live_with(l, k, on, n, &o);
        if (o.met) {
            judge(&o, k, n, on, arch);
            continue;
        }
        assert_int_equal(o.st, GD_OK);
        assert_int_equal(o.host, 0);
        assert_int_equal(o.device, 0);
        return;
    }
}

/* The first n_kind kinds of failure. */
static void sweep_family(int family, int precision, int n_kind) {
    static const kind kinds[] = {
        {2, GD_ERR_NOMEM, false}, {700, GD_ERR_DEVICE, true}, {1, GD_ERR_DEVICE, false}};
    const tiny *d = &tiny_families[family];
    gd_model   *m = tiny_open(d);
    life        l = {.m = m, .p = tiny_picture(40, 30, 5), .precision = precision};
    gd_error    err = {0};
    standin.make_fail(0, 0, 0, "");
    gd_assert_ok(live(&l, &err), &err);
    const long calls = standin.calls();
    assert_true(standin.launches() > 0 && calls > 100);
    for (int i = 0; i < n_kind; i++)
        for (int on = 0; on < 2; on++) sweep(&l, &kinds[i], on, d->arch, calls);
    standin.make_fail(0, 0, 0, "");
    free((void *)(uintptr_t)l.p.rgb);
    gd_model_close(m);
}

static void classifier(void **state) {
    (void)state;
    sweep_family(0, GD_PRECISION_FP32, 3);
}

static void one_stage_in_halves(void **state) {
    (void)state;
    sweep_family(1, GD_PRECISION_FP16, 2);
}

static void two_stages(void **state) {
    (void)state;
    sweep_family(2, GD_PRECISION_FP32, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(classifier),
                                       cmocka_unit_test(one_stage_in_halves),
                                       cmocka_unit_test(two_stages)};
    const gd_plugin        *p;
    gd_error                e = {0};
    if (!is_here()) {
        printf("skipped: needs the CUDA plugin with the shared runtime, and the stand-in\n");
        return 77;
    }
    /* Whatever the plugin calls must stand in, too. */
    if (gd_plugin_load("cuda", &p, &e) != GD_OK) {
        printf("%s: %s\n", e.msg, e.why);
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
