/* display_test.c -- the window on SDL's dummy driver, which keeps its frames as files. */
#include "tests/gd_test.h"

#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include "engine/mem.h"
#include "tools/media/display.h"

enum { W = 60, H = 40 };

static uint8_t  rgb[W * H * 3];
static gd_error err;
static char     folder[] = "/tmp/gd_display_XXXXXX", home[4096];

static void skip_without(void) {
    if (!gd_display_built()) {
        print_message("built without SDL2\n");
        skip();
    }
    void *so = dlopen("libSDL2-2.0.so.0", RTLD_NOW);
    if (!so) {
        print_message("libSDL2 is not installed\n");
        skip();
    }
}

static void test_pixels(void **state) {
    gd_display *d;
    bool        closed;
    (void)state;
    skip_without();
    setenv("SDL_VIDEO_DUMMY_SAVE_FRAMES", "1", 1);
    for (int i = 0; i < W * H; i++)
        memcpy(rgb + 3 * i, i % W < 30 ? "\xff\x40\0" : "\0\x20\xff", 3);
    gd_assert_ok(gd_display_open("test", W, H, &d, &err), &err);
    gd_assert_ok(gd_display_show(d, rgb, W, H, 0, &closed, &err), &err);
    assert_false(closed);
    gd_display_close(d);
    unsetenv("SDL_VIDEO_DUMMY_SAVE_FRAMES");
    /* SDL_window1-00000001.bmp, a 32-bit BMP with its last row first. */
    DIR           *dir = opendir(".");
    struct dirent *e;
    int            found = 0;
    while ((e = readdir(dir)) != NULL) {
        static unsigned char file[1 << 20];
        if (!strstr(e->d_name, ".bmp")) continue;
        FILE        *f = fopen(e->d_name, "rb");
        const size_t n = fread(file, 1, sizeof file, f);
        fclose(f);
        assert_true(n > 54 && file[18] == W && file[22] == H);
        const unsigned char *bits = file + file[10] + 256 * file[11];
        const int            bytes = file[28] / 8;
        assert_true(n >= (size_t)(bits - file) + (size_t)(bytes * W * H));
        const unsigned char *left = bits + bytes * (W * 20 + 10);
        const unsigned char *right = bits + bytes * (W * 20 + 50);
        assert_memory_equal(left, "\0\x40\xff", 3); /* BGR */
        assert_memory_equal(right, "\xff\x20\0", 3);
        found++;
        unlink(e->d_name);
    }
    closedir(dir);
    assert_true(found >= 1);
}

/* Sizes change, rows have gaps, windows come and go. */
static void test_frames(void **state) {
    gd_display *d;
    bool        closed;
    (void)state;
    skip_without();
    for (int round = 0; round < 3; round++) {
        gd_assert_ok(gd_display_open("test", 4000, 3000, &d, &err), &err);
        for (int i = 1; i < 20; i++) {
            gd_assert_ok(gd_display_show(d, rgb, W - 2 * i, H - i, 3 * W, &closed, &err), &err);
            assert_false(closed);
        }
        assert_int_equal(gd_display_show(d, NULL, W, H, 0, &closed, &err), GD_ERR_ARG);
        assert_int_equal(gd_display_show(d, rgb, W, H, 3 * W - 1, &closed, &err), GD_ERR_ARG);
        assert_int_equal(gd_display_show(d, rgb, 0, H, 0, &closed, &err), GD_ERR_ARG);
        gd_display_close(d);
    }
    assert_int_equal(gd_display_open("test", 0, 1, &d, &err), GD_ERR_ARG);
    assert_null(d);
    gd_display_close(NULL);
}

/* What the user does, pushed into SDL's queue: closing, q, Esc; other keys mean nothing. */
static void test_events(void **state) {
    static const struct {
        uint32_t type, key;
        bool     closes;
    } row[] = {{0x100, 0, true},
               {0x300, 'q', true},
               {0x300, 27, true},
               {0x300, 'x', false},
               {0x301, 'q', false}};
    gd_display *d;
    bool        closed;
    (void)state;
    skip_without();
    const union {
        void *object;
        int (*function)(void *event);
    } push = {.object = dlsym(dlopen("libSDL2-2.0.so.0", RTLD_NOW), "SDL_PushEvent")};
    assert_non_null(push.object);
    gd_assert_ok(gd_display_open("test", W, H, &d, &err), &err);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        uint32_t event[32] = {row[i].type};
        event[5] = row[i].key; /* keysym.sym behind type, time, window, state, scancode */
        assert_int_equal(push.function(event), 1);
        gd_assert_ok(gd_display_show(d, rgb, W, H, 0, &closed, &err), &err);
        assert_int_equal(closed, row[i].closes);
    }
    gd_display_close(d);
}

/* SDL's own handlers would keep SIGINT from the program. */
static void test_signals(void **state) {
    gd_display      *d;
    struct sigaction before, after;
    (void)state;
    skip_without();
    sigaction(SIGINT, NULL, &before);
    gd_assert_ok(gd_display_open("test", W, H, &d, &err), &err);
    sigaction(SIGINT, NULL, &after);
    assert_true(before.sa_handler == after.sa_handler);
    gd_display_close(d);
}

static void test_no_display(void **state) {
    gd_display *d;
    (void)state;
    skip_without();
    setenv("SDL_VIDEODRIVER", "x11", 1);
    unsetenv("DISPLAY");
    assert_int_equal(gd_display_open("test", W, H, &d, &err), GD_ERR_IO);
    assert_int_equal(err.code, 983);
    assert_non_null(strstr(err.hint, "--preview"));
    assert_null(d);
    setenv("SDL_VIDEODRIVER", "dummy", 1);
}

static void *refuse(void *ctx, size_t size) { return (void)ctx, (void)size, NULL; }
static void  ignore(void *ctx, void *p) { (void)ctx, (void)p; }

static void test_no_memory(void **state) {
    const gd_alloc none = {NULL, refuse, ignore};
    gd_display    *d;
    (void)state;
    skip_without();
    gd_mem_hook(&none);
    const gd_status st = gd_display_open("test", W, H, &d, &err);
    gd_mem_hook(NULL);
    assert_int_equal(st, GD_ERR_NOMEM);
    assert_null(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels),     cmocka_unit_test(test_frames),
        cmocka_unit_test(test_events),     cmocka_unit_test(test_signals),
        cmocka_unit_test(test_no_display), cmocka_unit_test(test_no_memory),
    };
    if (!mkdtemp(folder) || !getcwd(home, sizeof home) || chdir(folder)) return 1;
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (chdir(home) == 0) {
        char command[128];
        snprintf(command, sizeof command, "rm -r %s", folder);
        if (system(command)) return 1;
    }
    return failed;
}
