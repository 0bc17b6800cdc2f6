/* v4l2_stub.c -- preloaded: /dev/video9x are cameras that behave as GD_CAMERA tells.
 *
 *   GD_CAMERA=FRAMES:END   YUYV 64x48 at 50 a second; after FRAMES frames END happens:
 *                          unplug (ENODEV), stall (nothing more), resume (a second's silence,
 *                          then as many frames again, then unplug)
 *   /dev/video98 is busy, /dev/video99 is no camera. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 64, HEIGHT = 48, BYTES = WIDTH * HEIGHT * 2, BUFFERS = 8, RATE = 50 };

int   open(const char *path, int flags, ...);
int   open64(const char *path, int flags, ...);
int   ioctl(int fd, unsigned long request, ...);
void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset);
void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset);

static int    camera = -1, number;
static bool   queued[BUFFERS];
static int    given, next_buffer;
static double started, silence;

static double now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int plan(char end[16]) {
    int         n = 10;
    const char *p = getenv("GD_CAMERA");
    (void)snprintf(end, 16, "unplug");
    if (p) (void)sscanf(p, "%d:%15s", &n, end);
    return n;
}

static int open_any(const char *name, const char *path, int flags, mode_t mode) {
    union {
        void *object;
        int (*call)(const char *, int, ...);
    } real = {.object = dlsym(RTLD_NEXT, name)};
    if (sscanf(path, "/dev/video%d", &number) == 1 && number >= 90) {
        if (number == 98) {
            errno = EBUSY;
            return -1;
        }
        return camera = real.call("/dev/null", flags, mode);
    }
    return real.call(path, flags, mode);
}

static mode_t mode_of(int flags, va_list args) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    const mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_any("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    const mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_any("open64", path, flags, mode);
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset) {
    union {
        void *object;
        void *(*call)(void *, size_t, int, int, int, off_t);
    } real = {.object = dlsym(RTLD_NEXT, "mmap")};
    if (fd < 0 || fd != camera) return real.call(at, n, prot, flags, fd, offset);
    return real.call(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset) {
    return mmap(at, n, prot, flags, fd, offset);
}

static int dequeue(struct v4l2_buffer *b) {
    char      end[16];
    const int most = plan(end), frames = strcmp(end, "resume") ? most : 2 * most;
    if (started <= 0) started = now();
    if (given >= frames && !strcmp(end, "stall")) {
        errno = EAGAIN;
        return -1;
    }
    if (given >= frames) {
        errno = ENODEV;
        return -1;
    }
    if (given == most && silence <= 0) silence = 1;
    if (now() < started + silence + (double)given / RATE || !queued[next_buffer]) {
        errno = EAGAIN;
        return -1;
    }
    const double at = now();
    b->index = (unsigned)next_buffer;
    b->bytesused = BYTES;
    b->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    b->timestamp.tv_sec = (time_t)at;
    b->timestamp.tv_usec = (suseconds_t)((at - (double)(time_t)at) * 1e6);
    b->sequence = (unsigned)given++;
    queued[next_buffer] = false;
    next_buffer = (next_buffer + 1) % BUFFERS;
    return 0;
}

static void set_format(struct v4l2_format *f) {
    f->fmt.pix = (struct v4l2_pix_format){.width = WIDTH,
                                          .height = HEIGHT,
                                          .pixelformat = V4L2_PIX_FMT_YUYV,
                                          .field = V4L2_FIELD_NONE,
                                          .bytesperline = 2 * WIDTH,
                                          .sizeimage = BYTES};
}

static int answer(unsigned long request, void *p) {
    switch ((unsigned)request) {
    case (unsigned)VIDIOC_QUERYCAP: {
        struct v4l2_capability *c = p;
        memset(c, 0, sizeof *c);
        (void)snprintf((char *)c->card, sizeof c->card, "stub");
        c->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    }
    case (unsigned)VIDIOC_G_INPUT: *(int *)p = 0; return 0;
    case (unsigned)VIDIOC_ENUMINPUT: return 0;
    case (unsigned)VIDIOC_G_FMT:
    case (unsigned)VIDIOC_S_FMT:
    case (unsigned)VIDIOC_TRY_FMT: set_format(p); return 0;
    case (unsigned)VIDIOC_G_PARM:
    case (unsigned)VIDIOC_S_PARM: {
        struct v4l2_streamparm *s = p;
        s->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        s->parm.capture.timeperframe = (struct v4l2_fract){1, RATE};
        return 0;
    }
    case (unsigned)VIDIOC_REQBUFS: ((struct v4l2_requestbuffers *)p)->count = BUFFERS; return 0;
    case (unsigned)VIDIOC_QUERYBUF: {
        struct v4l2_buffer *b = p;
        b->length = BYTES;
        b->m.offset = b->index * 4096u;
        return 0;
    }
    case (unsigned)VIDIOC_QBUF: queued[((struct v4l2_buffer *)p)->index] = true; return 0;
    case (unsigned)VIDIOC_DQBUF: return dequeue(p);
    case (unsigned)VIDIOC_STREAMON:
    case (unsigned)VIDIOC_STREAMOFF: return 0;
    default: errno = ENOTTY; return -1;
    }
}

int ioctl(int fd, unsigned long request, ...) {
    union {
        void *object;
        int (*call)(int, unsigned long, ...);
    } real = {.object = dlsym(RTLD_NEXT, "ioctl")};
    va_list args;
    va_start(args, request);
    void *p = va_arg(args, void *);
    va_end(args);
    if (fd < 0 || fd != camera || number == 99) return real.call(fd, request, p);
    return answer(request, p);
}
