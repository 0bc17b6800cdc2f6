/* utf8.h -- is this text from a file fit to be a name or a value?
 *
 * Valid UTF-8 without NUL, control characters (C0, DEL, C1), surrogates or overlong forms. */
#ifndef GD_ENGINE_UTF8_H
#define GD_ENGINE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Length of the sequence that begins the n bytes at `s`, and its code point; 0 if n is 0 or no
 * valid sequence stands there (control characters are valid sequences). */
size_t gd_utf8_next(const char *s, size_t n, uint32_t *point);

/* `lines` also allows newline and tab (licence texts). The empty string is valid. */
bool gd_utf8_ok(const char *s, size_t n, bool lines);

#ifdef __cplusplus
}
#endif
#endif
