/* config.c -- see config.h. */
#include "tools/cli/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/cli/program.h"
#include "tools/cli/report.h"
#include "tools/cli/text.h"
#include "tools/cli/yaml.h"

/* ---- the environment --------------------------------------------------------------------- */

/* Documented variables that no flag stands behind. */
static const char *const other_variables[] = {
    "GDRUN_MODEL_DIR",       "GDRUN_CACHE_DIR",      "GDRUN_DETERMINISTIC", "GDRUN_SYNC",
    "GDRUN_WORKSPACE_LIMIT", "GDRUN_DEVICE_MEM_CAP", "GDRUN_FAULT",         "GDRUN_TEST_TRAP"};

static bool variable_known(const char *name, size_t n) {
    for (size_t i = 0; i < sizeof other_variables / sizeof *other_variables; i++)
        if (strlen(other_variables[i]) == n && !memcmp(other_variables[i], name, n))
            return true;
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const char *v = gd_flag_table[i].environment;
        if (v && strlen(v) == n && !memcmp(v, name, n)) return true;
    }
    return false;
}

static gd_status read_environment(gd_flags *f, gd_error *err) {
    extern char **environ;
    char          shown[128];
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        const char    *text = flag->environment ? getenv(flag->environment) : NULL;
        gd_error       bad = {0};
        gd_status      st;
        if (!text || !*text || !(flag->commands & f->command)) continue;
        st = gd_flags_set(f, (gd_flag_id)i, text, GD_FROM_ENVIRONMENT, &bad);
        if (st == GD_ERR_NOMEM) {
            *err = bad;
            return st;
        }
        if (st != GD_OK) gd_warn(251, "%s is ignored: %s", flag->environment, bad.msg);
    }
    for (char **e = environ; e && *e; e++) {
        size_t n = strcspn(*e, "=");
        if (strncmp(*e, "GDRUN_", 6) || variable_known(*e, n)) continue;
        gd_escape(shown, sizeof shown, *e);
        shown[strcspn(shown, "=")] = '\0';
        gd_warn(250, "unknown environment variable %s is ignored", shown);
    }
    return GD_OK;
}

/* ---- the YAML file ----------------------------------------------------------------------- */

enum { CONFIG_BYTES = 1 << 20 };

typedef struct reader {
    gd_yaml   yaml;
    gd_flags *flags;
} reader;

/* One value, the current event being a scalar. id < 0: a flag of another command. */
static gd_status give(reader *r, int id, gd_origin origin) {
    const char *text;
    gd_status   st;
    GD_TRY(gd_yaml_scalar(&r->yaml, &text));
    if (id < 0) return GD_OK;
    st = gd_flags_set(r->flags, (gd_flag_id)id, text, origin, r->yaml.err);
    if (st == GD_ERR_ARG) {
        char what[sizeof r->yaml.err->msg];
        memcpy(what, r->yaml.err->msg, sizeof what);
        return gd_yaml_refuse(&r->yaml, what);
    }
    return st;
}

/* Values of `id`: a scalar or a list of scalars. */
static gd_status values(reader *r, int id, gd_origin origin) {
    gd_flag_kind kind = id < 0 ? GD_KIND_LIST : gd_flag_table[id].kind;
    if (r->yaml.event.type == YAML_SCALAR_EVENT) return give(r, id, origin);
    if (r->yaml.event.type != YAML_SEQUENCE_START_EVENT || kind != GD_KIND_LIST)
        return gd_yaml_refuse(&r->yaml, "a single value is needed here");
    for (;;) {
        GD_TRY(gd_yaml_next(&r->yaml));
        if (r->yaml.event.type == YAML_SEQUENCE_END_EVENT) return GD_OK;
        if (r->yaml.event.type != YAML_SCALAR_EVENT)
            return gd_yaml_refuse(&r->yaml, "lists hold single values");
        GD_TRY(give(r, id, origin));
    }
}

/* What the key names: a flag of this command, one of another command (-1), or nothing. */
static gd_status find_key(reader *r, const char *key, int *id) {
    char shown[80], what[160];
    *id = gd_flag_find(key, r->flags->command);
    if (*id >= 0 && gd_flag_table[*id].no_config) {
        snprintf(what, sizeof what, "'%s' makes no sense in a config file", key);
        return gd_yaml_refuse(&r->yaml, what);
    }
    if (*id >= 0) return GD_OK;
    for (int i = 0; i < GD_COMMAND_COUNT; i++)
        if (gd_flag_find(key, gd_command_table[i].bit) >= 0) return GD_OK;
    snprintf(what, sizeof what, "unknown flag '%s'", gd_escape(shown, sizeof shown, key));
    return gd_yaml_refuse(&r->yaml, what);
}

/* A mapping of flags. At the top, keys may also be commands; `skip` reads without setting. */
static gd_status mapping(reader *r, bool top, bool skip) {
    gd_origin origin = top ? GD_FROM_CONFIG : GD_FROM_CONFIG_SECTION;
    for (;;) {
        const char       *key;
        const gd_command *command;
        int               id;
        GD_TRY(gd_yaml_next(&r->yaml));
        if (r->yaml.event.type == YAML_MAPPING_END_EVENT) return GD_OK;
        if (r->yaml.event.type != YAML_SCALAR_EVENT)
            return gd_yaml_refuse(&r->yaml, "a flag's name is needed here");
        GD_TRY(gd_yaml_scalar(&r->yaml, &key));
        command = top ? gd_command_find(key) : NULL;
        if (command) {
            GD_TRY(gd_yaml_expect(&r->yaml, YAML_MAPPING_START_EVENT,
                                  "flags of the command are needed here"));
            GD_TRY(mapping(r, false, !(command->bit & r->flags->command)));
            continue;
        }
        id = -1;
        if (!skip) GD_TRY(find_key(r, key, &id));
        if (id >= 0 && r->flags->value[id].origin == origin)
            return gd_yaml_refuse(&r->yaml, "this flag has a value already");
        GD_TRY(gd_yaml_next(&r->yaml));
        GD_TRY(values(r, id, origin));
    }
}

static gd_status document(reader *r) {
    GD_TRY(gd_yaml_expect(&r->yaml, YAML_STREAM_START_EVENT, "not YAML"));
    GD_TRY(gd_yaml_next(&r->yaml));
    if (r->yaml.event.type == YAML_STREAM_END_EVENT) return GD_OK; /* an empty file */
    GD_TRY(gd_yaml_next(&r->yaml));
    if (r->yaml.event.type == YAML_SCALAR_EVENT && !r->yaml.event.data.scalar.length) {
        GD_TRY(gd_yaml_next(&r->yaml)); /* only comments */
    } else {
        if (r->yaml.event.type != YAML_MAPPING_START_EVENT)
            return gd_yaml_refuse(&r->yaml, "a mapping of flags to values is needed");
        GD_TRY(mapping(r, true, false));
        GD_TRY(gd_yaml_next(&r->yaml));
    }
    return gd_yaml_expect(&r->yaml, YAML_STREAM_END_EVENT, "a second document is not accepted");
}

gd_status gd_config_read(gd_flags *f, const char *path, gd_error *err) {
    reader         r = {.flags = f};
    unsigned char *text = NULL;
    size_t         size;
    gd_status      st = gd_file_slurp(path, CONFIG_BYTES, &text, &size, err);
    if (st != GD_OK) {
        if (err && st != GD_ERR_NOMEM) err->code = 206;
        return st;
    }
    st = gd_yaml_open(&r.yaml, path, text, size, 206, err);
    if (st == GD_OK) st = document(&r);
    gd_yaml_close(&r.yaml);
    gd_mem_put(text);
    return st;
}

gd_status gd_config_gather(gd_flags *f, gd_error *err) {
    struct stat st;
    const char *path;
    GD_TRY(read_environment(f, err));
    if (!(f->command & GD_CMD_GDRUN)) return GD_OK;
    path = gd_flag_text(f, GD_OPT_CONFIG);
    if (!path) return GD_OK;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH)) {
        gd_warn(252, "config file %s is ignored: everybody may write to it", path);
        return GD_OK;
    }
    return gd_config_read(f, path, err);
}

/* ---- --print-config ---------------------------------------------------------------------- */

/* A text as a YAML double-quoted scalar. */
static void print_quoted(const char *text) {
    char shown[4200];
    gd_escape(shown, sizeof shown, text);
    gd_print("\"");
    for (const char *p = shown; *p; p++) gd_print(*p == '"' ? "\\%c" : "%c", *p);
    gd_print("\"");
}

static void print_value(const gd_flag *flag, const gd_flag_value *v) {
    switch (flag->kind) {
    case GD_KIND_SWITCH: gd_print("%s", v->integer ? "true" : "false"); return;
    case GD_KIND_COUNT: gd_print("%lld", (long long)v->integer); return;
    case GD_KIND_LIST:
    case GD_KIND_PATHS:
        gd_print("[");
        for (int i = 0; i < v->n_items; i++) {
            if (i) gd_print(", ");
            print_quoted(v->items[i]);
        }
        gd_print("]");
        return;
    case GD_KIND_INT:
    case GD_KIND_REAL:
    case GD_KIND_BYTES:
    case GD_KIND_SECONDS:
    case GD_KIND_EXTENT:
    case GD_KIND_CHOICE: gd_print("%s", v->text); return;
    case GD_KIND_TEXT:
    case GD_KIND_FILE:
    case GD_KIND_FOLDER: print_quoted(v->text); return;
    }
}

void gd_config_print(const gd_flags *f) {
    static const char *const origins[] = {"not set",     "built-in",    "model file",
                                          "config file", "config file", "environment",
                                          "flag"};
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag       *flag = &gd_flag_table[i];
        const gd_flag_value *v = &f->value[i];
        bool plain = flag->kind == GD_KIND_SWITCH || flag->kind == GD_KIND_COUNT;
        if ((flag->commands & f->command) != f->command || flag->no_config || flag->same_as)
            continue;
        if (v->origin == GD_FROM_NONE && !plain) {
            gd_print("# %s: %s\n", flag->name,
                     flag->from_model ? "the model's own" : "not set");
            continue;
        }
        gd_print("%s: ", flag->name);
        print_value(flag, v);
        gd_print("  # %s\n", v->origin == GD_FROM_NONE ? "built-in" : origins[v->origin]);
    }
}
