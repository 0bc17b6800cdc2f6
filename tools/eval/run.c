/* run.c -- see run.h. */
#include "tools/eval/run.h"

#include <time.h>

#include "engine/mem.h"
#include "tools/cli/batch.h"
#include "tools/cli/program.h"
#include "tools/cli/report.h"

enum { AHEAD_MOST = 64 }; /* pictures read in advance, besides those under way */

/* Pictures that wait for their run. */
typedef struct wait_list {
    gd_picture *picture;
    int        *index; /* in the data set */
    gd_image   *image;
    gd_result  *result;
    int         n, room;
} wait_list;

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static bool open_list(wait_list *l, int room) {
    l->room = room;
    l->picture = gd_mem_array((size_t)room, sizeof *l->picture);
    l->index = gd_mem_array((size_t)room, sizeof *l->index);
    l->image = gd_mem_array((size_t)room, sizeof *l->image);
    l->result = gd_mem_array((size_t)room, sizeof *l->result);
    return l->picture && l->index && l->image && l->result;
}

static void close_list(wait_list *l) {
    for (int i = 0; l->picture && i < l->room; i++) gd_picture_free(&l->picture[i]);
    gd_mem_put(l->picture);
    gd_mem_put(l->index);
    gd_mem_put(l->image);
    gd_mem_put(l->result);
}

static void note_failure(gd_eval_run *r, const gd_error *e, const char *path) {
    const int code = (int)gd_report_error(e, GD_EXIT_INPUT, path);
    if (!r->n_failed++) r->first_failure = code;
}

/* Reads picture i. Labels belong to the pixels as they are stored where the data set's size
 * says so; some tools ignore the orientation that a picture states. */
static gd_status read_picture(void *ctx, int i, gd_decoder *d, gd_picture *out, gd_error *err) {
    const gd_eval_run   *r = ctx;
    const gd_eval_source s = r->source(r->ctx, i);
    gd_read_options      opt = {gd_flag_on(r->flags, GD_OPT_ALLOW_TRUNCATED),
                                gd_flag_on(r->flags, GD_OPT_NO_EXIF)};
    GD_TRY(gd_decoder_read(d, s.path, &opt, out, err));
    const bool turned =
        s.width > 0 && out->width == s.height && out->height == s.width && s.width != s.height;
    if (turned && out->orientation > 4 && !opt.no_exif) {
        opt.no_exif = true;
        GD_TRY(gd_decoder_read(d, s.path, &opt, out, err));
    }
    return GD_OK;
}

static void tell_oddities(const gd_eval_source *s, const gd_picture *p) {
    for (int i = 0; i < p->n_warnings; i++) gd_warn(360, "%s: %s", s->path, p->warnings[i]);
    if (s->width > 0 && (p->width != s->width || p->height != s->height))
        gd_warn(834, "%s is %d x %d, its labels were made for %d x %d", s->path, p->width,
                p->height, s->width, s->height);
}

static gd_status hand_over(gd_eval_run *r, wait_list *l, int i, const gd_result *result,
                           double ms, gd_error *err) {
    if (result->n_dropped)
        gd_warn(361, "%s: %d detections did not fit the capacity",
                r->source(r->ctx, l->index[i]).path, result->n_dropped);
    GD_TRY(gd_samples_add(&r->infer, ms, err));
    r->n_ok++;
    return r->take(r->ctx, l->index[i], &l->picture[i], result, err);
}

/* One by one, so that only those fail that must. */
static gd_status run_each(gd_eval_run *r, wait_list *l, int from, int n, gd_error *err) {
    for (int i = from; i < from + n; i++) {
        gd_error        e = {0};
        const double    start = now_ms();
        const gd_status st = gd_session_run(r->session, &l->image[i], 1, &l->result[i], &e);
        if (st == GD_OK) {
            GD_TRY(hand_over(r, l, i, &l->result[i], now_ms() - start, err));
            continue;
        }
        if (st == GD_ERR_CHECK || st == GD_ERR_DEVICE || st == GD_ERR_NOMEM) {
            *err = e;
            return st;
        }
        note_failure(r, &e, r->source(r->ctx, l->index[i]).path);
    }
    return GD_OK;
}

/* Everything that waits, in groups of r->batch; memory that ends halves --batch auto. */
static gd_status run_list(gd_eval_run *r, wait_list *l, bool automatic, gd_error *err) {
    for (int done = 0; done < l->n;) {
        gd_error     e = {0};
        const int    n = l->n - done < r->batch ? l->n - done : r->batch;
        const double start = now_ms();
        for (int i = done; i < done + n; i++) l->image[i] = gd_picture_image(&l->picture[i]);
        const gd_status st =
            n > 1 ? gd_session_run(r->session, l->image + done, n, l->result + done, &e)
                  : GD_ERR_ARG;
        if (st == GD_ERR_NOMEM && automatic) {
            r->batch = gd_batch_half(n);
            gd_warn(602, "no memory for a batch of %d: %s; going on with %d", n, e.msg,
                    r->batch);
            continue;
        }
        const double ms = (now_ms() - start) / n;
        for (int i = done; st == GD_OK && i < done + n; i++)
            GD_TRY(hand_over(r, l, i, &l->result[i], ms, err));
        if (st != GD_OK) GD_TRY(run_each(r, l, done, n, err));
        done += n;
    }
    l->n = 0;
    return GD_OK;
}

static gd_status run_pictures(gd_eval_run *r, gd_ahead *a, wait_list *l, gd_error *err) {
    const bool automatic = r->batch == 0;
    for (int i = 0; i < r->n; i++) {
        gd_error             e = {0};
        const gd_eval_source s = r->source(r->ctx, i);
        double               ms;
        if (gd_interrupted() || gd_stdout_failed()) break;
        if (gd_ahead_next(a, &l->picture[l->n], &ms, &e) != GD_OK) {
            if (gd_interrupted()) break;
            note_failure(r, &e, s.path);
        } else {
            tell_oddities(&s, &l->picture[l->n]);
            GD_TRY(gd_samples_add(&r->decode, ms, err));
            l->index[l->n++] = i;
        }
        if (!r->batch && l->n)
            GD_TRY(gd_batch_auto(r->session, l->picture[0].width, l->picture[0].height, r->n,
                                 &r->batch, err));
        if (l->n && l->n >= r->batch) GD_TRY(run_list(r, l, automatic, err));
        gd_progress(i + 1, r->n);
    }
    if (gd_interrupted()) r->interrupted = true;
    return r->interrupted ? GD_OK : run_list(r, l, automatic, err);
}

gd_status gd_eval_run_all(gd_eval_run *r, gd_error *err) {
    const double start = now_ms();
    wait_list    l = {0};
    gd_ahead    *a = NULL;
    gd_status    st;
    r->batch = (int)gd_flag_int(r->flags, GD_OPT_BATCH);
    const int most = r->batch ? r->batch : GD_BATCH_MOST;
    if (!open_list(&l, most)) {
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for a batch of %d", most);
        goto done;
    }
    const int room = r->n_decoders + (most < AHEAD_MOST ? most : AHEAD_MOST);
    GD_GO(gd_ahead_open(r->decoders, r->n_decoders, room, r->n, read_picture, r, &a, err));
    gd_progress_begin("pictures");
    st = run_pictures(r, a, &l, err);
    gd_progress_clear();
    r->wall_ms = now_ms() - start;
done:
    gd_ahead_close(a);
    close_list(&l);
    return st;
}

void gd_eval_run_free(gd_eval_run *r) {
    gd_samples_free(&r->decode);
    gd_samples_free(&r->infer);
}
