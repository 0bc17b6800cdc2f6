/* json_scan.h -- yajl with memory that may run out: a request it cannot have ends the scan.
 *
 * yajl uses what its allocator returns without looking. Here a refused request leaves the
 * call by longjmp, and all that yajl held is released by gd_json_scan_close. Callbacks must
 * not allocate through the handle and need no clean-up of their own. */
#ifndef GD_TOOLS_OUTPUT_JSON_SCAN_H
#define GD_TOOLS_OUTPUT_JSON_SCAN_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <yajl/yajl_parse.h>

typedef struct gd_json_block gd_json_block;

typedef struct gd_json_scan {
    yajl_handle    handle;
    gd_json_block *blocks; /* everything yajl holds */
    bool           starved;
    jmp_buf        out;
} gd_json_scan;

/* The callbacks (NULL: only the grammar is checked) and their context must outlive the scan.
 * The structure must not move afterwards. False: no memory; close is then harmless. */
bool gd_json_scan_open(gd_json_scan *s, const yajl_callbacks *calls, void *ctx);
/* The next n bytes; with NULL, the end of the text. After an error `starved` says whether
 * memory was the reason. */
yajl_status gd_json_scan_feed(gd_json_scan *s, const unsigned char *text, size_t n);
void        gd_json_scan_close(gd_json_scan *s); /* a zeroed structure is allowed */

#endif
