/* utf8.h -- is this text from a file fit to be a name or a value?
 *
 * Valid UTF-8 without NUL, control characters (C0, DEL, C1), surrogates or overlong forms. */
#ifndef GD_ENGINE_UTF8_H
#define GD_ENGINE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `lines` also allows newline and tab (licence texts). The empty string is valid. */
bool gd_utf8_ok(const char *s, size_t n, bool lines);

#ifdef __cplusplus
}
#endif
#endif
