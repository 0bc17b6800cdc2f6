/* op_check.h -- what the files of the operator tester share.
 *
 *   gd_case or backward node --> oc_problem   operator, attributes, shapes, values as doubles
 *   oc_problem + type + layout --> oc_stage   tensors in guarded memory, ready to run
 *
 * Rows of the host run on a stage; for rows of a device it is sent there and fetched back.
 * The tester's own memory comes from malloc: gd_mem's allocator is made to fail on purpose. */
#ifndef GD_TESTS_OP_CHECK_H
#define GD_TESTS_OP_CHECK_H

#include <string.h>

#include "engine/backend.h"
#include "engine/device.h"
#include "engine/graph.h"

/* Where rows are run. */
typedef struct oc_target {
    gd_device  *device;    /* NULL: the host */
    const char *row;       /* NULL: all; else those whose names begin so */
    const char *node;      /* NULL: all; else the one kind of backward nodes that is run */
    bool        providers; /* rows of vendors' libraries too */
    bool sanitize; /* every buffer ends with its allocation; outputs are left uninitialised */
    bool lost;     /* the device had a fault: nothing more can be run */
} oc_target;
extern oc_target oc_on;

static inline bool oc_wanted(const gd_kernel *row) {
    return !oc_on.row || !strncmp(row->name, oc_on.row, strlen(oc_on.row));
}

typedef struct oc_input {
    gd_tensor shape; /* dtype GD_F32 stands for the floating type under test; no data */
    double   *v;     /* values, row-major, all exact in single precision; owned */
    bool      absent, constant;
    bool      distinct; /* drawn so: may be scaled */
} oc_input;

typedef struct oc_step {
    const gd_op *op;
    const void  *attr;
    double      *v; /* second input in the shape of out[0], or NULL; owned */
} oc_step;

typedef struct oc_problem {
    const gd_op *op;
    const void  *attr;
    char         label[96];
    int          n_in;
    oc_input     in[GD_MAX_IN];
    int          n_step;
    oc_step      step[GD_MAX_STEP];
    bool         large; /* the f32 reference is the truth */
} oc_problem;

typedef struct oc_layout {
    const char *name;
    uint32_t pitch_in; /* bit i: pitch > channels on input i, and on second inputs of steps */
    bool     pitch_out, pitch_weights; /* weights: constants too */
    bool     constants;                /* honour `constant`; else nothing is constant */
    bool     in_place; /* out[0] is in[0], or the second input of a step; updates: every one */
    bool     three_as_four; /* the pitch of 3 channels is 4; else pitch_in is 0 */
    int      fill;          /* byte that fills outputs and scratch before the run */
} oc_layout;

typedef struct oc_block {
    unsigned char *base, *copy; /* with guards; copy: as it was before the run, inputs only */
    size_t         size, front, back; /* of base; front and back: of the guards */
    bool           borrowed;          /* base belongs to another block (in place) */
} oc_block;

typedef struct oc_stage {
    gd_launch l;
    gd_tensor in[GD_MAX_IN], out[GD_MAX_OUT], arg[GD_MAX_STEP];
    oc_block  in_block[GD_MAX_IN], out_block[GD_MAX_OUT], arg_block[GD_MAX_STEP], scratch;
    oc_layout layout;
    char      trouble[128]; /* why a run was not clean; empty: clean */
} oc_stage;

/* Values of all outputs as doubles. */
typedef struct oc_result {
    int     n_out;
    int64_t count[GD_MAX_OUT];
    bool    is_float[GD_MAX_OUT];
    double *v[GD_MAX_OUT];
} oc_result;

/* ---- op_check_problem.c ---- */
/* Never fails: the tester stops when malloc does. */
void oc_problem_of_case(oc_problem *p, const gd_op *op, const gd_case *c);
/* A node of a graph whose values (f64) have storage: its inputs become the problem's. */
void oc_problem_of_node(oc_problem *p, gd_graph *g, int node, const char *label);
/* The same in half precision: inputs that are not wide_in are scaled into its range and
 * rounded. */
void oc_problem_half(oc_problem *half, const oc_problem *p);
/* n values that single precision holds, scaled by a power of two to be of the size of 1 where
 * that is `scale`d, and rounded to halves if wanted. */
void oc_round(double *v, int64_t n, bool scale, bool half);
void oc_problem_free(oc_problem *p);
/* n values drawn the way the case says. */
void    oc_draw(double *v, const gd_tensor *shape, const gd_case_in *how, unsigned seed);
int64_t oc_problem_size(const oc_problem *p); /* elements of all inputs */
void   *oc_alloc(size_t size);

/* ---- op_check_stage.c ---- */
gd_status oc_stage_open(oc_stage *s, const oc_problem *p, gd_dtype type,
                        const oc_layout *layout, gd_error *err) GD_MUST_CHECK;
/* row NULL: the reference, with its steps. trouble is set when guards, gaps, inputs or the
 * scratch area's ends were written. */
gd_status oc_stage_run(oc_stage *s, const oc_problem *p, const gd_kernel *row,
                       gd_error *err) GD_MUST_CHECK;
void      oc_stage_close(oc_stage *s);
void      oc_stage_result(const oc_stage *s, oc_result *r);
void      oc_result_free(oc_result *r);
/* The type of a value behind an absorbed operator, and whether it changes types at all. */
gd_dtype oc_type_behind(const gd_op *op, const void *attr, gd_dtype type);
bool     oc_changes_type(const gd_op *op, const void *attr);
/* Opens, runs the reference without steps (row NULL) or a row of the host, takes the result. */
gd_status oc_reference(const oc_problem *p, gd_dtype type, const gd_kernel *row, oc_result *r,
                       gd_error *err) GD_MUST_CHECK;
/* Largest |a - b|; NaN beside a number, or unequal infinities, count as infinite. */
double oc_distance(const double *a, const double *b, int64_t n);

/* ---- op_check_device.c ---- */
/* What a row may count on: TF32 and libraries of vendors only for rows that are of that
 * kind. */
gd_device_caps oc_caps(const gd_kernel *row);
/* oc_stage_run for a row of the device: sends the stage, runs, fetches it; then the same as a
 * recorded graph, twice. */
gd_status oc_device_run(oc_stage *s, const oc_problem *p, const gd_kernel *row,
                        gd_error *err) GD_MUST_CHECK;
/* The launch as fits, scratch and prepare see it on the target: without addresses that a device
 * would not have yet. t has room for GD_MAX_IN + GD_MAX_OUT + GD_MAX_STEP. */
gd_launch oc_device_cold(const oc_stage *s, gd_tensor *t);
void      oc_block_open(oc_block *b, size_t size, bool scratch);
void      oc_device_free(void); /* what it keeps from run to run */

/* ---- op_check_truth.c ---- */
/* What an output should be: the f64 reference, how wrong the naive implementation of the same
 * precision is, and for TF32 the sum of the magnitudes of all products. */
typedef struct oc_truth {
    oc_result exact, naive, scale; /* scale.n_out 0: not needed */
} oc_truth;
/* Of a problem without its steps. For large problems exact is a row of the host in f32. */
bool oc_truth_find(const oc_problem *p, bool tf32, oc_truth *t);
/* The same behind the problem's steps. */
void oc_truth_fused(const oc_truth *base, const oc_problem *p, oc_truth *t);
void oc_truth_free(oc_truth *t);
/* The share of its bound that output i uses; above 1: too wrong. `out` is the type of
 * output. */
double      oc_truth_share(const oc_truth *t, const oc_problem *p, const gd_kernel *row, int i,
                           gd_dtype out, const double *got);
const char *oc_truth_where(void); /* ", output 0 element 7: ..." of the last share above 1 */

/* ---- checks ---- */
bool oc_golden(const oc_problem *p, const gd_case *c); /* false: nothing stated */
/* Every row of the target in every layout; `steps`: with what it absorbs, too. */
void oc_forward(const oc_problem *p, bool steps);
void oc_alias(const oc_problem *p);
void oc_affine(const oc_problem *p);
void oc_gradient(const oc_problem *p);
void oc_memory(const oc_problem *p);
void oc_shapes(const oc_problem *p);

/* ---- op_check.c ---- */
/* One result. `figure` is the share of its bound that an error used up, where there is one. */
void oc_report(bool ok, const char *check, const oc_problem *p, double figure, const char *fmt,
               ...) GD_PRINTF(5, 6);
void oc_skip(const char *check, const oc_problem *p, const char *why);
/* Coverage: the row ran, in this layout, with the steps of the problem. */
void           oc_cover(const gd_kernel *row, bool pitched, const oc_problem *p);
const gd_case *oc_cases_of(const char *op);

#endif
