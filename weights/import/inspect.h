/* inspect.h -- what a weight file holds, as JSON for programs or as text for people.
 *
 * JSON fields: file, format, pickle_protocol, top (list of keys, or the type of the root),
 * shared (groups of paths whose tensors share a storage), tensors, bytes, state_dict_prefix,
 * sha256, warnings. Of each tensor: name (its whole path), shape, dtype, stride, offset,
 * contiguous, numel, float64 sum, sumsq and wsum (sum of i * x[i], i from 1), the first and
 * last four values, sha256 of its row-major bytes, storage, weight (the name without prefix;
 * null outside the state dict). Numbers that are not finite, and those of types without any,
 * are null. */
#ifndef GD_WEIGHTS_IMPORT_INSPECT_H
#define GD_WEIGHTS_IMPORT_INSPECT_H

#include "weights/import/checkpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

/* *out is a NUL-terminated text that ends with a newline; release it with gd_mem_put. */
gd_status gd_inspect_json(gd_ckpt *c, char **out, gd_error *err) GD_MUST_CHECK;
/* One line a tensor. Values are not read. */
gd_status gd_inspect_text(gd_ckpt *c, char **out, gd_error *err) GD_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
