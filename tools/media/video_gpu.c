/* video_gpu.c -- see video_gpu.h. */
#include "tools/media/video_gpu.h"

#include <pthread.h>

#include "engine/device.h"
#include "engine/plugin.h"
#include "kernels/yuv_rgb/yuv_rgb.h"

enum { GAINS = GD_N_YUV * 2 * GD_YUV_GAIN };

/* Two devices on one GPU: one thread decodes, others bring frames down, and each has streams of
 * its own. */
typedef struct frames {
    gd_video_gpu     head;
    gd_device       *in, *out;
    pthread_mutex_t  lock; /* of `out` */
    const gd_kernel *row;
    float           *gain; /* on the GPU: [matrix][full][GD_YUV_GAIN] */
} frames;

static gd_status enter(void *ctx, gd_error *err) {
    return gd_device_use(((frames *)ctx)->in, err);
}

static gd_status take(void *ctx, size_t size, void **out, gd_error *err) {
    return gd_device_alloc(((frames *)ctx)->in, size, out, err);
}

static void put(void *ctx, void *p) { gd_device_release(((frames *)ctx)->in, p); }

static gd_tensor plane(const uint8_t *at, int rows, int pitch) {
    union {
        const void *in;
        void       *out;
    } address = {.in = at};
    gd_tensor t = gd_tensor_make(GD_U8, 2, (int64_t[]){rows, pitch});
    t.data = address.out;
    return t;
}

static gd_status convert(void *ctx, const gd_video_planes *in, uint8_t *rgb, gd_error *err) {
    static const int matrix[] = {GD_YUV_BT601, GD_YUV_BT709, GD_YUV_BT2020};
    const frames    *f = ctx;
    const gd_yuv_rgb attr = {in->width};
    gd_tensor        luma = plane(in->luma, in->height, in->luma_pitch);
    gd_tensor        chroma = plane(in->chroma, (in->height + 1) / 2, in->chroma_pitch);
    gd_tensor        gain = gd_tensor_make(GD_F32, 1, (int64_t[]){GD_YUV_GAIN});
    gd_tensor        out = {0};
    const gd_launch  l = {.n_in = 3,
                          .n_out = 1,
                          .in = {&luma, &chroma, &gain},
                          .out = {&out},
                          .attr = &attr,
                          .stream = f->in->stream[GD_LANE_RUN],
                          .device = f->in};
    GD_TRY(gd_op_find("yuv_rgb")->infer(&l, err));
    out.data = rgb;
    gain.data = f->gain + (matrix[in->color] * 2 + in->full_range) * GD_YUV_GAIN;
    GD_TRY(gd_device_use(f->in, err));
    gd_device_note(f->in, f->row->name);
    GD_TRY(f->row->run(&l, err));
    return gd_device_sync(f->in, GD_LANE_RUN, err);
}

static gd_status fetch(void *ctx, uint8_t *to, const uint8_t *from, size_t size,
                       gd_error *err) {
    frames *f = ctx;
    (void)pthread_mutex_lock(&f->lock);
    gd_status st = gd_device_download(f->out, GD_LANE_COPY, to, from, size, err);
    if (st == GD_OK) st = gd_device_sync(f->out, GD_LANE_COPY, err);
    (void)pthread_mutex_unlock(&f->lock);
    return st;
}

static gd_status bring_gains(frames *f, gd_error *err) {
    float all[GAINS];
    void *p;
    for (int i = 0; i < GAINS; i++)
        all[i] = gdk_yuv_gain_of(i / (2 * GD_YUV_GAIN), i / GD_YUV_GAIN % 2)[i % GD_YUV_GAIN];
    GD_TRY(gd_device_alloc(f->in, sizeof all, &p, err));
    f->gain = p;
    GD_TRY(gd_device_upload(f->in, GD_LANE_RUN, f->gain, all, sizeof all, err));
    return gd_device_sync(f->in, GD_LANE_RUN, err);
}

gd_status gd_video_gpu_open(const char *device, const gd_alloc *pixels, size_t limit,
                            gd_video_gpu **out, gd_error *err) {
    gd_status st;
    frames   *f = gd_mem_get_zero(sizeof *f);
    *out = NULL;
    if (!f) return gd_fail_code(err, GD_ERR_NOMEM, 600, "no memory for frames on a GPU");
    (void)pthread_mutex_init(&f->lock, NULL);
    GD_GO(gd_device_open(device, &f->in, err));
    GD_GO(gd_device_open(device, &f->out, err));
    f->row = gd_op_row(gd_op_find("yuv_rgb"), f->in->caps.backend, 0);
    if (!f->row) {
        st =
            gd_fail_code(err, GD_ERR_UNSUPPORTED, 513, "%s: no kernel of yuv_rgb", f->in->name);
        goto done;
    }
    GD_GO(bring_gains(f, err));
    f->in->limit = limit;
    f->head = (gd_video_gpu){.ctx = f,
                             .ordinal = f->in->ordinal,
                             .stream = f->in->stream[GD_LANE_RUN],
                             .pixels = pixels,
                             .enter = enter,
                             .take = take,
                             .put = put,
                             .convert = convert,
                             .fetch = fetch};
    *out = &f->head;
    f = NULL;
done:
    if (f) gd_video_gpu_close(&f->head);
    return st;
}

void gd_video_gpu_close(gd_video_gpu *g) {
    frames *f = (frames *)g;
    if (!f) return;
    if (f->in) gd_device_release(f->in, f->gain);
    gd_device_close(f->out);
    gd_device_close(f->in);
    (void)pthread_mutex_destroy(&f->lock);
    gd_mem_put(f);
}
