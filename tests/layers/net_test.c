/* net_test.c -- layers of a network that trains: which weights become variables. */
#include "layers/net.h"
#include "tests/gd_test.h"

static bool not_frozen(const void *ctx, const char *name) {
    const char *prefix = ctx;
    return strncmp(name, prefix, strlen(prefix)) != 0;
}

typedef struct built {
    gd_arena arena;
    gd_graph g;
    gd_error err;
    int      y;
} built;

/* Two convolutions with a norm each; the second layer is asked for twice. */
static void build(built *b, const gd_net_train *train) {
    const gd_conv_args conv = {.k = 4, .size = 3, .pad = 1};
    gd_net             n;
    memset(b, 0, sizeof *b);
    gd_graph_init(&b->g, &b->arena);
    gd_net_init(&n, &b->g, NULL, &b->err);
    n.train = train;
    gd_assert_ok(
        gd_graph_input(&b->g, "x", GD_F32, 4, (const int64_t[]){1, 4, 4, 4}, &b->y, &b->err),
        &b->err);
    for (int k = 0; k < 3; k++) {
        const size_t mark = gd_net_enter(&n, k ? "head" : "stem");
        b->y = gd_net_conv(&n, b->y, "conv", &conv);
        b->y = gd_net_batch_norm(&n, b->y, "bn");
        gd_net_leave(&n, mark);
    }
    gd_assert_ok(n.st, &b->err);
    gd_assert_ok(gd_graph_verify(&b->g, "building", &b->err), &b->err);
}

static int variables(const gd_graph *g, const char *part) {
    int n = 0;
    for (int v = 0; v < g->n_value; v++)
        n += g->value[v].variable && strstr(g->value[v].name, part) != NULL;
    return n;
}

static int count(const gd_graph *g, const char *op) {
    int n = 0;
    for (int k = 0; k < g->n_node; k++) n += !strcmp(g->node[k].op->name, op);
    return n;
}

static void weights_that_train_are_variables(void **state) {
    built              b;
    const gd_net_train frozen_norms = {.ctx = "stem", .trains = not_frozen};
    (void)state;
    build(&b, NULL);
    assert_int_equal(variables(&b.g, ""), 0);
    gd_arena_free(&b.arena);

    build(&b, &frozen_norms); /* one variable, though two layers read it */
    assert_int_equal(variables(&b.g, ""), 1);
    assert_int_equal(variables(&b.g, "head.conv.weight"), 1);
    assert_int_equal(count(&b.g, "batch_norm"), 3);
    gd_arena_free(&b.arena);
}

/* The head's norm twice: its running values would be updated twice from the same ones, which
 * the verifier refuses; once is in order. */
static void norms_keep_running_values(void **state) {
    const gd_net_train live = {
        .ctx = "stem", .trains = not_frozen, .batch_norm = true, .bn_momentum = 0.1f};
    gd_net n;
    built  b;
    int    y;
    (void)state;
    memset(&b, 0, sizeof b);
    gd_graph_init(&b.g, &b.arena);
    gd_net_init(&n, &b.g, NULL, &b.err);
    n.train = &live;
    gd_assert_ok(
        gd_graph_input(&b.g, "x", GD_F32, 4, (const int64_t[]){1, 4, 4, 4}, &y, &b.err),
        &b.err);
    y = gd_net_batch_norm(&n, y, "stem");
    y = gd_net_batch_norm(&n, y, "head");
    gd_assert_ok(n.st, &b.err);
    gd_assert_ok(gd_graph_verify(&b.g, "building", &b.err), &b.err);
    assert_int_equal(count(&b.g, "batch_norm"), 1);
    assert_int_equal(count(&b.g, "batch_norm_train"), 1);
    assert_int_equal(variables(&b.g, "head."), 4);
    assert_int_equal(variables(&b.g, "running_"), 2);
    y = gd_net_batch_norm(&n, y, "head");
    assert_int_equal(gd_graph_verify(&b.g, "building", &b.err), GD_ERR_SHAPE);
    gd_arena_free(&b.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(weights_that_train_are_variables),
                                       cmocka_unit_test(norms_keep_running_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
