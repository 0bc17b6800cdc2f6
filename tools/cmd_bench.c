/* cmd_bench.c -- `gdrun bench`: a model timed over batch sizes and precisions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/mem.h"
#include "tools/bench/bench.h"
#include "tools/bench/cold.h"
#include "tools/cli/device.h"
#include "tools/cli/model.h"
#include "tools/cli/number.h"
#include "tools/cli/program.h"
#include "tools/cli/test_picture.h"
#include "tools/cmd.h"
#include "tools/media/encode.h"

/* All that a bench opens. */
typedef struct bench {
    const gd_flags *flags;
    const char     *model_name, *path; /* of the picture: given, or made */
    char            folder[64], made[80], model_path[4096];
    gd_decoder     *decoder;
    gd_picture      picture;
    gd_model       *model;
    gd_bench_record record;
} bench;

static gd_status take_arguments(bench *b, gd_error *err) {
    const gd_flags *f = b->flags;
    const int       n = f->n_args;
    const bool      named = gd_flag_text(f, GD_OPT_MODEL) != NULL;
    const int       pictures = named ? n : n - 1;
    b->model_name = named ? gd_flag_text(f, GD_OPT_MODEL) : n ? f->args[0] : NULL;
    if (!b->model_name || pictures > 1) {
        gd_fail_code(err, GD_ERR_ARG, 207, "bench takes one model and at most one picture");
        gd_error_hint(err, "gdrun bench MODEL.gdw street.jpg");
        return GD_ERR_ARG;
    }
    if (pictures == 1) b->path = f->args[n - 1];
    if (gd_flag_on(f, GD_OPT_COLD) && gd_flag_get(f, GD_OPT_PRECISIONS)->n_items)
        return gd_fail_code(err, GD_ERR_ARG, 209,
                            "--cold times one precision: --precision, not --precisions");
    return GD_OK;
}

/* A picture to be found in a file, where none was given. */
static gd_status make_picture(bench *b, gd_error *err) {
    const gd_flag_value *size = gd_flag_get(b->flags, GD_OPT_IMGSZ);
    const char          *tmp = getenv("TMPDIR");
    gd_image             image = {NULL, size->width > 0 ? size->width : 640,
                      size->height > 0 ? size->height : 480, 0, 0};
    uint8_t             *rgb;
    gd_status            st;
    if (!tmp || !*tmp || strlen(tmp) > 32) tmp = "/tmp";
    snprintf(b->folder, sizeof b->folder, "%s/gdrun-bench-XXXXXX", tmp);
    if (!mkdtemp(b->folder)) {
        b->folder[0] = '\0';
        return gd_fail_code(err, GD_ERR_IO, 952, "no folder can be made in %s", tmp);
    }
    snprintf(b->made, sizeof b->made, "%s/picture.jpg", b->folder);
    rgb = gd_test_picture(image.width, image.height);
    if (!rgb) return gd_fail(err, GD_ERR_NOMEM, "no memory for the test picture");
    image.rgb = rgb;
    st = gd_encode_file(b->made, 0, &image, err);
    gd_mem_put(rgb);
    b->path = b->made;
    return st;
}

static gd_status open_picture(bench *b, gd_error *err) {
    const gd_read_options read = {.allow_truncated =
                                      gd_flag_on(b->flags, GD_OPT_ALLOW_TRUNCATED),
                                  .no_exif = gd_flag_on(b->flags, GD_OPT_NO_EXIF)};
    GD_TRY(gd_decoder_read(b->decoder, b->path, &read, &b->picture, err));
    b->record.width = b->picture.width;
    b->record.height = b->picture.height;
    return GD_OK;
}

static void release(bench *b) {
    gd_picture_free(&b->picture);
    gd_decoder_close(b->decoder);
    gd_model_close(b->model);
    gd_mem_put(b->record.row);
    if (b->made[0]) (void)unlink(b->made);
    if (b->folder[0]) (void)rmdir(b->folder);
}

/* ---- the sweep --------------------------------------------------------------------------- */

/* Item i of a comma list that was given, or of its default. */
static bool list_item(const gd_flags *f, gd_flag_id id, int i, char *out, size_t room) {
    const gd_flag_value *v = gd_flag_get(f, id);
    const char          *p = v->text;
    if (v->n_items) {
        if (i >= v->n_items) return false;
        snprintf(out, room, "%s", v->items[i]);
        return true;
    }
    for (; p && *p && i > 0; i--) {
        p += strcspn(p, ",");
        if (*p) p++;
    }
    if (!p || !*p) return false;
    snprintf(out, room, "%.*s", (int)strcspn(p, ","), p);
    return true;
}

static gd_status bad_item(gd_flag_id id, const char *wanted, const char *item, gd_error *err) {
    return gd_fail_code(err, GD_ERR_ARG, 204, "--%s takes %s, not '%s'", gd_flag_table[id].name,
                        wanted, item);
}

/* One row for each combination, in order: all batches of a precision, then the next. */
static gd_status plan_rows(bench *b, gd_error *err) {
    static const char *const known[] = {"auto", "fp32", "tf32", "fp16"};
    gd_bench_record         *r = &b->record;
    char                     precision[16], text[32];
    for (int i = 0;; i++) {
        bool good = false;
        if (!gd_flag_get(b->flags, GD_OPT_PRECISIONS)->n_items) {
            if (i) break;
            snprintf(precision, sizeof precision, "%s",
                     gd_flag_text(b->flags, GD_OPT_PRECISION));
        } else if (!list_item(b->flags, GD_OPT_PRECISIONS, i, precision, sizeof precision)) {
            break;
        }
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            good = good || !strcmp(precision, known[k]);
        if (!good) return bad_item(GD_OPT_PRECISIONS, "fp32, tf32 and fp16", precision, err);
        for (int k = 0; list_item(b->flags, GD_OPT_BATCH_SIZES, k, text, sizeof text); k++) {
            int64_t batch;
            if (!gd_number_int(text, &batch) || batch < 1 || batch > 1024)
                return bad_item(GD_OPT_BATCH_SIZES, "whole numbers from 1 to 1024", text, err);
            if (r->n == r->room) {
                const size_t  room = r->room ? 2 * (size_t)r->room : 32;
                gd_bench_row *more =
                    gd_mem_grow(r->row, (size_t)r->room * sizeof *more, room * sizeof *more);
                if (!more) return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu rows", room);
                r->row = more;
                r->room = (int)room;
            }
            r->row[r->n] = (gd_bench_row){.batch = (int)batch};
            snprintf(r->row[r->n++].precision, sizeof r->row->precision, "%.7s", precision);
        }
    }
    return GD_OK;
}

static bool interrupted(void) { return gd_interrupted() != 0; }

/* Rows from i on that need no try: larger batches of the precision whose memory ended. */
static void skip_larger(gd_bench_record *r, int i, const char *precision) {
    int kept = i + 1;
    for (int k = i + 1; k < r->n; k++)
        if (strcmp(r->row[k].precision, precision) || r->row[k].batch < r->row[i].batch)
            r->row[kept++] = r->row[k];
    r->n = kept;
}

/* A failure other than the end of memory ends the bench. */
static gd_status sweep(bench *b, const gd_session_options *opt, gd_error *err) {
    gd_bench_record *r = &b->record;
    gd_bench_plan    p = {.model = b->model,
                          .options = *opt,
                          .decoder = b->decoder,
                          .path = b->path,
                          .picture = &b->picture,
                          .iters = r->iters,
                          .warmup = r->warmup,
                          .max_ms = 1e3 * gd_flag_real(b->flags, GD_OPT_MAX_TIME),
                          .stop = interrupted};
    int              measured = 0;
    for (int i = 0; i < r->n; i++) {
        char      asked[sizeof r->row->precision]; /* the row gets what it came to */
        gd_status st;
        if (gd_interrupted()) {
            r->n = i;
            break;
        }
        gd_progress(i, r->n);
        memcpy(asked, r->row[i].precision, sizeof asked);
        gd_precision_set(&p.options, asked);
        st = gd_bench_measure(&p, &r->row[i], &r->stats, err);
        if (st == GD_OK) measured++;
        if (st == GD_ERR_NOMEM) skip_larger(r, i, asked);
        if (st != GD_OK && st != GD_ERR_NOMEM) return st;
    }
    gd_progress_clear();
    return measured || !r->n ? GD_OK : err->status;
}

/* Opens a session in each precision: what cannot work is told before anything is timed. */
static gd_status try_device(bench *b, const gd_session_options *opt, gd_error *err) {
    gd_session        *s;
    const char        *last = "";
    gd_session_options o = *opt;
    for (int i = 0; i < b->record.n; i++) {
        if (!strcmp(b->record.row[i].precision, last)) continue;
        last = b->record.row[i].precision;
        gd_precision_set(&o, last);
        GD_TRY(gd_session_open(b->model, &o, &s, err));
        gd_session_stats_get(s, &b->record.stats);
        gd_session_close(s);
    }
    gd_device_say(b->flags, &b->record.stats);
    return GD_OK;
}

static gd_status run_bench(bench *b, gd_error *err) {
    const time_t     now = time(NULL);
    struct tm        utc;
    gd_bench_record *r = &b->record;
    GD_TRY(gd_model_find(b->model_name, b->model_path, sizeof b->model_path, err));
    GD_TRY(gd_model_load(b->model_path, &b->model, err));
    const gd_session_options opt = gd_session_flags(b->flags, b->model);
    GD_TRY(try_device(b, &opt, err));
    r->model = b->model_path;
    r->arch = gd_model_arch(b->model);
    r->picture = b->made[0] ? NULL : b->path;
    r->threads = gd_thread_count(b->flags);
    r->iters = (int)gd_flag_int(b->flags, GD_OPT_ITERS);
    r->warmup = (int)gd_flag_int(b->flags, GD_OPT_WARMUP);
    if (gmtime_r(&now, &utc)) strftime(r->date, sizeof r->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    GD_TRY(sweep(b, &opt, err));
    return gd_bench_print(r, gd_flag_text(b->flags, GD_OPT_BENCH_FORM), err);
}

int gd_cmd_bench(gd_flags *f) {
    bench     b = {.flags = f};
    gd_error  err = {0};
    gd_exit   subject = GD_EXIT_USAGE;
    int       code = GD_EXIT_OK;
    gd_status st;
    GD_GO(take_arguments(&b, &err));
    GD_GO(gd_device_check(f, &err));
    if (gd_flag_given(f, GD_OPT_COLD_FROM)) {
        subject = GD_EXIT_MODEL;
        st = gd_cold_child(f, b.model_name, b.path ? b.path : "",
                           gd_flag_int(f, GD_OPT_COLD_FROM), &err);
        goto done;
    }
    GD_GO(plan_rows(&b, &err));
    subject = GD_EXIT_INPUT;
    if (!gd_flag_on(f, GD_OPT_COLD)) GD_GO(gd_decoder_open(NULL, &b.decoder, &err));
    if (!b.path) GD_GO(make_picture(&b, &err));
    if (gd_flag_on(f, GD_OPT_COLD)) {
        code = gd_cold_parent(f, b.model_name, b.path);
        goto done;
    }
    GD_GO(open_picture(&b, &err));
    subject = GD_EXIT_MODEL;
    st = run_bench(&b, &err);
done:
    release(&b);
    return st == GD_OK ? code : (int)gd_report_error(&err, subject, NULL);
}
