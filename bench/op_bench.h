/* op_bench.h -- what the files of op_bench share: a problem, a measurement, the options. */
#ifndef GD_BENCH_OP_BENCH_H
#define GD_BENCH_OP_BENCH_H

#include "engine/device.h"

enum { MAX_ROWS = 24, MAX_RUNS = 400, LINE = 1024 };

typedef struct options {
    double      seconds; /* of measuring a row; 0: by the kind of device */
    const char *row;     /* only rows whose name holds this */
    const char *op;      /* only this operator */
    const char *device, *json, *markdown, *commit;
    int         batch;     /* factor of the first axis of every input */
    bool        providers; /* rows of vendor libraries too */
    bool        warm;      /* on a GPU: the same buffers again and again */
    bool        half, tf32;
} options;

/* How the values of an input are made. */
typedef enum fill_kind {
    FILL_PLAIN, /* between -0.5 and 0.5, repeating with a prime period */
    FILL_SCORE, /* in [0, 1), hashed */
    FILL_BOXES, /* corners inside `hi`, sides up to a quarter of it */
    FILL_WHOLE, /* whole numbers 0 .. hi */
    FILL_GIVEN
} fill_kind;

typedef struct problem {
    const gd_op *op;
    char         attr[256];
    char         step_attr[GD_MAX_STEP][16];
    gd_tensor    in[GD_MAX_IN], out[GD_MAX_OUT], arg[GD_MAX_STEP];
    fill_kind    fill[GD_MAX_IN];
    double       hi[GD_MAX_IN], given[8];
    gd_launch    l; /* data of constants and of what is not plain; all of it for the CPU */
    gd_cost      cost;
    int          count; /* nodes like this in the model */
    char         text[LINE], note[128];
} problem;

/* One row on one problem. Times in ms. */
typedef struct measurement {
    const char *row;
    bool        provider, bare;             /* bare: without the steps */
    double      best, median, lower, upper; /* quartiles */
} measurement;

typedef struct result {
    char        op[32], note[128], text[LINE];
    gd_cost     cost;
    int         count, n;
    const char *type;
    measurement m[MAX_ROWS];
} result;

/* What the device reaches on a copy and on large matrix products; 0: not measured. */
typedef struct ceiling {
    double copy_gbs, tflops;
    char   copy_row[64], product_row[64];
} ceiling;

/* Reads one line of a shape file. 1: nothing on it; -1: an error, printed. */
int problem_read(problem *p, const char *line, const options *o);
/* Shapes and types of outputs and arguments; host values for constants and what is not plain,
 * for everything with `all`. -1: an error, printed. */
int  problem_make(problem *p, bool all);
void problem_drop(problem *p);
int  tensor_fill(gd_tensor *t, fill_kind kind, double hi, const double *given);
int  complain(const char *what, const char *word);

/* Fills *r with a measurement for each row that fits; -1: an error, printed. */
int cpu_bench(problem *p, const options *o, result *r);
int device_bench(gd_device *d, problem *p, const options *o, result *r);
/* From the times of one row, which it sorts. */
measurement measure(const char *row, double *ms, int n);
int         absorbs_all(const gd_kernel *row, const gd_launch *l);

/* Share of the ceiling that the measurement reaches; 0: no ceiling was measured. */
double ceiling_share(const ceiling *c, const gd_cost *cost, double ms);
void   print_result(const result *r, const ceiling *c);
int    write_json(const char *path, const options *o, const gd_device *d, const ceiling *c,
                  const result *r, int n);
int    write_markdown(const char *path, const options *o, const gd_device *d, const ceiling *c,
                      const result *r, int n);

#endif
