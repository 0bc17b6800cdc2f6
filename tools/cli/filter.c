/* filter.c -- see filter.h. */
#include "tools/cli/filter.h"

#include <string.h>

#include "tools/cli/report.h"

gd_status gd_filter_flag(const gd_flags *f, const gd_filter_drawing *d, gd_filter **out,
                         gd_error *err) {
    gd_filter_options o = gd_filter_defaults();
    gd_filter_stats   stats;
    const char       *device = gd_flag_text(f, GD_OPT_DEVICE);
    *out = NULL;
    if (!(gd_flag_table[GD_OPT_FILTER].commands & f->command) ||
        !gd_flag_text(f, GD_OPT_FILTER))
        return GD_OK;
    o.device = device;
    o.threads = (int)gd_flag_int(f, GD_OPT_THREADS);
    o.memory_limit = (uint64_t)gd_flag_int(f, GD_OPT_DEVICE_MEM_CAP);
    GD_TRY(gd_filter_open_drawing(gd_flag_text(f, GD_OPT_FILTER), &o, d, out, err));
    gd_filter_stats_get(*out, &stats);
    gd_say(!strcmp(device, "auto") ? GD_LEVEL_INFO : GD_LEVEL_VERBOSE, "filter: %s on %s",
           stats.text, stats.device);
    return GD_OK;
}
