/* vendor.h -- what rows that call NVIDIA's libraries share: steps they can absorb, their bias.
 *
 * These rows are yardsticks and an alternative that the user asks for. They live in
 * libgdrun_vendor.so, which nothing loads by itself, because the libraries behind it take a
 * gigabyte and a fifth of a second. */
#ifndef GD_KERNELS_VENDOR_VENDOR_H
#define GD_KERNELS_VENDOR_VENDOR_H

#include <cuda_runtime_api.h>

#include "engine/device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = [cast]([relu](product [+ add])): the one order that the libraries' epilogues have. */
typedef struct gdk_vendor_steps {
    const gd_tensor *add; /* or NULL */
    bool             relu, cast;
} gdk_vendor_steps;

extern const char *const gdk_vendor_absorbs[];      /* add, relu */
extern const char *const gdk_vendor_absorbs_cast[]; /* and cast: FP16 products into FP32 */

/* False where the steps are others, or in another order, or types do not agree. */
bool gdk_vendor_read_steps(const gd_launch *l, gdk_vendor_steps *out);
/* in[i] is absent, or a constant of `k` floats. */
bool gdk_vendor_bias_fits(const gd_launch *l, int i, int64_t k);
/* in[i] (zeros where it is absent) in device memory, as `type`: F16 or F32. The caller releases
 * it with gd_device_release. */
gd_status gdk_vendor_bias(const gd_launch *l, int i, int64_t k, gd_dtype type, void **out,
                          gd_error *err) GD_MUST_CHECK;
/* The ordinal of the launch's device, or of the current one. */
int gdk_vendor_ordinal(const gd_launch *l);
/* A matrix product by cuBLASLt: out[0] = in[0] . in[1] transposed, over the last axes, with
 * bias in[2] and the steps. in[1]'s axes but the first count as one. */
bool      gdk_lt_row_fits(const gd_launch *l, bool tf32);
size_t    gdk_lt_row_scratch(const gd_launch *l, bool tf32);
gd_status gdk_lt_row_prepare(const gd_launch *l, bool tf32, void **state, gd_error *err);
void      gdk_lt_row_release(void *state);
gd_status gdk_lt_row_run(const gd_launch *l, gd_error *err);

#ifdef __cplusplus
}
#endif

/* The three entries of a row that differ in whether FP32 may be rounded to TF32. */
#define GDK_VENDOR_ENTRIES(name, fits_f, scratch_f, prepare_f, tf32)               \
    static bool name##_fits(const gd_launch *l, const gd_device_caps *dev) {       \
        (void)dev;                                                                 \
        return fits_f(l, tf32);                                                    \
    }                                                                              \
    static size_t name##_scratch(const gd_launch *l, const gd_device_caps *dev) {  \
        (void)dev;                                                                 \
        return scratch_f(l, tf32);                                                 \
    }                                                                              \
    static gd_status name##_prepare(const gd_launch *l, const gd_device_caps *dev, \
                                    void **state, gd_error *err) {                 \
        (void)dev;                                                                 \
        return prepare_f(l, tf32, state, err);                                     \
    }

#define GDK_VENDOR_ROW(title, type, more, steps, entries, release_f, run_f)                   \
    .name = title, .backend = GD_CUDA, .dtype = type, .min_sm = 75,                           \
    .flags = GD_ROW_PITCH | GD_ROW_STEP_INPLACE | GD_ROW_PROVIDER | (more), .packs = 1u << 2, \
    .absorbs = steps, .fits = entries##_fits, .scratch = entries##_scratch,                   \
    .prepare = entries##_prepare, .release = release_f, .run = run_f

#endif
