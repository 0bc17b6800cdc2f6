/* number.h -- numbers typed by people: strict, without locale, with units. */
#ifndef GD_TOOLS_CLI_NUMBER_H
#define GD_TOOLS_CLI_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Each takes the whole text or nothing: no blanks, no hexadecimal, no "nan" or "inf", a point
 * as decimal mark under every locale. False leaves *out alone. */
bool gd_number_int(const char *text, int64_t *out);
/* A value beyond the range of double is refused; one that underflows becomes 0. */
bool gd_number_real(const char *text, double *out);
/* Bytes: a whole or decimal number and B, KiB, MiB, GiB, TiB, kB, MB, GB, TB, or no unit. */
bool gd_number_bytes(const char *text, uint64_t *out);
/* Seconds: a number and us, ms, s, min or h; without a unit, seconds. Never negative. */
bool gd_number_seconds(const char *text, double *out);
/* "640" (both) or "640x480" (width x height). */
bool gd_number_extent(const char *text, int *width, int *height);

#endif
