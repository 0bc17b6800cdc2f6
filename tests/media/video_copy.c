/* video_copy.c -- a video read and written again, frame by frame: a bridge for the Python
 * tests.
 *
 *   video_copy IN OUT [codec=...] [preset=...] [crf=N] [bitrate=N] [fps=N/D] [start=SECONDS]
 *              [threads=N] [frames=N] [silent] [replace] [slow]
 *
 * Prints NOTE code text; then DONE and what was written, or ERROR code text. `frames` stops
 * there; SIGINT stops as the programs do; `slow` waits between frames. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/media/video.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int number) { interrupted = number; }

static void print_notes(gd_video_sink *k) {
    gd_video_note n;
    while (gd_video_sink_note(k, &n)) printf("NOTE %d %s\n", n.code, n.text);
}

static int report(const gd_error *err) {
    printf("ERROR %d %s\n%s\n%s\n", err->code, err->msg, err->why, err->hint);
    return 1;
}

int main(int argc, char **argv) {
    gd_error                err = {0};
    gd_video_source_options from = {.keep_packets = true};
    gd_video_sink_options   to = {0};
    gd_video_source        *source;
    gd_video_sink          *sink;
    gd_video_frame          f = {0};
    gd_video_sink_info      info;
    long                    most = -1;
    bool                    slow = false;
    for (int i = 3; i < argc; i++) {
        const char *a = argv[i], *value = strchr(a, '=') ? strchr(a, '=') + 1 : "";
        if (!strncmp(a, "codec=", 6)) to.codec = value;
        if (!strncmp(a, "preset=", 7)) to.preset = value;
        if (!strncmp(a, "crf=", 4)) to.crf = atoi(value);
        if (!strncmp(a, "bitrate=", 8)) to.bitrate = atol(value);
        if (!strncmp(a, "fps=", 4)) sscanf(value, "%d/%d", &to.fps.num, &to.fps.den);
        if (!strncmp(a, "start=", 6)) from.start_us = to.start_us = atol(value) * 1000000;
        if (!strncmp(a, "threads=", 8)) to.threads = atoi(value);
        if (!strncmp(a, "frames=", 7)) most = atol(value);
        to.no_audio |= !strcmp(a, "silent");
        to.replace |= !strcmp(a, "replace");
        slow |= !strcmp(a, "slow");
    }
    if (argc < 3) return 2;
    signal(SIGINT, on_signal);
    signal(SIGXFSZ, SIG_IGN);
    if (gd_video_source_open(argv[1], &from, &source, &err) != GD_OK) return report(&err);
    gd_status st =
        gd_video_sink_open(argv[2], &to, gd_video_source_info(source), source, &sink, &err);
    if (st != GD_OK) {
        gd_video_source_close(source);
        return report(&err);
    }
    printf("OPEN\n");
    fflush(stdout);
    for (long n = 0; st == GD_OK && n != most && !interrupted; n++) {
        st = gd_video_source_read(source, &f, &err);
        if (st != GD_OK || !f.rgb) break;
        st = gd_video_sink_write(sink, &f, &err);
        print_notes(sink);
        if (slow) usleep(20000);
    }
    if (st == GD_OK)
        st = gd_video_sink_finish(sink, &info, &err);
    else
        gd_video_sink_abort(sink);
    gd_video_frame_free(&f);
    gd_video_source_close(source);
    if (st != GD_OK) return report(&err);
    printf("DONE %s %s %s frames=%lld copied=%lld streams=%d left=%d us=%lld bytes=%lld\n",
           info.container, info.codec, info.encoder, (long long)info.frames,
           (long long)info.copied, info.streams, info.left, (long long)info.duration_us,
           (long long)info.bytes);
    return 0;
}
