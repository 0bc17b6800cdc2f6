/* darknet_cfg_test.c -- networks described right and wrong: sizes, limits, refusals. */
#include "tests/gd_test.h"

#include "weights/import/darknet_cfg.h"

#define NET "[net]\nwidth=64\nheight=32\nbatch=7\n"
#define CONV(k, more) "[convolutional]\nfilters=" #k "\nactivation=linear\n" more
#define YOLO "[yolo]\nmask=1\nnum=2\nanchors=1,2,3,4\nclasses=3\n"
#define END CONV(8, "") YOLO

typedef struct reading {
    gd_arena arena;
    gd_cfg   cfg;
    gd_error err;
} reading;

static gd_status take(reading *r, const char *text) {
    *r = (reading){0};
    return gd_cfg_read("x.cfg", text, strlen(text), &r->arena, &r->cfg, &r->err);
}

static void whole(void **state) {
    (void)state;
    static const char text[] =
        NET CONV(16, "size=3\nstride=2\npad=1\nbatch_normalize=1\n") /* 0: 16 of 16 x 32 */
        CONV(16, "size=3\npad=1\ngroups=16\ndilation=2\n")           /* 1 */
        "[shortcut]\nfrom=-2\nactivation=leaky\n"                    /* 2 */
        "[maxpool]\nsize=2\nstride=2\n"                              /* 3: 8 x 16 */
        "[maxpool]\nsize=2\nstride=1\n"                              /* 4 */
        "[dropout]\nprobability=.2\n"                                /* 5 */
        "[route]\nlayers=-1,3\ngroups=2\ngroup_id=1\n"               /* 6: 16 */
        "[maxpool]\nsize=5\nstride=1\n"                              /* 7 */
        "[upsample]\nstride=2\n"                                     /* 8: 16 x 32 */
        CONV(8, "padding=0\n") "[yolo]\nmask=0\nanchors=5,6\nclasses=3\nnms_kind=diounms\n"
                               "beta_nms=.7\nscale_x_y=1.1\nnew_coords=1\n" /* 9, 10 */
                               "[route]\nlayers=7\n" CONV(
                                   8, "") "[yolo]\nmask=1\nnum=2\nanchors=1,2,3,4\nclasses=3\n"
                                          "nms_kind=diounms\nbeta_nms=.7\nnew_coords=1\n";
    static const int size[][3] = {{16, 16, 32}, {16, 16, 32}, {16, 16, 32}, {16, 8, 16},
                                  {16, 8, 16},  {16, 8, 16},  {16, 8, 16},  {16, 8, 16},
                                  {16, 16, 32}, {8, 16, 32},  {8, 16, 32},  {16, 8, 16},
                                  {8, 8, 16},   {8, 8, 16}};
    reading          r;
    gd_assert_ok(take(&r, text), &r.err);
    const gd_cfg_layer *l = r.cfg.layer;
    assert_int_equal(r.cfg.width, 64);
    assert_int_equal(r.cfg.height, 32);
    assert_int_equal(r.cfg.classes, 3);
    assert_int_equal(r.cfg.n_layer, 14);
    for (int i = 0; i < r.cfg.n_layer; i++)
        if (l[i].c != size[i][0] || l[i].h != size[i][1] || l[i].w != size[i][2])
            fail_msg("layer %d: %d of %d x %d", i, l[i].c, l[i].h, l[i].w);
    assert_true(l[0].norm && !l[1].norm);
    assert_int_equal(l[0].in_c, 3);
    assert_int_equal(l[1].pad, 2);
    assert_int_equal(l[2].from[0], 0);
    assert_int_equal(l[2].act, GD_CFG_LEAKY);
    assert_int_equal(l[4].pad, 1);
    assert_int_equal(l[6].from[0], 5);
    assert_int_equal(l[6].from[1], 3);
    assert_int_equal(l[7].pad, 4);
    assert_true(l[10].head->new_coords && l[10].head->beta == 0.7f);
    assert_true(l[10].head->scale_xy == 1.1f && l[13].head->scale_xy == 1);
    assert_true(l[13].head->anchor[0][0] == 3 && l[13].head->anchor[0][1] == 4);
    /* What it holds can be read again, and says the same. */
    reading again;
    gd_assert_ok(take(&again, r.cfg.text), &again.err);
    assert_string_equal(again.cfg.text, r.cfg.text);
    assert_int_equal(again.cfg.n_layer, 14);
    gd_arena_free(&again.arena);
    gd_arena_free(&r.arena);
}

static void exponents(void **state) {
    (void)state;
    static const struct {
        const char *more;
        float       beta;
    } kinds[] = {{"", 0},
                 {"beta_nms=.9\n", 0},
                 {"nms_kind=default\n", 0},
                 {"nms_kind=greedynms\nbeta_nms=.9\n", 0.6f},
                 {"nms_kind=diounms\nbeta_nms=.9\n", 0.9f},
                 {"nms_kind=diounms\n", 0.6f}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char    text[512];
        reading r;
        snprintf(text, sizeof text, "%s%s", NET END, kinds[i].more);
        gd_assert_ok(take(&r, text), &r.err);
        assert_true(r.cfg.layer[1].head->beta == kinds[i].beta);
        gd_arena_free(&r.arena);
    }
}

static void refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } bad[] = {
        {"", "has no [yolo]"},
        {NET CONV(8, ""), "has no [yolo]"},
        {CONV(8, ""), "line 1: [convolutional] stands before [net]"},
        {NET "[net]\n", "line 5: a second [net]"},
        {"[net]\nwidth=64\n", "line 1: [net] needs width= and height="},
        {"[net]\nwidth=64\nheight=20000\n", "line 3: height is 20000, wanted 1 to 16384"},
        {NET "channels=1\n", "line 5: channels is 1"},
        {NET "letter_box=1\n", "line 5: letter_box=1 is not implemented"},
        {NET "nonsense=1\n", "line 5: [net] has no key 'nonsense'"},
        {NET "[avgpool]\n", "line 5: [avgpool] is not read"},
        {NET "[Gaussian_yolo]\n", "line 5: [Gaussian_yolo] is not read"},
        {NET CONV(8, "share_index=2\n"), "line 8: [convolutional] has no key 'share_index'"},
        {NET CONV(8, "antialiasing=1\n"), "line 8: antialiasing=1 is not implemented"},
        {NET CONV(0, ""), "line 6: filters is 0"},
        {NET CONV(65537, ""), "line 6: filters is 65537"},
        {NET CONV(8, "groups=3\n"), "line 5: groups=3 divide not both 3 channels"},
        {NET CONV(8, "groups=2\n"), "groups=2 divide not both 3 channels and 8 filters"},
        {NET CONV(8, "size=0\n"), "line 8: size is 0"},
        {NET CONV(8, "size=33\n"), "line 5: a window of 33 does not fit on 32 x 64"},
        {NET CONV(8, "size=3\ndilation=2\n"), "line 5: dilation=2 with size=3"},
        {NET "[convolutional]\nactivation=elu\n",
         "line 6: activation is 'elu', read are linear, leaky, relu, mish, swish, logistic"},
        {NET "[maxpool]\nsize=4\nstride=2\n", "line 5: an uneven padding of 3"},
        {NET "[maxpool]\nsize=2\nstride=3\n", "line 5: an uneven padding of 1"},
        {NET "[maxpool]\nsize=3\npadding=3\n", "line 5: a padding of 3 around windows of 3"},
        {NET "[maxpool]\nmaxpool_depth=1\n", "line 6: maxpool_depth=1 is not implemented"},
        {NET "[route]\n", "line 5: [route] needs layers="},
        {NET "[route]\nlayers=-1\n", "line 6: layers names layer -1, this is number 0"},
        {NET CONV(8, "") "[route]\nlayers=1\n",
         "line 9: layers names layer 1, this is number 1"},
        {NET CONV(8, "") "[route]\nlayers=-2\n", "names layer -2"},
        {NET CONV(8, "") "[route]\nlayers=-1\ngroups=3\n", "line 8: groups=3 do not divide 8"},
        {NET CONV(8, "") "[route]\nlayers=-1\ngroups=2\ngroup_id=2\n",
         "line 11: group_id is 2"},
        {NET CONV(8, "") CONV(8, "stride=2\n") "[route]\nlayers=0,1\n",
         "joins layers of 32 x 64 and 16 x 32"},
        {NET END "[route]\nlayers=-1\n", "names layer -1, a [yolo]"},
        {NET CONV(8, "") CONV(4, "") "[shortcut]\nfrom=-2\n",
         "line 11: adds layers of 32 x 64 x 4 and 32 x 64 x 8"},
        {NET CONV(8, "") "[shortcut]\nfrom=-1\nweights_type=per_channel\n",
         "weights_type is 'per_channel', read are none"},
        {NET CONV(8, "") "[upsample]\nscale=2\n", "line 9: scale is 2"},
        {NET END CONV(8, ""), "line 13: [convolutional] follows a [yolo]"},
        {NET CONV(9, "") YOLO, "line 8: 9 channels for 1 anchors of 5 numbers and 3 classes"},
        {NET CONV(8, "") "[yolo]\nmask=2\nnum=2\nanchors=1,2,3,4\nclasses=3\n",
         "line 9: mask is 2, wanted 0 to 1"},
        {NET CONV(8, "") "[yolo]\nmask=1\nnum=2\nanchors=1,2,3\nclasses=3\n",
         "num=2 anchors have 3 numbers, not 4"},
        {NET CONV(8, "") "[yolo]\nmask=0\nanchors=0,2\nclasses=3\n", "anchors is 0,2"},
        {NET END "nms_kind=cornersnms\n", "nms_kind is 'cornersnms'"},
        {NET END "embedding_layer=0\n", "[yolo] has no key 'embedding_layer'"},
        {NET END "[route]\nlayers=0\n[yolo]\nnum=1\nanchors=1,2\nclasses=3\nnew_coords=1\n",
         "are not those of line 8"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        reading r;
        if (take(&r, bad[i].text) != GD_ERR_FORMAT) fail_msg("read: %s", bad[i].text);
        assert_int_equal(r.err.code, 437);
        if (!strstr(r.err.msg, bad[i].said)) fail_msg("%s\nnot: %s", r.err.msg, bad[i].said);
        gd_arena_free(&r.arena);
    }
}

/* More layers, heads and inputs than are read. */
static void limits(void **state) {
    (void)state;
    char   *text = malloc(1 << 18);
    size_t  n;
    reading r;
    assert_non_null(text);
    n = (size_t)sprintf(text, "%s", NET);
    for (int i = 0; i <= GD_CFG_MAX_LAYERS; i++) n += (size_t)sprintf(text + n, "[dropout]\n");
    assert_int_equal(take(&r, text), GD_ERR_FORMAT);
    assert_non_null(strstr(r.err.msg, "more than 1024 layers"));
    gd_arena_free(&r.arena);
    n = (size_t)sprintf(text, "%s%s", NET, END);
    for (int i = 0; i < GD_CFG_MAX_HEADS; i++)
        n += (size_t)sprintf(text + n, "[route]\nlayers=0\n%s", YOLO);
    assert_int_equal(take(&r, text), GD_ERR_FORMAT);
    assert_non_null(strstr(r.err.msg, "more than 5 of them"));
    gd_arena_free(&r.arena);
    n = (size_t)sprintf(text, "%s%s[route]\nlayers=0", NET, CONV(8, ""));
    for (int i = 0; i < GD_CFG_MAX_FROM; i++) n += (size_t)sprintf(text + n, ",0");
    assert_int_equal(take(&r, text), GD_ERR_FORMAT);
    assert_non_null(strstr(r.err.msg, "layers has more than 16 numbers"));
    gd_arena_free(&r.arena);
    /* Channels and planes that grow without end. */
    n = (size_t)sprintf(text, "%s%s", NET, CONV(65536, ""));
    sprintf(text + n, "[route]\nlayers=0,0\n");
    assert_int_equal(take(&r, text), GD_ERR_FORMAT);
    assert_non_null(strstr(r.err.msg, "131072 channels"));
    gd_arena_free(&r.arena);
    sprintf(text, "%s[upsample]\nstride=64\n[upsample]\nstride=64\n", NET);
    assert_int_equal(take(&r, text), GD_ERR_FORMAT);
    assert_non_null(strstr(r.err.msg, "at most 16384"));
    gd_arena_free(&r.arena);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(exponents),
                                       cmocka_unit_test(refused), cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
