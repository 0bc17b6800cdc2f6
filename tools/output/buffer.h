/* buffer.h -- text that grows: numbers without locale, strings escaped for JSON, XML and CSV.
 *
 * A failed allocation is remembered and later calls do nothing, so that only the place that
 * takes the text out has to ask (gd_sink_flush). */
#ifndef GD_TOOLS_OUTPUT_BUFFER_H
#define GD_TOOLS_OUTPUT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_buffer { /* {0} is empty */
    char  *data;           /* not terminated */
    size_t size, room;
    bool   failed;
} gd_buffer;

void gd_buffer_free(gd_buffer *b);

void gd_put_bytes(gd_buffer *b, const void *src, size_t n);
void gd_put(gd_buffer *b, const char *text);
void gd_put_int(gd_buffer *b, int64_t v);
/* The shortest decimal that reads back as the same float, always with a point: 150.0, 0.9213.
 * */
void gd_put_float(gd_buffer *b, float v);
/* `digits` (0 .. 6) places behind the point. Values that are not finite become null. */
void gd_put_fixed(gd_buffer *b, double v, int digits);

/* The content between the quotes of a JSON string; NULL is empty. Invalid UTF-8 becomes U+FFFD,
 * control characters become \u escapes. */
void gd_put_json(gd_buffer *b, const char *text);
/* A whole JSON string with its quotes, or null. */
void gd_put_json_string(gd_buffer *b, const char *text);
/* `,"key":value`; nothing for a string that is NULL. */
void gd_put_key_string(gd_buffer *b, const char *key, const char *value);
void gd_put_key_int(gd_buffer *b, const char *key, int64_t value);
void gd_put_key_fixed(gd_buffer *b, const char *key, double value, int digits);
/* Character data or an attribute of XML 1.0. What XML cannot hold becomes U+FFFD. */
void gd_put_xml(gd_buffer *b, const char *text);
/* A field of CSV (RFC 4180), quoted where needed. */
void gd_put_csv(gd_buffer *b, const char *text);

#ifdef __cplusplus
}
#endif
#endif
