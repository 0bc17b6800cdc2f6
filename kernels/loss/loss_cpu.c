/* loss_cpu.c -- the sum over rows on all threads, and its gradient.
 *
 * Chunks of CHUNK rows are summed in double, and the chunks in their order: the same bits
 * whatever the number of threads. */
#include "kernels/cpu/spread.h"
#include "kernels/loss/loss.h"

enum { CHUNK = 256 };

/* What a value costs, as bytes for gdk_spread_pixels: an exponential and a logarithm. */
enum { WORK = 16 };

typedef struct job {
    gdk_loss_in          in;
    gdk_loss_row_f32     row;
    gdk_loss_row_bwd_f32 row_bwd;
    gd_tensor           *d;     /* of pred */
    double              *chunk; /* sums */
    int64_t              first; /* row that chunk 0 of the group begins with */
    int64_t              end;   /* row behind the group */
    float                scale; /* of the group */
} job;

static int64_t chunks_of(int64_t rows) { return (rows + CHUNK - 1) / CHUNK; }

/* One group at a time, so the sums of one are all that is kept. */
size_t gdk_loss_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    const gdk_loss_in in = gdk_loss_read(l, 0);
    (void)dev;
    return (size_t)chunks_of(in.rows / gdk_loss_groups(&in)) * sizeof(double);
}

static float weight_of(const gdk_loss_in *in, int64_t r) {
    if (!in->weight) return 1;
    if (in->weight->dtype == GD_I32) return gdk_loss_label(in->weight, r) >= 0;
    return ((const float *)in->weight->data)[gdk_loss_at(in->weight, r)];
}

static float scale_of(const gdk_loss_in *in, int64_t g) {
    const gd_loss *a = in->attr;
    double         sum = 0;
    if (!in->norm) return a->factor;
    const int64_t n = gd_tensor_count(in->norm) / gdk_loss_groups(in);
    for (int64_t i = g * n; i < (g + 1) * n; i++)
        sum += in->norm->dtype == GD_I32
                   ? (double)gdk_loss_label(in->norm, i)
                   : (double)((const float *)in->norm->data)[gdk_loss_at(in->norm, i)];
    return (float)((double)a->factor / (sum > (double)a->min_norm ? sum : (double)a->min_norm));
}

static void sum_chunks(void *ctx, int64_t from, int64_t to) {
    const job *j = ctx;
    for (int64_t k = from; k < to; k++) {
        const int64_t begin = j->first + k * CHUNK;
        const int64_t end = begin + CHUNK < j->end ? begin + CHUNK : j->end;
        double        sum = 0;
        for (int64_t r = begin; r < end; r++) {
            const float w = weight_of(&j->in, r);
            if (w != 0) sum += (double)w * (double)j->row(&j->in, r);
        }
        j->chunk[k] = sum;
    }
}

gd_status gdk_loss_cpu(const gd_launch *l, gdk_loss_row_f32 row, gd_error *err) {
    job           j = {.in = gdk_loss_read(l, 0), .row = row, .chunk = l->scratch};
    const int64_t groups = gdk_loss_groups(&j.in), n = j.in.rows / groups, m = chunks_of(n);
    double        sum = 0;
    (void)err;
    for (int64_t g = 0; g < groups; g++) {
        double part = 0;
        j.first = g * n;
        j.end = j.first + n;
        gdk_spread_pixels(m, (size_t)j.in.C * CHUNK * WORK, sum_chunks, &j);
        for (int64_t k = 0; k < m; k++) part += j.chunk[k];
        sum += (double)scale_of(&j.in, g) * part;
    }
    *(float *)l->out[0]->data = (float)sum;
    return GD_OK;
}

static void back_rows(void *ctx, int64_t from, int64_t to) {
    const job *j = ctx;
    for (int64_t r = j->first + from; r < j->first + to; r++) {
        float *const d = (float *)j->d->data + r * j->d->pitch;
        const float  w = weight_of(&j->in, r);
        if (w != 0)
            j->row_bwd(&j->in, r, j->scale * w, d);
        else
            for (int64_t c = 0; c < j->in.C; c++) d[c] = 0;
    }
}

gd_status gdk_loss_bwd_cpu(const gd_launch *l, gdk_loss_row_bwd_f32 row, gd_error *err) {
    job           j = {.in = gdk_loss_read(l, 1), .row_bwd = row, .d = l->out[0]};
    const int64_t groups = gdk_loss_groups(&j.in), n = j.in.rows / groups;
    (void)err;
    for (int64_t g = 0; g < groups; g++) {
        j.first = g * n;
        j.scale = *(const float *)l->in[0]->data * scale_of(&j.in, g);
        gdk_spread_pixels(n, (size_t)j.in.C * WORK, back_rows, &j);
    }
    return GD_OK;
}
