/* model_test.c -- model files that say something wrong: metadata, names, classes, weights. Each
 * is whole as a .gdw; the layers must refuse it with its own code, or run it without harm. */
#include "layers/model.h"
#include "tests/gd_test.h"
#include "tests/layers/tiny.h"

static void refuse(const tiny *d, gd_status want, int code, const char *word) {
    gd_model       *m = (gd_model *)(uintptr_t)1;
    gd_error        err;
    const gd_status st = tiny_load(d, &m, &err);
    if (st != want || err.code != code || !strstr(err.msg, word))
        fail_msg("%s: %s, code %d: %s; wanted %s, code %d and '%s'", d->arch,
                 gd_status_name(st), err.code, err.msg, gd_status_name(want), code, word);
    assert_null(m);
}

static void refuse_meta(const char *arch, const char *key, const char *value, int code) {
    const gd_meta_pair meta[] = {{key, value}, {0}};
    tiny               d = {.arch = arch, .divide = 4, .meta = meta};
    if (strstr(arch, "cifar")) d.divide = 0;
    refuse(&d, code == 477 ? GD_ERR_UNSUPPORTED : GD_ERR_FORMAT, code, "");
}

/* ---- metadata ---------------------------------------------------------------------------- */

static void recipe_values(void **state) {
    (void)state;
    static const struct {
        const char *key, *value;
    } bad[] = {
        {"input.rule", "squeeze"},
        {"input.rule", ""},
        {"input.rule", "center_crop"}, /* no input.short */
        {"input.rule", "shortest_edge"},
        {"input.size", "64"},
        {"input.size", "64x"},
        {"input.size", "0x64"},
        {"input.size", "64x16385"},
        {"input.size", "64.5x64"},
        {"input.size", "64x64x64"},
        {"input.size", "64 x64"},
        {"input.size", "-64x64"},
        {"input.size", "nanx64"},
        {"input.filter", "lanczos"},
        {"input.order", "rgba"},
        {"input.scale", "0"},
        {"input.scale", "inf"},
        {"input.scale", "1,1"},
        {"input.mean", "1,2"},
        {"input.mean", "1,2,3,4"},
        {"input.mean", "1,,3"},
        {"input.std", "1,0,1"},
        {"input.std", "1,-1,1"},
        {"input.pad", "1e7,0,0"},
        {"input.pad", "a,b,c"},
        {"post.conf", "1.5"},
        {"post.conf", "nan"},
        {"post.iou", "-0.1"},
        {"post.iou", ""},
        {"post.max_det", "1.5"},
        {"post.max_det", "-1"},
        {"post.max_det", "1e9"},
        {"post.multi_label", "2"},
        {"post.multi_label", "yes"},
        {"bn_eps", "2"},
        {"bn_eps", "0,5"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse_meta("yolox_nano", bad[i].key, bad[i].value, 470);
}

static void extremes_of_metadata(void **state) {
    (void)state;
    static const gd_meta_pair meta[][5] = {
        {{"input.rule", "center_crop"},
         {"input.short", "65535"},
         {"input.size", "1x16"},
         {"input.filter", "pil_bicubic"}},
        {{"input.rule", "shortest_edge"},
         {"input.short", "1"},
         {"input.long", "1"},
         {"input.multiple", "1"}},
        {{"input.rule", "letterbox_center"}, {"input.size", "17x5"}, {"input.scale", "1e9"}},
        {{"input.std", "1e-9,1e-9,1e-9"}, {"input.mean", "1e6,1e6,1e6"}, {"bn_eps", "1"}},
    };
    for (size_t i = 0; i < sizeof meta / sizeof *meta; i++) {
        const tiny  d = {.arch = "resnet20_cifar", .meta = meta[i]};
        gd_model   *m = tiny_open(&d);
        gd_session *s;
        gd_error    err;
        gd_assert_ok(gd_session_open(m, NULL, &s, &err), &err);
        for (int k = 0; k < 4; k++) {
            static const int size[][2] = {{1, 1}, {65535, 1}, {1, 65535}, {30, 20}};
            const gd_image   p = tiny_picture(size[k][0], size[k][1], 2);
            gd_result        r;
            const gd_status  st = gd_session_run(s, &p, 1, &r, &err);
            if (st != GD_OK && st != GD_ERR_ARG && st != GD_ERR_SHAPE)
                fail_msg("metadata %zu, picture %d: %s", i, k, err.msg);
            free((void *)(uintptr_t)p.rgb);
        }
        gd_session_close(s);
        gd_model_close(m);
    }
}

static void names_and_ids(void **state) {
    (void)state;
    const char *cifar = "resnet20_cifar";
    refuse_meta(cifar, "arch", "resnet1", 477);
    refuse_meta(cifar, "classes", NULL, 473);
    refuse_meta(cifar, "classes", "", 473);
    refuse_meta(cifar, "classes", "a\nb", 476);
    refuse_meta(cifar, "classes", "a\nb\nc\nd", 476);
    static const char *const ids[] = {
        "1,2",   "1,2,3,4", "1,2,",           "1,,3",
        "",      "1,2,x",   "-1,2,3",         "1,2,3x",
        "1;2;3", "1,2,3 ",  "1,2,3000000000", "1,2,99999999999999999999"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        refuse_meta(cifar, "category_ids", ids[i], 474);
}

static void good_names(void **state) {
    (void)state;
    const tiny d = {.arch = "resnet20_cifar",
                    .meta = (const gd_meta_pair[]){{"classes", "a\n\nc d\n"},
                                                   {"category_ids", "7,0,1000000000"},
                                                   {"license", "none"},
                                                   {0}}};
    gd_model  *m = tiny_open(&d);
    assert_int_equal(gd_model_class_count(m), 3);
    assert_string_equal(gd_model_class_name(m, 0), "a");
    assert_string_equal(gd_model_class_name(m, 1), "");
    assert_string_equal(gd_model_class_name(m, 2), "c d");
    assert_null(gd_model_class_name(m, 3));
    assert_null(gd_model_class_name(m, -1));
    assert_int_equal(gd_model_category_id(m, 0), 7);
    assert_int_equal(gd_model_category_id(m, 2), 1000000000);
    assert_int_equal(gd_model_category_id(m, 3), -1);
    assert_int_equal(gd_model_task(m), GD_TASK_CLASSIFY);
    assert_string_equal(gd_model_meta(m, "license"), "none");
    assert_null(gd_model_meta(m, "author"));
    gd_model_close(m);
    gd_model_close(NULL);
}

/* ---- weights ----------------------------------------------------------------------------- */

typedef struct damage {
    int     at, now; /* which tensor; the one met now */
    int     axis;    /* -1: leave the tensor out */
    int64_t add;     /* to that axis; 0: make it 0 */
    int     kind;    /* 0: as above, 1: i32, 2: seven axes, 3: f16 */
    char    name[256];
    float  *zeros;
} damage;

static bool apply(void *ctx, gd_gdw_tensor *t) {
    damage *d = ctx;
    if (d->now++ != d->at) return true;
    snprintf(d->name, sizeof d->name, "%s", t->name);
    if (d->kind == 1) t->type = GD_GDW_I32;
    if (d->kind == 2)
        for (t->ndim = 7; t->dim[6] == 0;)
            for (int i = 0; i < 7; i++) t->dim[i] += t->dim[i] == 0;
    if (d->kind == 3) t->type = GD_GDW_F16;
    if (d->kind) return true;
    if (d->axis < 0) return false;
    if (d->axis >= t->ndim) {
        d->axis = t->ndim; /* tells the caller that there are no more */
        return true;
    }
    t->dim[d->axis] = d->add ? t->dim[d->axis] + d->add : 0;
    t->data = d->zeros;
    return true;
}

enum { ZEROS = 1 << 20 };

/* Takes any refusal that names something, and takes the model if it runs. */
static void survive(const tiny *base, damage *d) {
    tiny           t = *base;
    gd_model      *m;
    gd_error       err;
    const gd_image p = tiny_picture(20, 30, 1);
    t.change = apply;
    t.ctx = d;
    d->now = 0;
    const gd_status st = tiny_load(&t, &m, &err);
    if (st != GD_OK) {
        assert_null(m);
        assert_true(err.msg[0] != '\0');
        if (st != GD_ERR_FORMAT && st != GD_ERR_SHAPE && st != GD_ERR_UNSUPPORTED)
            fail_msg("%s: %s", d->name, err.msg);
    } else {
        gd_session *s;
        gd_result   r;
        gd_assert_ok(gd_session_open(m, NULL, &s, &err), &err);
        (void)!gd_session_run(s, &p, 1, &r, &err);
        gd_session_close(s);
        gd_model_close(m);
    }
    free((void *)(uintptr_t)p.rgb);
}

/* Every tensor left out in turn: its name must be in the message. */
static void missing_weights(void **state) {
    (void)state;
    for (int f = 0; f < TINY_FAMILIES; f++) {
        damage d = {.axis = -1};
        tiny   t = tiny_families[f];
        t.change = apply;
        t.ctx = &d;
        for (;; d.at += 3) {
            gd_model *m;
            gd_error  err;
            d.now = 0;
            d.name[0] = '\0';
            const gd_status st = tiny_load(&t, &m, &err);
            if (!d.name[0]) {
                gd_assert_ok(st, &err);
                gd_model_close(m);
                break;
            }
            assert_int_equal(st, GD_ERR_FORMAT);
            if (!strstr(err.msg, d.name)) fail_msg("'%s' is not in: %s", d.name, err.msg);
        }
        assert_true(d.at > 30);
    }
}

/* Axes of every third tensor, emptied or one longer, each of them alone. */
static void misshaped_weights(void **state) {
    (void)state;
    float *zeros = calloc(ZEROS, sizeof *zeros);
    assert_non_null(zeros);
    for (int f = 0; f < TINY_FAMILIES; f++)
        for (int add = 0; add < 2; add++)
            for (int at = f;; at += 7) {
                damage d = {.at = at, .add = add, .zeros = zeros};
                for (int axis = 0; axis < 4; axis++) {
                    d.axis = axis;
                    survive(&tiny_families[f], &d);
                    if (d.axis != axis) break;
                }
                if (!d.name[0]) break;
            }
    free(zeros);
}

static bool empty_one(void *ctx, gd_gdw_tensor *t) {
    if (!strcmp(t->name, ctx)) t->dim[0] = 0;
    return true;
}

/* An axis whose length a pruned model may choose must still not be empty. */
static void empty_weights(void **state) {
    (void)state;
    tiny d = tiny_families[2];
    d.change = empty_one;
    d.ctx = (void *)(uintptr_t) "backbone.body.conv1.weight";
    refuse(&d, GD_ERR_SHAPE, 0, "backbone.body.conv1.weight");
    d.ctx = (void *)(uintptr_t) "roi_heads.box_head.fc6.weight";
    refuse(&d, GD_ERR_SHAPE, 0, "fc6.weight");
}

static void types_of_weights(void **state) {
    (void)state;
    damage d = {.at = 4, .kind = 1};
    tiny   t = tiny_families[0];
    t.change = apply;
    t.ctx = &d;
    refuse(&t, GD_ERR_UNSUPPORTED, 472, "i32");
    d = (damage){.at = 4, .kind = 2};
    refuse(&t, GD_ERR_FORMAT, 471, "7 axes");
    d = (damage){.at = 0, .kind = 3};
    survive(&t, &d);
}

static bool widen_boxes(void *ctx, gd_gdw_tensor *t) {
    static float zeros[10 * 256];
    if (strncmp(t->name, "head.reg_preds.", 15)) return true;
    t->dim[0] = *(const int64_t *)ctx;
    assert_true(t->ndim == 1 || t->dim[3] <= 256);
    t->data = zeros;
    return true;
}

/* Six more outputs for boxes on every level agree with each other, but with no names. */
static void classes_beyond_the_names(void **state) {
    (void)state;
    int64_t wide = 10;
    tiny    d = tiny_families[1];
    d.change = widen_boxes;
    d.ctx = &wide;
    refuse(&d, GD_ERR_SHAPE, 0, "10 outputs for boxes");
    wide = 4;
    gd_model_close(tiny_open(&d));
}

static bool drop_head(void *ctx, gd_gdw_tensor *t) {
    (void)ctx;
    return !tiny_ends(t->name, "linear.bias");
}

static void class_head_missing(void **state) {
    (void)state;
    tiny d = tiny_families[0];
    d.change = drop_head;
    refuse(&d, GD_ERR_FORMAT, 475, "linear.bias");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recipe_values),      cmocka_unit_test(extremes_of_metadata),
        cmocka_unit_test(names_and_ids),      cmocka_unit_test(good_names),
        cmocka_unit_test(missing_weights),    cmocka_unit_test(misshaped_weights),
        cmocka_unit_test(empty_weights),      cmocka_unit_test(types_of_weights),
        cmocka_unit_test(class_head_missing), cmocka_unit_test(classes_beyond_the_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
