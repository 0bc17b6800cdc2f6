/* pickle_torch.c -- the few names of a pickle that stand for something here; see pickle.h.
 *
 * "REDUCE torch._utils._rebuild_tensor_v2 (storage, offset, size, ...)" is read as a record
 * with those fields. Every name that is not compared with a literal below becomes an opaque
 * object, so os.system with its arguments is three strings in memory and nothing else. */
#include "weights/import/pickle.h"

#include <string.h>

/* ---- names ------------------------------------------------------------------------------- */

static bool text_is(const char *s, uint32_t n, const char *want) {
    return n == strlen(want) && memcmp(s, want, n) == 0;
}

static bool text_starts(const char *s, uint32_t n, const char *want) {
    return n >= strlen(want) && memcmp(s, want, strlen(want)) == 0;
}

static bool name_in(const gd_pglobal *g, const char *const *list) {
    for (; *list; list++)
        if (text_is(g->name, g->n_name, *list)) return true;
    return false;
}

/* Names that honest checkpoints are full of. They are not called either; they are only not
 * worth a warning. */
static bool harmless(const gd_pglobal *g) {
    static const char *const builtin[] = {
        "set",  "frozenset", "complex",   "list",  "dict",  "tuple",  "int",   "long", "float",
        "bool", "str",       "bytearray", "bytes", "slice", "object", "range", NULL};
    static const char *const utils[] = {"_rebuild_tensor",
                                        "_rebuild_tensor_v2",
                                        "_rebuild_tensor_v3",
                                        "_rebuild_parameter",
                                        "_rebuild_qtensor",
                                        "_rebuild_parameter_with_state",
                                        NULL};
    static const char *const whole[] = {"torch",
                                        "torch.cuda",
                                        "torch.storage",
                                        "torch._tensor",
                                        "collections",
                                        "argparse",
                                        "datetime",
                                        "numpy",
                                        "numpy.core.multiarray",
                                        "numpy._core.multiarray",
                                        "_codecs",
                                        "copy_reg",
                                        "copyreg",
                                        NULL};
    static const char *const paths[] = {"PosixPath", "PurePosixPath", "WindowsPath", NULL};
    const char              *m = g->module;
    uint32_t                 n = g->n_module;
    if (text_is(m, n, "__builtin__") || text_is(m, n, "builtins")) return name_in(g, builtin);
    if (text_is(m, n, "torch._utils")) return name_in(g, utils);
    if (text_is(m, n, "pathlib")) return name_in(g, paths);
    for (const char *const *w = whole; *w; w++)
        if (text_is(m, n, *w)) return true;
    return text_starts(m, n, "torch.nn.") || text_starts(m, n, "torch.optim.") ||
           text_starts(m, n, "torchvision.models.") || text_starts(m, n, "torchvision.ops.");
}

void gd_pickle_note(gd_pickle *p, gd_pref global) {
    const gd_pglobal *g = gd_pickle_at(p, global)->global;
    enum { KEPT = sizeof p->odd / sizeof *p->odd };
    if (harmless(g)) return;
    for (int i = 0; i < p->n_odd && i < KEPT; i++) {
        const gd_pglobal *o = gd_pickle_at(p, p->odd[i])->global;
        if (o->n_module == g->n_module && o->n_name == g->n_name &&
            memcmp(o->module, g->module, g->n_module) == 0 &&
            memcmp(o->name, g->name, g->n_name) == 0)
            return;
    }
    if (p->n_odd < KEPT) p->odd[p->n_odd] = global;
    p->n_odd++;
}

/* ---- types ------------------------------------------------------------------------------- */

typedef struct type_name {
    const char   *name;
    gd_ckpt_dtype dtype;
} type_name;

static const type_name storage_types[] = {
    {"FloatStorage", GD_CKPT_F32},        {"HalfStorage", GD_CKPT_F16},
    {"BFloat16Storage", GD_CKPT_BF16},    {"DoubleStorage", GD_CKPT_F64},
    {"LongStorage", GD_CKPT_I64},         {"IntStorage", GD_CKPT_I32},
    {"ShortStorage", GD_CKPT_I16},        {"CharStorage", GD_CKPT_I8},
    {"ByteStorage", GD_CKPT_U8},          {"BoolStorage", GD_CKPT_BOOL},
    {"ComplexFloatStorage", GD_CKPT_C64}, {"ComplexDoubleStorage", GD_CKPT_C128},
    {"QInt8Storage", GD_CKPT_QI8},        {"QUInt8Storage", GD_CKPT_QU8},
    {"QInt32Storage", GD_CKPT_QI32},      {"UntypedStorage", GD_CKPT_U8},
    {"_UntypedStorage", GD_CKPT_U8}};

/* Types that have no storage class of their own come as names beside an untyped storage. */
static const type_name dtypes[] = {{"float32", GD_CKPT_F32},
                                   {"float16", GD_CKPT_F16},
                                   {"bfloat16", GD_CKPT_BF16},
                                   {"float64", GD_CKPT_F64},
                                   {"int64", GD_CKPT_I64},
                                   {"int32", GD_CKPT_I32},
                                   {"int16", GD_CKPT_I16},
                                   {"int8", GD_CKPT_I8},
                                   {"uint8", GD_CKPT_U8},
                                   {"uint16", GD_CKPT_U16},
                                   {"uint32", GD_CKPT_U32},
                                   {"uint64", GD_CKPT_U64},
                                   {"bool", GD_CKPT_BOOL},
                                   {"complex32", GD_CKPT_C32},
                                   {"complex64", GD_CKPT_C64},
                                   {"complex128", GD_CKPT_C128},
                                   {"float8_e4m3fn", GD_CKPT_F8_E4M3},
                                   {"float8_e5m2", GD_CKPT_F8_E5M2},
                                   {"float8_e4m3fnuz", GD_CKPT_F8_E4M3FNUZ},
                                   {"float8_e5m2fnuz", GD_CKPT_F8_E5M2FNUZ}};

static gd_status find_type(gd_pickle *p, const type_name *list, size_t n, gd_pref r,
                           gd_ckpt_dtype *out, gd_error *err) {
    const gd_pnode *v = gd_pickle_at(p, r);
    if (v->kind != GD_P_GLOBAL || !text_starts(v->global->module, v->global->n_module, "torch"))
        return gd_pickle_bad(p, err, "an element type that is no name of torch");
    for (size_t i = 0; i < n; i++)
        if (text_is(v->global->name, v->global->n_name, list[i].name)) {
            *out = list[i].dtype;
            return GD_OK;
        }
    return gd_fail_code(err, GD_ERR_UNSUPPORTED, 418,
                        "%s: byte %zu of the pickle: element type %.*s is not read", p->what,
                        p->at, (int)v->global->n_name, v->global->name);
}

/* ---- persistent ids ---------------------------------------------------------------------- */

/* ('storage', type, key, location, numel[, view]) where view is None or (key, offset,
 * numel). */
static gd_status storage(gd_pickle *p, const gd_pref *f, uint32_t n, gd_pref *out,
                         gd_error *err) {
    gd_pstorage s = {.key = f[2]};
    GD_TRY(find_type(p, storage_types, sizeof storage_types / sizeof *storage_types, f[1],
                     &s.dtype, err));
    const gd_pglobal *g = gd_pickle_at(p, f[1])->global;
    s.untyped = text_starts(g->name, g->n_name, "Untyped") || g->name[0] == '_';
    if (gd_pickle_at(p, f[2])->kind != GD_P_STR)
        return gd_pickle_bad(p, err, "a storage key that is no string");
    if (gd_pickle_at(p, f[4])->kind != GD_P_INT || gd_pickle_at(p, f[4])->i < 0)
        return gd_pickle_bad(p, err, "a storage of unknown size");
    s.numel = s.root_numel = gd_pickle_at(p, f[4])->i;
    const gd_pnode *view = gd_pickle_at(p, n > 5 ? f[5] : 0);
    if (view->kind != GD_P_NONE) {
        if (view->kind != GD_P_TUPLE || view->n != 3 ||
            gd_pickle_at(p, view->items[1])->kind != GD_P_INT ||
            gd_pickle_at(p, view->items[2])->kind != GD_P_INT)
            return gd_pickle_bad(p, err, "a storage view that is no (key, offset, size)");
        s.root_offset = gd_pickle_at(p, view->items[1])->i;
        s.numel = gd_pickle_at(p, view->items[2])->i;
        if (s.root_offset < 0 || s.numel < 0 || s.root_offset > s.root_numel ||
            s.numel > s.root_numel - s.root_offset)
            return gd_pickle_bad(p, err, "a storage view of %lld at %lld in a storage of %lld",
                                 (long long)s.numel, (long long)s.root_offset,
                                 (long long)s.root_numel);
    }
    gd_pref      r = gd_pickle_new(p, GD_P_STORAGE);
    gd_pstorage *copy = r ? gd_pickle_room(p, 1, sizeof *copy) : NULL;
    if (!copy) return gd_pickle_full(p, err);
    *copy = s;
    gd_pickle_at(p, r)->storage = copy;
    *out = r;
    return GD_OK;
}

static gd_status opaque(gd_pickle *p, gd_pref cls, gd_pref args, gd_pref *out, gd_error *err) {
    gd_pref     r = gd_pickle_new(p, GD_P_OBJECT);
    gd_pobject *o = r ? gd_pickle_room(p, 1, sizeof *o) : NULL;
    if (!o) return gd_pickle_full(p, err);
    *o = (gd_pobject){.cls = cls, .args = args};
    gd_pickle_at(p, r)->object = o;
    *out = r;
    return GD_OK;
}

gd_status gd_pickle_persist(gd_pickle *p, gd_pref id, gd_pref *out, gd_error *err) {
    const gd_pnode *v = gd_pickle_at(p, id);
    if (v->kind == GD_P_TUPLE && v->n >= 5 && gd_pickle_is(p, v->items[0], "storage"))
        return storage(p, v->items, v->n, out, err);
    /* Legacy files wrap a class in its source text: ('module', class, file, source). */
    if (v->kind == GD_P_TUPLE && v->n >= 2 && gd_pickle_is(p, v->items[0], "module")) {
        *out = v->items[1];
        return GD_OK;
    }
    return opaque(p, 0, id, out, err);
}

/* ---- tensors ----------------------------------------------------------------------------- */

static gd_status extents(gd_pickle *p, gd_pref r, const char *what, int *n, int64_t *v,
                         gd_error *err) {
    const gd_pnode *t = gd_pickle_at(p, r);
    if (t->kind != GD_P_TUPLE && t->kind != GD_P_LIST)
        return gd_pickle_bad(p, err, "a tensor whose %s is no tuple", what);
    if (t->n > GD_CKPT_MAX_DIMS)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 445,
                            "%s: byte %zu of the pickle: a tensor of %u dimensions, the limit "
                            "is %d",
                            p->what, p->at, t->n, (int)GD_CKPT_MAX_DIMS);
    for (uint32_t i = 0; i < t->n; i++) {
        const gd_pnode *e = gd_pickle_at(p, t->items[i]);
        if (e->kind != GD_P_INT)
            return gd_pickle_bad(p, err, "a tensor whose %s is not made of integers", what);
        v[i] = e->i;
    }
    *n = (int)t->n;
    return GD_OK;
}

/* (storage, offset, size, stride, ...); dtype names the element type when the storage
 * cannot. */
static gd_status tensor(gd_pickle *p, const gd_pref *f, gd_pref dtype, gd_pref *out,
                        gd_error *err) {
    gd_ptensor      t = {.storage = f[0]};
    const gd_pnode *s = gd_pickle_at(p, f[0]), *offset = gd_pickle_at(p, f[1]);
    int             n_stride = 0;
    if (s->kind != GD_P_STORAGE) return gd_pickle_bad(p, err, "a tensor without a storage");
    if (offset->kind != GD_P_INT) return gd_pickle_bad(p, err, "a tensor without an offset");
    t.offset = offset->i;
    t.dtype = s->storage->dtype;
    GD_TRY(extents(p, f[2], "size", &t.ndim, t.dim, err));
    GD_TRY(extents(p, f[3], "stride", &n_stride, t.stride, err));
    if (t.ndim != n_stride)
        return gd_pickle_bad(p, err, "a tensor of %d sizes and %d strides", t.ndim, n_stride);
    if (dtype)
        GD_TRY(find_type(p, dtypes, sizeof dtypes / sizeof *dtypes, dtype, &t.dtype, err));
    gd_pref     r = gd_pickle_new(p, GD_P_TENSOR);
    gd_ptensor *copy = r ? gd_pickle_room(p, 1, sizeof *copy) : NULL;
    if (!copy) return gd_pickle_full(p, err);
    *copy = t;
    gd_pickle_at(p, r)->tensor = copy;
    *out = r;
    return GD_OK;
}

/* ---- what is asked of names -------------------------------------------------------------- */

/* OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]). */
static gd_status dict(gd_pickle *p, const gd_pnode *args, bool pairs, gd_pref *out,
                      gd_error *err) {
    gd_pref r = gd_pickle_new(p, GD_P_DICT);
    if (!r) return gd_pickle_full(p, err);
    *out = r;
    if (!pairs || !args->n) return GD_OK;
    const gd_pnode *list = gd_pickle_at(p, args->items[0]);
    if (list->kind != GD_P_LIST && list->kind != GD_P_TUPLE)
        return gd_pickle_bad(p, err, "an OrderedDict of something that is no list");
    for (uint32_t i = 0; i < list->n; i++) {
        const gd_pnode *pair = gd_pickle_at(p, list->items[i]);
        if ((pair->kind != GD_P_LIST && pair->kind != GD_P_TUPLE) || pair->n != 2)
            return gd_pickle_bad(p, err, "an OrderedDict of something that is no pair");
        GD_TRY(gd_pickle_push_entry(p, r, pair->items, err));
    }
    return GD_OK;
}

static gd_status set(gd_pickle *p, const gd_pnode *args, gd_pref *out, gd_error *err) {
    gd_pref r = gd_pickle_new(p, GD_P_SET);
    if (!r) return gd_pickle_full(p, err);
    *out = r;
    if (!args->n) return GD_OK;
    const gd_pnode *from = gd_pickle_at(p, args->items[0]);
    if (from->kind != GD_P_LIST && from->kind != GD_P_TUPLE && from->kind != GD_P_SET)
        return GD_OK;
    for (uint32_t i = 0; i < from->n; i++)
        GD_TRY(gd_pickle_push_entry(p, r, &from->items[i], err));
    return GD_OK;
}

static bool is_utils(const gd_pickle *p, gd_pref cls, const char *name) {
    return gd_pickle_is_global(p, cls, "torch._utils", name);
}

static bool is_builtin(const gd_pickle *p, gd_pref cls, const char *name) {
    return gd_pickle_is_global(p, cls, "__builtin__", name) ||
           gd_pickle_is_global(p, cls, "builtins", name);
}

/* Sets *found and *out when `cls` rebuilds a tensor from its parts. */
static gd_status rebuild(gd_pickle *p, gd_pref cls, const gd_pnode *args, bool *found,
                         gd_pref *out, gd_error *err) {
    const gd_pref *f = args->items;
    uint32_t       n = args->n;
    *found = true;
    if (is_utils(p, cls, "_rebuild_tensor") && n >= 4) return tensor(p, f, 0, out, err);
    if (is_utils(p, cls, "_rebuild_tensor_v2") && n >= 6) return tensor(p, f, 0, out, err);
    if (is_utils(p, cls, "_rebuild_tensor_v3") && n >= 7) return tensor(p, f, f[6], out, err);
    if (is_utils(p, cls, "_rebuild_qtensor") && n >= 6) return tensor(p, f, 0, out, err);
    bool parameter = is_utils(p, cls, "_rebuild_parameter") ||
                     is_utils(p, cls, "_rebuild_parameter_with_state") ||
                     gd_pickle_is_global(p, cls, "torch.nn.parameter", "Parameter") ||
                     gd_pickle_is_global(p, cls, "torch.nn.parameter", "Buffer");
    if (parameter && n >= 1 && gd_pickle_at(p, f[0])->kind == GD_P_TENSOR) {
        *out = f[0];
        return GD_OK;
    }
    *found = false;
    return GD_OK;
}

gd_status gd_pickle_reduce(gd_pickle *p, gd_pref cls, gd_pref args, gd_pref *out,
                           gd_error *err) {
    const gd_pnode *c = gd_pickle_at(p, cls), *a = gd_pickle_at(p, args);
    bool            found = false;
    if (c->kind != GD_P_GLOBAL && c->kind != GD_P_OBJECT)
        return gd_pickle_bad(p, err, "a value that is no name is asked to make an object");
    if (a->kind != GD_P_TUPLE)
        return gd_pickle_bad(p, err, "the arguments of an object are no tuple");
    if (c->kind == GD_P_OBJECT) return opaque(p, cls, args, out, err);
    /* (function, type, arguments, attributes): a tensor with attributes. */
    if ((gd_pickle_is_global(p, cls, "torch._tensor", "_rebuild_from_type_v2") ||
         gd_pickle_is_global(p, cls, "torch._tensor", "_rebuild_from_type")) &&
        a->n >= 3 && gd_pickle_at(p, a->items[2])->kind == GD_P_TUPLE) {
        GD_TRY(rebuild(p, a->items[0], gd_pickle_at(p, a->items[2]), &found, out, err));
        return found ? GD_OK : opaque(p, cls, args, out, err);
    }
    GD_TRY(rebuild(p, cls, a, &found, out, err));
    if (found) return GD_OK;
    if (gd_pickle_is_global(p, cls, "collections", "OrderedDict"))
        return dict(p, a, true, out, err);
    if (gd_pickle_is_global(p, cls, "collections", "defaultdict"))
        return dict(p, a, false, out, err);
    if (is_builtin(p, cls, "set") || is_builtin(p, cls, "frozenset"))
        return set(p, a, out, err);
    if (gd_pickle_is_global(p, cls, "torch", "Size") && a->n == 1 &&
        gd_pickle_at(p, a->items[0])->kind == GD_P_TUPLE) {
        *out = a->items[0];
        return GD_OK;
    }
    return opaque(p, cls, args, out, err);
}

/* Attributes of a dict (OrderedDict with _metadata) carry no weights and are dropped. */
gd_status gd_pickle_build(gd_pickle *p, gd_pref target, gd_pref state, gd_error *err) {
    gd_pnode *v = gd_pickle_at(p, target);
    if (v->kind == GD_P_DICT) return GD_OK;
    if (v->kind != GD_P_OBJECT)
        return gd_pickle_bad(p, err, "BUILD on a value that has no attributes");
    v->object->state = state;
    return GD_OK;
}
