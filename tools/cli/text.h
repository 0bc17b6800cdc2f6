/* text.h -- names from outside made safe to print, and the nearest of known names. */
#ifndef GD_TOOLS_CLI_TEXT_H
#define GD_TOOLS_CLI_TEXT_H

#include <stddef.h>

/* Copies `src`, writing control bytes and invalid UTF-8 as \n, \t, \xNN; a text that does not
 * fit ends in "...". `room` is at least 8. Returns dst. */
char *gd_escape(char *dst, size_t room, const char *src);
/* How many single-letter edits (and swaps of neighbours) turn `a` into `b`; names over 63 bytes
 * are infinitely far. */
int gd_edit_distance(const char *a, const char *b);
/* True when `b` is near enough to `a` to be what was meant. */
int gd_is_near(int distance, size_t length);

#endif
