/* display.c -- the window through SDL2, looked up by name at run time; see display.h. */
#include "tools/media/display.h"

#if GD_HAVE_SDL2

#define SDL_MAIN_HANDLED
#include <SDL.h>
#include <dlfcn.h>
#include <math.h>

#include "engine/mem.h"

/* Every function that is called. */
/* clang-format off */
#define SDL_FUNCTIONS(F) \
    F(InitSubSystem) F(QuitSubSystem) F(GetError) \
    F(SetHint) F(GetDisplayUsableBounds) F(CreateWindow) \
    F(DestroyWindow) F(CreateRenderer) F(DestroyRenderer) \
    F(CreateTexture) F(DestroyTexture) F(UpdateTexture) \
    F(RenderSetLogicalSize) F(RenderClear) F(RenderCopy) \
    F(RenderPresent) F(PollEvent)
/* clang-format on */

typedef struct sdl_api {
#define MEMBER(name) __typeof__(SDL_##name) *name;
    SDL_FUNCTIONS(MEMBER)
#undef MEMBER
} sdl_api;

struct gd_display {
    sdl_api       sdl;
    bool          begun; /* the subsystem is to be ended */
    SDL_Window   *window;
    SDL_Renderer *renderer;
    SDL_Texture  *texture;
    int           width, height; /* of the texture */
};

bool gd_display_built(void) { return true; }

/* The library stays loaded: what it has registered with the system outlives a window. */
static gd_status load(sdl_api *api, gd_error *err) {
    void *so = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!so) {
        gd_fail_code(err, GD_ERR_UNSUPPORTED, 982, "no window: libSDL2 cannot be loaded");
        gd_error_why(err, "%s", dlerror());
        gd_error_hint(err, "apt install libsdl2-2.0-0, or --preview 8080");
        return GD_ERR_UNSUPPORTED;
    }
#define LOOK_UP(name)                                                       \
    {                                                                       \
        const union {                                                       \
            void                   *object;                                 \
            __typeof__(SDL_##name) *function;                               \
        } found = {.object = dlsym(so, "SDL_" #name)};                      \
        if (!found.object)                                                  \
            return gd_fail_code(err, GD_ERR_UNSUPPORTED, 982,               \
                                "no window: libSDL2 has no SDL_%s", #name); \
        api->name = found.function;                                         \
    }
    SDL_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    return GD_OK;
}

static gd_status refuse(const sdl_api *api, const char *what, gd_error *err) {
    gd_fail_code(err, GD_ERR_IO, 983, "no window: %s", what);
    gd_error_why(err, "SDL: %s", api->GetError());
    gd_error_hint(err, "--preview 8080 shows the frames in a browser");
    return GD_ERR_IO;
}

/* Nine tenths of the screen at most, in the ratio of the frame. */
static void fit_screen(const sdl_api *api, int *width, int *height) {
    SDL_Rect screen = {0, 0, 0, 0};
    if (api->GetDisplayUsableBounds(0, &screen) != 0 || screen.w < 1 || screen.h < 1) return;
    const double scale = fmin(1, fmin(0.9 * screen.w / *width, 0.9 * screen.h / *height));
    *width = (int)fmax(1, *width * scale);
    *height = (int)fmax(1, *height * scale);
}

gd_status gd_display_open(const char *title, int width, int height, gd_display **out,
                          gd_error *err) {
    gd_status st;
    *out = NULL;
    if (width < 1 || height < 1 || width > 65535 || height > 65535)
        return gd_fail(err, GD_ERR_ARG, "a window of %dx%d cannot be", width, height);
    gd_display *d = gd_mem_get_zero(sizeof *d);
    if (!d) return gd_fail(err, GD_ERR_NOMEM, "no memory for a window");
    GD_GO(load(&d->sdl, err));
    /* SIGINT stays ours: the video is finished on it. */
    d->sdl.SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    d->sdl.SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    d->sdl.SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    if (d->sdl.InitSubSystem(SDL_INIT_VIDEO) != 0) {
        st = refuse(&d->sdl, "there is no display", err);
        goto done;
    }
    d->begun = true;
    fit_screen(&d->sdl, &width, &height);
    d->window = d->sdl.CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
                                    width, height, SDL_WINDOW_RESIZABLE);
    if (d->window) d->renderer = d->sdl.CreateRenderer(d->window, -1, 0);
    if (!d->renderer) {
        st = refuse(&d->sdl, "it cannot be opened", err);
        goto done;
    }
    *out = d;
    d = NULL;
    st = GD_OK;
done:
    gd_display_close(d);
    return st;
}

/* A texture of the frame's size; the old one goes. */
static bool resize(gd_display *d, int width, int height) {
    if (d->texture && d->width == width && d->height == height) return true;
    if (d->texture) d->sdl.DestroyTexture(d->texture);
    d->texture = d->sdl.CreateTexture(d->renderer, SDL_PIXELFORMAT_RGB24,
                                      SDL_TEXTUREACCESS_STREAMING, width, height);
    d->width = width;
    d->height = height;
    return d->texture && d->sdl.RenderSetLogicalSize(d->renderer, width, height) == 0;
}

/* Whether the user has had enough. */
static bool take_events(gd_display *d) {
    SDL_Event e;
    bool      closed = false;
    while (d->sdl.PollEvent(&e)) {
        const bool key = e.type == SDL_KEYDOWN;
        closed = closed || e.type == SDL_QUIT ||
                 (key && (e.key.keysym.sym == SDLK_q || e.key.keysym.sym == SDLK_ESCAPE));
    }
    return closed;
}

gd_status gd_display_show(gd_display *d, const uint8_t *rgb, int width, int height,
                          size_t stride, bool *closed, gd_error *err) {
    const size_t row = 3 * (size_t)(width > 0 ? width : 0);
    *closed = false;
    if (stride == 0) stride = row;
    if (!rgb || width < 1 || height < 1 || width > 65535 || height > 65535 || stride < row ||
        stride > INT32_MAX)
        return gd_fail(err, GD_ERR_ARG, "a frame of %dx%d, stride %zu, cannot be shown", width,
                       height, stride);
    if (!resize(d, width, height) ||
        d->sdl.UpdateTexture(d->texture, NULL, rgb, (int)stride) != 0 ||
        d->sdl.RenderClear(d->renderer) != 0 ||
        d->sdl.RenderCopy(d->renderer, d->texture, NULL, NULL) != 0)
        return refuse(&d->sdl, "the frame cannot be shown", err);
    d->sdl.RenderPresent(d->renderer);
    *closed = take_events(d);
    return GD_OK;
}

void gd_display_close(gd_display *d) {
    if (!d) return;
    if (d->texture) d->sdl.DestroyTexture(d->texture);
    if (d->renderer) d->sdl.DestroyRenderer(d->renderer);
    if (d->window) d->sdl.DestroyWindow(d->window);
    if (d->begun) d->sdl.QuitSubSystem(SDL_INIT_VIDEO);
    gd_mem_put(d);
}

#else

bool gd_display_built(void) { return false; }

gd_status gd_display_open(const char *title, int width, int height, gd_display **out,
                          gd_error *err) {
    (void)title, (void)width, (void)height;
    *out = NULL;
    gd_fail_code(err, GD_ERR_UNSUPPORTED, 982, "no window: this build has none (GD_DISPLAY)");
    gd_error_hint(err, "--preview 8080 shows the frames in a browser");
    return GD_ERR_UNSUPPORTED;
}

gd_status gd_display_show(gd_display *d, const uint8_t *rgb, int width, int height,
                          size_t stride, bool *closed, gd_error *err) {
    (void)d, (void)rgb, (void)width, (void)height, (void)stride;
    *closed = false;
    return gd_fail_code(err, GD_ERR_UNSUPPORTED, 982, "no window: this build has none");
}

void gd_display_close(gd_display *d) { (void)d; }

#endif
