/* darknet_text.h -- the lines of a Darknet .cfg: sections of key=value pairs, and their values.
 *
 *     [section]
 *     key = value        white space counts nowhere
 *     # comment          so does ';', and a '#' behind a value
 *
 * A key stands once in a section. Every error names the file and the line (E437). */
#ifndef GD_WEIGHTS_IMPORT_DARKNET_TEXT_H
#define GD_WEIGHTS_IMPORT_DARKNET_TEXT_H

#include "engine/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_CFG_MAX_TEXT = 1 << 18, GD_CFG_MAX_PAIRS = 128 /* in a section */ };

typedef struct gd_cfg_pair {
    const char *key, *value;
    int         line;
} gd_cfg_pair;

typedef struct gd_cfg_section {
    const char  *file; /* for messages */
    const char  *name; /* without brackets */
    int          line, n_pair;
    gd_cfg_pair *pair;
} gd_cfg_section;

/* Splits n bytes of text; strings and arrays live in the arena, `file` must outlive them. */
gd_status gd_cfg_split(const char *file, const char *text, size_t n, gd_arena *arena,
                       gd_cfg_section **section, int *count, gd_error *err) GD_MUST_CHECK;
/* The sections again, one space-free line each, without comments: what two files that mean the
 * same have in common. NULL: no memory. */
const char *gd_cfg_join(const gd_cfg_section *section, int count, gd_arena *arena);

/* E437 at a line: "net.cfg: line 7: ..." */
gd_status gd_cfg_bad(const gd_cfg_section *s, int line, gd_error *err, const char *fmt, ...)
    GD_PRINTF(4, 5);
/* The pair with this key, or NULL. */
const gd_cfg_pair *gd_cfg_find(const gd_cfg_section *s, const char *key);

/* A whole number from lo to hi; `def` where the key is absent. */
gd_status gd_cfg_int(const gd_cfg_section *s, const char *key, int def, int lo, int hi,
                     int *out, gd_error *err) GD_MUST_CHECK;
/* A decimal number from lo to hi. */
gd_status gd_cfg_float(const gd_cfg_section *s, const char *key, float def, float lo, float hi,
                       float *out, gd_error *err) GD_MUST_CHECK;
/* The place of the value in `words`, which ends with NULL. */
gd_status gd_cfg_word(const gd_cfg_section *s, const char *key, int def,
                      const char *const *words, int *out, gd_error *err) GD_MUST_CHECK;
/* At most `room` numbers with commas; 0 of them where the key is absent. */
gd_status gd_cfg_ints(const gd_cfg_section *s, const char *key, int room, int lo, int hi,
                      int *out, int *count, gd_error *err) GD_MUST_CHECK;
gd_status gd_cfg_floats(const gd_cfg_section *s, const char *key, int room, float lo, float hi,
                        float *out, int *count, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
