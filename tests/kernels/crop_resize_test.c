/* crop_resize_test.c -- rectangles that are not inside their frame are refused; every filter
 * and thread count gives what preprocess gives for the rectangle copied out. */
#include "tests/gd_test.h"

#include "engine/backend.h"
#include "engine/mem.h"
#include "kernels/crop_resize/crop_resize.h"

enum {
    FRAMES = 2,
    WIDTH = 19,
    HIGH = 12,
    CAP = 240,
    OUT_H = 13,
    OUT_W = 17,
    OUT = OUT_H * OUT_W
};

typedef struct setup {
    gd_preprocess a;
    uint8_t       pixels[FRAMES * CAP * 3];
    float         geom[GD_CROP], out[OUT * 3];
    gd_tensor     in[2], y;
    gd_launch     l;
} setup;

static void prepare(setup *s, int filter) {
    memset(s, 0, sizeof *s);
    s->a = (gd_preprocess){OUT_H, OUT_W, filter, 1, 1, {0, 0, 0}, {1, 1, 1}, {-1, -2, -3}};
    for (int i = 0; i < FRAMES * CAP * 3; i++) s->pixels[i] = (uint8_t)(i * 37);
    memcpy(s->geom, (float[]){7, 9, 11, 15, 1, -2, 1, 1, 1, 5, 10, WIDTH}, sizeof s->geom);
    s->in[0] = gd_tensor_make(GD_U8, 3, (int64_t[]){FRAMES, CAP, 3});
    s->in[1] = gd_tensor_make(GD_F32, 2, (int64_t[]){1, GD_CROP});
    s->in[0].data = s->pixels;
    s->in[1].data = s->geom;
    s->l = (gd_launch){
        .n_in = 2, .n_out = 1, .in = {&s->in[0], &s->in[1]}, .out = {&s->y}, .attr = &s->a};
    s->y.data = s->out;
}

static gd_status run(setup *s, const char *name, gd_error *err) {
    const gd_op     *op = gd_op_find(name);
    const gd_kernel *row = gd_op_row(op, GD_CPU, 0);
    GD_TRY(op->infer(&s->l, err));
    s->l.scratch = gd_mem_get(row->scratch(&s->l, NULL));
    const gd_status st = row->run(&s->l, err);
    gd_mem_put(s->l.scratch);
    return st;
}

static void refuses(void **state) {
    (void)state;
    const struct {
        int   at;
        float value;
    } bad[] = {{GD_GEOM_SRC_H, 8},       {GD_GEOM_SRC_W, 10},  {GD_GEOM_SRC_H, 0},
               {GD_GEOM_NEW_W, 0.5f},    {GD_CROP_FRAME, 2},   {GD_CROP_FRAME, -1},
               {GD_CROP_FRAME, 0.5f},    {GD_CROP_FRAME, NAN}, {GD_CROP_Y, 6},
               {GD_CROP_Y, -1},          {GD_CROP_X, 11},      {GD_CROP_X, -1},
               {GD_CROP_X, 1e30f},       {GD_CROP_LINE, 18},   {GD_CROP_LINE, 0},
               {GD_CROP_LINE, INFINITY}, {GD_CROP_Y, 65535},   {GD_CROP_LINE, 65535}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setup    s;
        gd_error err = {0};
        prepare(&s, GD_FILTER_TORCH);
        s.geom[bad[i].at] = bad[i].value;
        if (run(&s, "crop_resize", &err) != GD_ERR_ARG)
            fail_msg("column %d at %g was taken", bad[i].at, (double)bad[i].value);
        assert_non_null(strstr(err.msg, "crop 0"));
    }
}

/* The rectangle copied out and given to preprocess. */
static void equals_preprocess(void **state) {
    (void)state;
    enum { H = 7, W = 9 };
    for (int filter = 0; filter < GD_N_FILTER; filter++)
        for (int threads = 1; threads < 6; threads++) {
            setup          s, p;
            gd_error       err = {0};
            const uint8_t *from;
            prepare(&s, filter);
            prepare(&p, filter);
            from = s.pixels + (CAP + 5 * WIDTH + 10) * 3;
            for (int y = 0; y < H; y++)
                memcpy(p.pixels + y * W * 3, from + y * WIDTH * 3, W * 3);
            p.in[0].dim[0] = 1;
            p.in[1].dim[1] = GD_GEOM;
            p.in[1].pitch = GD_GEOM;
            const int before = gd_cpu_scope(threads);
            gd_assert_ok(run(&s, "crop_resize", &err), &err);
            (void)gd_cpu_scope(1);
            gd_assert_ok(run(&p, "preprocess", &err), &err);
            (void)gd_cpu_scope(before);
            assert_memory_equal(s.out, p.out, sizeof s.out);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(refuses),
                                       cmocka_unit_test(equals_preprocess)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
