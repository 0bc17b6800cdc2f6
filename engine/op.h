/* op.h -- the contract between the engine and one operator.
 *
 * An operator is a folder under kernels/. It exports one gd_op per graph node it defines
 * (conv2d exports conv2d, conv2d_bwd_data, conv2d_bwd_weight) and is listed in kernels/ops.def.
 * The engine, the tests and the benches know operators only through this table: nothing in the
 * tree switches over operators. */
#ifndef GD_ENGINE_OP_H
#define GD_ENGINE_OP_H

#include "engine/status.h"
#include "engine/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_MAX_IN = 16, GD_MAX_OUT = 8, GD_MAX_STEP = 4 };

typedef struct gd_graph  gd_graph;
typedef struct gd_node   gd_node;
typedef struct gd_op     gd_op;
typedef struct gd_device gd_device; /* engine/device.h */

/* ---- attributes -------------------------------------------------------------------------- */

/* One field of an attribute struct: drives parsing, printing, saving, hashing, test labels. */
typedef enum gd_attr_type { GD_ATTR_I32, GD_ATTR_F32 } gd_attr_type;
typedef struct gd_attr_field {
    const char  *name;
    gd_attr_type type;
    size_t       offset;
    int          count; /* array length; 0 means a single value */
    double       def;   /* what most graphs use; some golden case must be off it */
} gd_attr_field;

/* ---- one run of one node ----------------------------------------------------------------- */

/* An operator absorbed by its producer: out[0] = op(out[0] [, arg]), applied in order. */
typedef struct gd_step {
    const gd_op     *op;
    const void      *attr;
    const gd_tensor *arg; /* second input of a binary step (the residual), or NULL */
} gd_step;
/* Only the last step may change the type (GD_OP_CAST). out[0] has the type after all steps, and
 * a launch with such a step is run by rows alone that absorb it. */

/* Everything a kernel may look at. During infer, cost, fits and scratch, tensors have shapes
 * but data may be NULL (constants excepted: bit i of const_in says in[i]->data is final). */
typedef struct gd_launch {
    int              n_in, n_out;
    const gd_tensor *in[GD_MAX_IN]; /* NULL: an optional input that was not given */
    gd_tensor       *out[GD_MAX_OUT];
    uint32_t         const_in;
    const void      *attr;
    int              n_step;
    gd_step          step[GD_MAX_STEP];
    void            *state; /* made by prepare */
    void      *scratch;     /* 64-byte aligned (256 on a GPU), as many bytes as scratch() asked
                               * for; on a GPU in device memory, undefined at each run */
    void      *stream;      /* cudaStream_t, opaque to C */
    gd_device *device;      /* NULL: the host */
} gd_launch;

/* The type a launch computes in: that of its first floating-point tensor (inputs, then
 * outputs), else of its first input. */
gd_dtype gd_launch_dtype(const gd_launch *l);
/* The same, leaving out the inputs that the operator always reads in full precision. Rows are
 * chosen by it. */
gd_dtype gd_op_dtype(const gd_op *op, const gd_launch *l);

/* ---- kernel rows ------------------------------------------------------------------------- */

typedef enum gd_backend_id { GD_CPU, GD_CUDA } gd_backend_id;

typedef struct gd_device_caps {
    gd_backend_id backend;
    int           sm;         /* 90 for Hopper, 0 for the CPU */
    int           n_sm;       /* multiprocessors; threads on the CPU */
    size_t        smem_optin; /* shared memory one block may ask for */
    size_t        l2_bytes;
    uint64_t      mem_bytes;
    double        mem_gbs;   /* copy bandwidth; 0: unknown */
    bool          tf32;      /* FP32 products may be rounded to TF32 (asked for by the user) */
    bool          providers; /* rows of vendor libraries may be chosen */
} gd_device_caps;

enum {                        /* gd_kernel.flags */
       GD_ROW_PITCH = 1 << 0, /* any pitch on any tensor; without it all tensors are dense */
       GD_ROW_REFERENCE = 1 << 1,    /* the definition: never chosen while another row fits */
       GD_ROW_STEP_INPLACE = 1 << 2, /* out[0] may overwrite the second input of a step */
       GD_ROW_PROVIDER = 1 << 3, /* a vendor's library: only where caps.providers, then first */
       GD_ROW_TF32 = 1 << 4,     /* rounds FP32 operands to TF32: only where caps.tf32 */
       GD_ROW_BULK_STORE = 1 << 5 /* bulk copies of the device write the outputs: initcheck of
                                   * compute-sanitizer does not see them */
};

/* One implementation. The engine takes the fitting row of lowest cost_us; row order breaks ties
 * and decides where a row states no cost. */
typedef struct gd_kernel {
    const char   *name; /* as printed by traces, tests and benches: <op>_<family>_<type> */
    gd_backend_id backend;
    gd_dtype      dtype;  /* gd_launch_dtype it serves */
    int           min_sm; /* 0, or 75, 80, 90 ... */
    uint32_t      flags;
    /* Bit i: in[i], where it is a constant, is read by prepare alone, so a device need not hold
     * it. */
    uint32_t packs;
    /* Cheap predicate, no allocation; NULL: always. Looks at l->step too. */
    bool (*fits)(const gd_launch *l, const gd_device_caps *dev);
    /* Names of epilogue operators this row applies itself, NULL-terminated; NULL: none. A fused
     * node whose chosen row does not list a step runs that step through its own kernel. */
    const char *const *absorbs;
    size_t (*scratch)(const gd_launch *l, const gd_device_caps *dev);
    double (*cost_us)(const gd_launch *l, const gd_device_caps *dev);
    /* Once, at session open: packs weights (const_in), builds descriptors. *state is released
     * with the session. May allocate; run may not. On a GPU constants still have host addresses
     * here (they have device addresses in run), every other address may be NULL, and uploads go
     * through l->device (engine/device.h), in order before the first run. */
    gd_status (*prepare)(const gd_launch *l, const gd_device_caps *dev, void **state,
                         gd_error *err);
    void (*release)(void *state);
    /* No allocation, no synchronisation; writes every element of every output. */
    gd_status (*run)(const gd_launch *l, gd_error *err);
    /* err(row) <= tol_k * err(naive at the same precision) + rounding, both against f64; 0
     * means
     * 2. Larger needs a reason. */
    double      tol_k;
    const char *tol_why;
} gd_kernel;

/* ---- the operator ------------------------------------------------------------------------ */

enum {                            /* gd_op.flags */
       GD_OP_INPLACE = 1 << 0,    /* out[0] may share storage with in[0] when in[0] dies here */
       GD_OP_EPILOGUE = 1 << 1,   /* pointwise on in[0]: a producer may absorb it */
       GD_OP_RANDOM = 1 << 2,     /* draws random numbers: not compared between runs */
       GD_OP_ACCUMULATE = 1 << 3, /* out = in[0] + in[1]: autodiff sums with it */
       GD_OP_SINK = 1 << 4,       /* never removed as dead */
       GD_OP_SHAPES_ONLY = 1 << 5, /* reads the shapes of its inputs, never their values */
       /* What the precision pass may do; without either an operator stays in FP32. */
       GD_OP_HALF = 1 << 6, /* computes in FP16 (accumulating in FP32) when that is asked for */
       GD_OP_HALF_FOLLOW = 1 << 7, /* takes its inputs' type: pointwise, pooling, views */
       /* out[0] is in[0] in the floating type that the attribute, one int32_t, names. */
       GD_OP_CAST = 1 << 8,
       /* out[i] is in[i] after the update, in the same bytes, for every i < n_out; each of
        * those inputs is a variable, or an update of one. Never removed as dead. */
       GD_OP_UPDATE = 1 << 9
};

typedef struct gd_cost {
    double flop;  /* multiply and add count as two */
    double bytes; /* compulsory traffic: every input and output once */
} gd_cost;

struct gd_op {
    const char *name;           /* also in saved graphs: never a number */
    int         min_in, max_in; /* inputs; those beyond min_in are optional */
    int         n_out;
    uint32_t    flags;
    uint32_t    wide_in; /* bit i: in[i] stays FP32 where the node runs in FP16 (a bias) */
    /* Bit i: as with GD_OP_UPDATE where in[i] is a variable, else out[i] has bytes of its own
     * (running statistics). */
    uint32_t             update_out;
    const gd_attr_field *attr_fields; /* ends with {0}; NULL: none */
    size_t               attr_size;

    /* Checks inputs and attributes, fills dtype, ndim and dim of every output. */
    gd_status (*infer)(const gd_launch *l, gd_error *err);
    /* NULL: flop 0 and the bytes of all tensors. */
    void (*cost)(const gd_launch *l, gd_cost *c);
    /* Appends the nodes that turn d_out[i] (value ids, -1: no gradient arrives) into d_in[i]
     * (-1: not differentiable in that input). NULL: not differentiable. */
    gd_status (*grad)(gd_graph *g, const gd_node *n, const int *d_out, int *d_in,
                      gd_error *err);

    /* View: out[0] may alias in[0] at *offset bytes (sets out[0]->pitch). NULL or false:
     * copy. */
    bool (*view)(const gd_launch *l, size_t *offset);
    /* Join: in[i] may live inside out[0] at *offset bytes with out[0]'s pitch (concat). */
    bool (*join)(const gd_launch *l, int i, size_t *offset);

    /* This node is y = x * scale[c] + shift[c] with constants: fills both, C entries each
     * (batch norm at inference). False when it is not such a node. */
    bool (*as_affine)(const gd_launch *l, double *scale, double *shift);
    /* The producer's side: folds a following affine into this node's constants (conv weights),
     * or appends nodes that fold it into variables at every run. `n` is a copy of the node. */
    gd_status (*fold_affine)(gd_graph *g, gd_node *n, const double *scale, const double *shift,
                             gd_error *err);

    const gd_kernel *kernels; /* in order of preference; ends with {0} */
};

/* Row i of the operator on a backend, in order of preference, or NULL past the last: the
 * operator's own rows, then those that plugins registered. */
const gd_kernel *gd_op_row(const gd_op *op, gd_backend_id backend, int i);
/* A plugin's rows: `rows` gives the table of an operator (ends with {0}), or NULL. Called once
 * a plugin, before anything is planned for its backend. */
typedef const gd_kernel *(*gd_rows_of)(const char *op);
void gd_op_register(gd_backend_id backend, gd_rows_of rows);

/* All operators, in ops.def order, then NULL (kernels/ops.c). */
extern const gd_op *const gd_ops[];
const gd_op              *gd_op_find(const char *name); /* NULL: no such operator */
/* "size=3 stride=2 pad=1" into buf; returns buf. */
const char *gd_op_attr_text(const gd_op *op, const void *attr, char *buf, size_t size);

/* What op->cost says, or the default. */
void gd_launch_cost(const gd_op *op, const gd_launch *l, gd_cost *c);

/* ---- helpers for descriptors ------------------------------------------------------------- */

/* out takes shape and dtype of in; its data pointer is kept. */
void gd_infer_like(gd_tensor *out, const gd_tensor *in);
/* out takes dtype and a dense shape. */
void gd_infer_set(gd_tensor *out, gd_dtype dtype, int ndim, const int64_t *dim);
/* infer for operators whose single output looks like in[0]. */
gd_status gd_infer_same(const gd_launch *l, gd_error *err);
/* "conv2d: input 0 is f32[1,3], wanted ..." */
gd_status gd_fail_input(gd_error *err, const char *op, int i, const gd_tensor *t,
                        const char *wanted);

/* ---- cases: linked into tests and benches only ------------------------------------------- */

/* How an input's values are drawn. */
typedef enum gd_draw {
    GD_DRAW_DISTINCT, /* distinct multiples of 1/16, not 0, shuffled: no ties, no kinks */
    GD_DRAW_UNIFORM,  /* uniform in [lo, hi] (both 0: [-1, 1]) */
    GD_DRAW_BOXES,    /* last axis 4: x1 < x2, y1 < y2 inside [0, hi] */
    GD_DRAW_INTEGERS  /* uniform integers lo .. hi */
} gd_draw;

/* GD_F32 here means "the floating type under test". ndim 0 ends the list of inputs unless
 * `absent` marks an optional input that is left out. */
typedef struct gd_case_in {
    int           ndim;
    int64_t       dim[GD_MAX_DIM];
    gd_dtype      dtype;
    gd_draw       draw;
    double        lo, hi;
    const double *give; /* given values, row-major; overrides draw */
    bool          absent;
    bool          constant; /* a weight: rows may prepare it */
} gd_case_in;

typedef struct gd_case_out {
    int           ndim; /* 0: shape not stated */
    int64_t       dim[GD_MAX_DIM];
    const double *want; /* golden values from outside this code base, or NULL */
    double        tol;  /* largest absolute difference in f64; 0 means 1e-12 */
} gd_case_out;

enum {                           /* gd_case.flags */
       GD_CASE_NO_GRAD = 1 << 0, /* sits on a kink, or too large for central differences */
       GD_CASE_LARGE = 1 << 1 /* compared with the f32 reference; skipped by op_check --small */
};

typedef struct gd_case {
    const char *label; /* "resnet50 stem", "1x1 plane", ...; NULL ends the array */
    const void *attr;  /* &(gd_conv2d){...}: file-scope compound literals are static */
    gd_case_in  in[GD_MAX_IN];
    gd_case_out out[GD_MAX_OUT];
    uint32_t    flags;
} gd_case;
/* kernels/<op>/<op>_cases.c defines `const gd_case gd_cases_<op>[]` for each operator. */

#ifdef __cplusplus
}
#endif
#endif
