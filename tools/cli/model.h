/* model.h -- from flags to a loaded model and an opened session, with everything said about
 * it. */
#ifndef GD_TOOLS_CLI_MODEL_H
#define GD_TOOLS_CLI_MODEL_H

#include "tools/cli/flags.h"

/* The file behind a model's name: the name itself; without a slash and not found, also in
 * GDRUN_MODEL_DIR, with and without .gdw. Writes at most `room` bytes. */
gd_status gd_model_find(const char *name, char *path, size_t room, gd_error *err) GD_MUST_CHECK;

/* --strict: no weight may be NaN or infinite. */
gd_status gd_model_finite(const gd_model *m, gd_error *err) GD_MUST_CHECK;

/* CPU threads that --threads asks for; 0 there means one for each core this process may use.
 * Fewer, with a warning, when the system does not let that many start: the OpenMP runtime would
 * end the program later. */
int gd_thread_count(const gd_flags *f);

/* Session options from the flags; one line on stderr for each override of the model's
 * recipe. */
gd_session_options gd_session_flags(const gd_flags *f, const gd_model *m);

/* SHA-256 of a file in hexadecimal. */
gd_status gd_file_sha256(const char *path, char hex[65], gd_error *err) GD_MUST_CHECK;
/* The recipe in force as a JSON object, released with gd_mem_put; NULL without memory. */
char *gd_recipe_json(const gd_model *m, const gd_session_options *opt);

/* Id of the class called `text`, or numbered so; E211 with the nearest name otherwise. */
gd_status gd_class_find(const gd_model *m, const char *text, int *id,
                        gd_error *err) GD_MUST_CHECK;

#endif
