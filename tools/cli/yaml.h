/* yaml.h -- the events of a YAML file, without anchors, aliases and tags.
 *
 * Those three end the reading with an error that names the line, so a few bytes cannot stand
 * for gigabytes, and no tag is ever acted on. */
#ifndef GD_TOOLS_CLI_YAML_H
#define GD_TOOLS_CLI_YAML_H

#include <stdbool.h>
#include <yaml.h>

#include "engine/status.h"

typedef struct gd_yaml {
    yaml_parser_t parser;
    yaml_event_t  event; /* the current one */
    bool          live;  /* event holds something */
    bool          open;
    const char   *path; /* for messages */
    int           code; /* of its errors */
    gd_error     *err;
} gd_yaml;

/* Reads from `size` bytes that stay the caller's. The structure must not move. */
gd_status gd_yaml_open(gd_yaml *y, const char *path, const void *text, size_t size, int code,
                       gd_error *err) GD_MUST_CHECK;
void      gd_yaml_close(gd_yaml *y); /* {0} is allowed */

/* The next event. */
gd_status gd_yaml_next(gd_yaml *y) GD_MUST_CHECK;
/* The next event, which must be of this type; `what` says what is needed. */
gd_status gd_yaml_expect(gd_yaml *y, yaml_event_type_t type, const char *what) GD_MUST_CHECK;
/* The text of the current scalar; one with a NUL inside would be cut, so it is refused. */
gd_status gd_yaml_scalar(gd_yaml *y, const char **text) GD_MUST_CHECK;
/* Passes over the value that begins with the current event. */
gd_status gd_yaml_skip(gd_yaml *y) GD_MUST_CHECK;
/* GD_ERR_FORMAT naming path and line. */
gd_status gd_yaml_refuse(gd_yaml *y, const char *what) GD_MUST_CHECK;

#endif
