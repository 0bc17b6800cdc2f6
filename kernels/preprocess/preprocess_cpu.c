/* preprocess_cpu.c -- preprocessing in bands of rows, one thread a band.
 *
 * Scratch: the plan of one picture (weights of its columns and rows), then one cache and one
 * line of bytes or floats for each band. Weights are made once a picture, each horizontal pass
 * once a source row and band. */
#include <string.h>

#include "engine/backend.h"
#include "kernels/preprocess/preprocess.h"

enum { MOST_BANDS = 64, MOST_SIDE = 65535 };

static size_t aligned(size_t n) { return (n + 63) / 64 * 64; }

/* For a picture of any size: a session plans before it knows the pictures, and the room that
 * the input states may be another one at the run. */
static size_t plan_bytes(const gd_preprocess *a) {
    return aligned(
        gdk_resample_plan_bytes(a->filter, MOST_SIDE, MOST_SIDE, a->out_w, a->out_h));
}

static size_t line_bytes(const gd_preprocess *a) {
    return aligned((size_t)a->out_w * 3 * sizeof(float));
}

static size_t band_bytes(const gd_preprocess *a) {
    return line_bytes(a) + aligned(gdk_resample_cache_bytes(a->filter, a->out_w));
}

size_t gdk_preprocess_cpu_scratch(const gd_launch *l, const gd_device_caps *dev) {
    (void)dev;
    return plan_bytes(l->attr) + MOST_BANDS * band_bytes(l->attr);
}

/* table[c][v]: value of byte v as channel c of the output. */
static void fill_table(const gd_preprocess *a, float table[3][256]) {
    const int k = gdk_preprocess_divisor(a->scale);
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++) {
            const float x = k ? (float)v / (float)k : (float)v * a->scale;
            table[c][v] = (x - a->mean[c]) / a->std[c];
        }
}

static void pad_pixels(const gd_preprocess *a, float *o, int64_t pitch, int n) {
    for (int x = 0; x < n; x++, o += pitch) {
        o[0] = a->pad[0];
        o[1] = a->pad[1];
        o[2] = a->pad[2];
    }
}

typedef struct job {
    const gd_preprocess *a;
    gdk_picture          p;
    gdk_resample         r;
    float                by_out[3][256]; /* by channel of the output */
    float                by_src[3][256]; /* by channel of the source, for blending */
    gd_tensor           *out;
    int64_t              b;
    char                *bands;
} job;

static void covered(const job *j, int y, char *band, float *o) {
    const int64_t pitch = j->out->pitch;
    const int     n = j->r.n_col, red = j->a->swap_rb ? 2 : 0, blue = 2 - red;
    void         *cache = band + line_bytes(j->a);
    if (gdk_resample_is_float(j->a->filter)) {
        float *line = (float *)(void *)band;
        gdk_resample_row_f32(&j->r, j->by_src, y, cache, line);
        for (int x = 0; x < n; x++, o += pitch, line += 3) {
            o[0] = line[red];
            o[1] = line[1];
            o[2] = line[blue];
        }
        return;
    }
    uint8_t *line = (uint8_t *)band;
    gdk_resample_row(&j->r, y, cache, line);
    for (int x = 0; x < n; x++, o += pitch, line += 3) {
        o[0] = j->by_out[0][line[red]];
        o[1] = j->by_out[1][line[1]];
        o[2] = j->by_out[2][line[blue]];
    }
}

static void run_band(const job *j, int band, int n_band) {
    const gd_preprocess *a = j->a;
    const int            y0 = (int)((int64_t)a->out_h * band / n_band);
    const int            y1 = (int)((int64_t)a->out_h * (band + 1) / n_band);
    char                *mine = j->bands + (size_t)band * band_bytes(a);
    gdk_resample_cache_reset(mine + line_bytes(a));
    for (int y = y0; y < y1; y++) {
        const int64_t pixel = (j->b * a->out_h + y) * a->out_w;
        float        *o = GD_AT(float, j->out, pixel);
        const bool    in = y >= j->p.y0 && y < j->p.y1 && j->r.n_col > 0;
        const int     x0 = in ? j->p.x0 : a->out_w, x1 = in ? j->p.x1 : a->out_w;
        pad_pixels(a, o, j->out->pitch, x0);
        if (in) covered(j, y - j->p.y0, mine, o + x0 * j->out->pitch);
        pad_pixels(a, o + x1 * j->out->pitch, j->out->pitch, a->out_w - x1);
    }
}

gd_status gdk_canvases_cpu_f32(const gd_launch *l, gdk_picture_at at, gd_error *err) {
    job j = {.a = l->attr, .out = l->out[0]};
    fill_table(j.a, j.by_out);
    for (int c = 0; c < 3; c++)
        memcpy(j.by_src[c], j.by_out[j.a->swap_rb ? 2 - c : c], sizeof j.by_src[c]);
    j.bands = (char *)l->scratch + plan_bytes(j.a);
    const int threads = gd_cpu_threads(), n_band = threads < MOST_BANDS ? threads : MOST_BANDS;
    for (j.b = 0; j.b < l->out[0]->dim[0]; j.b++) {
        GD_TRY(at(l, j.b, &j.p, err));
        j.r = (gdk_resample){.filter = j.a->filter,
                             .src = j.p.rgb,
                             .stride = j.p.stride,
                             .src_h = j.p.src_h,
                             .src_w = j.p.src_w,
                             .new_h = j.p.new_h,
                             .new_w = j.p.new_w,
                             .x0 = j.p.x0 - j.p.left,
                             .n_col = j.p.x1 - j.p.x0,
                             .y0 = j.p.y0 - j.p.top,
                             .n_row = j.p.y1 - j.p.y0};
        gdk_resample_plan(&j.r, l->scratch);
#pragma omp parallel for num_threads(n_band) schedule(static, 1)
        for (int band = 0; band < n_band; band++) run_band(&j, band, n_band);
    }
    return GD_OK;
}

gd_status gdk_preprocess_cpu_f32(const gd_launch *l, gd_error *err) {
    return gdk_canvases_cpu_f32(l, gdk_preprocess_picture, err);
}
