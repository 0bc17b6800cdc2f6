/* device.h -- the device behind --device: checked, told in one line, listed. */
#ifndef GD_TOOLS_CLI_DEVICE_H
#define GD_TOOLS_CLI_DEVICE_H

#include <jansson.h>

#include "engine/plugin.h"
#include "tools/cli/flags.h"

/* What can be refused before a model is read: E210 for a precision that the device named does
 * not have. Devices themselves are refused where a session is opened. */
gd_status gd_device_check(const gd_flags *f, gd_error *err) GD_MUST_CHECK;
/* One line with what --device auto chose, and the precision; with an explicit device only under
 * -v. */
void gd_device_say(const gd_flags *f, const gd_session_stats *s);

/* Sets a session's precision by its command-line name, which was checked. */
void gd_precision_set(gd_session_options *o, const char *name);

enum { GD_MAX_GPU = 64 };

/* What there is to be known about the GPUs of this machine. */
typedef struct gd_gpus {
    const gd_plugin *plugin;     /* NULL: none, and `error` says why */
    char             path[4096]; /* of the plugin; "" where unknown */
    int              n;
    gd_device_info   gpu[GD_MAX_GPU];
    gd_error         error; /* why there are none; status GD_OK when there are */
} gd_gpus;

/* Loads the plugin and asks the driver; never fails. Opens a context on every GPU, so it
 * belongs after everything that wants a program of one thread. */
void gd_gpus_find(gd_gpus *g);
/* E5xx unless the GPU of --device cuda or cuda:N can be used. */
gd_status gd_gpus_need(const gd_gpus *g, const char *device, gd_error *err) GD_MUST_CHECK;
/* The same as a JSON object; `ok` as in json_make.h. */
json_t *gd_gpus_json(const gd_gpus *g, bool *ok);
/* Lines for people; `mark` stands behind "cuda" and "cuda:0" at their beginning. */
void gd_gpus_print(const gd_gpus *g, const char *mark);

#endif
