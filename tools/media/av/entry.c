/* entry.c -- the one symbol that libgdrun_av.so exports: its table of functions. */
#include <libavcodec/avcodec.h>
#include <libavdevice/avdevice.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libswscale/swscale.h>
#include <pthread.h>
#include <stdio.h>

#include "tools/media/av/av.h"
#include "tools/media/av/sink.h"
#include "tools/media/av/source.h"

const gd_av *gd_av_entry(const gd_av_host *host);

/* No single block is larger than this, whatever a header claims (RGB of 2^26 pixels fits). */
enum { MOST_BYTES = 512 << 20 };

static char built_on[160];

static const gd_av table = {.abi = GD_AV_ABI,
                            .version = GD_VERSION_STRING,
                            .built_on = built_on,
                            .source_open = gd_av_source_open,
                            .source_close = gd_av_source_close,
                            .source_info = gd_av_source_info,
                            .source_read = gd_av_source_read,
                            .source_stop = gd_av_source_stop,
                            .source_counts = gd_av_source_counts,
                            .source_note = gd_av_source_note,
                            .sink_open = gd_av_sink_open,
                            .sink_write = gd_av_sink_write,
                            .sink_finish = gd_av_sink_finish,
                            .sink_abort = gd_av_sink_abort,
                            .sink_note = gd_av_sink_note};

static int print_versions(const char *name, unsigned v, int at) {
    const int n = snprintf(built_on + at, sizeof built_on - (size_t)at, "%s%s %u.%u.%u",
                           at ? ", " : "", name, v >> 16, v >> 8 & 255, v & 255);
    return n > 0 && (size_t)(at + n) < sizeof built_on ? at + n : at;
}

/* Called once a process, under the host's lock. */
__attribute__((visibility("default"))) const gd_av *gd_av_entry(const gd_av_host *host) {
    int at = 0;
    if (!host || host->abi != GD_AV_ABI) return NULL;
    gd_mem_hook(&host->alloc);
    at = print_versions("libavformat", avformat_version(), at);
    at = print_versions("libavcodec", avcodec_version(), at);
    at = print_versions("libavutil", avutil_version(), at);
    (void)print_versions("libswscale", swscale_version(), at);
    /* What a user should know is counted or noted; FFmpeg would say it for each packet. */
    av_log_set_level(AV_LOG_QUIET);
    av_max_alloc(MOST_BYTES);
    avdevice_register_all();
    return &table;
}
