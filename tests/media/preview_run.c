/* preview_run.c -- a preview for preview_client_test.py: a moving square until stdin ends.
 *
 *     preview_run WHERE CLIENTS REQUEST_S STALL_S
 *
 * Prints the URL, then its statistics at the end. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/media/preview.h"

enum { W = 320, H = 240 };

/* Frame `i`: the left edge of the square is at 8 i modulo 256. */
static void paint(uint8_t *rgb, int i) {
    memset(rgb, 40, W * H * 3);
    for (int y = 100; y < 140; y++) memset(rgb + 3 * (y * W + 8 * i % 256), 250, 3 * 40);
}

int main(int argc, char **argv) {
    static uint8_t rgb[W * H * 3];
    gd_error       err = {0};
    gd_preview    *p;
    struct pollfd  in = {.fd = 0, .events = POLLIN};
    if (argc != 5) return 2;
    const gd_preview_options opt = {.clients = atoi(argv[2]),
                                    .request_s = atof(argv[3]),
                                    .stall_s = atof(argv[4]),
                                    .send_buffer = 16384};
    if (gd_preview_open(argv[1], &opt, &p, &err) != GD_OK) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    printf("%s\n", gd_preview_url(p));
    fflush(stdout);
    for (int i = 0; poll(&in, 1, 10) == 0; i++) {
        paint(rgb, i);
        if (gd_preview_show(p, rgb, W, H, 0, &err) != GD_OK) return 1;
    }
    const gd_preview_stats s = gd_preview_statistics(p);
    gd_preview_close(p);
    printf("{\"offered\":%lld,\"encoded\":%lld,\"sent\":%lld,\"accepted\":%lld,"
           "\"refused\":%lld}\n",
           (long long)s.offered, (long long)s.encoded, (long long)s.sent, (long long)s.accepted,
           (long long)s.refused);
    return 0;
}
