/* no_alloc_test.c -- between the start and the end of a run nothing is allocated or released.
 *
 * This program defines malloc and its family itself, so it sees the calls of every library in
 * the process, OpenMP's too, and counts those made while a run is on. oneDNN's call itself
 * keeps the list of its arguments on the heap for as long as it lasts; that alone is let pass:
 * small blocks, released before it returns, no scratch memory (which is ours). Under a
 * sanitizer, which brings its own malloc, there is nothing to count: skipped. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

#include "engine/backend.h"
#include "engine/exec.h"
#include "tests/gd_test.h"
#include "tests/graph_random.h"

#if defined(__SANITIZE_ADDRESS__)
#define OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OWN_MALLOC 0
#endif
#endif
#ifndef OWN_MALLOC
#define OWN_MALLOC 1
#endif

static atomic_long n_get, n_put;           /* in a run, outside oneDNN */
static atomic_long inside_get, inside_put; /* inside its execute call */
static atomic_long inside_largest;
static atomic_int  counting, inside;

enum { INSIDE_LARGEST = 1024 }; /* bytes of one block of oneDNN's list of arguments */

#define SEEN __attribute__((visibility("default")))

#if OWN_MALLOC
/* glibc's own, under the names it keeps for programs that replace malloc. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);
extern void  __libc_free(void *p);

static void note_get(size_t size) {
    if (!atomic_load(&counting)) return;
    if (!atomic_load(&inside)) {
        atomic_fetch_add(&n_get, 1);
        return;
    }
    atomic_fetch_add(&inside_get, 1);
    if ((long)size > atomic_load(&inside_largest)) atomic_store(&inside_largest, (long)size);
}

SEEN void *malloc(size_t size) {
    note_get(size);
    return __libc_malloc(size);
}
SEEN void *calloc(size_t n, size_t size) {
    note_get(n * size);
    return __libc_calloc(n, size);
}
SEEN void *realloc(void *p, size_t size) {
    note_get(size);
    return __libc_realloc(p, size);
}
SEEN void *aligned_alloc(size_t align, size_t size) {
    note_get(size);
    return __libc_memalign(align, size);
}
SEEN int posix_memalign(void **out, size_t align, size_t size) {
    note_get(size);
    *out = __libc_memalign(align, size);
    return *out ? 0 : ENOMEM;
}
SEEN void free(void *p) {
    if (p && atomic_load(&counting))
        atomic_fetch_add(atomic_load(&inside) ? &inside_put : &n_put, 1);
    __libc_free(p);
}
#endif

#if GD_HAVE_ONEDNN
/* Stands before oneDNN's function of this name, so that what happens inside it is known. */
typedef int     execute_fn(const void *primitive, void *stream, int n, const void *args);
SEEN execute_fn dnnl_primitive_execute;

int dnnl_primitive_execute(const void *primitive, void *stream, int n, const void *args) {
    static execute_fn *real;
    if (!real) {
        void *found = dlsym(RTLD_NEXT, "dnnl_primitive_execute");
        memcpy(&real, &found, sizeof real);
    }
    atomic_store(&inside, 1);
    const int st = real(primitive, stream, n, args);
    atomic_store(&inside, 0);
    return st;
}
#endif

static void start(void) {
    atomic_store(&n_get, 0);
    atomic_store(&n_put, 0);
    atomic_store(&inside_get, 0);
    atomic_store(&inside_put, 0);
    atomic_store(&inside_largest, 0);
    atomic_store(&counting, 1);
}
static void stop(void) { atomic_store(&counting, 0); }

static void the_counter_counts(void **state) {
    (void)state;
    start();
    void *volatile p = malloc(100);
    free(p);
    stop();
    if (atomic_load(&n_get) == 0) skip(); /* valgrind: its malloc comes before ours */
    assert_int_equal(atomic_load(&n_get), 1);
    assert_int_equal(atomic_load(&n_put), 1);
}

static void run_and_count(gd_graph *g, const char *what, uint64_t seed) {
    const gd_device_caps dev = gd_cpu_caps();
    gd_error             err = {0};
    gd_exec             *e = NULL;
    gd_assert_ok(gd_pass_all(g, &dev, GD_F32, &err), &err);
    gd_assert_ok(gd_exec_open(g, &dev, NULL, &e, &err), &err);
    for (int run = 0; run < 3; run++) {
        for (int v = 0; v < g->n_value; v++) {
            if (g->value[v].kind != GD_VALUE_INPUT) continue;
            gd_tensor *t = gd_exec_tensor(e, v);
            for (int64_t k = 0; k < gd_tensor_count(t); k++)
                gd_tensor_set(t, k, random_input(seed, v, k));
        }
        start();
        const gd_status st = gd_exec_run(e, &err);
        stop();
        gd_assert_ok(st, &err);
        if (atomic_load(&n_get) || atomic_load(&n_put))
            fail_msg("%s, seed %llu, run %d: %ld allocations, %ld releases", what,
                     (unsigned long long)seed, run, atomic_load(&n_get), atomic_load(&n_put));
        if (atomic_load(&inside_get) != atomic_load(&inside_put) ||
            atomic_load(&inside_largest) > INSIDE_LARGEST)
            fail_msg(
                "%s, seed %llu, run %d: oneDNN allocates %ld times, releases %ld, up to %ld "
                "bytes",
                what, (unsigned long long)seed, run, atomic_load(&inside_get),
                atomic_load(&inside_put), atomic_load(&inside_largest));
    }
    gd_exec_close(e);
}

/* The pool's threads are made once in the life of the process, not by a run. */
static void start_pool(void) {
    atomic_int seen = 0;
#pragma omp parallel num_threads(gd_cpu_threads())
    atomic_fetch_add(&seen, 1);
    assert_true(seen >= 1);
}

static void random_graphs(void **state) {
    (void)state;
    start_pool();
    for (uint64_t seed = 1; seed <= 150; seed++) {
        gd_arena     arena = {0};
        random_graph r;
        gd_error     err = {0};
        gd_assert_ok(random_graph_make(&r, &arena, seed, GD_F32, false, 22, &err), &err);
        run_and_count(&r.g, "random graph", seed);
        gd_arena_free(&arena);
    }
}

static int conv(random_graph *r, int x, int64_t K, int size, int stride, int groups) {
    const gd_conv2d a = {
        {stride, stride}, {size / 2, size / 2, size / 2, size / 2}, {1, 1}, groups};
    const int64_t w[4] = {K, size, size, gd_tensor_channels(shape_of(r, x)) / groups};
    int           in[3] = {x};
    gd_assert_ok(constant(r, 4, w, -4, 4, &in[1]), r->err);
    gd_assert_ok(constant(r, 1, &K, -64, 64, &in[2]), r->err);
    gd_assert_ok(add_node(r, "conv2d", &a, 3, in), r->err);
    return r->value[r->n - 1];
}

static int unary(random_graph *r, const char *op, int x) {
    gd_assert_ok(add_node(r, op, NULL, 1, &x), r->err);
    return r->value[r->n - 1];
}

/* Large enough for every thread and for the rows of libraries: a stem, a residual block, a
 * depthwise convolution, a concat and a head. */
static void a_small_network(void **state) {
    (void)state;
    const int64_t dim[4] = {1, 96, 80, 3};
    gd_arena      arena = {0};
    gd_error      err = {0};
    random_graph  r = {.state = 3, .type = GD_F32, .err = &err};
    start_pool();
    gd_graph_init(&r.g, &arena);
    gd_assert_ok(gd_graph_input(&r.g, "x", GD_F32, 4, dim, &r.input[0], &err), &err);
    r.value[r.n++] = r.input[0];
    const int stem = unary(&r, "relu", conv(&r, r.input[0], 32, 3, 2, 1));
    int sum[2] = {conv(&r, unary(&r, "silu", conv(&r, stem, 32, 3, 1, 1)), 32, 1, 1, 1), stem};
    gd_assert_ok(add_node(&r, "add", NULL, 2, sum), &err);
    const int block = unary(&r, "relu", r.value[r.n - 1]);
    int       parts[2] = {unary(&r, "sigmoid", conv(&r, block, 32, 3, 1, 32)), block};
    gd_assert_ok(add_node(&r, "concat", &(gd_concat){3}, 2, parts), &err);
    gd_assert_ok(add_affine(&r), &err);
    const int y = unary(&r, "softmax", r.value[r.n - 1]);
    gd_assert_ok(gd_graph_output(&r.g, "y", y, &err), &err);
    run_and_count(&r.g, "small network", 1);
    gd_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_counter_counts),
                                       cmocka_unit_test(random_graphs),
                                       cmocka_unit_test(a_small_network)};
    if (!OWN_MALLOC) {
        printf("skipped: the sanitizer's malloc cannot be counted\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
