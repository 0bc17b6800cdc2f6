/* sources.c -- see sources.h. */
#include "tools/cli/sources.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tools/media/video.h"

/* ---- pictures and videos by name --------------------------------------------------------- */

static bool ends_like(const char *name, const char *const *ext, size_t n) {
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');
    if (!dot || dot == name || (slash && dot <= slash + 1)) return false;
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp(dot + 1, ext[i])) return true;
    return false;
}

static bool is_picture_name(const char *name) {
    static const char *const ext[] = {"jpg", "jpeg", "jpe", "png", "bmp", "dib",
                                      "tga", "ppm",  "pgm", "pnm", "jfif"};
    return ends_like(name, ext, sizeof ext / sizeof *ext);
}

/* ---- the list ---------------------------------------------------------------------------- */

static gd_status no_memory(gd_error *err) {
    return gd_fail(err, GD_ERR_NOMEM, "no memory for the list of pictures");
}

/* Appends one entry and hands it out to be filled. */
static gd_status append(gd_sources *s, const char *path, size_t n, gd_source **out,
                        gd_error *err) {
    if (s->n == s->room) {
        int        room = s->room ? 2 * s->room : 64;
        gd_source *items = gd_arena_array(&s->arena, (size_t)room, sizeof *items);
        if (!items) return no_memory(err);
        if (s->n) memcpy(items, s->items, (size_t)s->n * sizeof *items);
        s->items = items;
        s->room = room;
    }
    if (s->n >= GD_SOURCE_MOST) {
        gd_fail_code(err, GD_ERR_ARG, 209, "more than %d pictures are named", GD_SOURCE_MOST);
        gd_error_hint(err, "run them in several parts");
        return GD_ERR_ARG;
    }
    *out = &s->items[s->n];
    (*out)->path = gd_arena_bytes(&s->arena, path, n);
    if (!(*out)->path) return no_memory(err);
    s->n++;
    return GD_OK;
}

/* A picture by its name is not opened here: there may be millions. */
static void mark(gd_sources *s, gd_source *entry) {
    entry->video = s->videos && strcmp(entry->path, "-") && !is_picture_name(entry->path) &&
                   gd_is_video(entry->path);
    s->n_videos += entry->video;
}

static gd_status add_path(gd_sources *s, const char *path, gd_error *err) {
    gd_source *entry = NULL;
    GD_TRY(append(s, path, strlen(path), &entry, err));
    mark(s, entry);
    return GD_OK;
}

/* An entry that carries `why` instead of a picture. */
static gd_status add_error(gd_sources *s, const char *arg, const gd_error *why, gd_error *err) {
    gd_source *entry = NULL;
    gd_error  *copy = gd_arena_small(&s->arena, sizeof *copy);
    if (!copy) return no_memory(err);
    *copy = *why;
    GD_TRY(append(s, arg, strlen(arg), &entry, err));
    entry->error = copy;
    return GD_OK;
}

/* ---- folders ----------------------------------------------------------------------------- */

static int by_path(const void *a, const void *b) {
    return strcmp(((const gd_source *)a)->path, ((const gd_source *)b)->path);
}

static gd_status add_folder(gd_sources *s, const char *path, gd_error *err) {
    DIR           *dir = opendir(path);
    struct dirent *e;
    struct stat    st;
    int            first = s->n;
    gd_error       why = {0};
    const char    *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    gd_status      status = GD_OK;
    if (!dir) {
        gd_fail_code(&why, GD_ERR_IO, 350, "%s: cannot open the folder: %s", path,
                     strerror(errno));
        return add_error(s, path, &why, err);
    }
    while (status == GD_OK && (errno = 0, e = readdir(dir))) {
        char *full;
        if (!is_picture_name(e->d_name) && !(s->videos && gd_is_video_name(e->d_name)))
            continue;
        full = gd_arena_print(&s->arena, "%s%s%s", path, slash, e->d_name);
        if (!full)
            status = no_memory(err);
        else if (e->d_type != DT_DIR && !(stat(full, &st) == 0 && S_ISDIR(st.st_mode)))
            status = add_path(s, full, err);
    }
    if (status == GD_OK && errno)
        gd_fail_code(&why, GD_ERR_IO, 350, "%s: cannot read the folder: %s", path,
                     strerror(errno));
    closedir(dir);
    if (status != GD_OK) return status;
    if (s->n > first)
        qsort(s->items + first, (size_t)(s->n - first), sizeof *s->items, by_path);
    else if (!why.code)
        gd_fail_code(&why, GD_ERR_FORMAT, 352, "%s: the folder holds no pictures%s", path,
                     s->videos ? " or videos" : "");
    return why.code ? add_error(s, path, &why, err) : GD_OK;
}

/* ---- patterns and lists ------------------------------------------------------------------ */

static gd_status add_pattern(gd_sources *s, const char *arg, gd_error *err) {
    glob_t    g = {0};
    gd_error  why = {0};
    gd_status st = GD_OK;
    int       r = glob(arg, GLOB_NOSORT, NULL, &g);
    int       first = s->n;
    if (r == GLOB_NOSPACE) st = no_memory(err);
    for (size_t i = 0; st == GD_OK && r == 0 && i < g.gl_pathc; i++) {
        struct stat info;
        if (stat(g.gl_pathv[i], &info) == 0 && S_ISDIR(info.st_mode)) continue;
        st = add_path(s, g.gl_pathv[i], err);
    }
    globfree(&g);
    if (st != GD_OK) return st;
    if (s->n > first) {
        qsort(s->items + first, (size_t)(s->n - first), sizeof *s->items, by_path);
        return GD_OK;
    }
    gd_fail_code(&why, GD_ERR_IO, 351, "%s: no file matches the pattern", arg);
    return add_error(s, arg, &why, err);
}

/* The lines of a list. A NUL byte would cut a name short, so it makes the list invalid. */
static gd_status add_lines(gd_sources *s, const char *arg, const char *text, size_t size,
                           gd_error *err) {
    gd_error    why = {0};
    int         first = s->n;
    long        line = 0;
    const char *name = gd_arena_string(&s->arena, arg + 1);
    if (!name) return no_memory(err);
    for (size_t at = 0; at < size;) {
        const char *p = text + at, *end = memchr(p, '\n', size - at);
        size_t      n = end ? (size_t)(end - p) : size - at;
        gd_source  *entry = NULL;
        at += n + 1;
        line++;
        if (n && p[n - 1] == '\r') n--;
        if (!n || *p == '#') continue;
        if (n >= 4096 || memchr(p, '\0', n)) {
            gd_fail_code(&why, GD_ERR_FORMAT, 353, "%s: line %ld is no file name: it %s", name,
                         line, n >= 4096 ? "is longer than 4095 bytes" : "holds a NUL byte");
            return add_error(s, arg, &why, err);
        }
        GD_TRY(append(s, p, n, &entry, err));
        entry->where = name;
        mark(s, entry);
    }
    if (s->n > first) return GD_OK;
    gd_fail_code(&why, GD_ERR_FORMAT, 353, "%s: the list names no picture", name);
    return add_error(s, arg, &why, err);
}

static gd_status add_list(gd_sources *s, const char *arg, gd_error *err) {
    unsigned char *text = NULL;
    size_t         size;
    gd_error       why = {0};
    gd_status      st = gd_file_slurp(arg + 1, GD_SOURCE_LIST_BYTES, &text, &size, &why);
    if (st == GD_ERR_NOMEM) {
        if (err) *err = why;
        return st;
    }
    if (st != GD_OK) {
        why.code = 353;
        return add_error(s, arg, &why, err);
    }
    st = add_lines(s, arg, (const char *)text, size, err);
    gd_mem_put(text);
    return st;
}

/* ---- arguments --------------------------------------------------------------------------- */

/* A picture, or raw frames, on standard input. */
static bool is_stdin(const char *arg) {
    const size_t n = strlen(arg);
    return !strcmp(arg, "-") || (!strncmp(arg, "raw:", 4) && !strcmp(arg + n - 2, ":-"));
}

/* A camera by its number, unless a file has that name. */
static bool is_camera_number(const char *arg) {
    struct stat st;
    return *arg && strlen(arg) < 4 && strspn(arg, "0123456789") == strlen(arg) &&
           stat(arg, &st) != 0;
}

/* What an argument names that is neither a file nor a pattern; NULL: it may be either. */
static const char *special_kind(const char *arg) {
    if (!strncmp(arg, "rtsp://", 7) || !strncmp(arg, "rtsps://", 8)) return "streams";
    if (!strncmp(arg, "http://", 7) || !strncmp(arg, "https://", 8)) return "network addresses";
    if (!strncmp(arg, "raw:", 4)) return "raw frames";
    if (!strncmp(arg, "/dev/video", 10) || is_camera_number(arg)) return "cameras";
    return NULL;
}

gd_status gd_sources_add(gd_sources *s, const char *arg, gd_error *err) {
    struct stat st;
    gd_error    why = {0};
    const char *kind = special_kind(arg);
    if (is_stdin(arg)) {
        for (int i = 0; i < s->n; i++)
            if (is_stdin(s->items[i].path))
                return gd_fail_code(err, GD_ERR_ARG, 209, "stdin is named twice as a source");
    }
    if (!strcmp(arg, "-")) return add_path(s, arg, err);
    if (arg[0] == '@' && arg[1]) return add_list(s, arg, err);
    if (kind && s->videos) return add_path(s, arg, err);
    if (kind) {
        gd_fail_code(&why, GD_ERR_UNSUPPORTED, 355, "%s: this command does not read %s", arg,
                     kind);
        gd_error_hint(&why, "gdrun detect, track, segment and filter do");
        return add_error(s, arg, &why, err);
    }
    if (stat(arg, &st) == 0)
        return S_ISDIR(st.st_mode) ? add_folder(s, arg, err) : add_path(s, arg, err);
    if (strpbrk(arg, "*?[")) return add_pattern(s, arg, err);
    gd_fail_code(&why, GD_ERR_IO, 350, "%s: %s", arg,
                 *arg ? strerror(errno) : "an empty file name");
    return add_error(s, arg, &why, err);
}

gd_status gd_sources_gather(gd_sources *s, const gd_flags *f, gd_error *err) {
    const gd_flag_value *more = gd_flag_get(f, GD_OPT_SOURCE);
    s->videos = (f->command & GD_CMD_MOVING) != 0;
    for (int i = 0; i < f->n_args; i++) GD_TRY(gd_sources_add(s, f->args[i], err));
    for (int i = 0; i < more->n_items; i++) GD_TRY(gd_sources_add(s, more->items[i], err));
    if (s->n) return GD_OK;
    gd_fail_code(err, GD_ERR_ARG, 207, "no source was given");
    gd_error_hint(err, "name pictures, videos, folders, patterns, @list.txt or - for stdin");
    return GD_ERR_ARG;
}

gd_status gd_stdin_read(size_t most, unsigned char **out, size_t *size, gd_error *err) {
    size_t         room = 1 << 16, n = 0;
    unsigned char *p = gd_mem_get(room), *more;
    *out = NULL;
    *size = 0;
    while (p) {
        ssize_t got = read(0, p + n, room - n);
        if (got == 0) {
            *out = p;
            *size = n;
            return GD_OK;
        }
        if (got < 0) {
            gd_mem_put(p);
            return gd_fail_code(err, GD_ERR_IO, 354, "stdin: cannot read: %s", strerror(errno));
        }
        n += (size_t)got;
        if (n > most) {
            gd_mem_put(p);
            return gd_fail_code(err, GD_ERR_FORMAT, 354, "stdin: more than %zu bytes", most);
        }
        if (n < room) continue;
        more = gd_mem_grow(p, room, 2 * room);
        if (!more) gd_mem_put(p);
        p = more;
        room *= 2;
    }
    return gd_fail(err, GD_ERR_NOMEM, "no memory for what comes from stdin");
}

void gd_sources_free(gd_sources *s) {
    gd_arena_free(&s->arena);
    memset(s, 0, sizeof *s);
}

bool gd_same_file(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

gd_status gd_sources_clash(const gd_sources *s, const char *output, gd_error *err) {
    struct stat out, in;
    if (stat(output, &out) != 0 || !S_ISREG(out.st_mode)) return GD_OK;
    for (int i = 0; i < s->n; i++) {
        const char *path = s->items[i].path;
        if (s->items[i].error || !strcmp(path, "-") || stat(path, &in) != 0) continue;
        if (in.st_dev == out.st_dev && in.st_ino == out.st_ino) {
            gd_fail_code(err, GD_ERR_ARG, 208, "%s is both a source and an output", output);
            gd_error_hint(err, "choose another output; nothing was changed");
            return GD_ERR_ARG;
        }
    }
    return GD_OK;
}
