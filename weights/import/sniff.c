/* sniff.c -- what a file is, from its first bytes: half of all broken downloads are
 * recognisable. */
#include <ctype.h>
#include <string.h>

#include "engine/safe.h"
#include "weights/import/reader.h"

typedef struct magic {
    size_t      at, n;
    const char *bytes, *what, *hint;
} magic;

static const magic known[] = {
    {0, 7, "version", "a Git LFS pointer, not the file it points to",
     "git lfs pull, or download the file itself"},
    {0, 2, "\x1f\x8b", "a gzip archive", "unpack it first"},
    {0, 3, "BZh", "a bzip2 archive", "unpack it first"},
    {0, 6,
     "\xfd"
     "7zXZ\0",
     "an xz archive", "unpack it first"},
    {0, 6, "7z\xbc\xaf\x27\x1c", "a 7-zip archive", "unpack it first"},
    {0, 4, "\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first"},
    {0, 4, "Rar!", "a RAR archive", "unpack it first"},
    {257, 5, "ustar", "a tar archive (weights of PyTorch before 0.1.10, or a packed folder)",
     "load and save it with a newer PyTorch, or unpack it"},
    {0, 4, "\x89HDF", "an HDF5 file (Keras or TensorFlow weights)", NULL},
    {0, 4, "GGUF", "a GGUF file", NULL},
    {0, 6, "\x93NUMPY", "a NumPy array", NULL},
    {0, 4,
     "\x7f"
     "ELF",
     "a program or shared library", NULL},
    {0, 4, "\x89PNG", "a PNG picture", NULL},
    {0, 3, "\xff\xd8\xff", "a JPEG picture", NULL},
    {0, 4, "%PDF", "a PDF document", NULL},
    {0, 2, "#!", "a script", NULL},
    {0, 4, "\x89GDW", "a .gdw file", "it needs no conversion: give it to gdrun"},
};

/* How torch.save began before 1.6: PROTO, from protocol 4 on a FRAME, then LONG1 of 10
 * bytes. */
static bool is_legacy(const unsigned char *p, size_t n) {
    static const unsigned char number[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                           0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
    size_t                     at = n > 3 && p[2] == 0x95 ? 11 : 2;
    return n >= at + sizeof number && p[0] == 0x80 &&
           memcmp(p + at, number, sizeof number) == 0;
}

/* No control byte but those of line layout, and no byte that UTF-8 never has. */
static bool all_text(const unsigned char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if ((p[i] < 0x20 && !memchr("\t\n\r\f\033", p[i], 5)) || p[i] >= 0xf8) return false;
    return n > 0;
}

static bool all_zero(const unsigned char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i]) return false;
    return true;
}

/* The first line with content is [net]. */
static bool is_cfg(const unsigned char *p, size_t n) {
    static const char *const first[] = {"[net]", "[network]"};
    size_t                   i = 0;
    while (i < n && (isspace(p[i]) || p[i] == '#' || p[i] == ';')) {
        const bool comment = !isspace(p[i++]);
        while (comment && i < n && p[i] != '\n') i++;
    }
    for (int k = 0; k < 2; k++)
        if (n - i >= strlen(first[k]) && memcmp(p + i, first[k], strlen(first[k])) == 0)
            return true;
    return false;
}

/* Version 0.1 or 0.2, a small revision. */
static bool is_darknet(const unsigned char *p, size_t n) {
    return n >= 16 && gd_le32(p) == 0 && gd_le32(p + 4) >= 1 && gd_le32(p + 4) <= 2 &&
           gd_le32(p + 8) <= 9;
}

static gd_file_kind text_kind(const unsigned char *p, size_t n, const char **what) {
    size_t i = 0;
    while (i < n && isspace(p[i])) i++;
    if (i < n && p[i] == '{') return GD_KIND_JSON;
    if (is_cfg(p, n)) return GD_KIND_DARKNET_CFG;
    *what = i < n && p[i] == '<'
                ? "a web page or XML file: probably an error page saved as weights"
                : "a text file";
    return GD_KIND_OTHER;
}

gd_file_kind gd_sniff(const unsigned char *head, size_t n, const char **what,
                      const char **hint) {
    *what = "unknown content";
    *hint = NULL;
    if (n == 0) *what = "an empty file: the download or the save did not happen";
    if (n >= 4 && memcmp(head, "PK\3\4", 4) == 0) return GD_KIND_ZIP;
    if (is_legacy(head, n)) return GD_KIND_LEGACY;
    if (is_darknet(head, n)) return GD_KIND_DARKNET_WEIGHTS;
    if (n >= 9 && head[8] == '{' && !all_text(head, 8)) return GD_KIND_SAFETENSORS;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const magic *m = &known[i];
        if (n < m->at + m->n || memcmp(head + m->at, m->bytes, m->n) != 0) continue;
        if (i == 0 && (n < 40 || memcmp(head, "version https://git-lfs", 23) != 0)) continue;
        *what = m->what;
        *hint = m->hint;
        return GD_KIND_OTHER;
    }
    if (n >= 4 && memcmp(head, "PK\5\6", 4) == 0)
        *what = "an empty zip archive";
    else if (n >= 2 && head[0] == 0x80 && head[1] <= 5)
        *what = "a plain pickle without the header that torch.save writes";
    else if (n && all_zero(head, n))
        *what = "a file that begins with zeros: a download or copy that was not finished";
    else if (all_text(head, n))
        return text_kind(head, n, what);
    return GD_KIND_OTHER;
}
