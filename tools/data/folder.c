/* folder.c -- folders and names of pictures, for the readers; see build.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "engine/mem.h"
#include "tools/data/build.h"

bool gd_data_is_picture(const char *name) {
    static const char *const ending[] = {".jpg", ".jpeg", ".png", ".bmp",
                                         ".tga", ".ppm",  ".pgm", ".pnm"};
    const char              *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof ending / sizeof *ending; i++)
        if (!strcasecmp(dot, ending[i])) return true;
    return false;
}

bool gd_data_join(char *out, const char *folder, const char *name) {
    size_t n = strlen(folder);
    int    m;
    if (name[0] == '/' || !n)
        m = snprintf(out, GD_DATA_PATH, "%s", name);
    else
        m = snprintf(out, GD_DATA_PATH, "%s%s%s", folder, folder[n - 1] == '/' ? "" : "/",
                     name);
    return m >= 0 && m < GD_DATA_PATH;
}

bool gd_data_is_folder(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

bool gd_data_is_file(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

gd_status gd_data_list(const char *folder, gd_arena *arena, const char ***names, size_t *n,
                       gd_error *err) {
    DIR           *dir = opendir(folder);
    struct dirent *e;
    const char   **list = NULL;
    size_t         room = 0;
    gd_status      st = GD_OK;
    *names = NULL;
    *n = 0;
    if (!dir)
        return gd_fail_code(err, GD_ERR_IO, 802, "%.200s: cannot be read: %s", folder,
                            strerror(errno));
    while ((e = readdir(dir)) != NULL) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (*n == room) {
            size_t want = room ? 2 * room : 256;
            void *p = list ? gd_mem_grow((void *)list, room * sizeof *list, want * sizeof *list)
                           : gd_mem_get(want * sizeof *list);
            if (!p) goto full;
            list = p;
            room = want;
        }
        list[*n] = gd_arena_string(arena, e->d_name);
        if (!list[(*n)++]) goto full;
    }
    qsort((void *)list, *n, sizeof *list, compare_names);
    *names = gd_arena_array(arena, *n + 1, sizeof *list);
    if (!*names) goto full;
    if (*n) memcpy((void *)*names, (void *)list, *n * sizeof *list);
    goto done;
full:
    st = gd_fail(err, GD_ERR_NOMEM, "%.200s: no memory for its list", folder);
done:
    gd_mem_put((void *)list);
    closedir(dir);
    return st;
}
