/* video_dump.c -- prints what a video source gives, for tests that compare it with FFmpeg's own
 * programs.
 *
 *   video_dump [options] SOURCE      lines: info, frame, note, counts, error; fields name=value
 *     --start US --end US --threads N --timeout MS --retries N --max-pixels N
 *     --no-rotate --packets --gpu --udp  as gd_video_source_options
 *     --no-hash --is-video           no hashes; prints gd_is_video and nothing else
 *     --signal                       SIGTERM stops the source
 *     --stop-after N                 stops the source after N frames
 *     --memory N                     resident KiB after N frames and at the end */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "tools/media/video.h"

static struct {
    gd_video_source_options opt;
    long long               stop_after, memory;
    bool                    no_hash, is_video, on_signal;
    const char             *source;
} arg = {.stop_after = -1, .memory = -1};

static long resident_kib(void) {
    long  pages = 0, all;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%ld %ld", &all, &pages) != 2) pages = 0;
    if (f) (void)fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static bool parse(int argc, char **argv) {
    gd_video_source_options *o = &arg.opt;
    long long threads = 0, timeout = 0, retries = 0, start = 0, end = 0, most = 0;
    bool      gpu = false, udp = false;
    const struct {
        const char *name;
        long long  *number;
        bool       *flag;
    } of[] = {{"--start", &start, NULL},
              {"--end", &end, NULL},
              {"--threads", &threads, NULL},
              {"--timeout", &timeout, NULL},
              {"--retries", &retries, NULL},
              {"--max-pixels", &most, NULL},
              {"--stop-after", &arg.stop_after, NULL},
              {"--memory", &arg.memory, NULL},
              {"--no-rotate", NULL, &o->no_rotate},
              {"--packets", NULL, &o->keep_packets},
              {"--no-hash", NULL, &arg.no_hash},
              {"--is-video", NULL, &arg.is_video},
              {"--gpu", NULL, &gpu},
              {"--udp", NULL, &udp},
              {"--signal", NULL, &arg.on_signal}};
    for (int i = 1; i < argc; i++) {
        size_t k = 0;
        while (k < sizeof of / sizeof *of && strcmp(argv[i], of[k].name) != 0) k++;
        if (k == sizeof of / sizeof *of)
            arg.source = argv[i];
        else if (of[k].flag)
            *of[k].flag = true;
        else if (i + 1 < argc)
            *of[k].number = atoll(argv[++i]);
    }
    o->start_us = start;
    o->end_us = end;
    o->threads = (int)threads;
    o->timeout_ms = (int)timeout;
    o->max_retries = (int)retries;
    o->max_pixels = most;
    o->hwaccel = gpu ? GD_HWACCEL_CUDA : GD_HWACCEL_AUTO;
    o->rtsp_transport = udp ? "udp" : NULL;
    return arg.source != NULL;
}

static gd_video_source *running;

static void on_term(int number) {
    (void)number;
    gd_video_source_stop(running);
}

static void print_info(const gd_video_info *i) {
    printf(
        "info width=%d height=%d base=%d/%d rate=%d/%d aspect=%d/%d start=%lld duration=%lld "
        "frames=%lld orientation=%d live=%d audio=%d other=%d color=%d full=%d container=%s "
        "codec=%s pixels=%s decoder=%s\n",
        i->width, i->height, i->time_base.num, i->time_base.den, i->frame_rate.num,
        i->frame_rate.den, i->sample_aspect.num, i->sample_aspect.den, (long long)i->start_pts,
        (long long)i->duration, (long long)i->frames, i->orientation, i->live, i->audio_streams,
        i->other_streams, i->color, i->full_range, i->container, i->codec, i->pixel_format,
        i->decoder);
}

static void print_frame(const gd_video_frame *f) {
    unsigned long hash = crc32(0, NULL, 0);
    if (!arg.no_hash) hash = crc32_z(hash, f->rgb, 3 * (size_t)f->width * (size_t)f->height);
    printf("frame index=%lld pts=%lld duration=%lld width=%d height=%d key=%d corrupt=%d "
           "captured=%lld crc=%08lx pixel=%02x%02x%02x\n",
           (long long)f->index, (long long)f->pts, (long long)f->duration, f->width, f->height,
           f->key, f->corrupt, (long long)f->captured, hash, f->rgb[0], f->rgb[1], f->rgb[2]);
}

static void print_notes(gd_video_source *s) {
    gd_video_note n;
    while (gd_video_source_note(s, &n)) printf("note code=%d text=%s\n", n.code, n.text);
    (void)fflush(stdout);
}

static int fail(gd_status st, const gd_error *e) {
    printf("error status=%d code=%d text=%s why=%s\n", st, e->code, e->msg, e->why);
    return 3;
}

int main(int argc, char **argv) {
    gd_error         err = {0};
    gd_video_source *s;
    gd_video_frame   f = {0};
    gd_video_counts  n;
    long long        seen = 0;
    if (!parse(argc, argv)) return 2;
    if (arg.is_video) return !printf("%d\n", gd_is_video(arg.source));
    gd_status st = gd_video_source_open(arg.source, &arg.opt, &s, &err);
    if (st != GD_OK) return fail(st, &err);
    running = s;
    if (arg.on_signal) (void)signal(SIGTERM, on_term);
    print_info(gd_video_source_info(s));
    while ((st = gd_video_source_read(s, &f, &err)) == GD_OK && f.rgb) {
        print_frame(&f);
        print_notes(s);
        if (++seen == arg.memory) printf("memory kib=%ld\n", resident_kib());
        if (seen == arg.stop_after) gd_video_source_stop(s);
    }
    print_notes(s);
    if (arg.memory >= 0) printf("memory kib=%ld\n", resident_kib());
    gd_video_source_counts(s, &n);
    printf("counts promised=%lld decoded=%lld skipped=%lld corrupt=%lld bad=%lld moved=%lld "
           "dropped=%lld reconnects=%d truncated=%d lost=%d damaged=%d\n",
           (long long)n.promised, (long long)n.decoded, (long long)n.skipped,
           (long long)n.corrupt, (long long)n.bad_packets, (long long)n.moved,
           (long long)n.dropped, n.reconnects, n.truncated, n.lost, gd_video_damaged(&n));
    const int rc = st == GD_OK ? 0 : fail(st, &err);
    gd_video_frame_free(&f);
    gd_video_source_close(s);
    return rc;
}
