/* columns_pick.h -- how sums over the pixels of each channel are cut into blocks.
 *
 * A block owns `lanes` units of V channels side by side over `chunk` pixels of one picture; its
 * threads share the pixels, GDK_COLUMNS_THREADS / lanes rows of them at a time. Each block
 * leaves its sums in scratch, from where a second kernel adds the chunks in order: the same
 * bits in every run. Grid: x the chunks of all pictures, y the tiles of channels. */
#ifndef GD_KERNELS_CUDA_COLUMNS_PICK_H
#define GD_KERNELS_CUDA_COLUMNS_PICK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GDK_COLUMNS_THREADS = 256,
    GDK_COLUMNS_BLOCKS = 512, /* about as many as a large GPU runs at once */
    GDK_COLUMNS_LEAST = 8     /* pixels that a thread is worth waking up for */
};

typedef struct gdk_columns {
    int64_t pixels; /* of a picture */
    int32_t pictures, C, V;
    int32_t lanes;  /* a power of two, at most 32 */
    int32_t rows;   /* GDK_COLUMNS_THREADS / lanes */
    int32_t tiles;  /* of lanes * V channels */
    int32_t chunks; /* of a picture */
    int32_t width;  /* channels of all tiles: those of a row of sums in scratch */
    int64_t chunk;  /* pixels */
} gdk_columns;

/* C, pictures and pixels are at least 1, V is 1, 4 or 8. */
gdk_columns gdk_columns_plan(int64_t pixels, int64_t pictures, int64_t C, int V);
/* Floats of scratch for n sums a channel. */
size_t gdk_columns_floats(const gdk_columns *s, int n);

#ifdef __cplusplus
}
#endif
#endif
