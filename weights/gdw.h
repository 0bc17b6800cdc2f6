/* gdw.h -- the .gdw weight file: its specification, its reader and its writer.
 *
 *      +-----------------------------+ 0
 *      | header        64 bytes      |
 *      +-----------------------------+ header_size
 *      | table         96 bytes each |  one entry a tensor, names strictly ascending
 *      +-----------------------------+
 *      | names         names_size    |  back to back, in the order of the table
 *      +-----------------------------+
 *      | metadata      meta_size     |  key/value pairs, keys strictly ascending
 *      +-----------------------------+ head ends here: all of it is under the CRC-32C
 *      | zero padding to 64          |
 *      +-----------------------------+
 *      | tensor 0                    |  in the order of the table, each under an XXH64,
 *      | zero padding to 64          |  each starting at a multiple of 64
 *      | tensor 1 ...                |
 *      +-----------------------------+ file_size: the last tensor's last byte
 *
 * Numbers are little-endian and unsigned. Nothing is optional, nothing overlaps, no byte is
 * outside a checksum or a check, so one file content is the only one that says what it says.
 *
 *   header  0  u8[8]  magic: 89 'G' 'D' 'W' 0d 0a 1a 0a (a text-mode copy destroys it)
 *           8  u16    major version: a reader refuses a newer one
 *          10  u16    minor version: a newer one may have longer headers and entries, whose
 *                     tails a reader skips, and new metadata keys
 *          12  u32    0x0a0b0c0d, so that a file of the other byte order is named as such
 *          16  u64    file_size, exact
 *          24  u32    header_size: 64      28  u32  entry_size: 96
 *          32  u32    number of tensors    36  u32  number of metadata pairs
 *          40  u64    names_size           48  u64  meta_size
 *          56  u32    CRC-32C of the head, with this field taken as zero
 *          60  u32    zero
 *   entry   0  u64    data_at: from the start of the file, = previous end rounded up to 64
 *           8  u64    data_size: product of dims times size of type
 *          16  u64    XXH64 of the data, seed 0
 *          24  u32    name_at in the names area, = sum of the lengths before
 *          28  u16    name length, 1..255: UTF-8, no control characters
 *          30  u8     type (gd_gdw_type)   31  u8   number of dims, 0..8
 *          32  u64[8] dims, row-major, slowest first; the unused ones zero
 *   pair    0  u32    key length, 1..255   4   u32  value length
 *           8  key, then value: UTF-8 without terminator; a value may hold newlines and tabs
 *
 * Convolution weights are KRSC (out, height, width, in), linear weights [out, in] with the
 * columns in NHWC order where a flatten came before. What the metadata means is layers'
 * business. Tools may rely on `arch` and `converter` being present. */
#ifndef GD_WEIGHTS_GDW_H
#define GD_WEIGHTS_GDW_H

#include <stdint.h>

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GD_GDW_MAJOR 1
#define GD_GDW_MINOR 0

/* Limits, checked before anything is allocated. */
enum {
    GD_GDW_MAX_TENSORS = 65536,
    GD_GDW_MAX_PAIRS = 4096,
    GD_GDW_MAX_DIMS = 8,
    GD_GDW_MAX_NAME = 255,
    GD_GDW_MAX_META = 16 << 20 /* bytes of all metadata */
};
#define GD_GDW_MAX_FILE ((uint64_t)16 << 30)

typedef enum gd_gdw_type {
    GD_GDW_F32 = 1,
    GD_GDW_F16 = 2,
    GD_GDW_I8 = 3,
    GD_GDW_U8 = 4,
    GD_GDW_I32 = 5,
    GD_GDW_I64 = 6
} gd_gdw_type;

/* Bytes an element, 0 for an unknown type; "f32" and so on, "?" for an unknown type. */
size_t      gd_gdw_type_size(int type);
const char *gd_gdw_type_name(int type);

typedef struct gd_gdw_tensor {
    const char *name;
    int         type; /* gd_gdw_type */
    int         ndim;
    int64_t     dim[GD_GDW_MAX_DIMS]; /* 0 .. 2^31-1; those beyond ndim are 0 */
    const void *data;                 /* 64-byte aligned */
    size_t      size;                 /* bytes */
} gd_gdw_tensor;

/* ---- reading: everything is verified before it is seen ----------------------------------- */

typedef struct gd_gdw gd_gdw;

/* GD_ERR_FORMAT: not a .gdw file, damaged, truncated, too new. Names, values and data belong
 * to *out and live until its close. */
gd_status gd_gdw_load(const char *path, gd_gdw **out, gd_error *err) GD_MUST_CHECK;
/* The same from memory, which is copied. */
gd_status gd_gdw_load_memory(const void *data, size_t size, gd_gdw **out,
                             gd_error *err) GD_MUST_CHECK;
void      gd_gdw_close(gd_gdw *g);

size_t gd_gdw_count(const gd_gdw *g);
/* In the order of names. `i` must be below the count. */
const gd_gdw_tensor *gd_gdw_tensor_at(const gd_gdw *g, size_t i);
const gd_gdw_tensor *gd_gdw_find(const gd_gdw *g, const char *name); /* NULL: not there */

size_t      gd_gdw_meta_count(const gd_gdw *g);
void        gd_gdw_meta_at(const gd_gdw *g, size_t i, const char **key, const char **value);
const char *gd_gdw_meta(const gd_gdw *g, const char *key); /* NULL: not there */

/* ---- writing: NAME.part, checksums, rename ----------------------------------------------- */

typedef struct gd_gdw_writer gd_gdw_writer;

/* Fills all `size` bytes of a tensor. May be called twice, and gives the same bytes then. */
typedef gd_status (*gd_gdw_fill)(void *ctx, void *dst, size_t size, gd_error *err);

gd_status gd_gdw_writer_open(gd_gdw_writer **out, gd_error *err) GD_MUST_CHECK;
void      gd_gdw_writer_close(gd_gdw_writer *w);
/* Key and value are copied. */
gd_status gd_gdw_writer_meta(gd_gdw_writer *w, const char *key, const char *value,
                             gd_error *err) GD_MUST_CHECK;
/* Takes name, type, ndim and dim of `t` (copied). The bytes are t->data, which must stay
 * until the commit, or come from `fill` at the commit, one tensor at a time in name order. */
gd_status gd_gdw_writer_tensor(gd_gdw_writer *w, const gd_gdw_tensor *t, gd_gdw_fill fill,
                               void *ctx, gd_error *err) GD_MUST_CHECK;
/* Writes the file through gd_out (flags: GD_OUT_REPLACE): all of it, or nothing. */
gd_status gd_gdw_writer_commit(gd_gdw_writer *w, const char *path, unsigned flags,
                               gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
