/* io.c -- files by pread and pwrite; see io.h. */
#include "engine/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/mem.h"

static gd_status sys_fail(gd_error *err, const char *path, const char *what) {
    int e = errno;
    /* A reader that went away (951) deserves no message, so it has a code of its own. */
    return gd_fail_code(err, e == ENOMEM ? GD_ERR_NOMEM : GD_ERR_IO, e == EPIPE ? 951 : 0,
                        "%s: %s: %s", path, what, strerror(e));
}

static gd_status keep_path(char *dst, size_t room, const char *path, gd_error *err) {
    size_t n = strlen(path);
    if (n == 0) return gd_fail(err, GD_ERR_ARG, "empty file name");
    if (n >= room) return gd_fail(err, GD_ERR_IO, "file name of %zu bytes is too long", n);
    memcpy(dst, path, n + 1);
    return GD_OK;
}

static void shut(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* ---- reading ---------------------------------------------------------------------------- */

gd_status gd_file_open(gd_file *f, const char *path, gd_error *err) {
    struct stat st;
    f->fd = -1;
    f->size = 0;
    GD_TRY(keep_path(f->path, sizeof f->path, path, err));
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    do f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (f->fd < 0 && errno == EINTR);
    if (f->fd < 0) return sys_fail(err, path, "cannot open");
    if (fstat(f->fd, &st) != 0) {
        gd_status s = sys_fail(err, path, "cannot examine");
        shut(&f->fd);
        return s;
    }
    if (!S_ISREG(st.st_mode)) {
        shut(&f->fd);
        return gd_fail(err, GD_ERR_IO, "%s: is a %s, not a regular file", path,
                       S_ISDIR(st.st_mode)    ? "directory"
                       : S_ISFIFO(st.st_mode) ? "FIFO"
                       : S_ISSOCK(st.st_mode) ? "socket"
                                              : "device");
    }
    f->size = (uint64_t)st.st_size;
    return GD_OK;
}

gd_status gd_file_read(gd_file *f, uint64_t at, void *dst, size_t n, gd_error *err) {
    unsigned char *p = dst;
    while (n > 0) {
        ssize_t got = pread(f->fd, p, n, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return sys_fail(err, f->path, "cannot read");
        if (got == 0)
            return gd_fail(err, GD_ERR_FORMAT, "%s: ends at byte %llu, %zu bytes early",
                           f->path, (unsigned long long)at, n);
        p += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return GD_OK;
}

void gd_file_close(gd_file *f) { shut(&f->fd); }

gd_status gd_file_slurp(const char *path, uint64_t max_size, unsigned char **out, size_t *size,
                        gd_error *err) {
    gd_file        f;
    unsigned char *p = NULL;
    gd_status      st;
    *out = NULL;
    *size = 0;
    GD_TRY(gd_file_open(&f, path, err));
    if (f.size > max_size) {
        st = gd_fail(err, GD_ERR_FORMAT, "%s: has %llu bytes, more than the limit of %llu",
                     path, (unsigned long long)f.size, (unsigned long long)max_size);
        goto done;
    }
    p = gd_mem_get((size_t)f.size);
    if (!p) {
        st = gd_fail(err, GD_ERR_NOMEM, "%s: no memory for its %llu bytes", path,
                     (unsigned long long)f.size);
        goto done;
    }
    GD_GO(gd_file_read(&f, 0, p, (size_t)f.size, err));
    *out = p;
    *size = (size_t)f.size;
    p = NULL;
done:
    gd_mem_put(p);
    gd_file_close(&f);
    return st;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* Decides from what stands at `path` whether to write it directly. */
static gd_status look_at_target(gd_out *o, unsigned flags, gd_error *err) {
    struct stat st;
    if (lstat(o->path, &st) != 0)
        return errno == ENOENT ? GD_OK : sys_fail(err, o->path, "cannot examine");
    if (S_ISDIR(st.st_mode)) return gd_fail(err, GD_ERR_IO, "%s: is a directory", o->path);
    if (S_ISLNK(st.st_mode))
        return gd_fail(err, GD_ERR_IO, "%s: is a symbolic link; not written through", o->path);
    if (!S_ISREG(st.st_mode)) {
        o->direct = true;
        return GD_OK;
    }
    if (!(flags & GD_OUT_REPLACE)) {
        gd_status s = gd_fail(err, GD_ERR_IO, "%s: exists already", o->path);
        gd_error_hint(err, "-y overwrites");
        return s;
    }
    return GD_OK;
}

gd_status gd_out_open(gd_out *o, const char *path, unsigned flags, gd_error *err) {
    o->fd = -1;
    o->at = 0;
    o->direct = false;
    o->part[0] = '\0';
    GD_TRY(keep_path(o->path, sizeof o->path, path, err));
    GD_TRY(look_at_target(o, flags, err));
    if (o->direct) {
        do o->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
        while (o->fd < 0 && errno == EINTR);
        return o->fd < 0 ? sys_fail(err, path, "cannot open for writing") : GD_OK;
    }
    snprintf(o->part, sizeof o->part, "%.4095s.part", path);
    /* A stale part of an interrupted run is nobody's data. */
    if (unlink(o->part) != 0 && errno != ENOENT) {
        gd_status s = sys_fail(err, o->part, "cannot remove the stale file");
        o->part[0] = '\0';
        return s;
    }
    do o->fd = open(o->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    while (o->fd < 0 && errno == EINTR);
    if (o->fd < 0) {
        gd_status s = sys_fail(err, o->part, "cannot create");
        o->part[0] = '\0';
        return s;
    }
    return GD_OK;
}

static gd_status put_at(gd_out *o, uint64_t at, const void *src, size_t n, gd_error *err) {
    const unsigned char *p = src;
    while (n > 0) {
        ssize_t put = o->direct ? write(o->fd, p, n) : pwrite(o->fd, p, n, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return sys_fail(err, o->path, "cannot write");
        p += put;
        at += (uint64_t)put;
        n -= (size_t)put;
    }
    return GD_OK;
}

gd_status gd_out_write(gd_out *o, const void *src, size_t n, gd_error *err) {
    GD_TRY(put_at(o, o->at, src, n, err));
    o->at += n;
    return GD_OK;
}

gd_status gd_out_patch(gd_out *o, uint64_t at, const void *src, size_t n, gd_error *err) {
    if (o->direct)
        return gd_fail(err, GD_ERR_IO,
                       "%s: is not a regular file, so its start cannot be patched", o->path);
    return put_at(o, at, src, n, err);
}

static gd_status sync_folder(const char *path, gd_error *err) {
    char        dir[4096];
    const char *slash = strrchr(path, '/');
    if (!slash)
        memcpy(dir, ".", 2);
    else
        snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return sys_fail(err, dir, "cannot open the folder");
    /* Some file systems cannot sync a folder (EINVAL): the rename stands all the same. */
    gd_status st = fsync(fd) != 0 && errno != EINVAL
                       ? sys_fail(err, dir, "cannot sync the folder")
                       : GD_OK;
    close(fd);
    return st;
}

gd_status gd_out_commit(gd_out *o, gd_error *err) {
    gd_status st = GD_OK;
    if (o->direct) {
        if (close(o->fd) != 0) st = sys_fail(err, o->path, "cannot close");
        o->fd = -1;
        return st;
    }
    /* A failed fsync is never retried: the kernel may have dropped the dirty pages. */
    if (fsync(o->fd) != 0) {
        st = sys_fail(err, o->path, "cannot make durable");
        gd_out_abort(o);
        return st;
    }
    if (close(o->fd) != 0) {
        st = sys_fail(err, o->path, "cannot close");
        o->fd = -1;
        gd_out_abort(o);
        return st;
    }
    o->fd = -1;
    if (rename(o->part, o->path) != 0) {
        st = sys_fail(err, o->path, "cannot rename into place");
        gd_out_abort(o);
        return st;
    }
    o->part[0] = '\0';
    return sync_folder(o->path, err);
}

void gd_out_abort(gd_out *o) {
    shut(&o->fd);
    if (o->part[0]) unlink(o->part);
    o->part[0] = '\0';
}
