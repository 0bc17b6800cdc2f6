/* darknet.c -- Darknet's .cfg and .weights as one checkpoint of named tensors.
 *
 *     .weights   int32 major, minor, revision; pictures seen: 64 bits from version 0.2 on,
 *                32 before; then for each convolution, floats without any name or length:
 *                biases [K], with batch norm scales [K], means [K], variances [K],
 *                weights [K, C / groups, size, size]
 *
 * Only the .cfg tells what the floats are, so their number must be exactly what it asks for.
 * Tensors are named as PyTorch would: "0.conv.weight", "0.conv.bias", and with batch norm
 * "0.bn.weight", "0.bn.bias", "0.bn.running_mean", "0.bn.running_var". Metadata: "darknet.cfg",
 * "n_class", "input.size". */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "weights/import/darknet_cfg.h"
#include "weights/import/reader.h"

typedef struct reader {
    gd_ckpt  *c;
    gd_cfg    cfg;
    gd_file  *f;     /* the .weights */
    uint64_t  at;    /* of the next float */
    int       layer; /* that is read */
    gd_error *err;
} reader;

/* ---- the two files ----------------------------------------------------------------------- */

bool gd_ckpt_companion(const char *path, char *to, size_t size) {
    static const char *const pair[2] = {".cfg", ".weights"};
    const size_t             n = strlen(path);
    for (int i = 0; i < 2; i++) {
        const size_t k = strlen(pair[i]), m = strlen(pair[!i]);
        if (n <= k || strcmp(path + n - k, pair[i]) != 0 || n - k + m >= size) continue;
        memcpy(to, path, n - k);
        memcpy(to + n - k, pair[!i], m + 1);
        return true;
    }
    return false;
}

/* Opens the other file into files[1], then makes files[0] the weights. */
static gd_status open_other(gd_ckpt *c, bool is_cfg, gd_error *err) {
    char        beside[4096];
    const char *path = c->opt.weights, *wanted = is_cfg ? ".weights" : ".cfg";
    if (!path && !gd_ckpt_companion(c->path, beside, sizeof beside))
        return gd_fail_code(err, GD_ERR_FORMAT, 439,
                            "%s: is one of two files of a Darknet model, and its name does not "
                            "tell the %s beside it",
                            c->path, wanted);
    gd_file *both = gd_mem_grow(c->files, sizeof *both, 2 * sizeof *both);
    if (!both) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for a second file", c->path);
    c->files = both;
    both[1].fd = -1;
    c->n_files = 2;
    gd_status st = gd_file_open(&both[1], path ? path : beside, err);
    if (st != GD_OK) {
        gd_error_why(err, "%s needs its %s", c->path, wanted);
        if (is_cfg && !path)
            gd_error_hint(err, "--weights FILE names a file with another name");
        return st;
    }
    c->size += both[1].size;
    if (is_cfg) {
        const gd_file cfg = both[0];
        both[0] = both[1];
        both[1] = cfg;
    }
    return GD_OK;
}

static gd_status read_cfg(reader *r) {
    gd_file *f = &r->c->files[1];
    if (f->size > GD_CFG_MAX_TEXT)
        return gd_fail_code(r->err, GD_ERR_FORMAT, 437,
                            "%s: a .cfg of %" PRIu64 " bytes, at most %d are read", f->path,
                            f->size, (int)GD_CFG_MAX_TEXT);
    const size_t n = (size_t)f->size;
    char        *text = gd_mem_get(n);
    if (!text) return gd_fail(r->err, GD_ERR_NOMEM, "%s: no memory for it", f->path);
    gd_status st = gd_file_read(f, 0, text, n, r->err);
    if (st == GD_OK) st = gd_cfg_read(f->path, text, n, &r->c->arena, &r->cfg, r->err);
    gd_mem_put(text);
    return st;
}

/* Bytes of the header. */
static gd_status read_header(reader *r) {
    unsigned char b[12];
    if (r->f->size < 16)
        return gd_fail_code(r->err, GD_ERR_FORMAT, 438,
                            "%s: %" PRIu64 " bytes, a header of .weights has 16", r->f->path,
                            r->f->size);
    GD_TRY(gd_file_read(r->f, 0, b, sizeof b, r->err));
    const uint32_t major = gd_le32(b), minor = gd_le32(b + 4);
    if (major > 9 || minor > 9)
        return gd_fail_code(r->err, GD_ERR_FORMAT, 438,
                            "%s: is no .weights of Darknet: version %" PRIu32 ".%" PRIu32,
                            r->f->path, major, minor);
    r->at = major * 10 + minor >= 2 ? 20 : 16;
    return GD_OK;
}

/* ---- the floats -------------------------------------------------------------------------- */

static uint64_t weights_of(const gd_cfg_layer *l) {
    return (uint64_t)l->c * (uint64_t)(l->in_c / l->groups) * (uint64_t)l->size *
           (uint64_t)l->size;
}

static gd_status check_length(const reader *r) {
    uint64_t bytes = r->at, had = 0;
    int      last = -1;
    for (int i = 0; i < r->cfg.n_layer; i++) {
        const gd_cfg_layer *l = &r->cfg.layer[i];
        uint64_t            n;
        if (l->kind != GD_CFG_CONVOLUTIONAL) continue;
        /* At most 2^16 * 2^16 * 2^12 for each of 2^10 layers. */
        n = 4 * ((uint64_t)l->c * (l->norm ? 4 : 1) + weights_of(l));
        if (bytes <= r->f->size) had = bytes, last = i;
        bytes += n;
    }
    if (bytes == r->f->size) return GD_OK;
    const bool more = bytes < r->f->size;
    gd_status  st = gd_fail_code(
         r->err, GD_ERR_FORMAT, 438,
         "%s: %" PRIu64 " bytes, %s asks for %" PRIu64 ": %" PRIu64 " %s", r->f->path,
         r->f->size, r->c->files[1].path, bytes, more ? r->f->size - bytes : bytes - r->f->size,
        more ? "too many" : "are missing");
    if (more)
        gd_error_why(r->err, "the .cfg is of another network, or of fewer classes");
    else
        gd_error_why(r->err,
                     "it ends in layer %d, %" PRIu64
                     " bytes into it: cut off, or of another network",
                     last, r->f->size - had);
    return st;
}

static gd_status add(reader *r, const char *module, const char *leaf, int ndim,
                     const int64_t *dim) {
    gd_ckpt_tensor t = {.ndim = ndim, .dtype = GD_CKPT_F32};
    char           name[64];
    int64_t        step = 1;
    for (int d = ndim - 1; d >= 0; d--) {
        t.dim[d] = dim[d];
        t.stride[d] = step;
        step *= dim[d];
    }
    const int             n = snprintf(name, sizeof name, "%d.%s.%s", r->layer, module, leaf);
    const gd_ckpt_storage s = {
        .key = name, .at = r->at, .bytes = 4 * (uint64_t)step, .coded = 4 * (uint64_t)step};
    GD_TRY(gd_ckpt_add_storage(r->c, &s, &t.storage, r->err));
    r->at += s.bytes;
    return gd_ckpt_add_tensor(r->c, &t, name, (size_t)n, r->err);
}

static gd_status add_layer(reader *r, const gd_cfg_layer *l) {
    const int64_t k = l->c, w[4] = {k, l->in_c / l->groups, l->size, l->size};
    GD_TRY(add(r, l->norm ? "bn" : "conv", "bias", 1, &k));
    if (l->norm) {
        GD_TRY(add(r, "bn", "weight", 1, &k));
        GD_TRY(add(r, "bn", "running_mean", 1, &k));
        GD_TRY(add(r, "bn", "running_var", 1, &k));
    }
    return add(r, "conv", "weight", 4, w);
}

static gd_status add_facts(reader *r) {
    char text[32];
    int  n = snprintf(text, sizeof text, "%d", r->cfg.classes);
    GD_TRY(gd_ckpt_add_meta(r->c, "n_class", text, (size_t)n, r->err));
    n = snprintf(text, sizeof text, "%dx%d", r->cfg.height, r->cfg.width);
    GD_TRY(gd_ckpt_add_meta(r->c, "input.size", text, (size_t)n, r->err));
    return gd_ckpt_add_meta(r->c, "darknet.cfg", r->cfg.text, strlen(r->cfg.text), r->err);
}

gd_status gd_darknet_read(gd_ckpt *c, bool is_cfg, gd_error *err) {
    reader r = {.c = c, .err = err};
    c->format = "darknet";
    GD_TRY(open_other(c, is_cfg, err));
    r.f = &c->files[0];
    GD_TRY(read_cfg(&r));
    GD_TRY(read_header(&r));
    GD_TRY(check_length(&r));
    for (r.layer = 0; r.layer < r.cfg.n_layer; r.layer++)
        if (r.cfg.layer[r.layer].kind == GD_CFG_CONVOLUTIONAL)
            GD_TRY(add_layer(&r, &r.cfg.layer[r.layer]));
    GD_TRY(add_facts(&r));
    return gd_ckpt_choose_state(c, "", err);
}
