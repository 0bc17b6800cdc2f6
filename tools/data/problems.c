/* problems.c -- counting what is wrong with a data set; see problems.h. */
#include "tools/data/problems.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"

const gd_data_kind_info gd_data_kind_table[GD_DATA_KINDS] = {
#define GD_DATA_PROBLEM(id, name, subject, text) [GD_DATA_##id] = {name, subject, text},
#include "tools/data/problems.def"
#undef GD_DATA_PROBLEM
};

static bool make_room(gd_data_report *r) {
    size_t           room = r->room ? 2 * r->room : 16;
    gd_data_problem *list;
    if (r->n < r->room) return true;
    list = gd_mem_grow(r->list, r->room * sizeof *list, room * sizeof *list);
    if (!list) return false;
    r->list = list;
    r->room = room;
    return true;
}

void gd_data_note(gd_data_report *r, gd_data_kind kind, gd_data_place at, const char *reason,
                  ...) {
    gd_data_problem p = {kind, at, gd_data_kind_table[kind].text};
    char            text[300];
    if (++r->count[kind] > GD_DATA_KEPT || r->failed) return;
    if (reason) {
        va_list args;
        va_start(args, reason);
        vsnprintf(text, sizeof text, reason, args);
        va_end(args);
        p.reason = gd_arena_string(&r->arena, text);
    }
    p.at.file = gd_arena_string(&r->arena, at.file ? at.file : "");
    if (at.picture) p.at.picture = gd_arena_string(&r->arena, at.picture);
    if (!p.reason || !p.at.file || (at.picture && !p.at.picture) || !make_room(r))
        r->failed = true;
    else
        r->list[r->n++] = p;
}

uint64_t gd_data_bad(const gd_data_report *r, gd_data_subject subject) {
    uint64_t sum = 0;
    for (int k = 0; k < GD_DATA_KINDS; k++)
        if (gd_data_kind_table[k].subject == subject) sum += r->count[k];
    return sum;
}

char *gd_data_problem_text(const gd_data_problem *p, char *out, size_t room) {
    int n = snprintf(out, room, "%s: ", p->at.file);
    if (p->at.line > 0 && n >= 0 && (size_t)n < room)
        n += snprintf(out + n, room - (size_t)n, "line %" PRId64 "%s", p->at.line,
                      p->at.column > 0 ? ", " : ": ");
    if (p->at.column > 0 && n >= 0 && (size_t)n < room)
        n += snprintf(out + n, room - (size_t)n, "column %" PRId64 ": ", p->at.column);
    if (p->at.id >= 0 && n >= 0 && (size_t)n < room)
        n += snprintf(out + n, room - (size_t)n, "annotation %" PRId64 ": ", p->at.id);
    if (p->at.picture && n >= 0 && (size_t)n < room)
        n += snprintf(out + n, room - (size_t)n, "%s: ", p->at.picture);
    if (n >= 0 && (size_t)n < room) snprintf(out + n, room - (size_t)n, "%s", p->reason);
    return out;
}

/* "2 zero-area, 1 outside" of one subject. */
static void list_kinds(const gd_data_report *r, gd_data_subject subject, char *out,
                       size_t room) {
    size_t n = 0;
    out[0] = '\0';
    for (int k = 0; k < GD_DATA_KINDS && n < room; k++) {
        if (gd_data_kind_table[k].subject != subject || !r->count[k]) continue;
        int m = snprintf(out + n, room - n, "%s%" PRIu64 " %s", n ? ", " : "", r->count[k],
                         gd_data_kind_table[k].name);
        if (m < 0) return;
        n += (size_t)m;
    }
}

static gd_status judge_one(const gd_data_report *r, gd_data_subject subject, uint64_t all,
                           const char *path, double most_bad, gd_error *err) {
    uint64_t    bad = gd_data_bad(r, subject);
    char        kinds[300], first[700] = "";
    const char *what = subject == GD_DATA_LABEL ? "labels" : "pictures";
    if (most_bad < 0 || (double)bad <= most_bad * (double)all) return GD_OK;
    list_kinds(r, subject, kinds, sizeof kinds);
    for (size_t i = 0; i < r->n && !first[0]; i++)
        if (gd_data_kind_table[r->list[i].kind].subject == subject)
            gd_data_problem_text(&r->list[i], first, sizeof first);
    gd_fail_code(err, GD_ERR_FORMAT, 801,
                 "%.150s: %" PRIu64 " of %" PRIu64 " %s cannot be used (%s)", path, bad, all,
                 what, kinds);
    if (first[0]) gd_error_why(err, "the first: %s", first);
    gd_error_hint(err,
                  "gdrun data check lists them; --fix leaves them out; at most %g %% may "
                  "be unusable",
                  100 * most_bad);
    return GD_ERR_FORMAT;
}

gd_status gd_data_judge(const gd_data_report *r, const char *path, double most_bad,
                        gd_error *err) {
    if (r->failed)
        return gd_fail(err, GD_ERR_NOMEM, "%.200s: no memory for the list of problems", path);
    GD_TRY(judge_one(r, GD_DATA_PICTURE, r->pictures, path, most_bad, err));
    return judge_one(r, GD_DATA_LABEL, r->labels, path, most_bad, err);
}

void gd_data_report_free(gd_data_report *r) {
    gd_arena_free(&r->arena);
    gd_mem_put(r->list);
    *r = (gd_data_report){0};
}
