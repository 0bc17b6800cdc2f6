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

/* A flag: one name here, one row in flags_table.c. Their order is the order of --help. */
typedef enum gd_flag_id {
    GD_OPT_MODEL,
    GD_OPT_FILTER,
    GD_OPT_SOURCE,
    GD_OPT_DATA,
    GD_OPT_SPLIT,
    GD_OPT_IMAGES,
    GD_OPT_FORMAT,
    GD_OPT_MAX_BAD,
    GD_OPT_NO_DECODE,
    GD_OPT_DETECTIONS,
    GD_OPT_ALLOW_TRUNCATED,
    GD_OPT_NO_EXIF,
    GD_OPT_VID_STRIDE,
    GD_OPT_MAX_FRAMES,
    GD_OPT_START,
    GD_OPT_END,
    GD_OPT_LIVE,
    GD_OPT_TIMEOUT,
    GD_OPT_MAX_RETRIES,
    GD_OPT_RTSP_TRANSPORT,
    GD_OPT_HWACCEL,
    GD_OPT_CONF,
    GD_OPT_EVAL_CONF,
    GD_OPT_IOU,
    GD_OPT_MAX_DET,
    GD_OPT_CLASSES,
    GD_OPT_CONF_CLASS,
    GD_OPT_AGNOSTIC_NMS,
    GD_OPT_CLASSIFY,
    GD_OPT_CLASSIFY_CLASSES,
    GD_OPT_CLASSIFY_MIN,
    GD_OPT_CLASSIFY_BATCH,
    GD_OPT_TOP_K,
    GD_OPT_SMOOTH,
    GD_OPT_IMGSZ,
    GD_OPT_BATCH,
    GD_OPT_PRECISION,
    GD_OPT_FP16,
    GD_OPT_HALF,
    GD_OPT_INT8,
    GD_OPT_AMP,
    GD_OPT_TRACKER,
    GD_OPT_IOU_THRESHOLD,
    GD_OPT_MAX_AGE,
    GD_OPT_MIN_HITS,
    GD_OPT_TRACK_HIGH,
    GD_OPT_TRACK_LOW,
    GD_OPT_TRACK_NEW,
    GD_OPT_TRACK_MATCH,
    GD_OPT_ID_START,
    GD_OPT_LOAD_STATE,
    GD_OPT_SAVE_STATE,
    GD_OPT_MODE,
    GD_OPT_STREAMS,
    GD_OPT_QUEUE_SIZE,
    GD_OPT_DECODE_THREADS,
    GD_OPT_POST_THREADS,
    GD_OPT_ENCODE_THREADS,
    GD_OPT_OUTPUT,
    GD_OPT_EVAL_OUT,
    GD_OPT_FIX,
    GD_OPT_TO,
    GD_OPT_DATA_OUT,
    GD_OPT_PICTURES,
    GD_OPT_PARTS,
    GD_OPT_DATA_SEED,
    GD_OPT_WORST,
    GD_OPT_GATE,
    GD_OPT_JSON,
    GD_OPT_JSONL,
    GD_OPT_CSV,
    GD_OPT_COCO,
    GD_OPT_COCO_IMAGES,
    GD_OPT_VOC,
    GD_OPT_YOLO_TXT,
    GD_OPT_SAVE_CROPS,
    GD_OPT_MASKS,
    GD_OPT_BACKGROUND,
    GD_OPT_KEEP,
    GD_OPT_MOT,
    GD_OPT_STATS,
    GD_OPT_FAIL_ON,
    GD_OPT_CODEC,
    GD_OPT_CRF,
    GD_OPT_PRESET,
    GD_OPT_BITRATE,
    GD_OPT_FPS,
    GD_OPT_NO_AUDIO,
    GD_OPT_LINE_WIDTH,
    GD_OPT_FONT_SCALE,
    GD_OPT_NO_LABELS,
    GD_OPT_NO_CONF,
    GD_OPT_OPACITY,
    GD_OPT_TRAILS,
    GD_OPT_SHOW_FPS,
    GD_OPT_SHOW,
    GD_OPT_PREVIEW,
    GD_OPT_INFO_JSON,
    GD_OPT_LAYERS,
    GD_OPT_FUSED,
    GD_OPT_TOLERANCE,
    GD_OPT_ALL_LAYERS,
    GD_OPT_MAN,
    GD_OPT_BATCH_SIZES,
    GD_OPT_PRECISIONS,
    GD_OPT_ITERS,
    GD_OPT_WARMUP,
    GD_OPT_MAX_TIME,
    GD_OPT_COLD,
    GD_OPT_COLD_FROM,
    GD_OPT_BENCH_FORM,
    GD_OPT_DEVICES_FORM,
    GD_OPT_ARCH, /* gdconvert */
    GD_OPT_OUT,
    GD_OPT_NUM_CLASSES,
    GD_OPT_RESET_HEAD,
    GD_OPT_NAMES,
    GD_OPT_ALLOW_DEFLATE,
    GD_OPT_WEIGHTS,
    GD_OPT_INSPECT,
    GD_OPT_INSPECT_JSON,
    GD_OPT_STORE,
    GD_OPT_LICENSE,
    GD_OPT_SET,
    GD_OPT_LIST,
    GD_OPT_DEVICE, /* everywhere */
    GD_OPT_DEVICE_MEM_CAP,
    GD_OPT_PROVIDERS,
    GD_OPT_THREADS,
    GD_OPT_CHECK_NUMERICS,
    GD_OPT_STRICT,
    GD_OPT_YES,
    GD_OPT_CONFIG,
    GD_OPT_PRINT_CONFIG,
    GD_OPT_VERBOSE,
    GD_OPT_QUIET,
    GD_OPT_LOG_LEVEL,
    GD_OPT_LOG_JSON,
    GD_OPT_NO_COLOR,
    GD_OPT_HELP,
    GD_OPT_VERSION,
    GD_OPT_COUNT
} gd_flag_id;

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
