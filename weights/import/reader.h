/* reader.h -- inside of gd_ckpt: what the readers of the formats fill in, and how they report.
 *
 * A reader adds storages (a run of bytes in a file) and tensors (views of a storage), then
 * ckpt_finish checks every view against its storage, verifies checksums, looks for NaN and
 * chooses which tensors are the weights. Nothing here is for code outside weights/import and
 * its tests. */
#ifndef GD_WEIGHTS_IMPORT_READER_H
#define GD_WEIGHTS_IMPORT_READER_H

#include "engine/arena.h"
#include "engine/io.h"
#include "weights/import/checkpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of what a file may claim; each is checked before memory is asked for. */
enum {
    GD_CKPT_MAX_TENSORS = 65536,
    GD_CKPT_MAX_NAME = 255,
    GD_CKPT_MAX_WARNINGS = 64,
    GD_CKPT_MAX_SHARDS = 256,
    GD_CKPT_MAX_META = 16
};

typedef struct gd_ckpt_storage {
    const char *key;   /* for messages: "archive/data/3", "storage 94013" */
    int         file;  /* index into gd_ckpt.files */
    uint64_t    at;    /* first byte in that file */
    uint64_t    bytes; /* decoded size */
    uint64_t    coded; /* bytes in the file: equals `bytes` unless deflated */
    uint32_t    crc;
    bool        has_crc, deflated;
} gd_ckpt_storage;

typedef struct gd_ckpt_fact {
    const char *key, *value;
} gd_ckpt_fact;

struct gd_ckpt {
    gd_arena         arena;
    gd_ckpt_options  opt;
    gd_file         *files;
    int              n_files;
    uint64_t         size; /* of all files */
    const char      *path, *format, *prefix, *top_type;
    const char     **top;
    int              n_top, protocol;
    gd_ckpt_storage *storages;
    int              n_storages, room_storages;
    gd_ckpt_tensor  *tensors;
    int              n_tensors, room_tensors;
    uint64_t         logical; /* bytes of all tensors as row-major copies */
    int             *state;   /* indices of the weights */
    int              n_state;
    int             *by_storage; /* tensor indices ordered by storage: each is loaded once */
    uint32_t        *by_name;    /* hash of the weights' names: index into state + 1, or 0 */
    uint32_t         n_slots;    /* power of two */
    unsigned char   *loaded;     /* bytes of the storage read last */
    int              loaded_storage; /* -1: none */
    gd_ckpt_fact     meta[GD_CKPT_MAX_META];
    int              n_meta;
    gd_ckpt_warning  warnings[GD_CKPT_MAX_WARNINGS];
    int              n_warnings;
};

/* FNV-1a, mixed once more: for tables whose keys are names. */
static inline uint32_t gd_text_hash(const char *s, size_t n) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h ^ h >> 15;
}

/* ---- building (checkpoint.c) ------------------------------------------------------------- */

/* Keeps a warning; the text is cut at 500 bytes and cleaned of control bytes. Warnings beyond
 * the limit are dropped. */
void gd_ckpt_warn(gd_ckpt *c, int code, const char *fmt, ...) GD_PRINTF(3, 4);
/* Keeps value[n], which is copied and checked (UTF-8; newlines and tabs are allowed), under a
 * key that outlives the handle. A reader gives at most GD_CKPT_MAX_META. */
gd_status gd_ckpt_add_meta(gd_ckpt *c, const char *key, const char *value, size_t n,
                           gd_error *err);
/* Makes room for one more of `size` bytes in a growing array of n. */
gd_status gd_ckpt_room(const gd_ckpt *c, void **list, int n, int *room, size_t size,
                       gd_error *err);
/* Copies *s (key is copied too); *index receives its number. */
gd_status gd_ckpt_add_storage(gd_ckpt *c, const gd_ckpt_storage *s, int *index, gd_error *err);
/* Copies *t; path[n] is copied and checked (length, UTF-8, control bytes); numel and contiguous
 * are computed; the view is checked against the storage, which must have been added. */
gd_status gd_ckpt_add_tensor(gd_ckpt *c, const gd_ckpt_tensor *t, const char *path, size_t n,
                             gd_error *err);

/* ---- values (values.c) ------------------------------------------------------------------- */

/* Makes storage `s` the loaded one: read, inflated, its checksum verified. */
gd_status gd_ckpt_load_storage(gd_ckpt *c, int s, gd_error *err);
/* Elements [0, numel) of a row-major byte run as double. False: the type has no such values. */
bool gd_ckpt_to_f64(gd_ckpt_dtype type, const unsigned char *src, size_t n, double *dst);
/* NaN and infinities among n elements; 0 for types that have none. */
size_t gd_ckpt_nonfinite(gd_ckpt_dtype type, const unsigned char *src, size_t n);

/* ---- choosing the weights (state.c) ------------------------------------------------------ */

/* `base` is the path of the chosen dict with its dot ("state_dict.", ""). Sets the prefix, the
 * names, the index of weights and the hash. */
gd_status gd_ckpt_choose_state(gd_ckpt *c, const char *base, gd_error *err);

/* ---- what a file is (sniff.c) ------------------------------------------------------------ */

typedef enum gd_file_kind {
    GD_KIND_OTHER,
    GD_KIND_ZIP,
    GD_KIND_LEGACY,
    GD_KIND_SAFETENSORS,
    GD_KIND_JSON,
    GD_KIND_DARKNET_CFG,
    GD_KIND_DARKNET_WEIGHTS
} gd_file_kind;

/* The kind of a file whose first n bytes (at least 512 unless it is shorter) are `head`; for
 * OTHER *what names it ("a Git LFS pointer") and *hint, which may be NULL, says what to do. */
gd_file_kind gd_sniff(const unsigned char *head, size_t n, const char **what,
                      const char **hint);

/* ---- formats ----------------------------------------------------------------------------- */

gd_status gd_torch_zip_read(gd_ckpt *c, gd_error *err);
gd_status gd_torch_legacy_read(gd_ckpt *c, gd_error *err);
gd_status gd_safetensors_read(gd_ckpt *c, int file, gd_error *err);
gd_status gd_shards_read(gd_ckpt *c, gd_error *err);
/* files[0] is the .cfg, or the .weights; the other one is found by its name. */
gd_status gd_darknet_read(gd_ckpt *c, bool is_cfg, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
