/* npy.h -- reads and writes NumPy's .npy files: how Python tests hand tensors to C programs. */
#ifndef GD_TESTS_PARITY_NPY_H
#define GD_TESTS_PARITY_NPY_H

#include "engine/tensor.h"

/* Dense; data from malloc, the caller's. A 0-d array reads as [1]. False: a message is on
 * stderr. */
bool npy_read(const char *path, gd_tensor *out);
bool npy_write(const char *path, const gd_tensor *t);

#endif
