/* names.h -- the class names that go into a .gdw: from a file, a built-in list, or made up. */
#ifndef GD_TOOLS_CONVERT_NAMES_H
#define GD_TOOLS_CONVERT_NAMES_H

#include "engine/arena.h"
#include "layers/arch.h"

typedef struct gd_names {
    const char *joined; /* newline between names, as the metadata has them */
    const char *ids;    /* comma between category ids */
    int         count;  /* classes, background not among them */
    bool        made_up;
} gd_names;

/* One name a line, UTF-8; blank lines at the end, carriage returns and a byte-order mark are
 * passed over. A blank line in the middle, a doubled name or a control byte is refused (E463).
 * The result is in the arena. */
gd_status gd_names_read(const char *path, gd_arena *arena, gd_names *out,
                        gd_error *err) GD_MUST_CHECK;
/* The same rules for a text at hand: names that a checkpoint brings. */
gd_status gd_names_text(const char *text, gd_arena *arena, gd_names *out,
                        gd_error *err) GD_MUST_CHECK;
/* Names for a head of `outputs` outputs. `given` may be NULL: then the architecture's own list
 * where it has as many, else "class 0", ... With `given` the count must be the head's; names of
 * the background outputs may stand at its front and are dropped. E463 otherwise. */
gd_status gd_names_fit(const gd_arch *a, int outputs, const gd_names *given, gd_arena *arena,
                       gd_names *out, gd_error *err) GD_MUST_CHECK;

#endif
