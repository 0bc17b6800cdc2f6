/* check.h -- the pictures of a data set opened: are they there, whole, of the stated size, and
 * unlike each other? */
#ifndef GD_TOOLS_DATA_CHECK_H
#define GD_TOOLS_DATA_CHECK_H

#include "tools/data/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_CHECK_THREADS = 64 };

typedef struct gd_check gd_check;

/* Starts the processes that decode, so call it while the program has one thread. */
gd_status gd_check_open(int threads, gd_check **out, gd_error *err) GD_MUST_CHECK;
void      gd_check_close(gd_check *c); /* NULL is allowed */

/* Reads every picture and notes what is wrong in the report of the data set: no-picture,
 * bad-picture, other-size; same-picture within the split; overlap with the splits that were
 * looked at before. usable[i] (may be NULL): whether picture i can be used. `progress` (may be
 * NULL) is called by the calling thread with how many are done; true ends the check. */
gd_status gd_check_pictures(gd_check *c, gd_data *d, bool *usable,
                            bool (*progress)(size_t done, size_t all),
                            gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
