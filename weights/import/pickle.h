/* pickle.h -- a pickle read as inert data: a machine that can build values and cannot call any.
 *
 * Protocols 2 to 5. GLOBAL is two strings. REDUCE, NEWOBJ and BUILD of a few names that
 * PyTorch's files are made of (OrderedDict, _rebuild_tensor_v2, typed storages, ...) make the
 * node they stand for; of every other name they make an opaque object that remembers its parts.
 * Strings point into the bytes of the pickle, which must outlive the machine. */
#ifndef GD_WEIGHTS_IMPORT_PICKLE_H
#define GD_WEIGHTS_IMPORT_PICKLE_H

#include "engine/arena.h"
#include "weights/import/checkpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gd_pkind {
    GD_P_NONE,
    GD_P_BOOL,    /* i */
    GD_P_INT,     /* i */
    GD_P_BIG,     /* s[n]: little-endian two's complement of more than 64 bits */
    GD_P_FLOAT,   /* f */
    GD_P_STR,     /* s[n] */
    GD_P_BYTES,   /* s[n] */
    GD_P_LIST,    /* items[n] */
    GD_P_TUPLE,   /* items[n] */
    GD_P_SET,     /* items[n] */
    GD_P_DICT,    /* items[2 n]: key, value, ... */
    GD_P_GLOBAL,  /* global */
    GD_P_OBJECT,  /* object: what a name nobody here interprets was asked to make */
    GD_P_STORAGE, /* storage */
    GD_P_TENSOR   /* tensor */
} gd_pkind;

typedef uint32_t gd_pref; /* a node's number; 0 is None */

typedef struct gd_pglobal {
    const char *module, *name;
    uint32_t    n_module, n_name;
} gd_pglobal;

typedef struct gd_pobject {
    gd_pref cls, args, state; /* state 0: never built */
    gd_pref list, dict;       /* what APPENDS and SETITEMS gave it; 0: nothing */
} gd_pobject;

typedef struct gd_pstorage {
    gd_pref       key; /* a string */
    gd_ckpt_dtype dtype;
    bool          untyped; /* numel counts bytes */
    int64_t       numel;
    int64_t       root_offset; /* legacy views: first element inside the root storage */
    int64_t       root_numel;
} gd_pstorage;

typedef struct gd_ptensor {
    gd_pref       storage;
    gd_ckpt_dtype dtype;
    int           ndim;
    int64_t       offset;
    int64_t       dim[GD_CKPT_MAX_DIMS], stride[GD_CKPT_MAX_DIMS];
} gd_ptensor;

typedef struct gd_pnode {
    uint8_t  kind;
    uint8_t  on_path; /* for traversals: this node is being visited */
    uint32_t n;
    union {
        int64_t      i;
        double       f;
        const char  *s;
        gd_pref     *items;
        gd_pglobal  *global;
        gd_pobject  *object;
        gd_pstorage *storage;
        gd_ptensor  *tensor;
    };
} gd_pnode;

enum { GD_PICKLE_CHUNK = 4096, GD_PICKLE_CHUNKS = 1024, GD_PICKLE_MARKS = 1024 };

typedef struct gd_pickle {
    gd_arena             arena; /* .limit is set by the caller */
    gd_pnode            *chunk[GD_PICKLE_CHUNKS];
    uint32_t             n_nodes;
    const unsigned char *data;
    size_t               size, at, op_at; /* op_at: the opcode being obeyed */
    const char          *what;            /* names the record in messages */
    gd_pref             *stack, *memo;
    size_t               n_stack, room_stack, n_memo, room_memo;
    size_t               mark[GD_PICKLE_MARKS];
    size_t               n_marks;
    uint64_t             steps;
    int                  protocol;
    bool                 ran_out; /* the bytes ended before STOP: more may be given */
    bool                 over;    /* an object did not fit the limit */
    gd_pref              root;
    gd_pref              odd[8]; /* first names asked for that are not known to be harmless */
    int                  n_odd;
} gd_pickle;

/* Runs the pickle that starts at data[at]; p must be {0} but for arena.limit. On success
 * p->root is its value and p->at the byte after STOP. gd_pickle_free in every case. `what` is
 * kept. */
gd_status gd_pickle_run(gd_pickle *p, const unsigned char *data, size_t size, size_t at,
                        const char *what, gd_error *err) GD_MUST_CHECK;
void      gd_pickle_free(gd_pickle *p);

static inline gd_pnode *gd_pickle_at(const gd_pickle *p, gd_pref r) {
    return &p->chunk[r / GD_PICKLE_CHUNK][r % GD_PICKLE_CHUNK];
}
/* True for a node that is the string s. */
bool gd_pickle_is(const gd_pickle *p, gd_pref r, const char *s);
/* True for the name "module name". */
bool gd_pickle_is_global(const gd_pickle *p, gd_pref r, const char *module, const char *name);
/* The value of a string key in a dict, or 0 (None). The last of equal keys counts. */
gd_pref gd_pickle_get(const gd_pickle *p, gd_pref dict, const char *key);

/* ---- between pickle.c and pickle_torch.c ------------------------------------------------- */

/* Zeroed memory for objects, or NULL. */
void *gd_pickle_room(gd_pickle *p, size_t n, size_t size);
/* 0 when memory or the limit is exhausted: gd_pickle_full says which. */
gd_pref gd_pickle_new(gd_pickle *p, gd_pkind kind);
/* Appends one entry to a list, tuple or set (1 item) or dict (2 items). */
gd_status gd_pickle_push_entry(gd_pickle *p, gd_pref to, const gd_pref *entry, gd_error *err);
gd_status gd_pickle_full(gd_pickle *p, gd_error *err);
gd_status gd_pickle_bad(gd_pickle *p, gd_error *err, const char *fmt, ...) GD_PRINTF(3, 4);

/* Remembers a name that is not known to be harmless, for a warning. */
void gd_pickle_note(gd_pickle *p, gd_pref global);
/* The node that "cls(*args)" stands for. */
gd_status gd_pickle_reduce(gd_pickle *p, gd_pref cls, gd_pref args, gd_pref *out,
                           gd_error *err);
gd_status gd_pickle_build(gd_pickle *p, gd_pref target, gd_pref state, gd_error *err);
gd_status gd_pickle_persist(gd_pickle *p, gd_pref id, gd_pref *out, gd_error *err);

#ifdef __cplusplus
}
#endif
#endif
