/* run.c -- see run.h. */
#include "tools/cli/run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "engine/mem.h"
#include "tools/cli/batch.h"
#include "tools/cli/config.h"
#include "tools/cli/device.h"
#include "tools/cli/filter.h"
#include "tools/cli/model.h"
#include "tools/cli/painter.h"
#include "tools/cli/program.h"
#include "tools/cli/progress.h"
#include "tools/cli/read.h"
#include "tools/cli/statistics.h"
#include "tools/cli/video_run.h"

/* One picture on its way through the loop. */
typedef struct slot {
    gd_picture      picture;
    gd_record       record;
    gd_error        error;
    gd_detection   *kept; /* detections after the filter; `room` of it and of what follows */
    gd_track       *tracks;
    int64_t        *ids;
    const char    **states;
    bool           *confirmed;
    gd_class_score *sub; /* what --classify makes of them */
    int             room;
} slot;

static void free_slot(slot *s) {
    gd_mem_put(s->kept);
    gd_mem_put(s->tracks);
    gd_mem_put(s->ids);
    gd_mem_put(s->states);
    gd_mem_put(s->confirmed);
    gd_mem_put(s->sub);
    s->kept = NULL;
    s->tracks = NULL;
    s->ids = NULL;
    s->states = NULL;
    s->confirmed = NULL;
    s->sub = NULL;
    s->room = 0;
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* ---- opening ----------------------------------------------------------------------------- */

/* What the model file says where a flag may say otherwise, for --print-config. */
static gd_status take_model_values(gd_run *r, gd_error *err) {
    static const struct {
        gd_flag_id  id;
        const char *key;
    } from[] = {{GD_OPT_IOU, "post.iou"}, {GD_OPT_MAX_DET, "post.max_det"}};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        const char *text = gd_model_meta(r->model, from[i].key);
        gd_error    odd = {0};
        gd_status   st;
        if (!text || !(gd_flag_table[from[i].id].commands & r->flags->command)) continue;
        st = gd_flags_set(r->flags, from[i].id, text, GD_FROM_MODEL, &odd);
        if (st == GD_ERR_NOMEM) {
            *err = odd;
            return st;
        }
    }
    return GD_OK;
}

static gd_status check_task(gd_run *r, gd_error *err) {
    const gd_task task = gd_model_task(r->model);
    if (task == r->task) return GD_OK;
    gd_fail_code(err, GD_ERR_UNSUPPORTED, 0, "%s is a model for '%s', not for '%s'",
                 r->model_path, gd_task_name(task), gd_task_name(r->task));
    gd_error_hint(err, "gdrun %s -m %s", gd_task_name(task), r->model_path);
    return GD_ERR_UNSUPPORTED;
}

static gd_status describe(gd_run *r, gd_error *err) {
    int n = gd_model_class_count(r->model);
    r->names = gd_mem_array((size_t)n, sizeof *r->names);
    r->category_ids = gd_mem_array((size_t)n, sizeof *r->category_ids);
    if (!r->names || !r->category_ids)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d classes", n);
    for (int i = 0; i < n; i++) {
        r->names[i] = gd_model_class_name(r->model, i);
        r->category_ids[i] = gd_model_category_id(r->model, i);
    }
    r->info = (gd_run_info){.task = r->task,
                            .model = r->model_path,
                            .precision = gd_flag_text(r->flags, GD_OPT_PRECISION),
                            .device = "cpu",
                            .n_classes = n,
                            .names = r->names,
                            .category_ids = r->category_ids};
    return GD_OK;
}

static gd_status open_model(gd_run *r, gd_error *err) {
    const char *name = gd_flag_text(r->flags, GD_OPT_MODEL);
    GD_TRY(gd_model_find(name, r->model_path, sizeof r->model_path, err));
    GD_TRY(gd_model_load(r->model_path, &r->model, err));
    GD_TRY(check_task(r, err));
    if (gd_flag_on(r->flags, GD_OPT_STRICT)) GD_TRY(gd_model_finite(r->model, err));
    GD_TRY(describe(r, err));
    return take_model_values(r, err);
}

static int fail(const gd_error *err, gd_exit subject) {
    return (int)gd_report_error(err, subject, NULL);
}

void gd_run_stop(gd_run *r, const gd_error *err, gd_exit subject) {
    r->stop = GD_EXIT_OUTPUT;
    if (err->code == 951)
        gd_stdout_fail(EPIPE);
    else
        r->stop = fail(err, subject);
}

int gd_run_open(gd_run *r, gd_flags *f, gd_task task) {
    gd_error err = {0};
    bool     print = gd_flag_on(f, GD_OPT_PRINT_CONFIG);
    memset(r, 0, sizeof *r);
    r->flags = f;
    r->task = task;
    r->session_conf = r->top_score = -1;
    if (!gd_flag_text(f, GD_OPT_MODEL) && !print) {
        gd_fail_code(&err, GD_ERR_ARG, 207, "no model was given");
        gd_error_hint(&err, "-m MODEL.gdw");
        return fail(&err, GD_EXIT_USAGE);
    }
    if ((f->command & GD_CMD_VIDEO) && gd_video_flags_read(&r->video_flags, f, &err) != GD_OK)
        return fail(&err, GD_EXIT_USAGE);
    if (gd_device_check(f, &err) != GD_OK) return fail(&err, GD_EXIT_DEVICE);
    if (!print) {
        if (gd_sources_gather(&r->sources, f, &err) != GD_OK) return fail(&err, GD_EXIT_USAGE);
        if (gd_decoder_open(NULL, &r->decoder, &err) != GD_OK) return fail(&err, GD_EXIT_INPUT);
    }
    if (gd_flag_text(f, GD_OPT_MODEL) && open_model(r, &err) != GD_OK)
        return fail(&err, GD_EXIT_MODEL);
    if (print) {
        gd_config_print(f);
        return GD_EXIT_OK;
    }
    if (gd_outputs_check(f, &r->sources, r->model_path, &err) != GD_OK)
        return fail(&err, GD_EXIT_USAGE);
    if (task != GD_TASK_DETECT) return -1;
    const int code = gd_cascade_open(f, r->model, &r->cascade);
    if (r->cascade &&
        gd_outputs_check(f, &r->sources, gd_cascade_path(r->cascade), &err) != GD_OK)
        return fail(&err, GD_EXIT_USAGE);
    return code;
}

void gd_run_close(gd_run *r) {
    gd_video_run_close(r->video);
    gd_tracker_close(r->tracker);
    gd_filter_close(r->pixels);
    gd_backdrop_close(r->backdrop);
    gd_outputs_close(&r->outputs);
    gd_summary_free(&r->summary);
    gd_cascade_close(r->cascade);
    gd_session_close(r->session);
    gd_model_close(r->model);
    gd_decoder_close(r->decoder);
    gd_sources_free(&r->sources);
    gd_mem_put(r->names);
    gd_mem_put(r->category_ids);
    gd_mem_put(r->recipe);
}

/* ---- one picture ------------------------------------------------------------------------- */

static void read_picture(gd_run *r, const gd_source *source, slot *s) {
    const double start = now_ms();
    s->record = gd_record_defaults();
    s->record.source = gd_source_name(source);
    memset(&s->error, 0, sizeof s->error);
    if (gd_source_read(source, r->decoder, r->flags, &s->picture, &s->error) != GD_OK) {
        s->record.error = &s->error;
        return;
    }
    s->record.width = s->picture.width;
    s->record.height = s->picture.height;
    s->record.orientation = s->picture.orientation;
    s->record.rgb = s->picture.rgb;
    s->record.ms.decode = now_ms() - start;
}

static gd_status slot_room(slot *s, int n, gd_error *err) {
    if (n <= s->room) return GD_OK;
    free_slot(s);
    s->kept = gd_mem_array((size_t)n, sizeof *s->kept);
    s->tracks = gd_mem_array((size_t)n, sizeof *s->tracks);
    s->ids = gd_mem_array((size_t)n, sizeof *s->ids);
    s->confirmed = gd_mem_array((size_t)n, sizeof *s->confirmed);
    s->states = gd_mem_array((size_t)n, sizeof *s->states);
    s->sub = gd_mem_array((size_t)n, sizeof *s->sub);
    if (!s->kept || !s->tracks || !s->ids || !s->states || !s->confirmed || !s->sub)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d detections", n);
    s->room = n;
    return GD_OK;
}

/* The pictures of a run are one sequence: frames of a video that somebody has cut up. */
static gd_status track(gd_run *r, slot *s, int n, gd_error *err) {
    s->record.frame = gd_tracker_frames(r->tracker);
    GD_TRY(gd_tracker_update(r->tracker, s->kept, n, -1, s->tracks, err));
    for (int i = 0; i < n; i++) {
        s->ids[i] = s->tracks[i].id;
        s->states[i] = gd_track_state_name(s->tracks[i].state);
        s->confirmed[i] = s->tracks[i].confirmed;
    }
    s->record.track_ids = s->ids;
    s->record.track_states = s->states;
    s->record.track_confirmed = s->confirmed;
    return GD_OK;
}

/* The detections that were kept, by the second model; `picture` is the number that this one had
 * in the session's last run. */
static gd_status classify(gd_run *r, slot *s, int picture, gd_error *err) {
    const double   start = now_ms();
    const gd_image image = gd_picture_image(&s->picture);
    GD_TRY(gd_cascade_run(r->cascade, r->session, picture, &image, s->kept,
                          s->record.n_detections, s->sub, err));
    s->record.subs = s->sub;
    s->record.ms.classify = now_ms() - start;
    return GD_OK;
}

/* Copies the detections, so that the filter may drop some of them. */
static gd_status take_result(gd_run *r, slot *s, const gd_result *result, int picture,
                             gd_error *err) {
    int n = result->n_detections;
    if (result->top_score > r->top_score) r->top_score = result->top_score;
    s->record.classes = result->classes;
    s->record.n_classes = result->n_classes;
    s->record.n_dropped = result->n_dropped;
    s->record.map = result->map;
    s->record.map_count = result->map_count;
    s->record.map_classes = result->map_classes;
    if (result->n_dropped)
        gd_warn(361, "%s: %d detections did not fit the capacity", s->record.source,
                result->n_dropped);
    GD_TRY(slot_room(s, n, err));
    if (n) memcpy(s->kept, result->detections, (size_t)n * sizeof *s->kept);
    if (r->filter) r->filter(r, s->kept, &n);
    if (r->tracker) GD_TRY(track(r, s, n, err));
    s->record.detections = s->kept;
    s->record.n_detections = n;
    return r->cascade ? classify(r, s, picture, err) : GD_OK;
}

/* Counts the picture, tells of its failure and writes it. Outputs that fail end the run. */
static void emit(gd_run *r, slot *s) {
    gd_error err = {0};
    if (s->record.error) {
        int code = (int)gd_report_error(&s->error, GD_EXIT_INPUT, s->record.source);
        if (!r->n_failed++) r->first_failure = code;
        if (code == GD_EXIT_CHECK || code == GD_EXIT_DEVICE) r->stop = code;
    } else {
        r->n_ok++;
    }
    if (gd_summary_add(&r->summary, &s->record, &err) != GD_OK) {
        r->stop = fail(&err, GD_EXIT_MEMORY);
        return;
    }
    if (gd_outputs_put(&r->outputs, &s->record, &err) != GD_OK)
        gd_run_stop(r, &err, GD_EXIT_OUTPUT);
}

static void set_failed(slot *s, const gd_error *err) {
    s->error = *err;
    s->record.error = &s->error;
}

/* Runs the `m` pictures of slots[0..n), already in `images`. When the batch fails its pictures
 * run one by one, so that only those fail that must. */
static void run_group(gd_run *r, slot *slots, int n, gd_image *images, gd_result *results,
                      int m, bool together, double spent) {
    gd_error err = {0};
    int      at = 0;
    for (int i = 0; i < n && !r->stop; i++) {
        slot *s = &slots[i];
        if (!s->record.error) {
            gd_status st = GD_OK;
            int       k = at++;
            if (!together) {
                const double start = now_ms();
                st = gd_session_run(r->session, &images[k], 1, &results[k], &err);
                spent = now_ms() - start;
            }
            s->record.ms.infer = together ? spent / m : spent;
            if (st == GD_OK) st = take_result(r, s, &results[k], together ? k : 0, &err);
            if (st != GD_OK) set_failed(s, &err);
        }
        emit(r, s);
    }
}

/* Runs the slots in groups of r->batch. A group that memory has no room for is tried again with
 * half as many when --batch auto chose the number. */
static void run_slots(gd_run *r, slot *slots, int n, gd_image *images, gd_result *results) {
    for (int done = 0; done < n && !r->stop;) {
        gd_error     err = {0};
        const double start = now_ms();
        const int    most = r->batch > 0 ? r->batch : 1;
        int          m = 0, end = done;
        for (; end < n && m < most; end++)
            if (!slots[end].record.error) images[m++] = gd_picture_image(&slots[end].picture);
        const gd_status st = m ? gd_session_run(r->session, images, m, results, &err) : GD_OK;
        if (st == GD_ERR_NOMEM && m > 1 && r->auto_batch) {
            r->batch = gd_batch_half(m);
            gd_warn(602, "no memory for a batch of %d: %s; going on with %d", m, err.msg,
                    r->batch);
            continue;
        }
        if (st != GD_OK && m == 1) /* the one that failed needs no second run */
            for (int i = done; i < end; i++)
                if (!slots[i].record.error) set_failed(&slots[i], &err);
        run_group(r, slots + done, end - done, images, results, m, st == GD_OK || m == 1,
                  now_ms() - start);
        done = end;
    }
}

/* ---- the loop ---------------------------------------------------------------------------- */

/* --batch auto, once the first picture tells its size. */
static void choose_batch(gd_run *r, slot *s) {
    gd_error err = {0};
    if (r->batch || s->record.error) return;
    if (gd_batch_auto(r->session, s->picture.width, s->picture.height, r->sources.n, &r->batch,
                      &err) != GD_OK)
        set_failed(s, &err);
}

static void run_video(gd_run *r, const gd_source *source) {
    gd_error err = {0};
    if (!r->video && gd_video_run_open(r, &r->video, &err) != GD_OK)
        gd_run_stop(r, &err, GD_EXIT_MODEL);
    else
        gd_video_run_source(r->video, source);
}

static void loop(gd_run *r, slot *slots, gd_image *images, gd_result *results) {
    bool progress = r->sources.n > 1 && !r->sources.n_videos;
    int  filled = 0;
    for (int i = 0; i < r->sources.n && !r->stop && !r->quit; i++) {
        if (gd_interrupted() || gd_stdout_failed()) break;
        if (r->sources.items[i].video) {
            run_slots(r, slots, filled, images, results);
            filled = 0;
            if (!r->stop) run_video(r, &r->sources.items[i]);
            continue;
        }
        read_picture(r, &r->sources.items[i], &slots[filled++]);
        if (gd_interrupted()) break;
        choose_batch(r, &slots[filled - 1]);
        if (filled < r->batch && i + 1 < r->sources.n && !r->sources.items[i + 1].video)
            continue;
        run_slots(r, slots, filled, images, results);
        filled = 0;
        if (progress) gd_progress(i + 1, r->sources.n);
    }
    gd_progress_clear();
}

static gd_status run_sources(gd_run *r, gd_error *err) {
    int        batch;
    slot      *slots;
    gd_image  *images;
    gd_result *results;
    gd_status  st = GD_OK;
    r->batch = (int)gd_flag_int(r->flags, GD_OPT_BATCH);
    r->auto_batch = r->batch == 0;
    batch = r->auto_batch ? GD_BATCH_MOST : r->batch;
    if (batch > r->sources.n) batch = r->sources.n;
    slots = gd_mem_array((size_t)batch, sizeof *slots);
    images = gd_mem_array((size_t)batch, sizeof *images);
    results = gd_mem_array((size_t)batch, sizeof *results);
    if (slots && images && results)
        loop(r, slots, images, results);
    else
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for a batch of %d", batch);
    for (int i = 0; slots && i < batch; i++) {
        gd_picture_free(&slots[i].picture);
        free_slot(&slots[i]);
    }
    gd_mem_put(slots);
    gd_mem_put(images);
    gd_mem_put(results);
    return st;
}

/* --save-state: of the last video, or of the pictures where there was none. */
static gd_status save_tracks(gd_run *r, gd_error *err) {
    const gd_video_flags *o = &r->video_flags;
    if (r->video) return gd_video_run_save(r->video, err);
    if (!r->tracker || !o->save) return GD_OK;
    return gd_tracker_save(r->tracker, o->save, o->sink.replace, err);
}

/* Completes the outputs and turns what happened into an exit code. */
static int finish(gd_run *r, double started) {
    gd_error err = {0};
    int      code;
    r->summary.wall_ms = now_ms() - started;
    if (gd_interrupted())
        r->summary.interrupted = gd_interrupted() == SIGTERM ? "SIGTERM" : "SIGINT";
    if (gd_outputs_finish(&r->outputs, &r->summary, &err) != GD_OK && !r->stop)
        gd_run_stop(r, &err, GD_EXIT_OUTPUT);
    if (r->video && !gd_stdout_failed()) gd_summary_say(&r->summary, &r->info, GD_LEVEL_INFO);
    if (!r->stop && save_tracks(r, &err) != GD_OK) gd_run_stop(r, &err, GD_EXIT_OUTPUT);
    code = !r->n_failed ? GD_EXIT_OK : r->n_ok ? GD_EXIT_SOME_FAILED : r->first_failure;
    if (!code && r->n_partial) code = GD_EXIT_SOME_FAILED;
    if (r->n_failed && r->n_ok)
        gd_say(GD_LEVEL_INFO, "%ld of %ld %s failed", r->n_failed, r->n_failed + r->n_ok,
               r->sources.n_videos ? "sources" : "pictures");
    if (r->stop) return r->stop;
    return r->gave_way ? r->gave_way : code;
}

/* What the header of JSON results says about the model; reading it all again is only worth it
 * there. */
static gd_status describe_for_json(gd_run *r, const gd_session_options *opt, gd_error *err) {
    if (!gd_flag_text(r->flags, GD_OPT_JSON) && !gd_flag_text(r->flags, GD_OPT_JSONL))
        return GD_OK;
    GD_TRY(gd_file_sha256(r->model_path, r->sha256, err));
    r->recipe = gd_recipe_json(r->model, opt);
    if (!r->recipe) return gd_fail(err, GD_ERR_NOMEM, "no memory for the recipe");
    r->info.sha256 = r->sha256;
    r->info.recipe_json = r->recipe;
    return GD_OK;
}

static gd_status open_session(gd_run *r, const gd_session_options *opt, gd_error *err) {
    r->session_options = *opt;
    GD_TRY(gd_session_open(r->model, opt, &r->session, err));
    gd_session_stats_get(r->session, &r->stats);
    gd_device_say(r->flags, &r->stats);
    r->info.device = r->stats.device;
    r->info.precision = r->stats.precision;
    if (!r->cascade) return GD_OK;
    const bool json =
        gd_flag_text(r->flags, GD_OPT_JSON) || gd_flag_text(r->flags, GD_OPT_JSONL);
    return gd_cascade_start(r->cascade, r->stats.device, json, &r->info, err);
}

int gd_run_all(gd_run *r) {
    gd_error           err = {0};
    gd_session_options opt = gd_session_flags(r->flags, r->model);
    double             started = now_ms();
    gd_status          st;
    if (r->session_conf >= 0) opt.conf = r->session_conf;
    /* Sessions side by side on the CPU share its threads, this first one as the others. */
    if (r->video_flags.streams > 1 && r->sources.n_videos == r->sources.n &&
        strncmp(opt.device, "cuda", 4) != 0)
        opt.threads =
            opt.threads > r->video_flags.streams ? opt.threads / r->video_flags.streams : 1;
    opt.keep_pictures = r->cascade != NULL;
    if (open_session(r, &opt, &err) != GD_OK || describe_for_json(r, &opt, &err) != GD_OK)
        return fail(&err, GD_EXIT_MODEL);
    if (gd_summary_init(&r->summary, &r->info, &err) != GD_OK)
        return fail(&err, GD_EXIT_MEMORY);
    if (gd_outputs_open(&r->outputs, r->flags, &r->info, &err) != GD_OK) {
        if (err.code == 951) gd_stdout_fail(EPIPE);
        return err.code == 951 ? GD_EXIT_OUTPUT : fail(&err, GD_EXIT_OUTPUT);
    }
    const gd_filter_drawing d = gd_painter_drawing();
    if (gd_filter_flag(r->flags, &d, &r->pixels, &err) != GD_OK)
        return fail(&err, GD_EXIT_MODEL);
    r->outputs.filter = r->pixels;
    r->outputs.backdrop = r->backdrop;
    if (r->video_flags.track) {
        const char *load = r->video_flags.load;
        if (gd_tracker_open(&r->video_flags.tracker, &r->tracker, &err) != GD_OK)
            return fail(&err, GD_EXIT_USAGE);
        if (load && gd_tracker_load(r->tracker, load, &err) != GD_OK)
            return fail(&err, GD_EXIT_INPUT);
    }
    st = run_sources(r, &err);
    if (st != GD_OK) return fail(&err, GD_EXIT_MEMORY);
    return finish(r, started);
}
