/* video_kind.c -- which sources are videos: by what the user typed, then by content. */
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/media/video.h"

static bool ends_in(const char *path, const char *const *of) {
    const char *dot = strrchr(path, '.');
    for (; dot && *of; of++)
        if (!strcasecmp(dot, *of)) return true;
    return false;
}

bool gd_is_video_output(const char *path) {
    static const char *const of[] = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", NULL};
    return ends_in(path, of);
}

bool gd_is_video_name(const char *path) {
    static const char *const of[] = {".mp4", ".mov", ".mkv",  ".webm", ".avi", ".m4v",
                                     ".ts",  ".mts", ".m2ts", ".3gp",  NULL};
    return ends_in(path, of);
}

static bool typed_source(const char *path) {
    static const char *const of[] = {"rtsp://", "http://", "https://", "raw:", "/dev/video"};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        if (!strncmp(path, of[i], strlen(of[i]))) return true;
    /* The number of a camera, unless a file is called so. */
    const size_t n = strspn(path, "0123456789");
    return n > 0 && n <= 3 && !path[n] && access(path, F_OK) != 0;
}

/* First bytes of MP4 and MOV, AVI, MKV and WebM, MPEG transport streams. */
static bool video_bytes(const unsigned char *p, size_t n) {
    static const char *const atom[] = {"ftyp", "moov", "mdat", "wide", "skip", "pnot"};
    if (n < 12) return false;
    for (size_t i = 0; i < sizeof atom / sizeof *atom; i++) {
        /* HEIF pictures begin like MP4. */
        if (!memcmp(p + 4, atom[i], 4))
            return i > 0 || (memcmp(p + 8, "hei", 3) != 0 && memcmp(p + 8, "mif1", 4) != 0 &&
                             memcmp(p + 8, "avif", 4) != 0);
    }
    if (!memcmp(p, "RIFF", 4) && !memcmp(p + 8, "AVI", 3)) return true;
    if (!memcmp(p, "\x1a\x45\xdf\xa3", 4)) return true;
    return n > 376 && p[0] == 0x47 && p[188] == 0x47 && p[376] == 0x47;
}

static bool picture_bytes(const unsigned char *p, size_t n) {
    if (n < 8) return false;
    return (p[0] == 0xff && p[1] == 0xd8) || !memcmp(p, "\x89PNG", 4) || !memcmp(p, "BM", 2) ||
           !memcmp(p, "GIF8", 4) || (p[0] == 'P' && p[1] >= '1' && p[1] <= '7');
}

bool gd_is_video(const char *path) {
    unsigned char head[400];
    struct stat   st;
    size_t        n = 0;
    if (typed_source(path)) return true;
    /* A FIFO would block, and what it gives could not be read again. */
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return gd_is_video_name(path);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return gd_is_video_name(path);
    for (ssize_t k; n < sizeof head && (k = read(fd, head + n, sizeof head - n)) > 0;)
        n += (size_t)k;
    (void)close(fd);
    return video_bytes(head, n) || (gd_is_video_name(path) && !picture_bytes(head, n));
}
