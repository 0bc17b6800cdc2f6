/* flags.c -- command-line parsing driven by flags_table.c.
 *
 * Not getopt_long: that accepts abbreviations, which turn a new flag into a changed meaning,
 * and obeys POSIXLY_CORRECT, while nothing but the documented environment may change
 * behaviour. */
#include "tools/cli/flags.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tools/cli/number.h"
#include "tools/cli/text.h"

const gd_command *gd_command_find(const char *name) {
    for (int i = 0; i < GD_COMMAND_INDEX_CONVERT; i++)
        if (!strcmp(gd_command_table[i].name, name)) return &gd_command_table[i];
    return NULL;
}

/* ---- finding a flag ---------------------------------------------------------------------- */

static bool has_name(const gd_flag *flag, const char *name, size_t n) {
    const char *p = flag->aliases;
    if (strlen(flag->name) == n && !memcmp(flag->name, name, n)) return true;
    while (p && *p) {
        size_t len = strcspn(p, " ");
        if (len == n && !memcmp(p, name, n)) return true;
        p += len + (p[len] == ' ');
    }
    return false;
}

/* A flag must belong to every command of the set: before the subcommand is known, only the
 * flags that all of them share are understood. */
static bool belongs(const gd_flag *flag, unsigned commands) {
    return (flag->commands & commands) == commands;
}

static int find_name(const char *name, size_t n, unsigned commands) {
    for (int i = 0; i < GD_OPT_COUNT; i++)
        if (belongs(&gd_flag_table[i], commands) && has_name(&gd_flag_table[i], name, n))
            return i;
    return -1;
}

bool gd_flag_shown(const gd_flag *flag, unsigned commands) {
    return belongs(flag, commands) && !flag->hidden;
}

int gd_flag_find(const char *name, unsigned commands) {
    return find_name(name, strlen(name), commands);
}

static int find_letter(char letter, unsigned commands) {
    for (int i = 0; i < GD_OPT_COUNT; i++)
        if (belongs(&gd_flag_table[i], commands) && gd_flag_table[i].letter == letter) return i;
    return -1;
}

static const char *command_name(unsigned bit) {
    for (int i = 0; i < GD_COMMAND_COUNT; i++)
        if (gd_command_table[i].bit == bit) return gd_command_table[i].name;
    return "gdrun";
}

/* "gdrun detect", "gdconvert" or, with only global flags known, "gdrun". */
static const char *program_words(const gd_flags *f, char *room, size_t n) {
    bool one = f->command && !(f->command & (f->command - 1));
    snprintf(room, n, "%s%s", one && f->command != GD_CMD_CONVERT ? "gdrun " : "",
             one ? command_name(f->command) : "gdrun");
    return room;
}

/* How far `name` is from the nearest name of a flag; the beginning of a name counts as near. */
static int distance(const gd_flag *flag, const char *name) {
    char        alias[64];
    const char *p = flag->aliases;
    int         best = gd_edit_distance(name, flag->name);
    if (name[0] && name[1] && !strncmp(flag->name, name, strlen(name))) best = 1;
    while (p && *p) {
        size_t n = strcspn(p, " ");
        int    d;
        snprintf(alias, sizeof alias, "%.*s", (int)n, p);
        d = gd_edit_distance(name, alias);
        if (d < best) best = d;
        p += n + (p[n] == ' ');
    }
    return best;
}

/* What an unknown flag was probably meant to be. */
static gd_status unknown_flag(const gd_flags *f, const char *name, gd_error *err) {
    char        shown[80], words[40];
    size_t      n = strcspn(name, "=");
    char        bare[64];
    const char *best = NULL;
    int         best_at = INT_MAX, elsewhere = -1;
    snprintf(bare, sizeof bare, "%.*s", (int)(n < 63 ? n : 63), name);
    gd_fail_code(err, GD_ERR_ARG, 201, "unknown flag '--%s'",
                 gd_escape(shown, sizeof shown, bare));
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        int            d = distance(flag, bare);
        if (n < 63 && !flag->hidden && has_name(flag, bare, strlen(bare))) elsewhere = i;
        if (!gd_flag_shown(flag, f->command) || d >= best_at) continue;
        best_at = d;
        best = flag->name;
    }
    program_words(f, words, sizeof words);
    if (elsewhere >= 0)
        gd_error_why(err, "--%s is no flag of '%s'", gd_flag_table[elsewhere].name, words);
    if (best && gd_is_near(best_at, strlen(bare)))
        gd_error_hint(err, "did you mean --%s? '%s --help' lists the flags", best, words);
    else
        gd_error_hint(err, "'%s --help' lists the flags", words);
    return GD_ERR_ARG;
}

/* ---- values ------------------------------------------------------------------------------ */

void gd_flag_range(const gd_flag *flag, char *out, size_t room) {
    bool ranged = flag->hi > flag->lo;
    switch (flag->kind) {
    case GD_KIND_SWITCH: snprintf(out, room, "true or false"); break;
    case GD_KIND_COUNT: snprintf(out, room, "a whole number from 0 to 9"); break;
    case GD_KIND_INT:
        if (ranged)
            snprintf(out, room, "a whole number from %.0f to %.0f%s", flag->lo, flag->hi,
                     flag->or_auto ? ", or auto" : "");
        else
            snprintf(out, room, "a whole number");
        break;
    case GD_KIND_REAL:
        if (ranged)
            snprintf(out, room, "a number from %g to %g", flag->lo, flag->hi);
        else
            snprintf(out, room, "a number");
        break;
    case GD_KIND_BYTES: snprintf(out, room, "a size such as 512MiB or 2GiB"); break;
    case GD_KIND_SECONDS:
        snprintf(out, room, "a time from %gs to %gs, such as 50ms or 1.5s", flag->lo, flag->hi);
        break;
    case GD_KIND_EXTENT:
        snprintf(out, room, "N or WIDTHxHEIGHT, each a multiple of %.0f from %.0f to %.0f%s",
                 flag->step, flag->lo, flag->hi, flag->or_native ? ", or native" : "");
        break;
    case GD_KIND_CHOICE: snprintf(out, room, "one of %s", flag->choices); break;
    case GD_KIND_LIST: snprintf(out, room, "a comma list without empty items"); break;
    case GD_KIND_TEXT:
    case GD_KIND_FILE:
    case GD_KIND_FOLDER:
    case GD_KIND_PATHS: snprintf(out, room, "a text that is not empty"); break;
    }
}

static bool choice_ok(const char *choices, const char *text) {
    const char *p = choices;
    size_t      n = strlen(text);
    while (*p) {
        size_t len = strcspn(p, "|");
        bool   any = len && p[len - 1] == '*';
        if (any ? n >= len && !memcmp(p, text, len - 1) : len == n && !memcmp(p, text, n))
            return true;
        p += len + (p[len] == '|');
    }
    return false;
}

static bool in_range(const gd_flag *flag, double v) {
    return !(flag->hi > flag->lo) || (v >= flag->lo && v <= flag->hi);
}

static bool extent_ok(const gd_flag *flag, int v) {
    return in_range(flag, v) && (flag->step <= 0 || v % (int)flag->step == 0);
}

/* Reads `text` as flag `flag` wants it; false: not of its kind or outside its range. */
static bool read_value(const gd_flag *flag, const char *text, gd_flag_value *v) {
    uint64_t bytes;
    switch (flag->kind) {
    case GD_KIND_SWITCH:
    case GD_KIND_COUNT:
        if (flag->kind == GD_KIND_COUNT && gd_number_int(text, &v->integer))
            return v->integer >= 0 && v->integer < 10;
        v->integer = !strcmp(text, "true") || !strcmp(text, "1");
        return v->integer || !strcmp(text, "false") || !strcmp(text, "0");
    case GD_KIND_INT:
        v->integer = 0;
        if (flag->or_auto && !strcmp(text, "auto")) return true;
        return gd_number_int(text, &v->integer) && in_range(flag, (double)v->integer);
    case GD_KIND_REAL: return gd_number_real(text, &v->real) && in_range(flag, v->real);
    case GD_KIND_BYTES:
        if (!gd_number_bytes(text, &bytes) || !in_range(flag, (double)bytes)) return false;
        v->integer = (int64_t)bytes;
        return true;
    case GD_KIND_SECONDS: return gd_number_seconds(text, &v->real) && in_range(flag, v->real);
    case GD_KIND_EXTENT:
        v->width = v->height = -1;
        if (flag->or_native && !strcmp(text, "native")) return true;
        return gd_number_extent(text, &v->width, &v->height) && extent_ok(flag, v->width) &&
               extent_ok(flag, v->height);
    case GD_KIND_CHOICE: return choice_ok(flag->choices, text);
    case GD_KIND_LIST:
        return *text && *text != ',' && text[strlen(text) - 1] != ',' && !strstr(text, ",,");
    case GD_KIND_TEXT:
    case GD_KIND_FILE:
    case GD_KIND_FOLDER:
    case GD_KIND_PATHS: return *text;
    }
    return false;
}

static gd_status bad_value(const gd_flag *flag, const char *text, gd_error *err) {
    char range[128], shown[96];
    gd_flag_range(flag, range, sizeof range);
    return gd_fail_code(err, GD_ERR_ARG, 204, "--%s takes %s, not '%s'", flag->name, range,
                        gd_escape(shown, sizeof shown, text));
}

static gd_status no_memory(gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory for the command line");
}

/* Appends `text`, or its comma-separated items, to the list. */
static gd_status append(gd_flags *f, const gd_flag *flag, gd_flag_value *v, const char *text,
                        gd_error *err) {
    int          n = 1;
    const char **items, *p = text;
    if (flag->kind == GD_KIND_LIST)
        for (const char *c = text; *c; c++) n += *c == ',';
    items = gd_arena_array(&f->arena, (size_t)(v->n_items + n), sizeof *items);
    if (!items) return no_memory(err);
    if (v->n_items) memcpy(items, v->items, (size_t)v->n_items * sizeof *items);
    for (int i = 0; i < n; i++) {
        size_t len = n > 1 ? strcspn(p, ",") : strlen(p);
        items[v->n_items + i] = gd_arena_bytes(&f->arena, p, len);
        if (!items[v->n_items + i]) return no_memory(err);
        p += len + 1;
    }
    v->items = items;
    v->n_items += n;
    return GD_OK;
}

gd_status gd_flags_set(gd_flags *f, gd_flag_id id, const char *text, gd_origin origin,
                       gd_error *err) {
    const gd_flag *flag = &gd_flag_table[id];
    gd_flag_value  v = {.origin = origin};
    gd_flag_value *now = &f->value[id];
    if (!read_value(flag, text, &v)) return bad_value(flag, text, err);
    if (now->origin > origin) return GD_OK;
    if (flag->kind == GD_KIND_COUNT && now->origin == origin && origin == GD_FROM_FLAG)
        v.integer += now->integer;
    if (flag->kind == GD_KIND_LIST || flag->kind == GD_KIND_PATHS) {
        if (now->origin == origin) v = *now;
        GD_TRY(append(f, flag, &v, text, err));
    }
    v.text = gd_arena_string(&f->arena, text);
    if (!v.text) return no_memory(err);
    *now = v;
    if (flag->same_as && v.integer) {
        const char *equals = strchr(flag->same_as, '=');
        int target = find_name(flag->same_as, (size_t)(equals - flag->same_as), f->command);
        GD_ASSERT(target >= 0);
        return gd_flags_set(f, (gd_flag_id)target, equals + 1, origin, err);
    }
    return GD_OK;
}

void gd_flags_init(gd_flags *f, unsigned command) {
    memset(f, 0, sizeof *f);
    f->command = command;
    for (int i = 0; i < GD_OPT_COUNT; i++) {
        const gd_flag *flag = &gd_flag_table[i];
        gd_flag_value *v = &f->value[i];
        if (flag->def) {
            bool ok = read_value(flag, flag->def, v);
            GD_ASSERT(ok);
            v->text = flag->def;
            v->origin = GD_FROM_BUILT_IN;
        }
    }
}

void gd_flags_free(gd_flags *f) {
    gd_arena_free(&f->arena);
    memset(f, 0, sizeof *f);
}

/* ---- the command line -------------------------------------------------------------------- */

typedef struct cursor {
    int          at, argc;
    char *const *argv;
} cursor;

static bool takes_value(const gd_flag *flag) {
    return flag->kind != GD_KIND_SWITCH && flag->kind != GD_KIND_COUNT;
}

static bool repeatable(const gd_flag *flag) {
    return flag->kind == GD_KIND_COUNT || flag->kind == GD_KIND_LIST ||
           flag->kind == GD_KIND_PATHS;
}

/* One flag with its value: attached ("--conf=0.3", "-k5") or the next argument. */
static gd_status take(gd_flags *f, int id, const char *attached, cursor *c, gd_error *err) {
    const gd_flag *flag = &gd_flag_table[id];
    char           range[128];
    const char    *text = attached;
    if (!repeatable(flag) && f->value[id].origin == GD_FROM_FLAG)
        return gd_fail_code(err, GD_ERR_ARG, 203, "--%s is given more than once", flag->name);
    if (!takes_value(flag)) {
        if (!attached) return gd_flags_set(f, (gd_flag_id)id, "1", GD_FROM_FLAG, err);
        return gd_fail_code(err, GD_ERR_ARG, 204, "--%s takes no value", flag->name);
    }
    if (!text) {
        /* A value that looks like a long flag is a forgotten value; --name=--value is not. */
        if (c->at + 1 >= c->argc || !strncmp(c->argv[c->at + 1], "--", 2)) {
            gd_flag_range(flag, range, sizeof range);
            return gd_fail_code(err, GD_ERR_ARG, 202, "--%s lacks its value: %s", flag->name,
                                range);
        }
        text = c->argv[++c->at];
    }
    return gd_flags_set(f, (gd_flag_id)id, text, GD_FROM_FLAG, err);
}

static gd_status take_long(gd_flags *f, const char *arg, cursor *c, gd_error *err) {
    size_t n = strcspn(arg, "=");
    int    id = find_name(arg, n, f->command);
    if (id < 0) return unknown_flag(f, arg, err);
    return take(f, id, arg[n] ? arg + n + 1 : NULL, c, err);
}

/* "-m FILE", "-mFILE", "-vqy". */
static gd_status take_letters(gd_flags *f, const char *arg, cursor *c, gd_error *err) {
    char words[40], shown[32];
    for (const char *p = arg; *p; p++) {
        int id = find_letter(*p, f->command);
        if (id < 0) {
            gd_fail_code(err, GD_ERR_ARG, 201, "unknown flag '-%s'",
                         gd_escape(shown, sizeof shown, p));
            gd_error_hint(err,
                          "'%s --help' lists the flags; a file whose name begins with - is "
                          "written ./-NAME",
                          program_words(f, words, sizeof words));
            return GD_ERR_ARG;
        }
        if (takes_value(&gd_flag_table[id])) return take(f, id, p[1] ? p + 1 : NULL, c, err);
        GD_TRY(take(f, id, NULL, c, err));
    }
    return GD_OK;
}

static gd_status parse(gd_flags *f, int argc, char *const *argv, bool stop, int *used,
                       gd_error *err) {
    cursor       c = {0, argc, argv};
    bool         only_names = false;
    const char **args = gd_arena_array(&f->arena, (size_t)argc + 1, sizeof *args);
    if (!args) return no_memory(err);
    f->args = args;
    f->n_args = 0;
    for (; c.at < argc; c.at++) {
        const char *arg = argv[c.at];
        if (only_names || arg[0] != '-' || !arg[1]) {
            if (stop) break;
            args[f->n_args] = gd_arena_string(&f->arena, arg);
            if (!args[f->n_args++]) return no_memory(err);
        } else if (!strcmp(arg, "--")) {
            only_names = true;
        } else if (arg[1] == '-') {
            GD_TRY(take_long(f, arg + 2, &c, err));
        } else {
            GD_TRY(take_letters(f, arg + 1, &c, err));
        }
    }
    if (used) *used = c.at;
    return GD_OK;
}

gd_status gd_flags_parse(gd_flags *f, int argc, char *const *argv, gd_error *err) {
    return parse(f, argc, argv, false, NULL, err);
}

gd_status gd_flags_parse_globals(gd_flags *f, int argc, char *const *argv, int *used,
                                 gd_error *err) {
    return parse(f, argc, argv, true, used, err);
}

/* ---- reading values ---------------------------------------------------------------------- */

const gd_flag_value *gd_flag_get(const gd_flags *f, gd_flag_id id) { return &f->value[id]; }

bool gd_flag_given(const gd_flags *f, gd_flag_id id) {
    return f->value[id].origin > GD_FROM_MODEL;
}

bool        gd_flag_on(const gd_flags *f, gd_flag_id id) { return f->value[id].integer != 0; }
int64_t     gd_flag_int(const gd_flags *f, gd_flag_id id) { return f->value[id].integer; }
double      gd_flag_real(const gd_flags *f, gd_flag_id id) { return f->value[id].real; }
const char *gd_flag_text(const gd_flags *f, gd_flag_id id) { return f->value[id].text; }
