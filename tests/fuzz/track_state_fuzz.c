/* track_state_fuzz.c -- any bytes as the state of a tracker: refused, or one that goes on. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/track/track.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Frames after it: every box that is answered is a box. */
static void go_on(gd_tracker *t) {
    const gd_detection d[3] = {{{10, 10, 40, 60}, 0.9f, 0},
                               {{100, 30, 130, 90}, 0.2f, 1},
                               {{500, 30, 530, 90}, 0.6f, 0}};
    for (int f = 0; f < 4; f++) {
        gd_track out[3];
        gd_error err;
        int      n;
        if (gd_tracker_update(t, d, 3, f / 25.0, out, &err) != GD_OK) return;
        const gd_track *lost = gd_tracker_lost(t, &n);
        for (int k = 0; k < 4; k++) {
            for (int i = 0; i < 3; i++)
                if (isnan(out[i].box[k])) abort();
            for (int i = 0; i < n; i++)
                if (isnan(lost[i].box[k])) abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    int  fd = memfd_create("state", MFD_CLOEXEC);
    if (fd < 0) return 0;
    if (write(fd, data, size) == (ssize_t)size)
        for (int kind = 0; kind < 3; kind++) {
            gd_tracker_options opt = gd_tracker_defaults((gd_tracker_kind)kind);
            gd_tracker        *t;
            gd_error           err;
            if (gd_tracker_open(&opt, &t, &err) != GD_OK) break;
            snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
            if (gd_tracker_load(t, path, &err) == GD_OK) go_on(t);
            gd_tracker_close(t);
        }
    close(fd);
    return 0;
}
