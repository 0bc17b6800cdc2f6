/* json_make.h -- putting JSON values together so that a part that could not be made is noticed.
 *
 * jansson releases the value in any case and answers -1 for a value or a container that is
 * NULL; here that clears *ok, which starts as true and is looked at once, at the end. */
#ifndef GD_WEIGHTS_JSON_MAKE_H
#define GD_WEIGHTS_JSON_MAKE_H

#include <jansson.h>
#include <stdbool.h>

static inline void gd_json_set(bool *ok, json_t *object, const char *key, json_t *value) {
    if (json_object_set_new(object, key, value) != 0) *ok = false;
}

static inline void gd_json_add(bool *ok, json_t *array, json_t *value) {
    if (json_array_append_new(array, value) != 0) *ok = false;
}

/* A string; bytes that are no UTF-8 become \\xNN. NULL: no memory, and nothing else. */
json_t *gd_json_string(const char *s);

/* The text of a value (NULL is allowed), to be released with gd_mem_put; NULL without memory.
 * Never json_dumps: it goes on when its buffer could not take a key (jansson 2.14), and returns
 * JSON with a part cut out. */
char *gd_json_text(const json_t *v, size_t flags);

#endif
