/* yaml.c -- libyaml's events, those that can do harm refused; see yaml.h. */
#include "tools/cli/yaml.h"

#include <string.h>

gd_status gd_yaml_open(gd_yaml *y, const char *path, const void *text, size_t size, int code,
                       gd_error *err) {
    *y = (gd_yaml){.path = path, .code = code, .err = err};
    if (!yaml_parser_initialize(&y->parser))
        return gd_fail(err, GD_ERR_NOMEM, "%.200s: no memory", path);
    y->open = true;
    yaml_parser_set_input_string(&y->parser, text, size);
    return GD_OK;
}

void gd_yaml_close(gd_yaml *y) {
    if (y->live) yaml_event_delete(&y->event);
    if (y->open) yaml_parser_delete(&y->parser);
    y->live = y->open = false;
}

gd_status gd_yaml_refuse(gd_yaml *y, const char *what) {
    return gd_fail_code(y->err, GD_ERR_FORMAT, y->code, "%s: line %zu: %s", y->path,
                        y->event.start_mark.line + 1, what);
}

gd_status gd_yaml_next(gd_yaml *y) {
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (y->live) yaml_event_delete(&y->event);
    y->live = false;
    if (!yaml_parser_parse(&y->parser, &y->event)) {
        if (y->parser.error == YAML_MEMORY_ERROR)
            return gd_fail(y->err, GD_ERR_NOMEM, "%s: no memory", y->path);
        return gd_fail_code(y->err, GD_ERR_FORMAT, y->code, "%s: line %zu: %s", y->path,
                            y->parser.problem_mark.line + 1,
                            y->parser.problem ? y->parser.problem : "not YAML");
    }
    y->live = true;
    switch (y->event.type) {
    case YAML_ALIAS_EVENT: return gd_yaml_refuse(y, "aliases are not accepted");
    case YAML_SCALAR_EVENT:
        anchor = y->event.data.scalar.anchor;
        tag = y->event.data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = y->event.data.sequence_start.anchor;
        tag = y->event.data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = y->event.data.mapping_start.anchor;
        tag = y->event.data.mapping_start.tag;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: break;
    }
    if (anchor) return gd_yaml_refuse(y, "anchors are not accepted");
    if (tag) return gd_yaml_refuse(y, "tags are not accepted");
    return GD_OK;
}

gd_status gd_yaml_expect(gd_yaml *y, yaml_event_type_t type, const char *what) {
    GD_TRY(gd_yaml_next(y));
    return y->event.type == type ? GD_OK : gd_yaml_refuse(y, what);
}

gd_status gd_yaml_scalar(gd_yaml *y, const char **text) {
    *text = (const char *)y->event.data.scalar.value;
    if (strlen(*text) != y->event.data.scalar.length)
        return gd_yaml_refuse(y, "text with a NUL byte");
    return GD_OK;
}

gd_status gd_yaml_skip(gd_yaml *y) {
    long depth = 0;
    for (;;) {
        yaml_event_type_t t = y->event.type;
        if (t == YAML_SEQUENCE_START_EVENT || t == YAML_MAPPING_START_EVENT) depth++;
        if (t == YAML_SEQUENCE_END_EVENT || t == YAML_MAPPING_END_EVENT) depth--;
        if (depth <= 0) return GD_OK;
        GD_TRY(gd_yaml_next(y));
    }
}
