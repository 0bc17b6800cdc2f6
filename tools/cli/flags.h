/* flags.h -- the one table of flags: parsing, --help, man pages, completions and config come
 * from it.
 *
 * Both programs use it. A value comes from the command line, else the environment, else the
 * config file, else the model file, else the built-in default: gd_flags_parse and gd_flags_set
 * may be called in any order, the stronger origin wins. Nothing here prints.
 *
 *     gd_flags f;
 *     gd_flags_init(&f, GD_CMD_CONVERT);
 *     GD_GO(gd_flags_parse(&f, argc - 1, argv + 1, &err));
 *     double conf = gd_flag_real(&f, GD_OPT_CONF);
 *     gd_flags_free(&f); */
#ifndef GD_TOOLS_CLI_FLAGS_H
#define GD_TOOLS_CLI_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/arena.h"
#include "engine/status.h"
#include "tools/cli/flag_ids.h"

/* One bit a command; gdconvert, which has no subcommands, is a bit of its own. */
typedef enum gd_command_index {
#define GD_COMMAND(id, name, function, arguments, summary) GD_COMMAND_INDEX_##id,
#include "tools/cli/commands.def"
#undef GD_COMMAND
    GD_COMMAND_INDEX_CONVERT,
    GD_COMMAND_COUNT
} gd_command_index;

enum {
#define GD_COMMAND(id, name, function, arguments, summary) \
    GD_CMD_##id = 1 << GD_COMMAND_INDEX_##id,
#include "tools/cli/commands.def"
#undef GD_COMMAND
    GD_CMD_CONVERT = 1 << GD_COMMAND_INDEX_CONVERT,
    GD_CMD_ALL = (1 << GD_COMMAND_COUNT) - 1,
    GD_CMD_GDRUN = GD_CMD_ALL & ~GD_CMD_CONVERT,
    GD_CMD_BOXES = GD_CMD_DETECT | GD_CMD_TRACK,
    GD_CMD_VIDEO = GD_CMD_BOXES | GD_CMD_SEGMENT, /* commands whose model sees videos */
    GD_CMD_MOVING = GD_CMD_VIDEO | GD_CMD_FILTER, /* commands that read videos */
    GD_CMD_PICTURES = GD_CMD_VIDEO | GD_CMD_CLASSIFY,
    GD_CMD_RUNS = GD_CMD_PICTURES | GD_CMD_BENCH | GD_CMD_EVAL
};

typedef struct gd_command {
    unsigned    bit;
    const char *name, *arguments, *summary;
} gd_command;
extern const gd_command gd_command_table[GD_COMMAND_COUNT];
/* NULL: no such subcommand of gdrun. */
const gd_command *gd_command_find(const char *name);

typedef enum gd_flag_kind {
    GD_KIND_SWITCH,  /* no value; on when given */
    GD_KIND_COUNT,   /* no value; may be repeated: -vv */
    GD_KIND_INT,     /* lo .. hi */
    GD_KIND_REAL,    /* lo .. hi */
    GD_KIND_BYTES,   /* lo .. hi, with units: 2GiB */
    GD_KIND_SECONDS, /* lo .. hi, with units: 50ms */
    GD_KIND_EXTENT,  /* N or WxH, each lo .. hi and a multiple of `step` */
    GD_KIND_CHOICE,  /* one of `choices` */
    GD_KIND_TEXT,
    GD_KIND_FILE, /* an existing or new file; "-" where `dash` */
    GD_KIND_FOLDER,
    GD_KIND_PATHS, /* may be repeated; commas mean nothing */
    GD_KIND_LIST   /* comma list, may be repeated; items in order */
} gd_flag_kind;

typedef struct gd_flag {
    const char  *name;    /* without the dashes */
    const char  *aliases; /* separated by blanks, or NULL */
    char         letter;  /* of the short form, or 0 */
    gd_flag_kind kind;
    bool         dash;         /* "-" means stdin or stdout */
    bool         from_model;   /* without a default here: the model file has it */
    bool         no_config;    /* meaningless in a config file */
    bool         or_auto;      /* of an INT: "auto" is 0 */
    bool         or_native;    /* of an EXTENT: "native" is -1 x -1 */
    bool         hidden;       /* for the program itself: in no help, man page or completion */
    const char  *argument;     /* "FILE"; NULL for switches */
    const char  *choices;      /* "auto|cpu"; a trailing "*" of a choice matches any ending */
    double       lo, hi, step; /* hi == lo: no range */
    const char  *def;          /* built-in default, as typed, or NULL */
    const char  *same_as;      /* "precision=fp16": this switch stands for that */
    const char  *environment;  /* variable, or NULL */
    unsigned     commands;     /* GD_CMD_ bits */
    const char  *group;        /* headline in --help */
    const char  *help;
} gd_flag;
extern const gd_flag gd_flag_table[GD_OPT_COUNT];

typedef enum gd_origin { /* weakest first */
                         GD_FROM_NONE,
                         GD_FROM_BUILT_IN,
                         GD_FROM_MODEL,
                         GD_FROM_CONFIG,
                         GD_FROM_CONFIG_SECTION, /* its part for one command */
                         GD_FROM_ENVIRONMENT,
                         GD_FROM_FLAG
} gd_origin;

typedef struct gd_flag_value {
    gd_origin    origin;
    const char  *text; /* as typed */
    int64_t      integer;
    double       real;
    int          width, height;
    const char **items;
    int          n_items;
} gd_flag_value;

typedef struct gd_flags {
    gd_arena      arena;   /* owns every string below */
    unsigned      command; /* GD_CMD_ bit; GD_CMD_GDRUN while only global flags are known */
    gd_flag_value value[GD_OPT_COUNT];
    const char  **args; /* positional arguments, in order */
    int           n_args;
} gd_flags;

void gd_flags_init(gd_flags *f, unsigned command);
void gd_flags_free(gd_flags *f);

/* Reads `argc` arguments (without the program's name). Errors are codes 200 to 209: unknown
 * flag with the nearest name, missing value, repetition, value outside its range (which is
 * named). */
gd_status gd_flags_parse(gd_flags *f, int argc, char *const *argv, gd_error *err) GD_MUST_CHECK;
/* Reads flags common to all subcommands up to the first positional argument; *used is its
 * index. */
gd_status gd_flags_parse_globals(gd_flags *f, int argc, char *const *argv, int *used,
                                 gd_error *err) GD_MUST_CHECK;
/* One value from text, for `origin` GD_FROM_ENVIRONMENT, _CONFIG or _MODEL; a stronger origin
 * that is set already stays, but the text is checked all the same. */
gd_status gd_flags_set(gd_flags *f, gd_flag_id id, const char *text, gd_origin origin,
                       gd_error *err) GD_MUST_CHECK;
/* Flag `id` of the table by its name or an alias, among those that every command of the set
 * `commands` has; -1: none. */
int gd_flag_find(const char *name, unsigned commands);

bool        gd_flag_given(const gd_flags *f, gd_flag_id id); /* set by anything but a default */
bool        gd_flag_on(const gd_flags *f, gd_flag_id id);
int64_t     gd_flag_int(const gd_flags *f, gd_flag_id id);  /* also counts and bytes */
double      gd_flag_real(const gd_flags *f, gd_flag_id id); /* also seconds */
const char *gd_flag_text(const gd_flags *f, gd_flag_id id); /* NULL: not set, no default */
const gd_flag_value *gd_flag_get(const gd_flags *f, gd_flag_id id);

/* Whether help, man page and completions of `commands` show the flag. */
bool gd_flag_shown(const gd_flag *flag, unsigned commands);
/* "0 .. 1", "one of auto|cpu", ...: the range of a flag, for messages and help. */
void gd_flag_range(const gd_flag *flag, char *out, size_t room);

#endif
