/* video_fuzz.c -- video sources on arbitrary bytes: opened, read a little, sought, closed. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/media/video.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES = 12, PIXELS = 1 << 18 };

static volatile unsigned sink;

/* What the header promises of every frame, whatever the file holds. */
static void read_some(gd_video_source *s) {
    gd_video_frame  f = {0};
    gd_video_counts n;
    gd_video_note   note;
    gd_error        err;
    int64_t         last = INT64_MIN;
    for (int i = 0; i < FRAMES; i++) {
        if (gd_video_source_read(s, &f, &err) != GD_OK || !f.rgb) break;
        GD_ASSERT(f.width > 0 && f.height > 0 && (int64_t)f.width * f.height <= PIXELS);
        GD_ASSERT(f.pts > last && f.index == i && f.duration >= 0);
        last = f.pts;
        sink += f.rgb[0] + f.rgb[3 * (size_t)f.width * (size_t)f.height - 1];
    }
    while (gd_video_source_note(s, &note)) GD_ASSERT(note.code > 0 && note.text[0]);
    gd_video_source_counts(s, &n);
    GD_ASSERT(n.corrupt <= n.decoded && n.decoded <= FRAMES);
    gd_video_frame_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const gd_video_source_options of[] = {
        {.threads = 1, .max_pixels = PIXELS, .keep_packets = true},
        {.threads = 1, .max_pixels = PIXELS, .start_us = 300000, .end_us = 500000}};
    char      path[64];
    gd_error  err;
    const int fd = memfd_create("video", MFD_CLOEXEC);
    if (fd < 0) return 0;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    sink += gd_is_video(path);
    if (write(fd, data, size) == (ssize_t)size)
        for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
            gd_video_source *s;
            if (gd_video_source_open(path, &of[i], &s, &err) != GD_OK) continue;
            read_some(s);
            gd_video_source_close(s);
        }
    (void)close(fd);
    return 0;
}
