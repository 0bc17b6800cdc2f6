/* video_run.c -- see video_run.h. */
#include "tools/cli/video_run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/cli/batch.h"
#include "tools/cli/model.h"
#include "tools/cli/program.h"
#include "tools/cli/progress.h"
#include "tools/cli/video_impl.h"

/* ---- opening and closing ----------------------------------------------------------------- */

static void *get_pixels(void *session, size_t size) {
    void *p;
    return gd_session_pin(session, size, &p, NULL) == GD_OK ? p : NULL;
}

static void put_pixels(void *session, void *p) { gd_session_unpin(session, p); }

static bool was_interrupted(void) { return gd_interrupted() != 0; }

static bool on_cpu(const gd_video_run *v) { return !strcmp(v->r->stats.device, "cpu"); }

/* The sessions that compute side by side. Where nobody asked for a number, one that memory has
 * no room for is done without. */
static gd_status open_lanes(gd_video_run *v, gd_error *err) {
    const int want = v->o.streams ? v->o.streams : on_cpu(v) ? 1 : 2;
    if (!v->r->session) return GD_OK;
    v->lane = gd_mem_array((size_t)want, sizeof *v->lane);
    if (!v->lane) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d streams", want);
    v->lane[0].session = v->r->session;
    v->lane[0].cascade = v->r->cascade;
    for (v->n_lanes = 1; v->n_lanes < want; v->n_lanes++) {
        gd_session_options opt = v->r->session_options;
        gd_status          st;
        opt.device = v->r->stats.device;
        if (on_cpu(v)) opt.threads = gd_thread_count(v->r->flags);
        if (on_cpu(v)) opt.threads = opt.threads / want > 1 ? opt.threads / want : 1;
        st = gd_session_open(v->r->model, &opt, &v->lane[v->n_lanes].session, err);
        if (st == GD_OK && v->r->cascade) {
            st = gd_cascade_twin(v->r->cascade, opt.threads, &v->lane[v->n_lanes].cascade, err);
            if (st != GD_OK) gd_session_close(v->lane[v->n_lanes].session);
        }
        if (st == GD_ERR_NOMEM && !v->o.streams) break;
        if (st != GD_OK) return st;
    }
    return GD_OK;
}

static gd_status open_overlay(gd_video_run *v, gd_error *err) {
    const gd_overlay_options opt = {.names = v->r->names,
                                    .n_names = v->r->info.n_classes,
                                    .style = v->r->outputs.style,
                                    .trails = v->o.trails,
                                    .max_age = v->o.track ? v->o.tracker.max_age : 0,
                                    .show_fps = v->o.show_fps};
    return gd_overlay_open(&opt, &v->overlay, err);
}

/* Threads of OpenMP spin while they wait for each other, which takes the cores from those that
 * decode and encode: on two cores a network of 20 ms was seen to take a second. GNU's runtime
 * gives up spinning when more threads are in its teams than there are cores; a team of the main
 * thread, asleep from here on, beside the team of the thread that infers sees to that. */
static void stop_spinning(const gd_video_run *v) {
    const int threads = gd_thread_count(v->r->flags);
    int       present = 0;
#pragma omp parallel num_threads(threads) reduction(+ : present)
    present++;
    if (present < threads)
        gd_say(GD_LEVEL_DEBUG, "%d of %d threads answered", present, threads);
}

/* Room for frames on the GPU that sessions compute on, where its decoder was asked for. Without
 * it frames come to the host. */
static void open_gpu(gd_video_run *v) {
    const size_t limit = (size_t)v->r->session_options.memory_limit;
    gd_error     err = {0};
    if (v->o.source.hwaccel != GD_HWACCEL_CUDA || !v->n_lanes || on_cpu(v)) return;
    if (gd_video_gpu_open(v->r->stats.device, &v->pixels, limit, &v->gpu, &err) != GD_OK)
        gd_warn(394, "frames come to the host from the GPU: %s", err.msg);
    v->o.source.gpu = v->gpu;
}

gd_status gd_video_run_open(gd_run *r, gd_video_run **out, gd_error *err) {
    gd_video_run *v = gd_mem_get_zero(sizeof *v);
    gd_status     st;
    *out = NULL;
    if (!v) return gd_fail(err, GD_ERR_NOMEM, "no memory for videos");
    v->r = r;
    v->o = r->video_flags;
    v->o.source.stopped = v->o.sink.stopped = was_interrupted;
    pthread_mutex_init(&v->lock, NULL);
    if (!on_cpu(v) && r->session) {
        v->pixels = (gd_alloc){.ctx = r->session, .get = get_pixels, .put = put_pixels};
        v->o.source.pixels = &v->pixels;
    }
    if (on_cpu(v)) stop_spinning(v);
    GD_GO(open_lanes(v, err));
    open_gpu(v);
    if (r->session) GD_GO(open_overlay(v, err));
    if (v->overlay && r->pixels && gd_filter_gpu(r->pixels))
        GD_GO(gd_painter_open(&v->painter, r->pixels, err));
    v->n_painters = v->o.post_threads > 1 ? v->o.post_threads : 1;
    v->painters = gd_mem_array((size_t)v->n_painters, sizeof *v->painters);
    if (!v->painters) {
        v->n_painters = 0;
        st = gd_fail(err, GD_ERR_NOMEM, "no memory for videos");
        goto done;
    }
    if (v->o.preview) {
        GD_GO(gd_preview_open(v->o.preview, NULL, &v->preview, err));
        gd_say(GD_LEVEL_INFO, "preview: %s", gd_preview_url(v->preview));
        if (!gd_preview_is_local(v->preview))
            gd_warn(981,
                    "the preview at %s can be watched by other machines, without a password",
                    gd_preview_url(v->preview));
    }
    if (v->o.track) {
        GD_GO(gd_tracker_open(&v->o.tracker, &v->tracker, err));
        if (v->o.load) GD_GO(gd_tracker_load(v->tracker, v->o.load, err));
    }
    *out = v;
    v = NULL;
done:
    gd_video_run_close(v);
    return st;
}

gd_status gd_video_run_save(gd_video_run *v, gd_error *err) {
    if (!v->tracker || !v->o.save) return GD_OK;
    return gd_tracker_save(v->tracker, v->o.save, v->o.sink.replace, err);
}

static void free_items(gd_video_run *v) {
    for (int i = 0; i < v->n_items; i++) {
        gd_video_item *it = &v->items[i];
        gd_video_frame_free(&it->frame);
        gd_overlay_look_free(&it->look);
        gd_video_item_clear(it);
    }
    gd_mem_put(v->items);
    gd_mem_put(v->payload);
    v->items = NULL;
    v->payload = NULL;
    v->n_items = 0;
}

void gd_video_run_close(gd_video_run *v) {
    if (!v) return;
    free_items(v);
    for (int i = 1; i < v->n_lanes; i++) {
        gd_cascade_close(v->lane[i].cascade);
        gd_session_close(v->lane[i].session);
    }
    gd_mem_put(v->lane);
    gd_tracker_close(v->tracker);
    gd_overlay_close(v->overlay);
    gd_painter_close(&v->painter);
    for (int i = 0; i < v->n_painters; i++) gd_painter_close(&v->painters[i]);
    gd_mem_put(v->painters);
    gd_preview_close(v->preview);
    gd_display_close(v->display);
    gd_video_frame_free(&v->shown);
    gd_video_gpu_close(v->gpu);
    pthread_mutex_destroy(&v->lock);
    gd_mem_put(v);
}

/* ---- the chain of one video -------------------------------------------------------------- */

/* --batch, once the size of the pictures is known; without the flag a GPU takes up to 8 when it
 * is throughput that counts. */
static gd_status choose_batch(gd_video_run *v, gd_error *err) {
    const bool many = !v->latency && !on_cpu(v);
    const int  most = v->o.batch < 0 ? 8 : GD_CHAIN_BATCH;
    int        n = v->o.batch;
    if (!v->n_lanes || (n < 0 && !many)) n = 1;
    if (n <= 0) {
        GD_TRY(gd_batch_auto(v->r->session, v->info.width, v->info.height, most, &n, err));
        while (n > 1 && n * v->n_lanes > most * 2) n /= 2;
    }
    v->batch = n < GD_CHAIN_BATCH ? n : GD_CHAIN_BATCH;
    for (int i = 0; i < v->n_lanes; i++) v->lane[i].batch = v->batch;
    return GD_OK;
}

static gd_status make_items(gd_video_run *v, int n, gd_error *err) {
    if (n <= v->n_items) return GD_OK;
    free_items(v);
    v->items = gd_mem_array((size_t)n, sizeof *v->items);
    v->payload = gd_mem_array((size_t)n, sizeof *v->payload);
    if (!v->items || !v->payload)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d frames under way", n);
    v->n_items = n;
    for (int i = 0; i < n; i++) v->payload[i] = &v->items[i];
    return GD_OK;
}

static gd_status open_chain(gd_video_run *v, gd_error *err) {
    gd_chain_stage   stage[8] = {{.name = "decode", .run = gd_video_decode}};
    gd_chain_options opt = {.stage = stage, .n_stages = 1};
    const int        short_queue = v->o.queue ? v->o.queue : 1;
    const bool       seen = v->sink || v->preview || v->o.show;
    int              queue = v->o.queue;
    if (!queue) queue = v->latency ? 1 : 2 * v->batch * (v->n_lanes ? v->n_lanes : 1);
    const gd_chain_stage infer = {.name = "infer",
                                  .run = gd_video_infer,
                                  .workers = v->n_lanes,
                                  .batch = v->batch,
                                  .batch_ms = v->latency ? 2 : 50,
                                  .queue = queue,
                                  .latest = v->live && !v->o.live_all};
    const gd_chain_stage filter = {.name = "filter",
                                   .run = gd_video_filter,
                                   .queue = v->n_lanes ? short_queue : queue,
                                   .latest = infer.latest && !v->n_lanes};
    stage[opt.n_stages++] = v->n_lanes ? infer : filter;
    if (v->o.track)
        stage[opt.n_stages++] =
            (gd_chain_stage){.name = "track", .run = gd_video_track, .queue = short_queue};
    stage[opt.n_stages++] =
        (gd_chain_stage){.name = "write", .run = gd_video_write, .queue = short_queue};
    if (v->r->pixels && v->n_lanes) stage[opt.n_stages++] = filter;
    if (v->r->backdrop && seen)
        stage[opt.n_stages++] = (gd_chain_stage){
            .name = "background", .run = gd_video_behind, .queue = short_queue};
    if (v->overlay && seen && (!v->r->backdrop || v->o.show_fps))
        stage[opt.n_stages++] = (gd_chain_stage){.name = "draw",
                                                 .run = gd_video_draw,
                                                 .workers = v->o.post_threads,
                                                 .queue = short_queue};
    if (v->preview || v->o.show)
        stage[opt.n_stages++] =
            (gd_chain_stage){.name = "show", .run = gd_video_show, .queue = short_queue};
    if (v->sink)
        stage[opt.n_stages++] =
            (gd_chain_stage){.name = "encode", .run = gd_video_encode, .queue = short_queue};
    for (int i = 0; i < opt.n_stages; i++) stage[i].ctx = v;
    /* One for each call that can be under way, and the longest queue full. */
    opt.n_items = queue + v->batch * v->n_lanes + opt.n_stages + 2;
    opt.n_items += v->o.post_threads;
    GD_TRY(make_items(v, opt.n_items, err));
    opt.items = v->payload;
    return gd_chain_open(&opt, &v->chain, err);
}

/* Frames that will come, as far as it can be told; -1: it cannot. */
static int64_t progress_total(const gd_video_run *v) {
    const bool    part = v->o.source.start_us || v->o.source.end_us;
    const int64_t all = v->info.frames < 0 || part ? -1 : v->info.frames / v->o.stride;
    if (!v->o.max_frames || (all >= 0 && all < v->o.max_frames)) return all;
    return v->o.max_frames;
}

/* Brings the newest frame to the window, and the last one again while none comes: the window
 * answers keys only then. Closing it ends the run. */
static void show_window(gd_video_run *v) {
    gd_error  err = {0};
    gd_status st = GD_OK;
    bool      closed = false;
    if (!v->fresh && (!v->display || ++v->shown_rounds < 10)) return;
    v->shown_rounds = 0;
    v->fresh = false;
    if (!v->display)
        st = gd_display_open("gdrun", v->shown.width, v->shown.height, &v->display, &err);
    if (st == GD_OK)
        st = gd_display_show(v->display, v->shown.rgb, v->shown.width, v->shown.height, 0,
                             &closed, &err);
    if (st != GD_OK) gd_run_stop(v->r, &err, GD_EXIT_OUTPUT);
    if (closed) v->r->quit = true;
}

/* Waits for the end, and says what comes up; signals and failures end a source that may never
 * end by itself. */
static gd_status wait_chain(gd_video_run *v, gd_error *err) {
    const int64_t total = progress_total(v);
    gd_status     st = GD_OK;
    bool          ended = false, stopped = false;
    gd_progress_begin("frames");
    while (!ended) {
        gd_error  one = {0};
        gd_status now = gd_chain_wait(v->chain, v->o.show ? 10 : 50, &ended, &one);
        if (now != GD_OK && st == GD_OK) {
            st = now;
            *err = one;
        }
        pthread_mutex_lock(&v->lock);
        gd_chain_stats_get(v->chain, &v->stats);
        gd_video_tell_notes(v);
        gd_progress((long)gd_video_written(v), (long)total);
        show_window(v);
        pthread_mutex_unlock(&v->lock);
        if (stopped || !(gd_interrupted() || gd_stdout_failed() || v->r->stop || v->r->quit ||
                         gd_video_subject(v)))
            continue;
        stopped = true;
        __atomic_store_n(&v->halted, true, __ATOMIC_SEQ_CST);
        gd_video_source_stop(v->source);
        gd_chain_stop(v->chain);
    }
    gd_progress_clear();
    return st;
}

/* ---- one video --------------------------------------------------------------------------- */

void gd_video_put_error(gd_video_run *v, const gd_error *why) {
    gd_run   *r = v->r;
    gd_error  err = {0};
    gd_record rec = gd_record_defaults();
    rec.source = v->name;
    rec.error = why;
    if (gd_summary_add(&r->summary, &rec, &err) != GD_OK ||
        gd_outputs_put(&r->outputs, &rec, &err) != GD_OK)
        gd_run_stop(r, &err, GD_EXIT_OUTPUT);
}

/* A video that gave nothing. */
static void count_failure(gd_video_run *v, const gd_error *why, gd_exit subject) {
    const int code = (int)gd_report_error(why, subject, v->name);
    if (!v->r->n_failed++) v->r->first_failure = code;
    gd_video_put_error(v, why);
}

/* The rate of every n-th frame; a rate too fine for two ints is rounded. */
static gd_rational slower(gd_rational rate, int64_t n) {
    int64_t num = rate.num, den = rate.den * n;
    for (; den > INT32_MAX && num > 1; num /= 2) den /= 2;
    return den > INT32_MAX ? rate : (gd_rational){(int)num, (int)den};
}

static gd_status open_sink(gd_video_run *v, gd_error *err) {
    gd_video_info like = v->info;
    if (!*v->path) return GD_OK;
    if (v->o.stride > 1 && like.frame_rate.den && v->o.stride < 100000)
        like.frame_rate = slower(like.frame_rate, v->o.stride);
    return gd_video_sink_open(v->path, &v->o.sink, &like, v->o.sink.no_audio ? NULL : v->source,
                              &v->sink, err);
}

/* Everything that a video needs before its first frame. */
static gd_status prepare(gd_video_run *v, gd_error *err) {
    v->live = v->info.live;
    v->latency = v->o.mode == GD_VIDEO_LATENCY || (v->o.mode == GD_VIDEO_AUTO && v->live);
    GD_TRY(choose_batch(v, err));
    if (v->tracker && v->started) gd_tracker_reset(v->tracker);
    v->started = true;
    if (v->overlay) gd_overlay_reset(v->overlay);
    return open_chain(v, err);
}

/* Completes the annotated video. What was written until a failure stays playable, or stays as
 * .part. */
static bool finish_sink(gd_video_run *v, gd_video_sink_info *info) {
    gd_error       err = {0};
    gd_video_sink *sink = v->sink;
    if (!sink) return false;
    gd_video_tell_notes(v);
    v->sink = NULL;
    if (!gd_video_written(v)) {
        gd_video_sink_abort(sink);
        return false;
    }
    if (gd_video_sink_finish(sink, info, &err) == GD_OK) return true;
    if (!v->r->stop) gd_run_stop(v->r, &err, GD_EXIT_OUTPUT);
    return false;
}

/* What became of the source, once all is over. */
static void judge(gd_video_run *v) {
    gd_run  *r = v->r;
    gd_error none = {0};
    if (v->source_failed && !gd_interrupted()) {
        const gd_exit code = gd_exit_of(&v->source_error, GD_EXIT_INPUT);
        if (code == GD_EXIT_OUTPUT) r->gave_way = (int)code;
        if (!gd_video_written(v)) {
            count_failure(v, &v->source_error, GD_EXIT_INPUT);
            return;
        }
        gd_report_error(&v->source_error, GD_EXIT_INPUT, v->name);
        gd_video_put_error(v, &v->source_error);
        r->n_partial++;
    } else if (!gd_video_written(v) && !gd_interrupted() && !r->stop) {
        gd_fail_code(&none, GD_ERR_FORMAT, 362, "%s: not one frame could be read", v->name);
        if (v->counts.skipped) {
            gd_error_why(&none, "%lld frames lie before --start or after --end",
                         (long long)v->counts.skipped);
        }
        count_failure(v, &none, GD_EXIT_INPUT);
        return;
    }
    if (gd_video_written(v)) r->n_ok++;
}

static void forget_video(gd_video_run *v) {
    v->read = 0;
    v->told = 0;
    __atomic_store_n(&v->written, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&v->subject, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&v->halted, false, __ATOMIC_SEQ_CST);
    v->ended = v->source_failed = false;
    memset(&v->source_error, 0, sizeof v->source_error);
    memset(&v->counts, 0, sizeof v->counts);
    memset(&v->stats, 0, sizeof v->stats);
    v->path[0] = '\0';
    v->started_ms = gd_video_now_ms();
}

/* A live source has no beginning that times could be counted from. */
static bool refuse_times(gd_video_run *v) {
    gd_error why = {0};
    if (!v->info.live || !(v->o.source.start_us || v->o.source.end_us)) return false;
    gd_fail_code(&why, GD_ERR_ARG, 209, "%s is live: --start and --end are for files", v->name);
    gd_error_hint(&why, "--max-frames N ends a live source");
    count_failure(v, &why, GD_EXIT_USAGE);
    return true;
}

/* Runs the opened source. */
static void run_opened(gd_video_run *v) {
    gd_error           err = {0};
    gd_video_sink_info info;
    bool               written;
    v->info = *gd_video_source_info(v->source);
    gd_say(GD_LEVEL_VERBOSE, "%s: decoder %s", v->name, v->info.decoder);
    if (refuse_times(v)) return;
    if (open_sink(v, &err) != GD_OK) {
        gd_run_stop(v->r, &err, GD_EXIT_OUTPUT);
        return;
    }
    if (prepare(v, &err) != GD_OK) {
        gd_video_sink_abort(v->sink);
        v->sink = NULL;
        gd_run_stop(v->r, &err, GD_EXIT_MODEL);
        return;
    }
    if (wait_chain(v, &err) != GD_OK) gd_run_stop(v->r, &err, (gd_exit)gd_video_subject(v));
    gd_chain_stats_get(v->chain, &v->stats);
    gd_chain_close(v->chain);
    v->chain = NULL;
    written = finish_sink(v, &info);
    gd_video_source_counts(v->source, &v->counts);
    gd_video_tell_notes(v);
    gd_video_tell_end(v, written ? &info : NULL);
    judge(v);
}

gd_video_last gd_video_run_last(const gd_video_run *v) {
    return (gd_video_last){.path = v->path,
                           .frames = gd_video_written(v),
                           .width = v->info.width,
                           .height = v->info.height,
                           .seconds = v->stats.seconds};
}

void gd_video_run_source(gd_video_run *v, const gd_source *source) {
    gd_error err = {0};
    forget_video(v);
    v->name = source->path;
    if (gd_outputs_video(&v->r->outputs, v->name, v->path, sizeof v->path, &err) != GD_OK) {
        gd_run_stop(v->r, &err, GD_EXIT_OUTPUT);
        return;
    }
    v->o.source.keep_packets = *v->path && !v->o.sink.no_audio;
    if (gd_video_source_open(v->name, &v->o.source, &v->source, &err) != GD_OK) {
        if (source->where && !err.why[0])
            gd_error_why(&err, "named by the list %s", source->where);
        if (!gd_interrupted()) count_failure(v, &err, GD_EXIT_INPUT);
        return;
    }
    run_opened(v);
    gd_video_source_close(v->source);
    v->source = NULL;
}
