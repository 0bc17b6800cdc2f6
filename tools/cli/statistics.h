/* statistics.h -- the summary of a run in a few lines for people, on stderr. */
#ifndef GD_TOOLS_CLI_STATISTICS_H
#define GD_TOOLS_CLI_STATISTICS_H

#include "tools/cli/report.h"
#include "tools/output/record.h"

/* Frames, rate, detections and classes, tracks, latencies, the time of each stage and which of
 * them set the pace, lost frames. What is not known is left out.
 *
 *     795 frames in 31.2 s, 25.5 a second; 41 tracks
 *     3112 detections, 3.91 a frame, in 98.2 % of the frames: person 99.1 %, bicycle 0.9 %
 *     latency: mean 39.9 ms, p50 38.9, p90 45.1, p99 60.2, max 81.0
 *     stages: decode 1.2 ms, infer 33.1 (97 % busy), draw 0.9, encode 4.0 */
void gd_summary_say(const gd_summary *s, const gd_run_info *info, gd_level level);

#endif
