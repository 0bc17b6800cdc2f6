/* confine.h -- takes from the converter, before it reads a byte of its input, what it never
 * needs.
 *
 * After gd_confine the process and its children can open for reading only what was named, can
 * create files only in the output's folder, and have no network and no exec. A hole in a parser
 * then leads to nothing worth having. There is no way back. */
#ifndef GD_TOOLS_CONVERT_CONFINE_H
#define GD_TOOLS_CONVERT_CONFINE_H

#include <stdbool.h>

#include "engine/status.h"

typedef struct gd_confined {
    bool files;    /* Landlock holds; false: the kernel has none */
    bool syscalls; /* the seccomp filter holds */
} gd_confined;

/* `readable`: n files, or folders with all that is in them; NULL entries are passed over,
 * absent ones too (opening them fails later, with a better message). `output`: the file to be
 * written, NULL for none. Fails only when the kernel has the means but they cannot be
 * applied. */
gd_status gd_confine(const char *const *readable, int n, const char *output, gd_confined *got,
                     gd_error *err) GD_MUST_CHECK;

#endif
