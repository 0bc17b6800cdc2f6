/* maps.c -- see maps.h. */
#include "tools/eval/maps.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/io.h"
#include "engine/mem.h"

enum { PATH_ROOM = 4096, LIST_BYTES = 64 << 20, MOST = 1 << 24 };

/* ---- which pictures ---------------------------------------------------------------------- */

static bool exists(const char *path) {
    struct stat s;
    return stat(path, &s) == 0;
}

static gd_status join(char out[PATH_ROOM], const char *folder, const char *name,
                      const char *extension, gd_error *err) {
    const int n = snprintf(out, PATH_ROOM, "%s/%s%s", folder, name, extension);
    if (n > 0 && n < PATH_ROOM) return GD_OK;
    return gd_fail_code(err, GD_ERR_IO, 802, "%.200s/%.100s: the path is too long", folder,
                        name);
}

/* The picture and map called `name`; a map without its picture is refused. */
static gd_status add(gd_eval_maps *m, const char *maps, const char *pictures, const char *name,
                     gd_error *err) {
    static const char *const kinds[] = {".jpg", ".jpeg", ".png", ".bmp", ".JPG"};
    char                     map[PATH_ROOM], picture[PATH_ROOM];
    size_t                   k = 0;
    GD_TRY(join(map, maps, name, ".png", err));
    for (; k < sizeof kinds / sizeof *kinds; k++) {
        GD_TRY(join(picture, pictures, name, kinds[k], err));
        if (exists(picture)) break;
    }
    if (k == sizeof kinds / sizeof *kinds)
        return gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: has no picture called %.100s",
                            pictures, name);
    if (m->n == m->room) {
        const int    room = m->room ? 2 * m->room : 256;
        gd_eval_map *more = room <= MOST ? gd_mem_grow(m->item, (size_t)m->room * sizeof *more,
                                                       (size_t)room * sizeof *more)
                                         : NULL;
        if (!more) return gd_fail(err, GD_ERR_NOMEM, "no memory for %d maps", room);
        m->item = more;
        m->room = room;
    }
    gd_eval_map *one = &m->item[m->n];
    one->name = gd_arena_string(&m->arena, name);
    one->picture = gd_arena_string(&m->arena, picture);
    one->map = gd_arena_string(&m->arena, map);
    if (!one->name || !one->picture || !one->map)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d maps", m->n);
    m->n++;
    return GD_OK;
}

static int compare(const void *a, const void *b) {
    return strcmp(((const gd_eval_map *)a)->name, ((const gd_eval_map *)b)->name);
}

/* Every .png of a folder. */
static gd_status add_folder(gd_eval_maps *m, const char *maps, const char *pictures,
                            gd_error *err) {
    DIR      *d = opendir(maps);
    gd_status st = GD_OK;
    if (!d) return gd_fail_code(err, GD_ERR_IO, 802, "%.300s: %s", maps, strerror(errno));
    for (struct dirent *e; st == GD_OK && (e = readdir(d));) {
        const size_t n = strlen(e->d_name);
        char         stem[256];
        if (n < 5 || strcmp(e->d_name + n - 4, ".png") || n - 4 >= sizeof stem) continue;
        memcpy(stem, e->d_name, n - 4);
        stem[n - 4] = '\0';
        st = add(m, maps, pictures, stem, err);
    }
    closedir(d);
    if (st == GD_OK && m->n) qsort(m->item, (size_t)m->n, sizeof *m->item, compare);
    return st;
}

/* The names of a list, one a line. */
static gd_status add_list(gd_eval_maps *m, const char *list, const char *maps,
                          const char *pictures, gd_error *err) {
    unsigned char *text;
    size_t         size;
    gd_status      st = GD_OK;
    GD_TRY(gd_file_slurp(list, LIST_BYTES, &text, &size, err));
    for (size_t at = 0; st == GD_OK && at < size;) {
        char   name[256];
        size_t n = 0;
        while (at < size && strchr(" \t\r\n", text[at])) at++;
        while (at + n < size && text[at + n] && !strchr(" \t\r\n", text[at + n])) n++;
        if (at + n < size && !text[at + n]) n = sizeof name;
        if (n >= sizeof name || memchr(text + at, '/', n < size - at ? n : 0)) {
            st = gd_fail_code(err, GD_ERR_FORMAT, 802,
                              "%.200s: byte %zu: a name is too long or leads elsewhere", list,
                              at);
        } else if (n) {
            memcpy(name, text + at, n);
            name[n] = '\0';
            st = add(m, maps, pictures, name, err);
        }
        at += n;
    }
    gd_mem_put(text);
    return st;
}

static gd_status open_voc(gd_eval_maps *m, const char *path, const char *split,
                          const char *images, gd_error *err) {
    char maps[PATH_ROOM], pictures[PATH_ROOM], list[PATH_ROOM], lists[PATH_ROOM];
    GD_TRY(join(maps, path, "SegmentationClass", "", err));
    GD_TRY(join(pictures, images ? images : path, images ? "." : "JPEGImages", "", err));
    GD_TRY(join(lists, path, "ImageSets/Segmentation", "", err));
    GD_TRY(join(list, lists, split ? split : "val", ".txt", err));
    m->format = "voc";
    if (!exists(list)) {
        if (split)
            return gd_fail_code(err, GD_ERR_FORMAT, 804, "%.200s: has no split '%.60s'", path,
                                split);
        return add_folder(m, maps, pictures, err);
    }
    m->split = gd_arena_string(&m->arena, split ? split : "val");
    if (!m->split) return gd_fail(err, GD_ERR_NOMEM, "no memory for a data set");
    return add_list(m, list, maps, pictures, err);
}

gd_status gd_eval_maps_open(const char *path, const char *split, const char *images,
                            gd_eval_maps *out, gd_error *err) {
    char      voc[PATH_ROOM];
    gd_status st;
    *out = (gd_eval_maps){.format = "maps", .split = ""};
    GD_GO(join(voc, path, "SegmentationClass", "", err));
    if (exists(voc)) {
        st = open_voc(out, path, split, images, err);
    } else if (!images) {
        st = gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: is no folder with maps of classes",
                          path);
        gd_error_hint(err, "a Pascal VOC folder, or a folder of .png maps with --images");
    } else {
        st = add_folder(out, path, images, err);
    }
    if (st == GD_OK && !out->n)
        st = gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: holds no map of classes", path);
done:
    if (st != GD_OK) gd_eval_maps_free(out);
    return st;
}

void gd_eval_maps_free(gd_eval_maps *m) {
    gd_mem_put(m->item);
    gd_arena_free(&m->arena);
    *m = (gd_eval_maps){0};
}

/* ---- one map ----------------------------------------------------------------------------- */

/* What the PNG's header says of its pixels. */
typedef struct png_head {
    int                  depth, kind;
    const unsigned char *palette; /* red, green, blue of each entry */
    int                  n_palette;
} png_head;

static uint32_t big_endian(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Finds IHDR and PLTE; the decoder's front door checks the rest. */
static bool read_head(const unsigned char *p, size_t size, png_head *h) {
    static const unsigned char magic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (size < 33 || memcmp(p, magic, sizeof magic) || memcmp(p + 12, "IHDR", 4)) return false;
    *h = (png_head){.depth = p[24], .kind = p[25]};
    for (size_t at = 8; size - at >= 12;) {
        const size_t n = big_endian(p + at);
        if (n > size - at - 12) break;
        if (!memcmp(p + at + 4, "PLTE", 4)) {
            h->palette = p + at + 8;
            h->n_palette = (int)(n / 3 < 256 ? n / 3 : 256);
        }
        at += 12 + n;
    }
    return true;
}

/* Entry of the palette with this colour; -1: none, -2: several. */
static int find_entry(const png_head *h, const uint8_t *rgb) {
    int found = -1;
    for (int i = 0; i < h->n_palette; i++)
        if (!memcmp(h->palette + 3 * i, rgb, 3)) found = found < 0 ? i : -2;
    return found;
}

static gd_status to_indices(const png_head *h, const gd_picture *pic, const char *path,
                            uint8_t *out, gd_error *err) {
    const size_t n = (size_t)pic->width * (size_t)pic->height;
    const int    levels = (1 << h->depth) - 1;
    uint8_t      last[3] = {0, 0, 0};
    int          entry = h->kind == 3 ? find_entry(h, last) : 0;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *rgb = pic->rgb + 3 * i;
        if (h->kind == 0) {
            out[i] = (uint8_t)(rgb[0] * levels / 255);
            continue;
        }
        if (memcmp(rgb, last, 3)) {
            memcpy(last, rgb, 3);
            entry = find_entry(h, last);
        }
        if (entry < 0)
            return gd_fail_code(err, GD_ERR_FORMAT, 835,
                                "%.200s: the colour of pixel %zu stands %s in its palette",
                                path, i, entry == -2 ? "twice" : "not");
        out[i] = (uint8_t)entry;
    }
    return GD_OK;
}

gd_status gd_eval_map_read(gd_decoder *d, const char *path, uint8_t **out, int *width,
                           int *height, gd_error *err) {
    unsigned char *bytes = NULL;
    size_t         size;
    png_head       h;
    gd_picture     pic = {0};
    gd_status      st;
    *out = NULL;
    GD_GO(gd_file_slurp(path, GD_PICTURE_FILE_BYTES, &bytes, &size, err));
    if (!read_head(bytes, size, &h) || (h.kind != 0 && h.kind != 3) || h.depth > 8) {
        st = gd_fail_code(err, GD_ERR_FORMAT, 835, "%.200s: is no PNG of class numbers", path);
        gd_error_hint(err, "one channel of at most 8 bits, grey or with a palette");
        goto done;
    }
    GD_GO(gd_decoder_read_memory(d, bytes, size, path, NULL, &pic, err));
    *out = gd_mem_array((size_t)pic.width * (size_t)pic.height, 1);
    if (!*out) {
        st = gd_fail(err, GD_ERR_NOMEM, "%.200s: no memory for %d x %d", path, pic.width,
                     pic.height);
        goto done;
    }
    *width = pic.width;
    *height = pic.height;
    st = to_indices(&h, &pic, path, *out, err);
    if (st != GD_OK) {
        gd_mem_put(*out);
        *out = NULL;
    }
done:
    gd_picture_free(&pic);
    gd_mem_put(bytes);
    return st;
}
