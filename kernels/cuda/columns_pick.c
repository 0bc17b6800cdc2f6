/* columns_pick.c -- see columns_pick.h. */
#include "kernels/cuda/columns_pick.h"

gdk_columns gdk_columns_plan(int64_t pixels, int64_t pictures, int64_t C, int V) {
    const int64_t units = (C + V - 1) / V;
    gdk_columns   s = {
          .pixels = pixels, .pictures = (int32_t)pictures, .C = (int32_t)C, .V = V, .lanes = 1};
    while (s.lanes < 32 && s.lanes < units) s.lanes *= 2;
    s.rows = GDK_COLUMNS_THREADS / s.lanes;
    s.tiles = (int32_t)((units + s.lanes - 1) / s.lanes);
    s.width = s.tiles * s.lanes * V;
    const int64_t least = (int64_t)s.rows * GDK_COLUMNS_LEAST;
    const int64_t most = (pixels + least - 1) / least;
    int64_t       chunks = GDK_COLUMNS_BLOCKS / ((int64_t)s.tiles * pictures);
    if (chunks > most) chunks = most;
    if (chunks < 1) chunks = 1;
    s.chunk = (pixels + chunks - 1) / chunks;
    s.chunk = (s.chunk + s.rows - 1) / s.rows * s.rows;
    s.chunks = (int32_t)((pixels + s.chunk - 1) / s.chunk);
    return s;
}

size_t gdk_columns_floats(const gdk_columns *s, int n) {
    return (size_t)s->pictures * (size_t)s->chunks * (size_t)n * (size_t)s->width;
}
