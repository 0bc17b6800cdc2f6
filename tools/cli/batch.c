/* batch.c -- see batch.h. */
#include "tools/cli/batch.h"

#include <string.h>

#include "tools/cli/report.h"

int gd_batch_half(int n) {
    int b = 1;
    while (2 * b < n) b *= 2;
    return b;
}

/* Memory grows by the same amount with each picture, so two plans tell where to look. */
static int guess(uint64_t one, uint64_t two, uint64_t budget, int most) {
    const uint64_t each = two > one ? two - one : 1, base = one > each ? one - each : 0;
    int            b = 1;
    while (2 * b <= most && base + (uint64_t)(2 * b) * each <= budget) b *= 2;
    return b;
}

gd_status gd_batch_auto(gd_session *s, int width, int height, int n, int *batch,
                        gd_error *err) {
    gd_session_stats stats;
    uint64_t         room, one, need;
    int              b = 1, most;
    *batch = 0;
    gd_session_stats_get(s, &stats);
    most = strcmp(stats.device, "cpu") ? GD_BATCH_MOST : GD_BATCH_MOST_CPU;
    while (most / 2 >= n) most /= 2;
    GD_TRY(gd_session_room(s, &room, err));
    GD_TRY(gd_session_plan(s, width, height, 1, &one, err));
    if (one > room) {
        gd_fail_code(err, GD_ERR_NOMEM, 603,
                     "one picture of %d x %d needs %.2f GiB, %s has %.2f GiB free", width,
                     height, (double)one / 0x1p30, stats.device, (double)room / 0x1p30);
        gd_error_hint(err, "a smaller --imgsz needs less");
        return GD_ERR_NOMEM;
    }
    const uint64_t budget = room / 5 * 4;
    need = one;
    if (most > 1) {
        GD_TRY(gd_session_plan(s, width, height, 2, &need, err));
        b = guess(one, need, budget, most);
        if (b > 2) GD_TRY(gd_session_plan(s, width, height, b, &need, err));
        if (b == 1) need = one;
    }
    while (b > 1 && need > budget) {
        b /= 2;
        GD_TRY(gd_session_plan(s, width, height, b, &need, err));
    }
    gd_say(GD_LEVEL_INFO, "batch: %d (auto: plans %.1f MiB, %s has %.1f MiB free)", b,
           (double)need / 0x1p20, stats.device, (double)room / 0x1p20);
    *batch = b;
    return GD_OK;
}
