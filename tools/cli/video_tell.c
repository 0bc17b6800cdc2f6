/* video_tell.c -- what is said about a video, on stderr and as state lines of the results. */
#include <stdio.h>
#include <string.h>

#include "tools/cli/program.h"
#include "tools/cli/video_impl.h"

/* ---- while it runs ----------------------------------------------------------------------- */

static int64_t dropped_frames(const gd_video_run *v) {
    int64_t n = 0;
    for (int i = 1; i < v->stats.n_stages && v->live; i++)
        n += (int64_t)v->stats.stage[i].dropped;
    return n;
}

static void put_event(gd_video_run *v, const char *state, const char *text) {
    gd_error err = {0};
    gd_event e = {.source = v->name,
                  .state = state,
                  .text = text,
                  .time = 1e-3 * (gd_video_now_ms() - v->started_ms),
                  .frames = gd_video_written(v),
                  .decoded = v->counts.decoded,
                  .promised = v->counts.promised,
                  .corrupt = v->counts.corrupt,
                  .dropped = v->live ? dropped_frames(v) : -1,
                  .reconnects = v->live ? v->counts.reconnects : -1};
    /* A failing output is met again, and reported, at the next frame or at the end. */
    if (gd_outputs_event(&v->r->outputs, &e, &err) != GD_OK && err.code == 951)
        gd_stdout_fail(0);
}

/* The state that a note about a live source stands for. */
static const char *state_of(int code, const gd_video_run *v) {
    if (code == 395) return "lost";
    if (code != 392) return "note";
    return v->counts.reconnects > v->told ? "reconnected" : "reconnecting";
}

void gd_video_tell_notes(gd_video_run *v) {
    gd_video_note note;
    if (v->live) gd_video_source_counts(v->source, &v->counts);
    while (gd_video_source_note(v->source, &note)) {
        const bool named = strstr(note.text, v->name) == note.text;
        gd_warn(note.code, "%s%s%s", named ? "" : v->name, named ? "" : ": ", note.text);
        if (v->live) put_event(v, state_of(note.code, v), note.text);
        if (v->counts.reconnects > v->told && note.code == 392) v->told = v->counts.reconnects;
    }
    while (v->sink && gd_video_sink_note(v->sink, &note))
        gd_warn(note.code, "%s: %s", v->path, note.text);
}

/* ---- at its end -------------------------------------------------------------------------- */

/* Not all of the video was there: exit code 1, and what is missing in every output. A camera
 * that went away has been told of. */
static void tell_damage(gd_video_run *v) {
    const gd_video_counts *c = &v->counts;
    const int64_t          got = c->decoded + c->skipped;
    gd_error               early = {0}, bad = {0};
    if (!gd_video_damaged(c) || v->source_failed) return;
    if (v->ended && c->truncated && c->promised >= 0)
        gd_fail_code(&early, GD_ERR_FORMAT, 390, "%s: %lld of %lld frames: the file ends early",
                     v->name, (long long)got, (long long)c->promised);
    else if (v->ended && c->truncated)
        gd_fail_code(&early, GD_ERR_FORMAT, 390, "%s: the file ends early, after %lld frames",
                     v->name, (long long)got);
    if (c->corrupt + c->bad_packets > 0)
        gd_fail_code(&bad, GD_ERR_FORMAT, 390,
                     "%s: %lld of %lld frames: %lld packets could not be decoded, %lld frames "
                     "are damaged",
                     v->name, (long long)(got - c->corrupt),
                     (long long)(c->promised > got ? c->promised : got),
                     (long long)c->bad_packets, (long long)c->corrupt);
    if (early.code) gd_warn_each(390, "%s", early.msg);
    if (bad.code) gd_warn_each(390, "%s", bad.msg);
    if (!v->ended && !bad.code) return;
    v->r->n_partial++;
    if (!gd_video_written(v)) return; /* that there was no frame is told of later */
    gd_video_put_error(v, early.code ? &early : &bad);
}

static void add(int64_t *to, int64_t n) {
    if (n >= 0) *to = n + (*to > 0 ? *to : 0);
}

/* The video's part in the summary of the run. */
static void sum_up(gd_video_run *v, const gd_video_sink_info *written) {
    gd_summary_video      *s = &v->r->summary.video;
    const gd_video_counts *c = &v->counts;
    const int64_t          passed = c->decoded > v->read ? c->decoded - v->read : 0;
    const bool             whole = v->ended && !v->o.source.start_us && !v->o.source.end_us;
    add(&s->promised, whole ? c->promised : c->decoded);
    add(&s->decoded, c->decoded);
    add(&s->corrupt, c->corrupt);
    add(&s->skipped, c->skipped + passed);
    if (v->live) add(&s->dropped, dropped_frames(v));
    if (v->live) add(&s->reconnects, c->reconnects);
    if (written) add(&s->written, written->frames);
    if (v->stats.finished >= v->kept.finished) v->kept = v->stats;
    v->r->summary.chain = &v->kept;
}

void gd_video_tell_end(gd_video_run *v, const gd_video_sink_info *written) {
    const gd_chain_stats *c = &v->stats;
    const int64_t         n = gd_video_written(v), drops = dropped_frames(v);
    char                  to[80] = "", lost[64] = "";
    tell_damage(v);
    if (drops) snprintf(lost, sizeof lost, ", %lld dropped", (long long)drops);
    if (written)
        snprintf(to, sizeof to, ", written as %s %s", written->codec, written->container);
    gd_say(GD_LEVEL_INFO, "%s: %lld frame%s%s in %.2f s, %.1f a second%s", v->name,
           (long long)n, n == 1 ? "" : "s", lost, c->seconds,
           c->seconds > 0 ? (double)n / c->seconds : 0, to);
    sum_up(v, written);
    put_event(v,
              v->source_failed || v->counts.lost                ? "lost"
              : gd_interrupted()                                ? "interrupted"
              : gd_video_subject(v) || v->r->stop || v->r->quit ? "stopped"
              : v->ended                                        ? "end"
                                                                : "stopped",
              NULL);
}
