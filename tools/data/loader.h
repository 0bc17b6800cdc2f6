/* loader.h -- batches for training: pictures decoded by threads, places and colours drawn,
 * boxes moved with them.
 *
 *     [decode, n threads] -> queue in order -> gd_loader_next -> upload -> gd_loader_release
 *
 * A batch is what the graph's inputs take (kernels/augment makes `image` of pixels and layers).
 * The same seed gives the same batches, bit for bit, on any number of threads, and from any
 * batch on: its number is all that a resumed run needs. A picture that cannot be read is
 * replaced by another one, and counted; more than most_bad of the data set end the run (E805).
 *
 * Memory is taken at the opening: (threads + ahead + 1) batches. Nothing is allocated after. */
#ifndef GD_TOOLS_DATA_LOADER_H
#define GD_TOOLS_DATA_LOADER_H

#include "tools/data/dataset.h"
#include "tools/data/place.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gd_loader gd_loader;

enum { GD_LOADER_CANVASES = 32, GD_LOADER_THREADS = 64, GD_LOADER_LAYERS = 5 };

typedef struct gd_loader_options {
    int      batch;   /* pictures of a batch, of this shard */
    int      threads; /* that decode: 1 .. GD_LOADER_THREADS */
    int      ahead;   /* batches that may wait, beside those under way: 1 or more */
    uint64_t seed;
    uint64_t first; /* batch to begin with, from 0: gd_batch.number of a resumed run */
    int      shard, n_shards; /* this process makes part `shard` of each batch; 0 of 1 */
    bool     in_order;  /* as in the data set, nothing drawn, the last batch may be short */
    bool     once;      /* ends behind the epoch that it begins in */
    bool     by_aspect; /* batches of wide or of tall pictures; canvases are turned */
    /* Where pictures land when nothing is drawn: the model's rule. Its sizes give way to the
     * canvas. */
    gd_geometry_rule rule;
    int    canvas[GD_LOADER_CANVASES][2]; /* height, width; one is drawn for each batch */
    int    n_canvases;
    int    truth;       /* boxes that a picture has room for; more are left out, counted */
    bool   smooth;      /* average where pictures shrink: a recipe with an antialias filter */
    int    most_pixels; /* larger pictures are halved; 0: twice the largest canvas */
    double most_bad;    /* share of pictures that may be unusable */
    gd_augment_options augment;
} gd_loader_options;

/* batch 4, 2 threads, 2 ahead, 1 shard, letterbox, one canvas of 640 x 640, 100 boxes, most_bad
 * 0.01, nothing drawn. */
gd_loader_options gd_loader_defaults(void);

typedef struct gd_batch {
    uint64_t number; /* since the start of training, over all epochs */
    uint32_t epoch;
    int      n, room; /* pictures; n < room only for the last batch with in_order */
    int      canvas, height, width; /* index of the canvas that was drawn, and its size here */
    int      truth, n_layers;
    size_t   n_pixels, pixel_room; /* of `pixels`: in use, and in all */
    uint8_t *pixels;               /* u8 [pixel_room, 3] */
    float   *layers;               /* f32 [room, n_layers, GD_LAYER] */
    float   *geom;      /* f32 [room, 8]: what the picture covers of the canvas, at scale 1 */
    float   *gt_boxes;  /* f32 [room, truth, 4] x1 y1 x2 y2 of the canvas */
    int32_t *gt_labels; /* i32 [room, truth] */
    int32_t *gt_count;  /* i32 [room] */
    int32_t *labels;    /* i32 [room]: class of the whole picture, -1 where it has none */
    int32_t *image;     /* [room]: index of the (first) picture in the data set */
} gd_batch;

/* Starts the processes that decode, so call it while the program has one thread and no GPU is
 * in use. The data set is borrowed. */
gd_status gd_loader_open(const gd_data *d, const gd_loader_options *o, gd_loader **out,
                         gd_error *err) GD_MUST_CHECK;
void      gd_loader_close(gd_loader *l); /* NULL is allowed */

/* The next batch, in order; it is the caller's until released. NULL (with GD_OK): the end, with
 * `once`. GD_ERR_FORMAT (E805): too many pictures cannot be read. */
gd_status gd_loader_next(gd_loader *l, gd_batch **out, gd_error *err) GD_MUST_CHECK;
void      gd_loader_release(gd_loader *l, gd_batch *b);

uint32_t gd_loader_batches(const gd_loader *l); /* of an epoch */
/* gd_batch.pixel_room and n_layers of every batch: what graphs are planned for. */
size_t gd_loader_pixel_room(const gd_loader *l);
int    gd_loader_layers(const gd_loader *l);

typedef struct gd_loader_stats {
    uint64_t batches;       /* handed out */
    uint64_t pictures;      /* decoded */
    uint64_t replaced;      /* pictures that another one stands for */
    uint64_t bad;           /* different ones of the data set that cannot be read */
    uint64_t boxes_dropped; /* beyond the room for boxes */
    double   stall_ms;      /* that gd_loader_next waited for a batch */
    double   decode_ms;     /* spent by all threads on making batches */
} gd_loader_stats;
void gd_loader_stats_get(gd_loader *l, gd_loader_stats *out);
/* The pictures that could not be read, so far (problems.h): a copy, to be freed by the
 * caller. */
gd_status gd_loader_problems(gd_loader *l, gd_data_report *out, gd_error *err) GD_MUST_CHECK;

/* A number that changes with the pictures, boxes and classes of a data set: a resumed run asks
 * for the same one. */
uint64_t gd_data_fingerprint(const gd_data *d);

#ifdef __cplusplus
}
#endif
#endif
