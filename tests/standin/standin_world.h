/* standin_world.h -- what tests on the stand-in runtime share: its functions, two small models
 * and a picture, every call failing in turn. */
#ifndef GD_TESTS_STANDIN_WORLD_H
#define GD_TESTS_STANDIN_WORLD_H

#include <dlfcn.h>

#include "engine/plugin.h"
#include "tests/gd_meter.h"
#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

/* Of the stand-in that is loaded: tests/standin/standin.h. */
static struct {
    void (*make_fail)(long n, int on, int error, const char *call);
    long (*live)(void);
    long (*launches)(void);
    const char *(*failed)(void);
} standin;

static inline bool standin_find(void *so, const char *name, void *slot) {
    void *found = dlsym(so, name);
    memcpy(slot, &found, sizeof found);
    return found != NULL;
}

/* A detector, a classifier, and a picture for them. */
typedef struct standin_world {
    gd_model *boxes, *classes;
    gd_image  p;
} standin_world;

/* Memory that is not there, once, at the n-th call of `live`: nothing is left behind. */
static inline void standin_sweep(const standin_world *x,
                                 gd_status (*live)(const standin_world *x, bool look,
                                                   gd_error *err)) {
    for (long n = 1;; n += n < 40 ? 3 : 29) {
        meter          m = {0};
        const gd_alloc hook = {&m, meter_get, meter_put};
        const long     before = standin.live();
        gd_error       err = {0};
        standin.make_fail(n, 0, 2, "");
        gd_mem_hook(&hook);
        const gd_status st = live(x, false, &err);
        gd_mem_hook(NULL);
        const char *failed = standin.failed();
        const bool  stays = strstr(failed, "Free") || strstr(failed, "Destroy") ||
                           strstr(failed, "cudaSetDevice");
        if (m.live || (st != GD_OK && st != GD_ERR_NOMEM) ||
            (!stays && standin.live() > before))
            fail_msg("%s failed as call %ld: %s (%s), %ld blocks, %ld objects left", failed, n,
                     gd_status_name(st), err.msg, m.live, standin.live() - before);
        if (!*failed) {
            assert_int_equal(st, GD_OK);
            break;
        }
    }
    standin.make_fail(0, 0, 0, "");
}

/* For main: runs the tests, whose state is x, with a picture of w x h. 77: no stand-in. */
static inline int standin_run(const char *group, const struct CMUnitTest *tests, size_t n,
                              standin_world *x, int w, int h) {
    const tiny       classifier = {.arch = "resnet20_cifar"};
    void            *so = dlopen("libcudart.so.13", RTLD_NOW);
    const gd_plugin *p;
    gd_error         e = {0};
    if (!so || !standin_find(so, "standin_fail", &standin.make_fail) ||
        !standin_find(so, "standin_live", &standin.live) ||
        !standin_find(so, "standin_launches", &standin.launches) ||
        !standin_find(so, "standin_failed", &standin.failed)) {
        printf("skipped: needs the CUDA plugin with the shared runtime, and the stand-in\n");
        return 77;
    }
    if (gd_plugin_load("cuda", &p, &e) != GD_OK) {
        printf("%s: %s\n", e.msg, e.why);
        return 1;
    }
    x->boxes = tiny_open(&tiny_families[1]);
    x->classes = tiny_open(&classifier);
    x->p = tiny_picture(w, h, 9);
    const int failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
    free((void *)(uintptr_t)x->p.rgb);
    gd_model_close(x->boxes);
    gd_model_close(x->classes);
    return failed;
}

#endif
