/* name_map.h -- a hash table from names (any bytes) to numbers. */
#ifndef GD_TOOLS_OUTPUT_NAME_MAP_H
#define GD_TOOLS_OUTPUT_NAME_MAP_H

#include <stdint.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_name_slot {
    char   *name; /* NULL: free */
    int64_t value;
} gd_name_slot;

typedef struct gd_name_map { /* {0} is empty */
    gd_name_slot *slot;
    size_t        used, room; /* room: 0 or a power of two */
} gd_name_map;

void gd_name_map_free(gd_name_map *m);
/* The value of a name, or NULL; valid until the next add. */
int64_t *gd_name_map_find(const gd_name_map *m, const char *name);
/* Adds a name that is not in it. GD_ERR_NOMEM leaves the map as it was. */
gd_status gd_name_map_add(gd_name_map *m, const char *name, int64_t value,
                          gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
