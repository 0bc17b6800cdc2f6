/* append.c -- see append.h. */
#include "tools/train/append.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

gd_status gd_append_open(const char *path, int *fd, gd_error *err) {
    do *fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    while (*fd < 0 && errno == EINTR);
    if (*fd >= 0) return GD_OK;
    return gd_fail_code(err, GD_ERR_IO, 900, "%.300s: cannot create: %s", path,
                        strerror(errno));
}

gd_status gd_append(int fd, const char *path, const void *data, size_t n, gd_error *err) {
    const char *p = data;
    while (n > 0) {
        const ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0)
            return gd_fail_code(err, GD_ERR_IO, 900, "%.300s: cannot write: %s", path,
                                strerror(errno));
        p += put;
        n -= (size_t)put;
    }
    return GD_OK;
}
