/* video_stages.c -- what each stage of the chain does with a frame. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "engine/mem.h"
#include "tools/cli/batch.h"
#include "tools/cli/program.h"
#include "tools/cli/video_impl.h"

double gd_video_now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* The first stage that fails decides the exit code. */
static gd_status failed(gd_video_run *v, gd_exit subject, gd_status st) {
    int none = 0;
    if (st != GD_OK)
        __atomic_compare_exchange_n(&v->subject, &none, (int)subject, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
    return st;
}

/* ---- decode ------------------------------------------------------------------------------ */

gd_status gd_video_decode(void *ctx, gd_chain_work *work, gd_error *err) {
    gd_video_run  *v = ctx;
    gd_video_item *it = work->item[0];
    const double   start = gd_video_now_ms();
    (void)err;
    work->end = true;
    if (v->o.max_frames && v->read >= v->o.max_frames) return GD_OK;
    do {
        if (gd_interrupted()) return GD_OK;
        /* A source that cannot go on ends the video; what was read of it is finished. */
        if (gd_video_source_read(v->source, &it->frame, &v->source_error) != GD_OK) {
            v->source_failed = true;
            return GD_OK;
        }
        v->ended = !gd_video_frame_given(&it->frame) && !gd_video_halted(v);
        if (!gd_video_frame_given(&it->frame)) return GD_OK;
    } while (it->frame.index % v->o.stride);
    /* The wait for a camera's next frame is no work. */
    it->ms = gd_record_defaults().ms;
    it->begun_ms = v->live ? gd_video_now_ms() : start;
    if (!v->live) it->ms.decode = gd_video_now_ms() - start;
    v->read++;
    work->end = false;
    return GD_OK;
}

/* ---- infer ------------------------------------------------------------------------------- */

static void put_room(gd_video_item *it) {
    gd_mem_put(it->kept);
    gd_mem_put(it->drawn);
    gd_mem_put(it->ids);
    gd_mem_put(it->drawn_ids);
    gd_mem_put(it->states);
    gd_mem_put(it->confirmed);
    gd_mem_put(it->tracks);
    gd_mem_put(it->sub);
    gd_mem_put(it->sub_text);
    gd_mem_put(it->sub_drawn);
    it->room = 0;
}

void gd_video_item_clear(gd_video_item *it) {
    put_room(it);
    gd_mem_put(it->map);
    it->map_room = 0;
}

static gd_status item_room(gd_video_item *it, int n, gd_error *err) {
    if (n <= it->room) return GD_OK;
    const int room = n + n / 2 + 16;
    put_room(it);
    it->kept = gd_mem_array((size_t)room, sizeof *it->kept);
    it->drawn = gd_mem_array((size_t)room, sizeof *it->drawn);
    it->ids = gd_mem_array((size_t)room, sizeof *it->ids);
    it->drawn_ids = gd_mem_array((size_t)room, sizeof *it->drawn_ids);
    it->confirmed = gd_mem_array((size_t)room, sizeof *it->confirmed);
    it->states = gd_mem_array((size_t)room, sizeof *it->states);
    it->tracks = gd_mem_array((size_t)room, sizeof *it->tracks);
    it->sub = gd_mem_array((size_t)room, sizeof *it->sub);
    it->sub_text = gd_mem_array((size_t)room, sizeof *it->sub_text);
    it->sub_drawn = gd_mem_array((size_t)room, sizeof *it->sub_drawn);
    if (it->kept && it->drawn && it->ids && it->drawn_ids && it->states && it->confirmed &&
        it->tracks && it->sub && it->sub_text && it->sub_drawn) {
        it->room = room;
        return GD_OK;
    }
    return gd_fail(err, GD_ERR_NOMEM, "no memory for %d detections", n);
}

/* The session's next run writes over its own. */
static gd_status take_map(gd_video_item *it, const gd_result *result, gd_error *err) {
    const size_t pixels = (size_t)result->map_width * (size_t)result->map_height;
    it->map_classes = 0;
    if (!result->map) return GD_OK;
    if (pixels > it->map_room) {
        gd_mem_put(it->map);
        it->map = gd_mem_get(pixels);
        it->map_room = it->map ? pixels : 0;
        if (!it->map)
            return gd_fail(err, GD_ERR_NOMEM, "no memory for the classes of %zu pixels",
                           pixels);
    }
    memcpy(it->map, result->map, pixels);
    it->map_classes = result->map_classes < 256 ? result->map_classes : 256;
    memcpy(it->map_count, result->map_count, (size_t)it->map_classes * sizeof *it->map_count);
    return GD_OK;
}

static gd_status take(gd_video_run *v, gd_video_item *it, const gd_result *result,
                      gd_error *err) {
    it->n = result->n_detections;
    it->n_dropped = result->n_dropped;
    it->top_score = result->top_score;
    GD_TRY(item_room(it, it->n, err));
    if (it->n) memcpy(it->kept, result->detections, (size_t)it->n * sizeof *it->kept);
    if (v->r->filter) v->r->filter(v->r, it->kept, &it->n);
    return take_map(it, result, err);
}

/* The frames of a batch, by the lane's second model, while the device still holds them. */
static gd_status classify(gd_video_lane *lane, void *const *item, int n, gd_error *err) {
    for (int i = 0; i < n && lane->cascade; i++) {
        gd_video_item *it = item[i];
        const double   start = gd_video_now_ms();
        GD_TRY(gd_cascade_run(lane->cascade, lane->session, i, &lane->image[i], it->kept, it->n,
                              it->sub, err));
        it->ms.classify = gd_video_now_ms() - start;
    }
    return GD_OK;
}

/* Where nobody asked for a number, memory that ends halves the frames that run together: true
 * if the lane can try again with fewer. */
static bool give_way(gd_video_run *v, gd_video_lane *lane, int n, gd_status st,
                     const gd_error *why) {
    if (st != GD_ERR_NOMEM || n < 2 || v->o.batch > 0) return false;
    lane->batch = gd_batch_half(n);
    pthread_mutex_lock(&v->lock);
    gd_warn(602, "no memory for a batch of %d: %s; going on with %d", n, why->msg, lane->batch);
    pthread_mutex_unlock(&v->lock);
    return true;
}

/* Batches are powers of two, so that few sizes are ever planned: 7 frames run as 4, 2 and 1. */
gd_status gd_video_infer(void *ctx, gd_chain_work *work, gd_error *err) {
    gd_video_run  *v = ctx;
    gd_video_lane *lane = &v->lane[work->worker];
    for (int done = 0, n; done < work->n; done += n) {
        const double start = gd_video_now_ms();
        gd_error     why = {0};
        gd_status    st;
        if (gd_interrupted()) {
            for (int i = done; i < work->n; i++) work->drop[i] = true;
            return GD_OK;
        }
        for (n = 1; 2 * n <= work->n - done;) n *= 2;
        if (n > lane->batch) n = lane->batch;
        for (int i = 0; i < n; i++)
            lane->image[i] =
                gd_video_frame_image(&((gd_video_item *)work->item[done + i])->frame);
        st = gd_session_run(lane->session, lane->image, n, lane->result, &why);
        if (give_way(v, lane, n, st, &why)) {
            n = 0;
            continue;
        }
        if (st != GD_OK) {
            *err = why;
            return failed(v, GD_EXIT_MODEL, st);
        }
        for (int i = 0; i < n; i++) {
            gd_video_item *it = work->item[done + i];
            it->ms.infer = (gd_video_now_ms() - start) / n;
            GD_TRY(failed(v, GD_EXIT_MEMORY, take(v, it, &lane->result[i], err)));
        }
        GD_TRY(failed(v, GD_EXIT_MODEL, classify(lane, work->item + done, n, err)));
    }
    return GD_OK;
}

/* ---- track ------------------------------------------------------------------------------- */

static double seconds_of(const gd_video_run *v, const gd_video_frame *f) {
    const gd_rational tb = v->info.time_base;
    int64_t           ticks;
    if (__builtin_sub_overflow(f->pts, v->info.start_pts, &ticks))
        ticks = f->pts > 0 ? INT64_MAX : INT64_MIN;
    return tb.den ? (double)ticks * tb.num / tb.den : 0;
}

gd_status gd_video_track(void *ctx, gd_chain_work *work, gd_error *err) {
    gd_video_run  *v = ctx;
    gd_video_item *it = work->item[0];
    const double   start = gd_video_now_ms();
    /* A damaged time may be anything; the tracker takes none beyond 1e9 s. */
    const double seconds = fmin(fmax(0, seconds_of(v, &it->frame)), 1e9);
    GD_TRY(failed(v, GD_EXIT_CHECK,
                  gd_tracker_update(v->tracker, it->kept, it->n, seconds, it->tracks, err)));
    for (int i = 0; i < it->n; i++) {
        it->ids[i] = it->tracks[i].id;
        it->states[i] = gd_track_state_name(it->tracks[i].state);
        it->confirmed[i] = it->tracks[i].confirmed;
    }
    it->ms.track = gd_video_now_ms() - start;
    return GD_OK;
}

/* ---- write ------------------------------------------------------------------------------- */

/* What is known of a frame by its pixels and its map. */
static gd_record map_of(const gd_video_item *it) {
    gd_record rec = gd_record_defaults();
    rec.width = it->frame.width;
    rec.height = it->frame.height;
    rec.rgb = it->frame.rgb;
    rec.map = it->map_classes ? it->map : NULL;
    rec.map_count = it->map_classes ? it->map_count : NULL;
    rec.map_classes = it->map_classes;
    return rec;
}

/* A frame that a GPU holds comes to the host with the first stage that looks at its pixels. */
static gd_status to_host(gd_video_run *v, gd_video_item *it, gd_error *err) {
    return failed(v, GD_EXIT_MODEL, gd_video_frame_host(&it->frame, err));
}

static gd_record record_of(const gd_video_run *v, const gd_video_item *it) {
    const gd_video_frame *f = &it->frame;
    gd_record             rec = map_of(it);
    rec.source = v->name;
    rec.frame = f->index;
    rec.pts = fmax(0, seconds_of(v, f));
    rec.orientation = v->o.source.no_rotate ? 1 : v->info.orientation;
    rec.detections = it->kept;
    rec.n_detections = it->n;
    rec.n_dropped = it->n_dropped;
    rec.track_ids = v->o.track ? it->ids : NULL;
    rec.track_states = v->o.track ? it->states : NULL;
    rec.track_confirmed = v->o.track ? it->confirmed : NULL;
    rec.subs = v->r->cascade ? it->sub : NULL;
    rec.ms = it->ms;
    rec.latency_ms = gd_video_now_ms() - it->begun_ms;
    if (f->captured) rec.age_ms = gd_video_now_ms() - 1e-6 * (double)f->captured;
    return rec;
}

static bool seen(const gd_video_run *v) { return v->sink || v->preview || v->o.show; }

/* What is drawn of a tracked frame are the tracks. */
static gd_status look_at(gd_video_run *v, gd_video_item *it, gd_error *err) {
    gd_overlay_input in = {.detections = it->kept, .n = it->n, .now = 1e-3 * gd_video_now_ms()};
    for (int i = 0; i < it->n && v->r->cascade; i++) {
        gd_run_sub_text(&v->r->info, &it->sub[i], v->r->outputs.style.no_conf, it->sub_text[i],
                        sizeof it->sub_text[i]);
        it->sub_drawn[i] = it->sub_text[i];
    }
    if (v->r->cascade) in.subs = it->sub_drawn;
    if (v->o.track) {
        in.n = 0;
        for (int i = 0; i < it->n; i++) {
            if (it->ids[i] < 0) continue;
            it->drawn[in.n] = it->kept[i];
            it->sub_drawn[in.n] = it->sub_text[i];
            it->drawn_ids[in.n++] = it->ids[i];
        }
        in.detections = it->drawn;
        in.ids = it->drawn_ids;
    }
    return gd_overlay_take(v->overlay, &it->look, &in, err);
}

/* Results leave here, in order; crops need the pixels as they were, so it is before drawing. */
gd_status gd_video_write(void *ctx, gd_chain_work *work, gd_error *err) {
    gd_video_run  *v = ctx;
    gd_video_item *it = work->item[0];
    gd_status      st;
    if (gd_flag_given(v->r->flags, GD_OPT_SAVE_CROPS)) GD_TRY(to_host(v, it, err));
    const gd_record rec = record_of(v, it);
    if (v->overlay && seen(v)) GD_TRY(failed(v, GD_EXIT_MEMORY, look_at(v, it, err)));
    pthread_mutex_lock(&v->lock);
    if (it->top_score > v->r->top_score) v->r->top_score = it->top_score;
    if (it->n_dropped)
        gd_warn(361, "%s: frame %lld: %d detections did not fit the capacity", v->name,
                (long long)it->frame.index, it->n_dropped);
    st = failed(v, GD_EXIT_MEMORY, gd_summary_add(&v->r->summary, &rec, err));
    if (st == GD_OK) st = failed(v, GD_EXIT_OUTPUT, gd_outputs_put(&v->r->outputs, &rec, err));
    pthread_mutex_unlock(&v->lock);
    __atomic_add_fetch(&v->written, 1, __ATOMIC_SEQ_CST);
    return st;
}

/* ---- draw, encode ------------------------------------------------------------------------ */

/* The frame as filter f takes it, on f's GPU if it is there, and room on the host for what
 * comes of it. */
static gd_status bring(gd_video_run *v, gd_video_item *it, const gd_filter *f, gd_image *image,
                       gd_error *err) {
    gd_video_frame *frame = &it->frame;
    if (frame->device && frame->gpu->ordinal + 1 == gd_filter_gpu(f)) {
        GD_TRY(failed(v, GD_EXIT_MEMORY, gd_video_frame_host_room(frame, err)));
    } else {
        GD_TRY(to_host(v, it, err));
        frame->device = NULL;
    }
    *image = gd_video_frame_image(frame);
    frame->device = NULL; /* is as it was */
    return GD_OK;
}

/* So many shapes take the host longer than a frame's way to a GPU and back takes. */
enum { CROWDED = 1500, SHAPES_A_BOX = 24 };
static bool is_crowded(const gd_video_run *v, const gd_video_item *it) {
    return strcmp(v->r->stats.device, "cpu") != 0 &&
           it->look.n_pieces + SHAPES_A_BOX * it->look.n_items > CROWDED;
}

/* On the GPU that has the frame, or on the model's; it comes to the host with what is drawn.
 * Where the GPU has no memory for that, p->no_memory says so, and the frame is as it was. */
static gd_status draw_there(gd_video_run *v, gd_video_item *it, gd_painter *p, gd_error *err) {
    uint8_t *const device = it->frame.rgb ? NULL : it->frame.device;
    gd_image       image;
    gd_error       why = {0};
    gd_status      st = GD_OK;
    if (!p->filter) st = gd_painter_open_on(p, v->r->stats.device, v->r->flags, &why);
    if (st == GD_OK) {
        GD_TRY(bring(v, it, p->filter, &image, err));
        st = gd_painter_run(p, &it->look, &image, it->frame.rgb, &why);
        if (st == GD_ERR_NOMEM && device) {
            it->frame.device = device;
            it->frame.rgb = NULL;
        }
    }
    p->no_memory = st == GD_ERR_NOMEM;
    if (st == GD_OK || p->no_memory) return GD_OK;
    *err = why;
    return failed(v, GD_EXIT_MODEL, st);
}

gd_status gd_video_draw(void *ctx, gd_chain_work *work, gd_error *err) {
    gd_video_run  *v = ctx;
    gd_video_item *it = work->item[0];
    gd_painter    *p = &v->painters[work->worker];
    const bool     map = it->map_classes && !v->r->backdrop;
    const bool     there = it->frame.device && !it->frame.rgb;
    if (it->painted) return GD_OK;
    if (!map && !p->no_memory && (there || is_crowded(v, it))) {
        GD_TRY(draw_there(v, it, p, err));
        if (!p->no_memory) return GD_OK;
    }
    GD_TRY(to_host(v, it, err));
    it->frame.device = NULL; /* has not what is drawn */
    const gd_canvas c = {
        .rgb = it->frame.rgb, .width = it->frame.width, .height = it->frame.height};
    if (map) {
        const gd_record rec = map_of(it);
        GD_TRY(failed(v, GD_EXIT_MEMORY,
                      gd_outputs_draw_map(&v->r->outputs, &c, &rec, it->look.fps >= 0, err)));
    }
    return failed(v, GD_EXIT_MEMORY, gd_overlay_draw(&it->look, &c, err));
}

/* Beside the stage that infers, which works on a later frame; on a GPU in its own stream, and
 * there with what the stage behind it would draw: the frame comes to the host once. */
gd_status gd_video_filter(void *ctx, gd_chain_work *work, gd_error *err) {
    gd_video_run  *v = ctx;
    gd_video_item *it = work->item[0];
    gd_image       image;
    GD_TRY(bring(v, it, v->r->pixels, &image, err));
    it->painted = v->painter.filter && seen(v) && !it->map_classes;
    if (it->painted)
        return failed(v, GD_EXIT_MODEL,
                      gd_painter_run(&v->painter, &it->look, &image, it->frame.rgb, err));
    return failed(v, GD_EXIT_MODEL, gd_filter_run(v->r->pixels, &image, it->frame.rgb, 0, err));
}

/* --background: it has room for one frame, so this stage has one worker. */
gd_status gd_video_behind(void *ctx, gd_chain_work *work, gd_error *err) {
    gd_video_run  *v = ctx;
    gd_video_item *it = work->item[0];
    GD_TRY(to_host(v, it, err));
    it->frame.device = NULL; /* has another background */
    const gd_image image = gd_video_frame_image(&it->frame);
    return failed(v, GD_EXIT_MODEL,
                  gd_backdrop_draw(v->r->backdrop, &image, it->map, it->frame.rgb, err));
}

/* The window belongs to the thread that waits for the chain: it gets a copy. */
gd_status gd_video_show(void *ctx, gd_chain_work *work, gd_error *err) {
    gd_video_run         *v = ctx;
    const gd_video_frame *f = &((gd_video_item *)work->item[0])->frame;
    gd_status             st = to_host(v, work->item[0], err);
    if (st != GD_OK) return st;
    if (v->preview) st = gd_preview_show(v->preview, f->rgb, f->width, f->height, 0, err);
    if (st == GD_OK && v->o.show) {
        pthread_mutex_lock(&v->lock);
        st = gd_video_frame_room(&v->shown, f->width, f->height, NULL, err);
        if (st == GD_OK) memcpy(v->shown.rgb, f->rgb, 3 * (size_t)f->width * (size_t)f->height);
        v->fresh = st == GD_OK;
        pthread_mutex_unlock(&v->lock);
    }
    return failed(v, GD_EXIT_MEMORY, st);
}

gd_status gd_video_encode(void *ctx, gd_chain_work *work, gd_error *err) {
    gd_video_run  *v = ctx;
    gd_video_item *it = work->item[0];
    GD_TRY(to_host(v, it, err));
    return failed(v, GD_EXIT_OUTPUT, gd_video_sink_write(v->sink, &it->frame, err));
}
