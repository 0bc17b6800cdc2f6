/* zip.h -- a strict reader of zip archives: one meaning, or a refusal.
 *
 *     local header | name | extra | data | descriptor      one after another from byte 0 ...
 *     central directory                                    ... to here, without gaps
 *     [zip64 end record | zip64 locator] | end record      up to the last byte
 *
 * The directory is the truth and every local header must agree with it. Anything two readers
 * could understand differently (prefix, gap, overlap, comment, duplicate name, encryption) is
 * refused. */
#ifndef GD_WEIGHTS_IMPORT_ZIP_H
#define GD_WEIGHTS_IMPORT_ZIP_H

#include "weights/import/reader.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_zip_entry {
    const char *name;   /* "archive/data/3" */
    uint64_t    header; /* byte of the local header */
    uint64_t    data;   /* first byte of the data */
    uint64_t    coded, bytes;
    uint32_t    crc;
    uint16_t    method, flags;
    bool        used; /* for the caller */
} gd_zip_entry;

typedef struct gd_zip {
    gd_zip_entry *entries; /* sorted by name */
    int           n;
    const char   *root; /* the folder every name begins with: "archive/" */
    size_t        n_root;
} gd_zip;

/* Reads the directory of c->files[0] into the arena of c. Nothing is decoded yet. */
gd_status gd_zip_open(gd_ckpt *c, gd_zip *z, gd_error *err) GD_MUST_CHECK;
/* The entry root + name, or NULL. */
gd_zip_entry *gd_zip_find(const gd_zip *z, const char *name);
/* As a storage: what gd_zip_extract takes. A CRC field of 0 counts as "not computed": a
 * warning, or an error under strict. */
gd_ckpt_storage gd_zip_storage(const gd_zip_entry *e);

/* Reads, inflates and checks the bytes of a storage (of any format). dst NULL: only checks. */
gd_status gd_zip_extract(gd_file *f, const gd_ckpt_storage *s, unsigned char *dst,
                         gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
