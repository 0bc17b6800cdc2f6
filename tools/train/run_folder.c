/* run_folder.c -- the folder of a training run: lock, save, keep; see run_folder.h. */
#include "tools/train/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"

enum { CHUNK = 1 << 20 };

static gd_status sys_fail(gd_error *err, int code, const char *path, const char *what) {
    return gd_fail_code(err, GD_ERR_IO, code, "%s: %s: %s", path, what, strerror(errno));
}

const char *gd_run_folder_file(const gd_run_folder *f, const char *name, char *buf,
                               size_t size) {
    snprintf(buf, size, "%s/%s", f->path, name);
    return buf;
}

/* Two trainers in one folder would take turns in overwriting what the other has learnt. */
static gd_status take_lock(gd_run_folder *f, gd_error *err) {
    char path[4096];
    gd_run_folder_file(f, "lock", path, sizeof path);
    do f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    while (f->lock < 0 && errno == EINTR);
    if (f->lock < 0) return sys_fail(err, 986, path, "cannot open");
    int rc;
    do rc = flock(f->lock, LOCK_EX | LOCK_NB);
    while (rc != 0 && errno == EINTR);
    if (rc == 0) return GD_OK;
    if (errno != EWOULDBLOCK) return sys_fail(err, 986, path, "cannot lock");
    return gd_fail_code(err, GD_ERR_IO, 985, "%s: another trainer works in this folder",
                        f->path);
}

static gd_status try_to_write(const gd_run_folder *f, gd_error *err) {
    char   path[4096];
    gd_out o = {.fd = -1};
    gd_run_folder_file(f, "probe", path, sizeof path);
    gd_status st = gd_out_open(&o, path, GD_OUT_REPLACE, err);
    if (st == GD_OK) st = gd_out_write(&o, "probe\n", 6, err);
    gd_out_abort(&o);
    if (st != GD_OK && err) err->code = 986;
    return st;
}

gd_status gd_run_folder_open(gd_run_folder *f, const char *path, gd_error *err) {
    f->lock = -1;
    if (strlen(path) >= sizeof f->path)
        return gd_fail_code(err, GD_ERR_IO, 986, "the path of the run folder has %zu bytes",
                            strlen(path));
    snprintf(f->path, sizeof f->path, "%s", path);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return sys_fail(err, 986, path, "cannot make the run folder");
    gd_status st = take_lock(f, err);
    if (st == GD_OK) st = try_to_write(f, err);
    if (st != GD_OK) gd_run_folder_close(f);
    return st;
}

void gd_run_folder_close(gd_run_folder *f) {
    if (f->lock >= 0) close(f->lock);
    f->lock = -1;
}

/* The bytes of a file under a second name, where the file system has no second names. */
static gd_status copy_file(const char *from, const char *to, gd_error *err) {
    gd_file        in = {.fd = -1};
    gd_out         out = {.fd = -1};
    unsigned char *buf = gd_mem_get(CHUNK);
    gd_status      st = buf ? GD_OK : gd_fail(err, GD_ERR_NOMEM, "no memory to copy %s", from);
    if (st == GD_OK) st = gd_file_open(&in, from, err);
    if (st == GD_OK) st = gd_out_open(&out, to, GD_OUT_REPLACE, err);
    for (uint64_t at = 0; st == GD_OK && at < in.size; at += CHUNK) {
        const size_t n = in.size - at < CHUNK ? (size_t)(in.size - at) : CHUNK;
        st = gd_file_read(&in, at, buf, n, err);
        if (st == GD_OK) st = gd_out_write(&out, buf, n, err);
    }
    if (st == GD_OK)
        st = gd_out_commit(&out, err);
    else
        gd_out_abort(&out);
    gd_file_close(&in);
    gd_mem_put(buf);
    return st;
}

/* `to` becomes another name of the file `from`, at once; what it named before is gone. */
static gd_status give_name(const gd_run_folder *f, const char *from, const char *to,
                           gd_error *err) {
    char a[4096], b[4096], part[4096];
    gd_run_folder_file(f, from, a, sizeof a);
    gd_run_folder_file(f, to, b, sizeof b);
    snprintf(part, sizeof part, "%s/%.200s.part", f->path, to);
    if (unlink(part) != 0 && errno != ENOENT) return sys_fail(err, 986, part, "cannot remove");
    if (link(a, part) != 0) {
        if (errno == ENOENT) return sys_fail(err, 986, a, "cannot be named again");
        return copy_file(a, b, err);
    }
    if (rename(part, b) == 0) {
        /* Two names of one file already: rename leaves both, as POSIX wants it. */
        if (unlink(part) == 0 || errno == ENOENT) return GD_OK;
    }
    gd_status st = sys_fail(err, 986, b, "cannot be renamed");
    unlink(part);
    return st;
}

gd_status gd_run_folder_save(const gd_run_folder *f, gd_run_write write, void *ctx,
                             gd_error *err) {
    char path[4096];
    gd_run_folder_file(f, "last.gdw", path, sizeof path);
    if (access(path, F_OK) == 0) GD_TRY(give_name(f, "last.gdw", "previous.gdw", err));
    return write(ctx, path, err);
}

gd_status gd_run_folder_drop(const gd_run_folder *f, const char *name, gd_error *err) {
    char from[4096], to[4096];
    gd_run_folder_file(f, name, from, sizeof from);
    snprintf(to, sizeof to, "%s/damaged-%.200s", f->path, name);
    if (rename(from, to) == 0 || errno == ENOENT) return GD_OK;
    return sys_fail(err, 986, from, "cannot be renamed");
}

gd_status gd_run_folder_keep(const gd_run_folder *f, const char *name, gd_error *err) {
    return give_name(f, "last.gdw", name, err);
}
