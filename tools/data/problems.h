/* problems.h -- what is wrong with a data set: every case counted by kind, with its place.
 *
 * Counts are exact. Of each kind the first GD_DATA_KEPT cases keep their place and words, so
 * that a hopeless file of any size takes bounded memory. */
#ifndef GD_TOOLS_DATA_PROBLEMS_H
#define GD_TOOLS_DATA_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/arena.h"
#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_data_kind {
#define GD_DATA_PROBLEM(id, name, subject, text) GD_DATA_##id,
#include "tools/data/problems.def"
#undef GD_DATA_PROBLEM
    GD_DATA_KINDS
} gd_data_kind;

typedef enum gd_data_subject {
    GD_DATA_LABEL,   /* a label is left out: counts towards the 1 % of labels */
    GD_DATA_PICTURE, /* a picture is left out: counts towards the 1 % of pictures */
    GD_DATA_NOTE     /* nothing is left out */
} gd_data_subject;

typedef struct gd_data_kind_info {
    const char     *name; /* "zero-area" */
    gd_data_subject subject;
    const char     *text; /* "the box has no area" */
} gd_data_kind_info;
extern const gd_data_kind_info gd_data_kind_table[GD_DATA_KINDS];

enum { GD_DATA_KEPT = 1000 }; /* cases of a kind that keep their place */

/* Where: the file, and what is known of line, column (from 1; 0: unknown), annotation id (-1)
 * and picture (NULL). */
typedef struct gd_data_place {
    const char *file;
    int64_t     line, column, id;
    const char *picture;
} gd_data_place;

typedef struct gd_data_problem {
    gd_data_kind  kind;
    gd_data_place at;
    const char   *reason;
} gd_data_problem;

typedef struct gd_data_report { /* {0}: nothing yet */
    gd_arena         arena;     /* of the texts */
    uint64_t         count[GD_DATA_KINDS];
    uint64_t         labels, pictures; /* read, the unusable ones included */
    gd_data_problem *list;             /* in the order of the files */
    size_t           n, room;
    bool             failed; /* memory ran out: asked for by gd_data_judge */
} gd_data_report;

/* Counts one case; the reason says what was found ("w is -3"), NULL: the kind's own text. May
 * come from one thread at a time. */
void gd_data_note(gd_data_report *r, gd_data_kind kind, gd_data_place at, const char *reason,
                  ...) GD_PRINTF(4, 5);
/* Cases of all kinds of a subject. */
uint64_t gd_data_bad(const gd_data_report *r, gd_data_subject subject);
/* E801: more than `most_bad` of labels or pictures cannot be used (the text tells how many of
 * each kind and where the first one is). Also GD_ERR_NOMEM where a note was lost. */
gd_status gd_data_judge(const gd_data_report *r, const char *path, double most_bad,
                        gd_error *err) GD_MUST_CHECK;
/* "file: line 3, column 2: reason" without its kind. Returns out. */
char *gd_data_problem_text(const gd_data_problem *p, char *out, size_t room);
void  gd_data_report_free(gd_data_report *r);

#ifdef __cplusplus
}
#endif
#endif
