/* arch_test.c -- the table of architectures and the builder's helpers: renamed keys, weights
 * asked for, failures that stick, names of layers. */
#include "layers/recipe.h"
#include "tests/gd_test.h"

static void every_architecture_is_whole(void **state) {
    (void)state;
    for (const gd_arch *const *p = gd_archs; *p; p++) {
        const gd_arch        *a = *p;
        gd_arena              arena = {0};
        const gd_weight_spec *spec;
        gd_error              err;
        int                   count;
        bool                  head = false;
        assert_ptr_equal(gd_arch_find(a->name), a);
        assert_non_null(gd_class_list(a->names));
        gd_assert_ok(gd_arch_weights(a, 0, NULL, &arena, &spec, &count, &err), &err);
        /* A network that only its file describes has no nominal weights. */
        assert_true(count > 20 || (a->facts && !a->class_key && count == 0));
        for (int i = 0; i < count; i++) {
            for (int k = 0; k < spec[i].ndim; k++) assert_true(spec[i].dim[k] > 0);
            for (int j = 0; j < i; j++)
                if (!strcmp(spec[j].name, spec[i].name))
                    fail_msg("%s: '%s' is asked for twice", a->name, spec[i].name);
            if (!a->class_key || strcmp(spec[i].name, a->class_key)) continue;
            head = true;
            assert_int_equal(gd_arch_head(a, spec[i].dim[0]), a->n_class);
            assert_true(spec[i].class_head);
        }
        assert_true(head || !a->class_key);
        gd_arena_free(&arena);
    }
    assert_null(gd_arch_find("resnet"));
    assert_null(gd_arch_find(""));
}

/* YOLOv8's branch for classes is as wide as there are classes, from a width on. */
static bool follows_classes(const gd_arch *a, const gd_weight_spec *s) {
    return !strncmp(a->name, "yolov8", 6) && !s->class_head && strstr(s->name, "model.22.cv3");
}

/* The number of classes asked for is that of the head, and of nothing else. */
static void classes_asked_for(void **state) {
    (void)state;
    for (const gd_arch *const *p = gd_archs; *p; p++) {
        gd_arena              arena = {0};
        const gd_weight_spec *a, *b;
        gd_error              err;
        int                   n, m;
        gd_assert_ok(gd_arch_weights(*p, 0, NULL, &arena, &a, &n, &err), &err);
        gd_assert_ok(gd_arch_weights(*p, 7, NULL, &arena, &b, &m, &err), &err);
        assert_int_equal(n, m);
        const int extra = (*p)->class_extra;
        for (int i = 0; i < n; i++) {
            const int64_t by = a[i].class_head ? (*p)->n_class + extra : 1;
            assert_string_equal(a[i].name, b[i].name);
            if (follows_classes(*p, &a[i])) continue;
            assert_int_equal(b[i].dim[0] * by, a[i].dim[0] * (a[i].class_head ? 7 + extra : 1));
        }
        gd_arena_free(&arena);
    }
}

static void renamed_keys(void **state) {
    (void)state;
    static const gd_key_rule rules[] = {{"module.*", "*"},       {"a.*.b.*", "x.*.y.*"},
                                        {"*.num_batches", NULL}, {"plain", "other"},
                                        {"deep.*.*.*", "*-*-*"}, {0}};
    static const struct {
        const char *key, *want;
    } cases[] = {{"module.a.1.b.c", "a.1.b.c"}, /* the last star may hold dots; one rule only */
                 {"a.1.b.c.d", "x.1.y.c.d"},
                 {"a.1.2.b.c", "a.1.2.b.c"}, /* a star in the middle holds no dot */
                 {"a..b.c", "a..b.c"},       /* nor nothing */
                 {"bn.num_batches", NULL},
                 {"plain", "other"},
                 {"plainer", "plainer"},
                 {"plai", "plai"},
                 {"", ""},
                 {"deep.1.2.3.4", "1-2-3.4"},
                 {"deep.1.2", "deep.1.2"}};
    gd_arch a = *gd_arch_find("resnet18");
    char    buf[64], small[4];
    a.rules = rules;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = gd_arch_rename(&a, cases[i].key, buf, sizeof buf);
        if (!cases[i].want)
            assert_null(got);
        else
            assert_string_equal(got, cases[i].want);
    }
    /* A name that does not fit is no match: the key is kept whole, nothing is cut. */
    assert_string_equal(gd_arch_rename(&a, "module.abcd", small, sizeof small), "module.abcd");
    assert_string_equal(gd_arch_rename(&a, "module.abc", small, sizeof small), "abc");
    a.rules = NULL;
    assert_string_equal(gd_arch_rename(&a, "module.a", buf, sizeof buf), "module.a");
}

static void torchvision_keys(void **state) {
    (void)state;
    char           buf[128];
    const gd_arch *a = gd_arch_find("fasterrcnn_resnet50_fpn");
    assert_string_equal(
        gd_arch_rename(a, "backbone.fpn.inner_blocks.2.0.weight", buf, sizeof buf),
        "backbone.fpn.inner_blocks.2.weight");
    assert_string_equal(gd_arch_rename(a, "rpn.head.conv.0.0.bias", buf, sizeof buf),
                        "rpn.head.conv.bias");
    assert_string_equal(gd_arch_rename(a, "rpn.head.conv.bias", buf, sizeof buf),
                        "rpn.head.conv.bias");
    a = gd_arch_find("retinanet_resnet50_fpn");
    assert_string_equal(gd_arch_rename(a, "head.regression_head.conv.4.bias", buf, sizeof buf),
                        "head.regression_head.conv.2.0.bias");
    assert_string_equal(
        gd_arch_rename(a, "head.regression_head.conv.2.0.bias", buf, sizeof buf),
        "head.regression_head.conv.2.0.bias");
}

/* The first failure is the one told; every later call does nothing. */
static void failures_stick(void **state) {
    (void)state;
    gd_arena      arena = {0};
    gd_graph      g;
    gd_net        n;
    gd_error      err = {0};
    const int64_t dim[4] = {1, 8, 8, 3}, w[4] = {2, 3, 3, 3};
    int           x;
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_graph_input(&g, "x", GD_F32, 4, dim, &x, &err), &err);
    gd_net_init(&n, &g, NULL, &err);
    const size_t mark = gd_net_enter(&n, "stage%d.%s", 3, "conv");
    assert_string_equal(n.path, "stage3.conv");
    assert_int_equal(gd_net_dim(&n, x, 3), 3);
    assert_int_equal(gd_net_op(&n, "nonsense", NULL, 1, &x, NULL), -1);
    assert_int_equal(n.st, GD_ERR_ARG);
    assert_non_null(strstr(err.why, "stage3.conv"));
    const int nodes = g.n_node, values = g.n_value;
    assert_int_equal(gd_net_fail(&n, GD_ERR_FORMAT, "later"), -1);
    assert_int_equal(gd_net_weight(&n, "weight", GD_WEIGHT_CONV, 4, w), -1);
    assert_int_equal(gd_net_conv(&n, x, "c", &(gd_conv_args){.k = 2, .size = 3}), -1);
    assert_int_equal(gd_net_batch_norm(&n, x, "bn"), -1);
    assert_int_equal(gd_net_linear(&n, x, "fc", 5, true, true), -1);
    assert_int_equal(gd_net_add(&n, x, x), -1);
    assert_int_equal(gd_net_upsample_like(&n, x, -1), -1);
    assert_int_equal(gd_net_max_pool(&n, -1, "pool", 2, 2, 0), -1);
    assert_int_equal(gd_net_dim(&n, x, 3), 0);
    assert_int_equal(n.st, GD_ERR_ARG);
    assert_false(gd_net_ok(&n));
    assert_null(strstr(err.msg, "later"));
    assert_int_equal(g.n_node, nodes);
    assert_int_equal(g.n_value, values);
    gd_net_leave(&n, mark);
    assert_string_equal(n.path, "");
    gd_arena_free(&arena);
}

/* A module that is called again names its nodes path, path#2, path#3. */
static void names_of_nodes(void **state) {
    (void)state;
    gd_arena      arena = {0};
    gd_graph      g;
    gd_net        n;
    gd_error      err = {0};
    const int64_t dim[2] = {1, 8};
    int           x;
    gd_graph_init(&g, &arena);
    gd_assert_ok(gd_graph_input(&g, "x", GD_F32, 2, dim, &x, &err), &err);
    gd_net_init(&n, &g, NULL, &err);
    x = gd_net_unary(&n, "relu", "relu", x);
    x = gd_net_unary(&n, "relu6", "relu", x); /* another module, though its name starts so */
    x = gd_net_unary(&n, "relu", "relu", x);
    x = gd_net_unary(&n, "relu", "relu", x);
    gd_assert_ok(n.st, &err);
    assert_string_equal(g.node[0].name, "relu");
    assert_string_equal(g.node[1].name, "relu6");
    assert_string_equal(g.node[2].name, "relu#2");
    assert_string_equal(g.node[3].name, "relu#3");
    gd_arena_free(&arena);
}

static bool has_three(const void *ctx, const char *name) {
    (void)ctx;
    return !strcmp(name, "m.0.w") || !strcmp(name, "m.1.w") || !strcmp(name, "m.3.w");
}

static const char *one_key(const void *ctx, const char *key) {
    return strcmp(key, "net.cfg") ? NULL : ctx;
}

/* What a builder asks of a file: nothing is there without one, and a gap ends a count. */
static void facts_of_a_file(void **state) {
    (void)state;
    gd_arena           arena = {0};
    gd_graph           g;
    gd_net             n;
    gd_error           err = {0};
    const gd_net_facts facts = {"[net]", has_three, one_key};
    gd_graph_init(&g, &arena);
    gd_net_init(&n, &g, NULL, &err);
    assert_false(gd_net_has(&n, "m.0.w"));
    assert_int_equal(gd_net_depth(&n, "m.%d.w", 7), 7);
    assert_null(gd_net_meta(&n, "net.cfg"));
    n.facts = &facts;
    assert_int_equal(gd_net_depth(&n, "m.%d.w", 7), 2);
    assert_int_equal(gd_net_depth(&n, "n.%d.w", 7), 7);
    assert_string_equal(gd_net_meta(&n, "net.cfg"), "[net]");
    assert_null(gd_net_meta(&n, "other"));
    const size_t mark = gd_net_enter(&n, "m.3");
    assert_true(gd_net_has(&n, "w"));
    gd_net_leave(&n, mark);
    gd_arena_free(&arena);
}

/* A head of several anchors: classes, background and other outputs for each. */
static void outputs_of_a_head(void **state) {
    (void)state;
    const gd_arch plain = {.name = "plain"}, yolo = {.class_per = 3, .class_extra = 5};
    assert_int_equal(gd_arch_head(&plain, 91), 91);
    assert_int_equal(gd_arch_head(&plain, 0), 0);
    assert_int_equal(gd_arch_head(&yolo, 255), 80);
    assert_int_equal(gd_arch_head(&yolo, 254), 0);
    assert_int_equal(gd_arch_head(&yolo, 15), 0);
    assert_int_equal(gd_arch_head(&plain, (int64_t)1 << 40), 0);
}

static const char *nothing(const void *ctx, const char *key) {
    (void)ctx;
    (void)key;
    return NULL;
}

/* Without a single key in the file, the architecture's own recipe is complete. */
static void recipes_of_architectures(void **state) {
    (void)state;
    for (const gd_arch *const *p = gd_archs; *p; p++) {
        gd_recipe   r;
        gd_error    err;
        gd_geometry at;
        gd_assert_ok(gd_recipe_read(*p, nothing, NULL, &r, &err), &err);
        gd_geometry_of(&r.rule, 480, 640, &at);
        assert_true(at.net_h >= 32 && at.net_w >= 32 && at.net_h <= 1344 && at.net_w <= 1344);
        assert_non_null(gd_filter_name(r.filter));
        assert_true(r.bn_eps > 0);
        if ((*p)->task == GD_TASK_DETECT) assert_true(r.iou > 0 && r.iou <= 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_architecture_is_whole),
        cmocka_unit_test(classes_asked_for),
        cmocka_unit_test(renamed_keys),
        cmocka_unit_test(torchvision_keys),
        cmocka_unit_test(failures_stick),
        cmocka_unit_test(names_of_nodes),
        cmocka_unit_test(facts_of_a_file),
        cmocka_unit_test(outputs_of_a_head),
        cmocka_unit_test(recipes_of_architectures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
