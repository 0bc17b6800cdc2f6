/* namer.c -- one file name of its own for every picture of a folder; see writer.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/mem.h"
#include "tools/output/name_map.h"
#include "tools/output/writer.h"

enum { STEM = 200 }; /* bytes: room for a number and an extension within NAME_MAX (255) */

struct gd_namer {
    char        folder[3800];
    gd_name_map names; /* file names given out; the value is the last number tried */
};

/* mkdir -p. What stands there already must be a folder. */
static gd_status make_folder(const char *folder, gd_error *err) {
    char        path[3800];
    struct stat st;
    size_t      n = strlen(folder);
    if (n == 0 || n >= sizeof path)
        return gd_fail(err, GD_ERR_IO, "a folder name of %zu bytes cannot be used", n);
    for (size_t i = 1; i <= n; i++) {
        if (folder[i] != '/' && folder[i] != '\0') continue;
        memcpy(path, folder, i);
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return gd_fail_code(err, GD_ERR_IO, 952, "%s: cannot make the folder: %s", path,
                                strerror(errno));
    }
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        return gd_fail_code(err, GD_ERR_IO, 952, "%s: exists and is not a folder", folder);
    return GD_OK;
}

gd_status gd_namer_open(const char *folder, gd_namer **out, gd_error *err) {
    *out = NULL;
    GD_TRY(make_folder(folder, err));
    gd_namer *n = gd_mem_get_zero(sizeof *n);
    if (!n) return gd_fail(err, GD_ERR_NOMEM, "no memory to name files");
    snprintf(n->folder, sizeof n->folder, "%s", folder);
    *out = n;
    return GD_OK;
}

void gd_namer_close(gd_namer *n) {
    if (!n) return;
    gd_name_map_free(&n->names);
    gd_mem_put(n);
}

/* The last component without its extension: no separator, no control byte, never "." or "..".
 * Other bytes, valid UTF-8 or not, stay as they are: they name a file already. */
static void stem_of(const char *source, char stem[STEM + 1]) {
    const char *base = source, *dot;
    size_t      n, k = 0;
    for (const char *p = source; *p; p++)
        if (*p == '/' && p[1] != '\0' && p[1] != '/') base = p + 1;
    n = strcspn(base, "/");
    dot = memchr(base, '.', n) ? base + n : NULL;
    while (dot && *dot != '.') dot--;
    if (dot && dot > base) n = (size_t)(dot - base);
    if (n > STEM) {
        n = STEM;
        while (n > 0 && ((unsigned char)base[n] & 0xc0) == 0x80) n--;
    }
    for (; k < n; k++) {
        unsigned char c = (unsigned char)base[k];
        stem[k] = c < 0x20 || c == 0x7f ? '_' : base[k];
    }
    stem[k] = '\0';
    if (strcmp(stem, "-") == 0) memcpy(stem, "stdin", sizeof "stdin");
    if (strspn(stem, ".") == k) memcpy(stem, "picture", sizeof "picture");
}

gd_status gd_namer_next(gd_namer *n, const char *source, int64_t frame, const char *ext,
                        char *path, size_t room, gd_error *err) {
    char     stem[STEM + 1], base[STEM + 32], name[STEM + 320];
    int64_t  number = 1;
    int64_t *last;
    stem_of(source ? source : "", stem);
    if (frame >= 0)
        snprintf(base, sizeof base, "%s_%06lld", stem, (long long)frame);
    else
        snprintf(base, sizeof base, "%s", stem);
    snprintf(name, sizeof name, "%s%s", base, ext);
    if (strlen(ext) > 50 || strchr(ext, '/'))
        return gd_fail(err, GD_ERR_ARG, "%s is no file name's ending", ext);
    /* The numbers already tried are not tried again, or equal names would cost their square. */
    if ((last = gd_name_map_find(&n->names, name)) != NULL) {
        number = *last;
        do snprintf(name, sizeof name, "%s-%lld%s", base, (long long)++number, ext);
        while (gd_name_map_find(&n->names, name));
        *last = number;
    }
    GD_TRY(gd_name_map_add(&n->names, name, 1, err));
    int k = snprintf(path, room, "%s%s%s", n->folder,
                     n->folder[strlen(n->folder) - 1] == '/' ? "" : "/", name);
    if (k < 0 || (size_t)k >= room)
        return gd_fail(err, GD_ERR_IO, "a file name of %d bytes is too long", k);
    return GD_OK;
}
