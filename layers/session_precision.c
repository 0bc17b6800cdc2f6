/* session_precision.c -- what the network computes in: asked for, or told by the file. */
#include <string.h>

#include "layers/session_impl.h"

static const char *const names[GD_N_PRECISION] = {"auto", "fp32", "tf32", "fp16"};

const char *gd_precision_name(gd_precision p) { return names[p]; }

/* Written into the file when detections in FP16 were found to equal those in FP32. */
static bool passed(const gd_model *m) {
    const char *v = gd_model_meta(m, "parity.fp16");
    return v && !strcmp(v, "passed");
}

gd_status gd_session_precision(const gd_model *m, gd_precision asked, gd_device_caps *dev,
                               gd_precision *out, gd_error *err) {
    const bool gpu = dev->backend == GD_CUDA;
    *out = asked;
    if (asked == GD_PRECISION_AUTO)
        *out = gpu && passed(m) ? GD_PRECISION_FP16 : GD_PRECISION_FP32;
    dev->tf32 = *out == GD_PRECISION_TF32;
    if (*out == GD_PRECISION_FP32 || (gpu && (dev->sm >= 80 || !dev->tf32))) return GD_OK;
    gd_status st = gd_fail_code(err, GD_ERR_UNSUPPORTED, 210, "precision %s on %s", names[*out],
                                gpu ? "this GPU" : "the CPU");
    if (gpu)
        gd_error_why(err, "tf32 needs sm_80, this is sm_%d", dev->sm);
    else
        gd_error_why(err, "the CPU computes in fp32");
    gd_error_hint(err, gpu ? "use fp16 or fp32" : "use fp32, or a GPU");
    return st;
}
