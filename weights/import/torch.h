/* torch.h -- from the values of a checkpoint's pickle to its storages and tensors. */
#ifndef GD_WEIGHTS_IMPORT_TORCH_H
#define GD_WEIGHTS_IMPORT_TORCH_H

#include "weights/import/pickle.h"
#include "weights/import/reader.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of objects a pickle may build: room for the largest honest ones, far below what hostile
 * bytes could ask for. */
size_t gd_torch_object_limit(uint64_t file_size);

/* A storage of the pickle, once a key, in order of first use. The reader of the container finds
 * its bytes and sets `index`. */
typedef struct gd_torch_storage {
    const char *key; /* n_key bytes inside the pickle */
    uint32_t    n_key;
    uint64_t    bytes;
    uint32_t    unit;  /* element size: legacy files count elements */
    int         index; /* into gd_ckpt.storages once the reader has added it */
} gd_torch_storage;

typedef struct gd_torch_tensor {
    gd_ckpt_tensor view; /* .storage is an index into gd_torch_found.storages */
    const char    *path; /* n_path bytes in the arena of the checkpoint */
    size_t         n_path;
} gd_torch_tensor;

typedef struct gd_torch_found {
    gd_torch_storage *storages;
    int               n_storages, room_storages;
    gd_torch_tensor  *tensors;
    int               n_tensors, room_tensors;
    uint32_t         *by_key; /* hash: storage + 1 */
    uint32_t          n_slots;
    const char       *base; /* path of the dict that holds the weights, with its dot */
} gd_torch_found;

/* Walks the values from the root: dicts, lists, tuples and the trees of pickled modules. Sets
 * the top-level facts of c. gd_torch_found_free in every case. */
gd_status gd_torch_collect(gd_ckpt *c, gd_pickle *p, gd_torch_found *f,
                           gd_error *err) GD_MUST_CHECK;
/* The attributes of a pickled torch.nn.Module, or 0: a dict that has _parameters and
 * _modules. */
gd_pref gd_torch_module(const gd_pickle *p, gd_pref r);
/* Metadata from the attributes of the module whose weights are taken (0, or no module: none):
 * `names`, a list or a dict from 0, 1, ... on, as "classes" and "n_class". Names that are none,
 * as a line of text, are left out with a warning. */
gd_status gd_torch_facts(gd_ckpt *c, const gd_pickle *p, gd_pref module,
                         gd_error *err) GD_MUST_CHECK;
/* Decides which dict or module holds the weights: f->base. Reads the facts of a module. */
gd_status gd_torch_choose(gd_ckpt *c, const gd_pickle *p, gd_torch_found *f, gd_error *err);
/* After the storages have their index: adds the tensors to c and chooses the weights. */
gd_status gd_torch_deliver(gd_ckpt *c, gd_torch_found *f, gd_error *err) GD_MUST_CHECK;
/* The storage with this key, or NULL. */
gd_torch_storage *gd_torch_storage_find(const gd_torch_found *f, const char *key, size_t n);
void              gd_torch_found_free(gd_torch_found *f);

#ifdef __cplusplus
}
#endif
#endif
