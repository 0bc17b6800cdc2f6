/* torch_facts.c -- what a pickled module says of itself beside its tensors; see torch.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/utf8.h"
#include "weights/import/torch.h"

enum { MAX_CLASSES = 65536, MAX_WRAPPERS = 4 };

/* The class names of a module or, where it merely wraps another, of that one; 0: none. */
static gd_pref names_of(const gd_pickle *p, gd_pref module) {
    for (int i = 0; i < MAX_WRAPPERS; i++) {
        const gd_pref a = gd_torch_module(p, module);
        const gd_pref names = a ? gd_pickle_get(p, a, "names") : 0;
        if (!a || names) return names;
        module = gd_pickle_get(p, gd_pickle_get(p, a, "_modules"), "module");
    }
    return 0;
}

/* The i-th name. A dict that was pickled in another order is none that anybody writes. */
static const gd_pnode *name_at(const gd_pickle *p, const gd_pnode *names, uint32_t i) {
    if (names->kind != GD_P_DICT) return gd_pickle_at(p, names->items[i]);
    const gd_pnode *key = gd_pickle_at(p, names->items[2 * i]);
    return key->kind == GD_P_INT && key->i == (int64_t)i
               ? gd_pickle_at(p, names->items[2 * i + 1])
               : gd_pickle_at(p, 0);
}

/* Bytes of all names with a newline after each; 0: one of them is no line of text. */
static size_t length_of(const gd_pickle *p, const gd_pnode *names) {
    size_t n = 0;
    for (uint32_t i = 0; i < names->n; i++) {
        const gd_pnode *name = name_at(p, names, i);
        if (name->kind != GD_P_STR || !name->n || name->n > GD_CKPT_MAX_NAME ||
            !gd_utf8_ok(name->s, name->n, false))
            return 0;
        n += name->n + 1;
    }
    return n;
}

gd_status gd_torch_facts(gd_ckpt *c, const gd_pickle *p, gd_pref module, gd_error *err) {
    const gd_pnode *names = gd_pickle_at(p, names_of(p, module));
    gd_status       st = GD_OK;
    char            count[16];
    if (names->kind != GD_P_LIST && names->kind != GD_P_TUPLE && names->kind != GD_P_DICT)
        return GD_OK;
    const size_t n = names->n <= MAX_CLASSES ? length_of(p, names) : 0;
    if (!n) {
        gd_ckpt_warn(c, 446, "the %" PRIu32 " class names in the file are no lines of text",
                     names->n);
        return GD_OK;
    }
    char  *text = gd_mem_get(n);
    size_t at = 0;
    if (!text) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for class names", c->path);
    for (uint32_t i = 0; i < names->n; i++) {
        const gd_pnode *name = name_at(p, names, i);
        memcpy(text + at, name->s, name->n);
        text[at + name->n] = '\n';
        at += name->n + 1;
    }
    GD_GO(gd_ckpt_add_meta(c, "classes", text, n - 1, err));
    snprintf(count, sizeof count, "%" PRIu32, names->n);
    GD_GO(gd_ckpt_add_meta(c, "n_class", count, strlen(count), err));
done:
    gd_mem_put(text);
    return st;
}
