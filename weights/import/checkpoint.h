/* checkpoint.h -- one handle over every weight file that is imported: .pth and .pt,
 * .safetensors, Darknet's .cfg and .weights.
 *
 * gd_ckpt_open looks at the content, never at the file name, and reads PyTorch's zip and legacy
 * formats (state dicts, trainer checkpoints, whole pickled modules), safetensors and its
 * sharded index, and the two files of a Darknet model, of which either may be named. A pickle
 * is read as inert data: nothing in it is ever called. When open succeeds the structure and
 * every checksum the format has have been verified; values are read on demand.
 *
 * Two views of the same tensors. gd_ckpt_count/at/find: the weights, which are the tensors of
 * the state dict with its prefix ("state_dict.module.") stripped. gd_ckpt_all_count/all_at:
 * every tensor of the file under its whole path, optimizer state included.
 *
 * All strings and tensors belong to the handle. One thread at a time: reads share a buffer. */
#ifndef GD_WEIGHTS_IMPORT_CHECKPOINT_H
#define GD_WEIGHTS_IMPORT_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_CKPT_MAX_DIMS = 8 };

/* Every element type of PyTorch. Complex, quantised, 8-bit float and sub-byte ones are listed
 * and read as bytes; gd_ckpt_read_f32 refuses them by name. */
typedef enum gd_ckpt_dtype {
    GD_CKPT_F32,
    GD_CKPT_F16,
    GD_CKPT_BF16,
    GD_CKPT_F64,
    GD_CKPT_I64,
    GD_CKPT_I32,
    GD_CKPT_I16,
    GD_CKPT_I8,
    GD_CKPT_U8,
    GD_CKPT_U16,
    GD_CKPT_U32,
    GD_CKPT_U64,
    GD_CKPT_BOOL,
    GD_CKPT_C32,
    GD_CKPT_C64,
    GD_CKPT_C128,
    GD_CKPT_QI8,
    GD_CKPT_QU8,
    GD_CKPT_QI32,
    GD_CKPT_F8_E4M3,
    GD_CKPT_F8_E5M2,
    GD_CKPT_F8_E4M3FNUZ,
    GD_CKPT_F8_E5M2FNUZ,
    GD_CKPT_DTYPES
} gd_ckpt_dtype;

const char *gd_ckpt_dtype_name(gd_ckpt_dtype t); /* as PyTorch says: "float32" */
size_t      gd_ckpt_dtype_size(gd_ckpt_dtype t); /* bytes of one element */

typedef struct gd_ckpt_tensor {
    const char   *name;  /* prefix stripped; equals path outside the state dict */
    const char   *path;  /* where it stands in the file: "state_dict.module.conv1.weight" */
    bool          state; /* one of the weights */
    gd_ckpt_dtype dtype;
    int           ndim;
    int64_t       dim[GD_CKPT_MAX_DIMS];
    int64_t       stride[GD_CKPT_MAX_DIMS]; /* elements, as stored; >= 0 */
    int64_t       offset;                   /* elements from the start of the storage */
    int64_t       numel;                    /* product of dim; 1 for a scalar */
    int           storage;                  /* tensors with equal numbers share memory */
    bool          contiguous;               /* row-major without gaps */
} gd_ckpt_tensor;

typedef struct gd_ckpt_options {
    bool        allow_deflate; /* read compressed zip entries, within a limit */
    bool        strict;        /* warnings that mean doubt about values become errors */
    const char *state_key;     /* top-level entry that holds the weights; NULL: chosen */
    const char *weights;       /* the .weights of a Darknet .cfg; NULL: beside it */
} gd_ckpt_options;

/* A stable code (codes.def) and one line. */
typedef struct gd_ckpt_warning {
    int         code;
    const char *text;
} gd_ckpt_warning;

typedef struct gd_ckpt gd_ckpt;

/* opt NULL: the defaults (all false). On failure *out is NULL. Errors: GD_ERR_IO,
 * GD_ERR_FORMAT (malformed, damaged, or another kind of file, which is named),
 * GD_ERR_UNSUPPORTED (a valid file of a kind nothing here reads), GD_ERR_NOMEM. */
gd_status gd_ckpt_open(const char *path, const gd_ckpt_options *opt, gd_ckpt **out,
                       gd_error *err) GD_MUST_CHECK;
void      gd_ckpt_close(gd_ckpt *c); /* NULL is allowed */
/* The file that belongs to `path` by its name and is opened with it: NAME.weights for NAME.cfg
 * and the reverse. False: there is none, or no room for it. */
bool gd_ckpt_companion(const char *path, char *to, size_t size);

/* ---- the weights, in the order of the file ----------------------------------------------- */

int                   gd_ckpt_count(const gd_ckpt *c);
const gd_ckpt_tensor *gd_ckpt_at(const gd_ckpt *c, int i);              /* NULL: out of range */
const gd_ckpt_tensor *gd_ckpt_find(const gd_ckpt *c, const char *name); /* NULL: absent */

/* ---- every tensor of the file ------------------------------------------------------------ */

int                   gd_ckpt_all_count(const gd_ckpt *c);
const gd_ckpt_tensor *gd_ckpt_all_at(const gd_ckpt *c, int i);

/* ---- values ------------------------------------------------------------------------------ */

size_t gd_ckpt_bytes(const gd_ckpt_tensor *t); /* numel * element size */
/* Little-endian elements of the tensor's own type in row-major order: strides, offsets and
 * expanded dimensions are resolved. `size` must be gd_ckpt_bytes(t). */
gd_status gd_ckpt_read(gd_ckpt *c, const gd_ckpt_tensor *t, void *dst, size_t size,
                       gd_error *err) GD_MUST_CHECK;
/* The same as float: f16, bf16, f64, integers and bool are converted (to nearest).
 * dst[numel]. */
gd_status gd_ckpt_read_f32(gd_ckpt *c, const gd_ckpt_tensor *t, float *dst,
                           gd_error *err) GD_MUST_CHECK;
/* The same as double. */
gd_status gd_ckpt_read_f64(gd_ckpt *c, const gd_ckpt_tensor *t, double *dst,
                           gd_error *err) GD_MUST_CHECK;

/* ---- facts about the file ---------------------------------------------------------------- */

const char *gd_ckpt_path(const gd_ckpt *c);
const char *gd_ckpt_format(const gd_ckpt *c);    /* "zip", "legacy", "safetensors", "sharded",
                                                  * "darknet" */
uint64_t    gd_ckpt_file_size(const gd_ckpt *c); /* all shards together */
int         gd_ckpt_pickle_protocol(const gd_ckpt *c); /* 0: no pickle */
/* What was stripped from the paths to get the names: "", "model.", "state_dict.module.". */
const char *gd_ckpt_prefix(const gd_ckpt *c);
/* Top-level keys when the root is a dict; else the count is -1 and top_type names the root:
 * "Tensor", "list", or a class. */
int         gd_ckpt_top_count(const gd_ckpt *c);
const char *gd_ckpt_top(const gd_ckpt *c, int i);
const char *gd_ckpt_top_type(const gd_ckpt *c);

/* What a file says besides its tensors, as text; NULL: nothing of that name. "classes" holds
 * the class names, one a line, "n_class" their number; others are named by their reader. */
const char *gd_ckpt_meta(const gd_ckpt *c, const char *key);

int                    gd_ckpt_warning_count(const gd_ckpt *c);
const gd_ckpt_warning *gd_ckpt_warning_at(const gd_ckpt *c, int i);

/* SHA-256 of the file (of the index, for a sharded one; of the .weights for Darknet) as 64 hex
 * digits and a NUL. */
gd_status gd_ckpt_sha256(gd_ckpt *c, char hex[65], gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
