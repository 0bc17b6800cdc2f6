/* gdrun.h -- the public interface of gdrun: load a model, open a session, run pictures, read
 * results.
 *
 * Everything here is plain C17 and C++17. A handle is opened by *_load or *_open and released
 * by *_close, which takes NULL. On failure every out-pointer is NULL, the status says what
 * kind of failure it was and the caller's gd_error (may be NULL) says where and why. The
 * library never prints, never exits and keeps no pointer to anything the caller passes beyond
 * the call.
 *
 * One gd_model may serve many sessions at once. A gd_session belongs to one thread at a
 * time. */
#ifndef GD_ENGINE_GDRUN_H
#define GD_ENGINE_GDRUN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GD_VERSION_MAJOR 0
#define GD_VERSION_MINOR 1
#define GD_VERSION_PATCH 0
#define GD_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define GD_API __attribute__((visibility("default")))
#define GD_MUST_CHECK __attribute__((warn_unused_result))
#else
#define GD_API
#define GD_MUST_CHECK
#endif

/* ---- errors ------------------------------------------------------------------------------ */

typedef enum gd_status {
    GD_OK = 0,
    GD_ERR_ARG,         /* the caller broke the documented contract                */
    GD_ERR_SHAPE,       /* tensor ranks, extents or types do not agree             */
    GD_ERR_FORMAT,      /* a file is malformed, truncated, damaged or too new      */
    GD_ERR_IO,          /* the operating system said no                            */
    GD_ERR_NOMEM,       /* host or device memory exhausted                         */
    GD_ERR_UNSUPPORTED, /* valid, but nothing here covers it                       */
    GD_ERR_DEVICE,      /* no usable device, or the device reported a fault        */
    GD_ERR_CHECK        /* a requested check failed (NaN, parity, accuracy, bench) */
} gd_status;

typedef struct gd_error {
    gd_status   status;
    int         code; /* stable three-digit code (engine/codes.def), 0 if none was given */
    const char *file; /* source position inside gdrun: static storage */
    int         line;
    char        msg[384];  /* what, with the offending numbers */
    char        why[768];  /* may be empty */
    char        hint[256]; /* what to try; may be empty */
} gd_error;

GD_API const char *gd_version(void);
GD_API const char *gd_status_name(gd_status st);

/* ---- models ------------------------------------------------------------------------------ */

typedef struct gd_model   gd_model;
typedef struct gd_session gd_session;

typedef enum gd_task { GD_TASK_CLASSIFY, GD_TASK_DETECT, GD_TASK_SEGMENT } gd_task;

/* Reads and verifies a .gdw file (every byte is covered by a checksum). */
GD_API gd_status gd_model_load(const char *path, gd_model **out, gd_error *err) GD_MUST_CHECK;
/* The same from `size` bytes of memory, which are copied. */
GD_API gd_status gd_model_load_memory(const void *data, size_t size, gd_model **out,
                                      gd_error *err) GD_MUST_CHECK;
GD_API void      gd_model_close(gd_model *m);

/* "classify", "detect", "segment": also the command of gdrun that runs such models. */
GD_API const char *gd_task_name(gd_task t);
/* Strings belong to the model and live as long as it does. */
GD_API gd_task     gd_model_task(const gd_model *m);
GD_API const char *gd_model_arch(const gd_model *m);
GD_API int         gd_model_class_count(const gd_model *m);
GD_API const char *gd_model_class_name(const gd_model *m,
                                       int             class_id); /* NULL: out of range */
/* The data set's own id of a class (COCO: 1..90 with gaps); -1: out of range. */
GD_API int gd_model_category_id(const gd_model *m, int class_id);
/* Value of one metadata entry ("license", "source_sha256", ...), or NULL. */
GD_API const char *gd_model_meta(const gd_model *m, const char *key);

/* ---- pictures and results ---------------------------------------------------------------- */

/* 8-bit RGB, displayed orientation. `stride` is bytes from row to row, 0 meaning 3 * width.
 *
 * `gpu` 0: rgb is memory of the host. N + 1: it is memory of GPU N in the CUDA runtime's own
 * (primary) context. Who wrote it has waited for that to end, so any stream may read it; it
 * stays the caller's, and as it is, until the call that was given it returns (gd_filter_start:
 * until its gd_filter_wait). Sessions and filters on that GPU read it there, without the host;
 * all else refuses it (code 514). */
typedef struct gd_image {
    const uint8_t *rgb;
    int            width, height; /* 1 .. 65535 */
    size_t         stride;
    int            gpu;
} gd_image;

typedef struct gd_detection {
    float   box[4]; /* x1, y1, x2, y2 in pixels of the picture given */
    float   score;  /* 0 .. 1 */
    int32_t class_id;
} gd_detection;

typedef struct gd_class_score {
    int32_t class_id;
    float   score; /* softmax probability */
} gd_class_score;

/* Arrays belong to the session and are valid until its next run or its close. */
typedef struct gd_result {
    const gd_detection *detections; /* best score first; ties: lower class, then lower index */
    int                 n_detections;
    const gd_class_score *classes; /* classifiers: best first */
    int                   n_classes;
    int                   n_dropped; /* detections that did not fit the planned capacity */
    float                 top_score; /* best score seen before the threshold; -1 if unknown */
    /* Segmenters: the class of each pixel of the picture given, row by row, and how many pixels
     * each class has; NULL: none. */
    const uint8_t *map;
    int            map_width, map_height;
    const int32_t *map_count; /* map_classes numbers: gd_model_class_count */
    int            map_classes;
} gd_result;

/* ---- sessions ---------------------------------------------------------------------------- */

/* What the network computes in; boxes, scores and their selection are FP32 in all. */
typedef enum gd_precision {
    GD_PRECISION_AUTO, /* FP16 on a GPU where the file says that the model passed parity in it
                        * (metadata parity.fp16 = passed), else FP32 */
    GD_PRECISION_FP32, /* never rounded to less */
    GD_PRECISION_TF32, /* FP32, but factors are rounded to 10 bits; GPUs of sm_80 on */
    GD_PRECISION_FP16, /* values and weights are stored in FP16, sums are FP32; GPUs */
    GD_N_PRECISION
} gd_precision;

enum { GD_IMGSZ_NATIVE = -1 };

typedef struct gd_session_options {
    uint32_t    size;             /* set to sizeof(gd_session_options) */
    const char *device;           /* "auto" (NULL): a usable GPU, else the CPU; "cpu", "cuda",
                                   * "cuda:N": that one or GD_ERR_DEVICE */
    int         precision;        /* gd_precision; one that the device has not: code 210 */
    int         threads;          /* 1 .. 1024; 0: one per core that the process may use */
    float       conf;             /* score threshold; < 0: the model's own */
    float       iou;              /* NMS threshold; < 0: the model's own */
    int         max_det;          /* detections a picture; 0: no limit, < 0: the model's own */
    int         top_k;            /* classifiers: classes returned; 0: 5 */
    int         imgsz_h, imgsz_w; /* forces the network's input size; 0: the model's rule; both
                                   * GD_IMGSZ_NATIVE: pictures are not resized */
    int         agnostic_nms;     /* suppress across classes */
    int         smooth; /* segmenters: each pixel takes the class that is most frequent in the
                         * 2 smooth + 1 pixels square around it; 0 .. 15, 0: as it came */
    int         check_numerics; /* stop at the first layer with NaN or Inf (GD_ERR_CHECK) */
    int         trace;          /* keep a time for each node: gd_session_trace */
    uint64_t    memory_limit;   /* bytes that the session may hold on its device; 0: no limit */
    int         providers;      /* on a GPU: also kernels of cuDNN and cuBLASLt, from
                                   * libgdrun_vendor.so; not there: code 502 */
    int         keep_pictures;  /* on a GPU: what was run stays there until the next run, for
                                * gd_session_run_crops of another session */
} gd_session_options;

/* The defaults of every field, `size` included. */
GD_API gd_session_options gd_session_defaults(void);
/* `opt` NULL means the defaults. The model must outlive the session. */
GD_API gd_status gd_session_open(const gd_model *m, const gd_session_options *opt,
                                 gd_session **out, gd_error *err) GD_MUST_CHECK;
GD_API void      gd_session_close(gd_session *s);

/* Runs `n` pictures (any sizes) and fills `results[0..n)`; on failure all of them are empty and
 * the session can be used again. Neighbours of one network shape run as one batch, whose memory
 * grows with its pictures; where the network masks padding (DETR), pictures of any shape do.
 * The first run at a new shape plans and allocates; a run at a known shape allocates
 * nothing. */
GD_API gd_status gd_session_run(gd_session *s, const gd_image *images, int n,
                                gd_result *results, gd_error *err) GD_MUST_CHECK;

/* ---- pieces of pictures: a classifier on what a detector found --------------------------- */

/* A rectangle of whole pixels inside a picture. */
typedef struct gd_crop {
    int32_t x, y, width, height;
} gd_crop;

/* Every pixel of a picture that a box touches: its left and upper edge are rounded down, its
 * right and lower one up, and all are kept inside the picture. 0, and an empty crop: the box
 * has no area there, or a coordinate is NaN. */
GD_API int gd_crop_of(int width, int height, const float box[4], gd_crop *out);

typedef struct gd_crops {
    gd_image       image;
    const gd_crop *crop; /* n of them, inside the image; n may be 0 */
    int            n;
    int            batch; /* crops that run together, at most; 0: 32 on a GPU, 8 on the CPU */
    /* NULL, or the session whose last run had the image as its picture number `picture`. Where
     * that was on the same GPU and with keep_pictures, the pixels are read where they lie
     * there; else they come from image.rgb, which must be given in any case. */
    const gd_session *held;
    int               picture;
} gd_crops;

/* Classifies pieces of a picture: results[i], i in [0, n), is what gd_session_run gives for a
 * picture that holds the pixels of crop i alone, but nothing is cut out on the host. All crops
 * run as one batch, very many as several; on a GPU a batch is filled up to a power of two, on
 * the CPU it is taken apart into powers of two, so that few graphs are planned. Only for
 * classifiers (GD_ERR_UNSUPPORTED). */
GD_API gd_status gd_session_run_crops(gd_session *s, const gd_crops *c, gd_result *results,
                                      gd_error *err) GD_MUST_CHECK;

/* What running `batch` pictures of width x height together would ask of the device's memory
 * (of the machine's, on the CPU) beyond what the session holds by now, told from the plan:
 * nothing is allocated on the device and nothing runs. Leaves out what kernels add when they
 * rearrange weights. */
GD_API gd_status gd_session_plan(gd_session *s, int width, int height, int batch,
                                 uint64_t *bytes, gd_error *err) GD_MUST_CHECK;
/* Bytes that the session's device would still give; on the CPU what the machine, or the
 * process's control group, has to spare. */
GD_API gd_status gd_session_room(gd_session *s, uint64_t *bytes, gd_error *err) GD_MUST_CHECK;

/* Memory for pictures that a GPU reads without a copy on the way (page-locked); ordinary memory
 * on the CPU, and where no more can be locked. Released by gd_session_unpin, which takes NULL,
 * before the session is closed. */
GD_API gd_status gd_session_pin(gd_session *s, size_t size, void **out,
                                gd_error *err) GD_MUST_CHECK;
GD_API void      gd_session_unpin(gd_session *s, void *p);

/* Where the time between opening a session and its first results goes. */
typedef enum gd_stage {
    GD_STAGE_PLUGIN,  /* finding and loading the backend's plugin */
    GD_STAGE_DEVICE,  /* opening the device: its context, streams */
    GD_STAGE_PLAN,    /* building, rewriting and planning graphs, room for values */
    GD_STAGE_WEIGHTS, /* packing weights, and copying them to the device */
    GD_STAGE_CAPTURE, /* recording a run for later replays */
    GD_N_STAGE
} gd_stage;

typedef struct gd_session_stats {
    char     device[16];   /* as --device names it: "cpu", "cuda:0" */
    char     name[96];     /* of the processor, as its vendor writes it */
    char     driver[32];   /* "580.95.05"; empty on the CPU */
    char     precision[8]; /* "fp32", "tf32", "fp16": what the network computes in */
    int      no_gpu;       /* device "auto" fell to the CPU: the code of the reason; else 0 */
    char     no_gpu_why[192]; /* and its message */
    int      sm;              /* 90 for Hopper; 0 on the CPU */
    uint64_t device_bytes;    /* memory that the GPU has in all; 0 on the CPU */
    int      batch;           /* pictures of the last run that ran together, at most */
    double   device_ms; /* last run: its graphs on the device, from the first kernel to the
                             * last, without the copies of pictures and results */
    double   stage_ms[GD_N_STAGE]; /* since the session was opened */
    uint64_t bytes, peak_bytes;    /* that the session holds on the device, and held at
                                           * most: what it asked for */
} gd_session_stats;
/* Fills *out; the strings are part of it. */
GD_API void gd_session_stats_get(const gd_session *s, gd_session_stats *out);

/* Time of one graph node in the last run; needs gd_session_options.trace. */
typedef struct gd_trace_row {
    const char *name;   /* module path of the layer */
    const char *op;     /* operator */
    const char *kernel; /* row that ran */
    double      ms;
    double      gflop; /* work of the node; 0 when the operator states none */
    double      mib;   /* bytes read and written */
} gd_trace_row;
/* Number of rows; fills at most `max` of them. */
GD_API int gd_session_trace(const gd_session *s, gd_trace_row *rows, int max);

/* Network input, height and width, that a picture of width x height is brought to: pictures for
 * which it is the same run as one batch. */
GD_API gd_status gd_session_shape(const gd_session *s, int width, int height, int *net_h,
                                  int *net_w, gd_error *err) GD_MUST_CHECK;

/* ---- filters -------------------------------------------------------------------------------
 *
 * A filter turns a picture into another of the same size. It is named by a text, NAME or
 * NAME:KEY=VALUE,...:
 *
 *     guided:radius=8,eps=0.01,guide=color   smooths and keeps edges (guide: color, grey)
 *     gaussian:sigma=1.5,size=0              size 0: 6 sigma + 1, made odd
 *     bilateral:radius=4,color=25,space=4    OpenCV's, d = 2 radius + 1
 *     sharpen:amount=1,sigma=1               unsharp masking
 *     sobel:along=both,size=3,scale=1,grey=no
 *
 * eps is for pictures of 0 .. 1, as in the paper; color and scale are for bytes, as in OpenCV.
 * A filter belongs to one thread at a time. On a GPU it has streams of its own, so it runs
 * beside sessions. */
typedef struct gd_filter gd_filter;

typedef struct gd_filter_options {
    uint32_t    size;         /* set to sizeof(gd_filter_options) */
    const char *device;       /* as gd_session_options.device */
    int         threads;      /* 1 .. 1024; 0: one per core that the process may use */
    uint64_t    memory_limit; /* bytes that it may hold on its device; 0: no limit */
} gd_filter_options;
GD_API gd_filter_options gd_filter_defaults(void);

/* `opt` NULL means the defaults. A text that names no filter, or a value out of range: code
 * 204. */
GD_API gd_status gd_filter_open(const char *text, const gd_filter_options *opt, gd_filter **out,
                                gd_error *err) GD_MUST_CHECK;
GD_API void      gd_filter_close(gd_filter *f);
/* Filters `in` to `out`, RGB rows `stride` bytes apart (0: 3 * width), which may be the memory
 * of `in`. The first picture of a size plans and allocates; the last few sizes are kept, and at
 * those a run allocates nothing. */
GD_API gd_status gd_filter_run(gd_filter *f, const gd_image *in, uint8_t *out, size_t stride,
                               gd_error *err) GD_MUST_CHECK;
/* Its halves: on a GPU the first queues the work and returns, and `in` must stay as it is until
 * the second; on the CPU it does the work. A wait belongs to each start that was GD_OK. */
GD_API gd_status gd_filter_start(gd_filter *f, const gd_image *in, gd_error *err) GD_MUST_CHECK;
GD_API gd_status gd_filter_wait(gd_filter *f, uint8_t *out, size_t stride,
                                gd_error *err) GD_MUST_CHECK;

typedef struct gd_filter_stats {
    char     text[96];   /* the filter with all its values */
    char     device[16]; /* "cpu", "cuda:0" */
    double   device_ms;  /* last run, without copies of pictures */
    uint64_t bytes;      /* that it holds on its device */
} gd_filter_stats;
GD_API void gd_filter_stats_get(const gd_filter *f, gd_filter_stats *out);
/* Filter i and its values as above, with the defaults; NULL: there are no more. Static. */
GD_API const char *gd_filter_example(int i);

/* ---- pipelines: submit pictures, get results ------------------------------------------------
 *
 * A model with sessions that each have a thread, and for each source of pictures (a camera, a
 * file, a client) a fixed number of slots. Pictures are copied into a slot, gathered into
 * batches across sources, and their results come back in the order of each source. Once every
 * slot and batch size was used, nothing is allocated.
 *
 *     gd_pipeline_options o = gd_pipeline_defaults(GD_MODE_THROUGHPUT);
 *     if (gd_pipeline_open(model, &o, &p, &err)) ...
 *     thread 1:  while (read(&picture)) gd_pipeline_submit(p, &picture, -1, &taken, &err);
 *                gd_pipeline_drain(p);
 *     thread 2:  while (gd_pipeline_get(p, -1, -1, &f, &err) == GD_OK && f) {
 *                    use(f->id, &f->result);
 *                    gd_pipeline_release(p, f);
 *                }
 *     gd_pipeline_close(p);
 *
 * One thread can do both: submit with a wait of 0, and get when the picture was not taken.
 * Every call but open and close may be made by any thread at any time. Waits are milliseconds,
 * 0: not at all, < 0: for ever. A whole program: tests/pipeline/example_test.c. */
typedef struct gd_pipeline gd_pipeline;

typedef enum gd_mode {
    GD_MODE_THROUGHPUT, /* full batches, deep queues */
    GD_MODE_LATENCY     /* batches of 1 or 2, shallow queues */
} gd_mode;

typedef struct gd_pipeline_options {
    uint32_t size;      /* set to sizeof(gd_pipeline_options) */
    int      mode;      /* gd_mode: decides what is 0 below */
    int      sessions;  /* 1 .. 64, each with its thread, streams, weights; 0: GPU 2, CPU 1 */
    int      sources;   /* 1 .. 1024; 0: 1 */
    int      batch_min; /* pictures that a free session waits for; 0: 1 */
    int      batch_max; /* 1 .. 64; 0: GPU 8 or 2, CPU 1 */
    double   batch_wait_ms; /* and how long it waits for them; < 0: 50 or 2 */
    int      depth;  /* slots a source: pictures between submit and release; 0: by mode */
    int      latest; /* live: a new picture replaces a waiting one, submit never waits */
    int      width, height; /* largest picture expected: memory, plans and first runs happen at
                             * open; 0: at the first pictures of each size */
    gd_session_options session; /* threads 0: the cores, divided among the sessions */
} gd_pipeline_options;

typedef struct gd_submission {
    gd_image image;
    int64_t  id;
    int      source;   /* 0 .. sources - 1 */
    int      priority; /* higher goes first (critical frames), 10 s of waiting before all */
    void    *user;
} gd_submission;

/* What came of a picture; everything in it is valid until gd_pipeline_release. */
typedef struct gd_frame {
    int64_t   id;
    int       source;
    void     *user;
    gd_image  image;  /* the slot's copy, dense */
    gd_status status; /* of this picture; the text of a failure is in error */
    gd_error  error;
    gd_result result;
    int       batch;      /* pictures that ran together */
    double    wait_ms;    /* from submit to the start of the run */
    double    run_ms;     /* of the whole batch */
    double    latency_ms; /* from submit to the result */
} gd_frame;

GD_API gd_pipeline_options gd_pipeline_defaults(gd_mode mode);
/* The model must outlive the pipeline; `opt` NULL: the defaults of throughput. */
GD_API gd_status gd_pipeline_open(const gd_model *m, const gd_pipeline_options *opt,
                                  gd_pipeline **out, gd_error *err) GD_MUST_CHECK;
/* Stops it; frames that were not released are gone. No other call may be under way. */
GD_API void gd_pipeline_close(gd_pipeline *p);

/* A free slot's buffer of width * height * 3 bytes (page-locked for a GPU), to decode into:
 * submitting a picture at this address copies nothing. *rgb is NULL when none came free in
 * time. gd_pipeline_unroom gives it back unsubmitted. */
GD_API gd_status gd_pipeline_room(gd_pipeline *p, int source, int width, int height,
                                  double wait_ms, uint8_t **rgb, gd_error *err) GD_MUST_CHECK;
GD_API void      gd_pipeline_unroom(gd_pipeline *p, uint8_t *rgb);
/* *taken is 0 when no slot came free in time, or, with `latest`, every slot was past waiting
 * (the picture is then counted as dropped), or the pipeline was stopped. After a drain:
 * GD_ERR_ARG. A picture in a slot's buffer is the caller's until it is taken. */
GD_API gd_status gd_pipeline_submit(gd_pipeline *p, const gd_submission *in, double wait_ms,
                                    int *taken, gd_error *err) GD_MUST_CHECK;
/* The next result of a source, or of any (-1); *out is NULL when none came in time, or, with a
 * wait for ever, when there will be none: drained and all given out, or stopped. The failure of
 * one picture is in its frame; a failure of the pipeline (device lost) is returned. */
GD_API gd_status gd_pipeline_get(gd_pipeline *p, int source, double wait_ms,
                                 const gd_frame **out, gd_error *err) GD_MUST_CHECK;
GD_API void      gd_pipeline_release(gd_pipeline *p, const gd_frame *f);

/* No more pictures: what was submitted is finished and can be got. Returns at once. */
GD_API void gd_pipeline_drain(gd_pipeline *p);
/* Gives up what waits; runs that have begun end. Every blocked call returns. */
GD_API void gd_pipeline_stop(gd_pipeline *p);

typedef struct gd_latency_stats {
    uint64_t n;
    double   mean, least, p50, p90, p95, p99, most; /* milliseconds */
} gd_latency_stats;

typedef struct gd_pipeline_stats {
    uint64_t         submitted, done, dropped, failed; /* pictures; done includes failed */
    double           seconds;                    /* from the first submit to the last result */
    double           fps;                        /* done a second */
    int              sessions, batch_max, depth; /* as chosen */
    double           batch_mean;
    double           busy;        /* share of the sessions' time spent in runs: 0 .. 1 */
    double           device_busy; /* the same of the device, from the graphs' own times */
    double           submit_wait_ms, get_wait_ms; /* callers blocked, in all */
    gd_latency_stats wait;                        /* from submit to the start of the run */
    gd_latency_stats run;                         /* one run */
    gd_latency_stats latency;                     /* from submit to the result */
    const char      *bottleneck;                  /* "source", "inference" or "consumer" */
    char             sentence[256]; /* the same in words, with the figures that show it */
    gd_session_stats session;       /* of the first session */
    uint64_t         bytes;         /* that the sessions hold on their device, all together */
} gd_pipeline_stats;
GD_API void gd_pipeline_stats_get(gd_pipeline *p, gd_pipeline_stats *out);

#ifdef __cplusplus
}
#endif
#endif
