/* display.h -- a window with the annotated frames, through SDL2 where it and a display exist.
 *
 * libSDL2 is loaded when a window is asked for: the program starts without it. SDL wants all
 * calls from one thread, the one that opened the window. */
#ifndef GD_TOOLS_MEDIA_DISPLAY_H
#define GD_TOOLS_MEDIA_DISPLAY_H

#include <stdbool.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_display gd_display;

/* Whether this build can show a window at all (GD_DISPLAY). */
bool gd_display_built(void);

/* Opens a window that fits the screen and keeps the ratio of width to height. `title` is UTF-8.
 * GD_ERR_UNSUPPORTED (982): built without SDL2, or libSDL2 is not installed;
 * GD_ERR_IO (983): no display, or the window cannot be made. */
gd_status gd_display_open(const char *title, int width, int height, gd_display **out,
                          gd_error *err) GD_MUST_CHECK;
/* Shows a frame (stride 0: 3 * width; its size may change) and handles what the user did.
 * *closed: the window was closed, or q or Esc pressed. */
gd_status gd_display_show(gd_display *d, const uint8_t *rgb, int width, int height,
                          size_t stride, bool *closed, gd_error *err) GD_MUST_CHECK;
void      gd_display_close(gd_display *d); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
