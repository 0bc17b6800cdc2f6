/* session_impl.h -- what the files of the session share: its state and its planned graphs. */
#ifndef GD_LAYERS_SESSION_IMPL_H
#define GD_LAYERS_SESSION_IMPL_H

#include "engine/backend.h"
#include "engine/exec.h"
#include "layers/model.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_SESSION_ENTRIES = 8 };

/* A graph planned for one network shape. */
typedef struct gd_entry {
    int      batch, net_h, net_w;
    bool     crops; /* of one picture, bound to the input: cap is 1 and says nothing */
    int64_t  cap;   /* source pixels a picture may have */
    int64_t  map;   /* room of a picture's map of classes; 0: the model makes none */
    uint64_t used;  /* tick of the last run */
    gd_arena arena;
    gd_graph graph;
    gd_exec *exec;
    float   *geom; /* batch x 8, or x 12 for crops, on its way to the device */
    size_t   bytes;
} gd_entry;

struct gd_session {
    const gd_model    *m;
    gd_session_options opt;
    gd_recipe          recipe;
    gd_device_caps     dev;
    gd_device         *device; /* NULL: the host */
    gd_const_pool     *pool;
    gd_precision       precision; /* chosen: never GD_PRECISION_AUTO */
    int                n_thread;
    gd_error           no_gpu; /* why "auto" took the CPU */
    gd_entry           entry[GD_SESSION_ENTRIES];
    const gd_entry    *last;
    uint64_t           tick;
    unsigned char  *staging; /* pictures of a batch, or with padded rows, made dense; pinned */
    size_t          staging_size;
    gd_detection   *det;
    size_t          n_det, cap_det;
    gd_class_score *cls;
    size_t          n_cls, cap_cls;
    uint8_t        *map; /* of the pictures of the last run, one after the other */
    size_t          n_map, cap_map;
    int32_t        *count; /* pixels by class, in the order of the pictures */
    size_t          n_count, cap_count;
    int             batch;      /* of the last run, the largest */
    bool            one_batch;  /* the last run was one batch, and `last` has its pictures */
    void           *frame;      /* on the device: the picture whose crops are run */
    int64_t         frame_cap;  /* pixels that it has room for */
    double          device_ms;  /* of the last run */
    size_t          peak_bytes; /* most that entries and staging ever held together */
    double          stage_ms[GD_N_STAGE];
};

/* An entry's description, for `batch` pictures of at most `pixels`: what it has, or would get,
 * room for. `pixels` 0: it is for crops. */
gd_entry gd_session_key(const gd_session *s, int batch, int net_h, int net_w, int64_t pixels);
/* The entry of this description, or NULL when it is not there yet. */
gd_entry *gd_session_find(gd_session *s, const gd_entry *key);
/* The same, planned where it is not there yet; pixels 0: the entry is for crops. It is the
 * session's last from now on, and there is room for its results. */
gd_status gd_session_entry(gd_session *s, int batch, int net_h, int net_w, int64_t pixels,
                           gd_entry **out, gd_error *err) GD_MUST_CHECK;
/* Runs e, whose inputs are set. */
gd_status gd_session_run_entry(gd_session *s, gd_entry *e, gd_error *err) GD_MUST_CHECK;
/* session_results.c. Room for everything the entry can return, so that a known shape never
 * allocates. */
gd_status gd_session_reserve(gd_session *s, gd_entry *e, gd_error *err) GD_MUST_CHECK;
/* Appends what e made of its first n pictures, and counts it in results[0..n). */
void gd_session_take(gd_session *s, gd_entry *e, const gd_image *images, int n,
                     gd_result *results);
/* The same for the best classes alone: how many of each picture. */
int gd_session_take_classes(gd_session *s, gd_entry *e, int n);
/* Addresses, once all is gathered: until then the arrays may move. */
void gd_session_place(gd_session *s, gd_result *results, int n);
void gd_session_clear(gd_result *results, int n);
/* Forgets the results of the last run. */
void gd_session_reset(gd_session *s);
/* Builds and plans e, which is described; with plan_only nothing but the
 * plan is made, and e->bytes is what opening it would take. */
gd_status gd_session_compile(gd_session *s, gd_entry *e, bool plan_only,
                             gd_error *err) GD_MUST_CHECK;
void      gd_session_entry_close(gd_entry *e);
/* Bytes held now: entries and staging. */
size_t gd_session_held(const gd_session *s);
double gd_session_now_ms(void);

/* session_precision.c: what a session on `dev` computes in when `asked` is; sets dev->tf32.
 * Code 210 where the device cannot. */
gd_status   gd_session_precision(const gd_model *m, gd_precision asked, gd_device_caps *dev,
                                 gd_precision *out, gd_error *err) GD_MUST_CHECK;
const char *gd_precision_name(gd_precision p); /* "fp16" */

/* session_input.c */
gd_status gd_session_check_image(const gd_session *s, const gd_image *p, int i,
                                 gd_error *err) GD_MUST_CHECK;
/* Powers of two from 2^18 pixels on, so that sizes of pictures do not multiply entries. */
int64_t gd_session_pixel_class(int64_t pixels);
/* Code 514 unless a picture of the GPU is on `device` (NULL: the host). */
gd_status gd_image_check_place(const gd_image *p, const gd_device *device,
                               gd_error *err) GD_MUST_CHECK;
/* Queues the copy of a picture on a GPU to `value` of e, rows dense. */
gd_status gd_image_copy(const gd_image *p, gd_exec *e, int value, size_t offset,
                        gd_error *err) GD_MUST_CHECK;
/* A picture's dense bytes: where the caller has them when they are so, and `pinned` is false or
 * they are; else a copy in staging. */
gd_status gd_session_dense(gd_session *s, const gd_image *p, bool pinned, const uint8_t **out,
                           gd_error *err) GD_MUST_CHECK;
/* Brings n pictures and their geometry to the inputs of e. */
gd_status gd_session_load(gd_session *s, gd_entry *e, const gd_image *images, int n,
                          gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
