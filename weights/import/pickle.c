/* pickle.c -- the pickle machine: a stack, marks, a memo, and values; see pickle.h.
 *
 * Each opcode is one line of `step`; what it does is a small function. No function is ever
 * called through a pointer here: a pickle chooses among the lines of one switch and nothing
 * else. Every length is compared with the bytes that are left before anything is done with
 * it. */
#include "weights/import/pickle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"

enum {
    SMALL_INTS = 256,    /* ready-made nodes: sizes and strides are mostly small */
    MAX_STACK = 1 << 20, /* entries */
    MAX_MEMO = 4 << 20,
    MAX_NAME = 1024 /* a module or class name */
};
static const uint64_t max_steps = 16u << 20;
static const gd_pref  unset = UINT32_MAX;

enum { FALSE_NODE = 1, TRUE_NODE = 2, INT_NODES = 3 };

/* ---- errors ------------------------------------------------------------------------------ */

gd_status gd_pickle_bad(gd_pickle *p, gd_error *err, const char *fmt, ...) {
    char    text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return gd_fail_code(err, GD_ERR_FORMAT, 411, "%s: byte %zu of the pickle: %s", p->what,
                        p->op_at, text);
}

gd_status gd_pickle_full(gd_pickle *p, gd_error *err) {
    if (!p->over)
        return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for the objects of the pickle",
                       p->what);
    return gd_fail_code(err, GD_ERR_FORMAT, 412,
                        "%s: byte %zu of the pickle: its objects take more than %zu bytes",
                        p->what, p->op_at, p->arena.limit);
}

/* ---- nodes ------------------------------------------------------------------------------- */

void *gd_pickle_room(gd_pickle *p, size_t n, size_t size) {
    size_t total;
    if (!gd_mul_size(n, size, &total) ||
        (p->arena.limit && total > p->arena.limit - p->arena.used)) {
        p->over = true;
        return NULL;
    }
    return gd_arena_small(&p->arena, total);
}

gd_pref gd_pickle_new(gd_pickle *p, gd_pkind kind) {
    uint32_t c = p->n_nodes / GD_PICKLE_CHUNK;
    if (c >= GD_PICKLE_CHUNKS) p->over = true;
    if (p->over) return 0;
    if (!p->chunk[c]) {
        p->chunk[c] = gd_pickle_room(p, GD_PICKLE_CHUNK, sizeof(gd_pnode));
        if (!p->chunk[c]) return 0;
    }
    gd_pref r = p->n_nodes++;
    gd_pickle_at(p, r)->kind = (uint8_t)kind;
    return r;
}

/* Rooms double from 4, so the room of a list follows from its length alone. */
static size_t room_of(size_t n) {
    size_t room = n ? 4 : 0;
    while (room < n) room *= 2;
    return room;
}

/* Items an entry: a dict holds pairs. */
static size_t width(const gd_pnode *v) { return v->kind == GD_P_DICT ? 2 : 1; }

static gd_status grow(gd_pickle *p, gd_pref list, size_t n, gd_error *err) {
    gd_pnode *v = gd_pickle_at(p, list);
    if (room_of(n) <= room_of(v->n)) return GD_OK;
    gd_pref *to = gd_pickle_room(p, room_of(n) * width(v), sizeof *to);
    if (!to) return gd_pickle_full(p, err);
    if (v->n) memcpy(to, v->items, v->n * width(v) * sizeof *to);
    v->items = to;
    return GD_OK;
}

gd_status gd_pickle_push_entry(gd_pickle *p, gd_pref to, const gd_pref *entry, gd_error *err) {
    GD_TRY(grow(p, to, (size_t)gd_pickle_at(p, to)->n + 1, err));
    gd_pnode *v = gd_pickle_at(p, to);
    memcpy(v->items + v->n * width(v), entry, width(v) * sizeof *entry);
    v->n++;
    return GD_OK;
}

bool gd_pickle_is(const gd_pickle *p, gd_pref r, const char *s) {
    const gd_pnode *v = gd_pickle_at(p, r);
    return v->kind == GD_P_STR && v->n == strlen(s) && memcmp(v->s, s, v->n) == 0;
}

bool gd_pickle_is_global(const gd_pickle *p, gd_pref r, const char *module, const char *name) {
    const gd_pnode *v = gd_pickle_at(p, r);
    if (v->kind != GD_P_GLOBAL) return false;
    const gd_pglobal *g = v->global;
    return g->n_module == strlen(module) && memcmp(g->module, module, g->n_module) == 0 &&
           g->n_name == strlen(name) && memcmp(g->name, name, g->n_name) == 0;
}

gd_pref gd_pickle_get(const gd_pickle *p, gd_pref dict, const char *key) {
    const gd_pnode *v = gd_pickle_at(p, dict);
    if (v->kind != GD_P_DICT) return 0;
    for (size_t i = v->n; i-- > 0;)
        if (gd_pickle_is(p, v->items[2 * i], key)) return v->items[2 * i + 1];
    return 0;
}

/* ---- stack, marks, memo ------------------------------------------------------------------ */

/* Entries above the newest mark: an opcode may take these and no others. */
static size_t above(const gd_pickle *p) {
    return p->n_stack - (p->n_marks ? p->mark[p->n_marks - 1] : 0);
}

static gd_status want(gd_pickle *p, size_t n, gd_error *err) {
    if (above(p) >= n) return GD_OK;
    return gd_pickle_bad(p, err, "opcode 0x%02x takes %zu values, the stack has %zu",
                         p->data[p->op_at], n, above(p));
}

static gd_status push(gd_pickle *p, gd_pref r, gd_error *err) {
    if (p->n_stack == p->room_stack) {
        size_t room = p->room_stack ? p->room_stack * 2 : 256;
        if (room > MAX_STACK)
            return gd_fail_code(err, GD_ERR_FORMAT, 412,
                                "%s: byte %zu of the pickle: more than %d values on the stack",
                                p->what, p->at, (int)MAX_STACK);
        gd_pref *to = gd_mem_grow(p->stack, p->n_stack * sizeof *to, room * sizeof *to);
        if (!to) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for the stack", p->what);
        p->stack = to;
        p->room_stack = room;
    }
    p->stack[p->n_stack++] = r;
    return GD_OK;
}

/* For a fresh node: 0 means that it could not be made. */
static gd_status push_new(gd_pickle *p, gd_pref r, gd_error *err) {
    return r ? push(p, r, err) : gd_pickle_full(p, err);
}

static gd_pref pop(gd_pickle *p) { return p->stack[--p->n_stack]; }

static gd_pref top(const gd_pickle *p) { return p->stack[p->n_stack - 1]; }

static gd_status set_mark(gd_pickle *p, gd_error *err) {
    if (p->n_marks == GD_PICKLE_MARKS)
        return gd_fail_code(err, GD_ERR_FORMAT, 412,
                            "%s: byte %zu of the pickle: more than %d open marks", p->what,
                            p->at, (int)GD_PICKLE_MARKS);
    p->mark[p->n_marks++] = p->n_stack;
    return GD_OK;
}

/* Closes the newest mark; *n entries lie above it, at stack + n_stack - *n. */
static gd_status take_mark(gd_pickle *p, size_t *n, gd_error *err) {
    if (!p->n_marks)
        return gd_pickle_bad(p, err, "opcode 0x%02x without a mark", p->data[p->op_at]);
    *n = above(p);
    p->n_marks--;
    return GD_OK;
}

static gd_status drop(gd_pickle *p, gd_error *err) {
    size_t n = 0;
    if (p->n_marks && above(p) == 0) return take_mark(p, &n, err);
    GD_TRY(want(p, 1, err));
    p->n_stack--;
    return GD_OK;
}

static gd_status drop_to_mark(gd_pickle *p, gd_error *err) {
    size_t n = 0;
    GD_TRY(take_mark(p, &n, err));
    p->n_stack -= n;
    return GD_OK;
}

static gd_status duplicate(gd_pickle *p, gd_error *err) {
    GD_TRY(want(p, 1, err));
    return push(p, top(p), err);
}

static gd_status memo_put(gd_pickle *p, uint64_t i, gd_error *err) {
    GD_TRY(want(p, 1, err));
    if (i >= MAX_MEMO)
        return gd_fail_code(err, GD_ERR_FORMAT, 412,
                            "%s: byte %zu of the pickle: memo entry %llu, the limit is %d",
                            p->what, p->at, (unsigned long long)i, (int)MAX_MEMO);
    if (i >= p->room_memo) {
        size_t room = p->room_memo ? p->room_memo : 256;
        while (room <= i) room *= 2;
        gd_pref *to = gd_mem_grow(p->memo, p->room_memo * sizeof *to, room * sizeof *to);
        if (!to) return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for the memo", p->what);
        for (size_t k = p->room_memo; k < room; k++) to[k] = unset;
        p->memo = to;
        p->room_memo = room;
    }
    if (p->memo[i] == unset) p->n_memo++;
    p->memo[i] = top(p);
    return GD_OK;
}

static gd_status memo_get(gd_pickle *p, uint64_t i, gd_error *err) {
    if (i >= p->room_memo || p->memo[i] == unset)
        return gd_pickle_bad(p, err, "memo entry %llu was never stored", (unsigned long long)i);
    return push(p, p->memo[i], err);
}

/* ---- arguments in the byte stream -------------------------------------------------------- */

static gd_status bytes_left(gd_pickle *p, uint64_t n, gd_error *err) {
    if (n <= p->size - p->at) return GD_OK;
    p->ran_out = true;
    return gd_pickle_bad(p, err, "%llu bytes are needed, %zu are left", (unsigned long long)n,
                         p->size - p->at);
}

/* An unsigned number of `width` bytes. */
static gd_status number(gd_pickle *p, unsigned bytes, uint64_t *v, gd_error *err) {
    GD_TRY(bytes_left(p, bytes, err));
    *v = 0;
    for (unsigned i = 0; i < bytes; i++) *v |= (uint64_t)p->data[p->at + i] << 8 * i;
    p->at += bytes;
    return GD_OK;
}

static gd_status memo_op(gd_pickle *p, unsigned bytes, bool put, gd_error *err) {
    uint64_t i = 0;
    GD_TRY(number(p, bytes, &i, err));
    return put ? memo_put(p, i, err) : memo_get(p, i, err);
}

static gd_status push_int(gd_pickle *p, int64_t v, gd_error *err) {
    if (v >= 0 && v < SMALL_INTS) return push(p, INT_NODES + (gd_pref)v, err);
    gd_pref r = gd_pickle_new(p, GD_P_INT);
    if (r) gd_pickle_at(p, r)->i = v;
    return push_new(p, r, err);
}

static gd_status fixed_int(gd_pickle *p, unsigned bytes, gd_error *err) {
    uint64_t v = 0;
    GD_TRY(number(p, bytes, &v, err));
    return push_int(p, bytes == 4 ? (int32_t)(uint32_t)v : (int64_t)v, err);
}

/* LONG1, LONG4: little-endian two's complement of any length. */
static gd_status long_int(gd_pickle *p, unsigned bytes, gd_error *err) {
    uint64_t n = 0, v = 0;
    GD_TRY(number(p, bytes, &n, err));
    if (bytes == 4 && n > INT32_MAX) return gd_pickle_bad(p, err, "a long of negative length");
    GD_TRY(bytes_left(p, n, err));
    const unsigned char *s = p->data + p->at;
    p->at += (size_t)n;
    if (n > 8) {
        gd_pref r = gd_pickle_new(p, GD_P_BIG);
        if (r) {
            gd_pickle_at(p, r)->s = (const char *)s;
            gd_pickle_at(p, r)->n = (uint32_t)n;
        }
        return push_new(p, r, err);
    }
    for (unsigned i = 0; i < n; i++) v |= (uint64_t)s[i] << 8 * i;
    if (n && n < 8 && s[n - 1] & 0x80) v |= ~(uint64_t)0 << 8 * n;
    return push_int(p, (int64_t)v, err);
}

/* BINFLOAT: the only big-endian number of a pickle. */
static gd_status float_value(gd_pickle *p, gd_error *err) {
    uint64_t v = 0;
    GD_TRY(bytes_left(p, 8, err));
    for (int i = 0; i < 8; i++) v = v << 8 | p->data[p->at++];
    gd_pref r = gd_pickle_new(p, GD_P_FLOAT);
    if (r) memcpy(&gd_pickle_at(p, r)->f, &v, sizeof v);
    return push_new(p, r, err);
}

/* Strings and bytes are not copied: they point into the pickle. */
static gd_status string(gd_pickle *p, gd_pkind kind, unsigned bytes, gd_error *err) {
    uint64_t n = 0;
    GD_TRY(number(p, bytes, &n, err));
    GD_TRY(bytes_left(p, n, err));
    if (n > UINT32_MAX) return gd_pickle_bad(p, err, "a string of more than 4 GiB");
    gd_pref r = gd_pickle_new(p, kind);
    if (r) {
        gd_pickle_at(p, r)->s = (const char *)p->data + p->at;
        gd_pickle_at(p, r)->n = (uint32_t)n;
    }
    p->at += (size_t)n;
    return push_new(p, r, err);
}

/* ---- containers -------------------------------------------------------------------------- */

/* Takes the n newest values off the stack into a new list, tuple, set or dict. */
static gd_status collect(gd_pickle *p, gd_pkind kind, size_t n, gd_error *err) {
    gd_pref r = gd_pickle_new(p, kind);
    if (!r) return gd_pickle_full(p, err);
    size_t wide = width(gd_pickle_at(p, r));
    if (n % wide) return gd_pickle_bad(p, err, "a dict of %zu keys and values", n);
    GD_TRY(grow(p, r, n / wide, err));
    p->n_stack -= n;
    gd_pnode *v = gd_pickle_at(p, r);
    if (n) memcpy(v->items, p->stack + p->n_stack, n * sizeof *v->items);
    v->n = (uint32_t)(n / wide);
    return push(p, r, err);
}

static gd_status collect_n(gd_pickle *p, gd_pkind kind, size_t n, gd_error *err) {
    GD_TRY(want(p, n, err));
    return collect(p, kind, n, err);
}

static gd_status collect_mark(gd_pickle *p, gd_pkind kind, gd_error *err) {
    size_t n = 0;
    GD_TRY(take_mark(p, &n, err));
    return collect(p, kind, n, err);
}

/* Where items for `target` go: itself, or the list or dict that an opaque object carries. Only
 * these have a defined meaning; writing into anything else was a memory bug elsewhere
 * (CVE-2026-24747) and is refused here. */
static gd_status container(gd_pickle *p, gd_pkind kind, gd_pref *target, gd_error *err) {
    gd_pnode *v = gd_pickle_at(p, *target);
    if (v->kind == kind) return GD_OK;
    if (v->kind != GD_P_OBJECT || kind == GD_P_SET)
        return gd_pickle_bad(p, err, "opcode 0x%02x adds items to a value that takes none",
                             p->data[p->op_at]);
    gd_pref *slot = kind == GD_P_DICT ? &v->object->dict : &v->object->list;
    if (!*slot) *slot = gd_pickle_new(p, kind);
    if (!*slot) return gd_pickle_full(p, err);
    *target = *slot;
    return GD_OK;
}

/* Adds the n newest values to the container below them. */
static gd_status extend(gd_pickle *p, gd_pkind kind, size_t n, gd_error *err) {
    GD_TRY(want(p, n + 1, err));
    gd_pref target = p->stack[p->n_stack - n - 1];
    GD_TRY(container(p, kind, &target, err));
    size_t wide = width(gd_pickle_at(p, target));
    if (n % wide) return gd_pickle_bad(p, err, "%zu keys and values are no pairs", n);
    GD_TRY(grow(p, target, gd_pickle_at(p, target)->n + n / wide, err));
    gd_pnode *v = gd_pickle_at(p, target);
    p->n_stack -= n;
    if (n) memcpy(v->items + v->n * wide, p->stack + p->n_stack, n * sizeof *v->items);
    v->n += (uint32_t)(n / wide);
    return GD_OK;
}

static gd_status extend_mark(gd_pickle *p, gd_pkind kind, gd_error *err) {
    size_t n = 0;
    GD_TRY(take_mark(p, &n, err));
    return extend(p, kind, n, err);
}

/* ---- names and what is asked of them ----------------------------------------------------- */

static gd_status push_global(gd_pickle *p, const gd_pglobal *g, gd_error *err) {
    if (!g->n_module || !g->n_name || g->n_module > MAX_NAME || g->n_name > MAX_NAME)
        return gd_pickle_bad(p, err, "a module or class name of %u and %u bytes", g->n_module,
                             g->n_name);
    gd_pref     r = gd_pickle_new(p, GD_P_GLOBAL);
    gd_pglobal *copy = r ? gd_pickle_room(p, 1, sizeof *copy) : NULL;
    if (!copy) return gd_pickle_full(p, err);
    *copy = *g;
    gd_pickle_at(p, r)->global = copy;
    gd_pickle_note(p, r);
    return push(p, r, err);
}

/* One line of the stream. */
static gd_status line(gd_pickle *p, const char **s, uint32_t *n, gd_error *err) {
    size_t               left = p->size - p->at;
    const unsigned char *from = p->data + p->at;
    const unsigned char *end = memchr(from, '\n', left < MAX_NAME + 1 ? left : MAX_NAME + 1);
    if (!end) {
        p->ran_out = left < MAX_NAME + 1;
        return gd_pickle_bad(p, err, "a module or class name without an end");
    }
    *s = (const char *)from;
    *n = (uint32_t)(end - from);
    p->at += *n + 1u;
    return GD_OK;
}

static gd_status global(gd_pickle *p, gd_error *err) {
    gd_pglobal g = {0};
    GD_TRY(line(p, &g.module, &g.n_module, err));
    GD_TRY(line(p, &g.name, &g.n_name, err));
    return push_global(p, &g, err);
}

static gd_status stack_global(gd_pickle *p, gd_error *err) {
    GD_TRY(want(p, 2, err));
    const gd_pnode *name = gd_pickle_at(p, pop(p)), *module = gd_pickle_at(p, pop(p));
    if (name->kind != GD_P_STR || module->kind != GD_P_STR)
        return gd_pickle_bad(p, err, "a module or class name that is no string");
    const gd_pglobal g = {module->s, name->s, module->n, name->n};
    return push_global(p, &g, err);
}

/* REDUCE, NEWOBJ, NEWOBJ_EX: `extra` values stand above the arguments. */
static gd_status reduce(gd_pickle *p, size_t extra, gd_error *err) {
    gd_pref out = 0;
    GD_TRY(want(p, 2 + extra, err));
    p->n_stack -= extra;
    gd_pref args = pop(p), cls = pop(p);
    GD_TRY(gd_pickle_reduce(p, cls, args, &out, err));
    return push(p, out, err);
}

static gd_status build(gd_pickle *p, gd_error *err) {
    GD_TRY(want(p, 2, err));
    gd_pref state = pop(p);
    return gd_pickle_build(p, top(p), state, err);
}

static gd_status persist(gd_pickle *p, gd_error *err) {
    gd_pref out = 0;
    GD_TRY(want(p, 1, err));
    GD_TRY(gd_pickle_persist(p, pop(p), &out, err));
    return push(p, out, err);
}

static gd_status proto(gd_pickle *p, gd_error *err) {
    uint64_t v = 0;
    GD_TRY(number(p, 1, &v, err));
    if (v < 2 || v > 5)
        return gd_fail_code(err, GD_ERR_UNSUPPORTED, 410,
                            "%s: pickle protocol %llu, 2 to 5 are read", p->what,
                            (unsigned long long)v);
    p->protocol = (int)v;
    return GD_OK;
}

/* A frame is a hint for readers of streams; that it fits is all that matters here. */
static gd_status frame(gd_pickle *p, gd_error *err) {
    uint64_t n = 0;
    GD_TRY(number(p, 8, &n, err));
    return bytes_left(p, n, err);
}

/* ---- the machine ------------------------------------------------------------------------- */

static gd_status step(gd_pickle *p, unsigned op, gd_error *err) {
    switch (op) {
    case '(': return set_mark(p, err);
    case '0': return drop(p, err);
    case '1': return drop_to_mark(p, err);
    case '2': return duplicate(p, err);
    case 'N': return push(p, 0, err);
    case 0x88: return push(p, TRUE_NODE, err);
    case 0x89: return push(p, FALSE_NODE, err);
    case 'J': return fixed_int(p, 4, err);
    case 'K': return fixed_int(p, 1, err);
    case 'M': return fixed_int(p, 2, err);
    case 0x8a: return long_int(p, 1, err);
    case 0x8b: return long_int(p, 4, err);
    case 'G': return float_value(p, err);
    case 'X': return string(p, GD_P_STR, 4, err);
    case 0x8c: return string(p, GD_P_STR, 1, err);
    case 0x8d: return string(p, GD_P_STR, 8, err);
    case 'T': return string(p, GD_P_STR, 4, err); /* str of Python 2 */
    case 'U': return string(p, GD_P_STR, 1, err);
    case 'B': return string(p, GD_P_BYTES, 4, err);
    case 'C': return string(p, GD_P_BYTES, 1, err);
    case 0x8e: return string(p, GD_P_BYTES, 8, err);
    case 0x96: return string(p, GD_P_BYTES, 8, err); /* bytearray */
    case ']': return collect(p, GD_P_LIST, 0, err);
    case 'a': return extend(p, GD_P_LIST, 1, err);
    case 'e': return extend_mark(p, GD_P_LIST, err);
    case 'l': return collect_mark(p, GD_P_LIST, err);
    case ')': return collect(p, GD_P_TUPLE, 0, err);
    case 0x85: return collect_n(p, GD_P_TUPLE, 1, err);
    case 0x86: return collect_n(p, GD_P_TUPLE, 2, err);
    case 0x87: return collect_n(p, GD_P_TUPLE, 3, err);
    case 't': return collect_mark(p, GD_P_TUPLE, err);
    case '}': return collect(p, GD_P_DICT, 0, err);
    case 'd': return collect_mark(p, GD_P_DICT, err);
    case 's': return extend(p, GD_P_DICT, 2, err);
    case 'u': return extend_mark(p, GD_P_DICT, err);
    case 0x8f: return collect(p, GD_P_SET, 0, err);
    case 0x90: return extend_mark(p, GD_P_SET, err);
    case 0x91: return collect_mark(p, GD_P_SET, err); /* frozenset */
    case 'c': return global(p, err);
    case 0x93: return stack_global(p, err);
    case 'R': return reduce(p, 0, err);
    case 0x81: return reduce(p, 0, err);
    case 0x92: return reduce(p, 1, err);
    case 'b': return build(p, err);
    case 'Q': return persist(p, err);
    case 'q': return memo_op(p, 1, true, err);
    case 'r': return memo_op(p, 4, true, err);
    case 0x94: return memo_put(p, p->n_memo, err);
    case 'h': return memo_op(p, 1, false, err);
    case 'j': return memo_op(p, 4, false, err);
    case 0x80: return proto(p, err);
    case 0x95: return frame(p, err);
    default: break;
    }
    return gd_fail_code(err, GD_ERR_FORMAT, 410,
                        "%s: byte %zu of the pickle: opcode 0x%02x is not read", p->what,
                        p->op_at, op);
}

static gd_status ready_made(gd_pickle *p, gd_error *err) {
    gd_pickle_new(p, GD_P_NONE);
    for (int i = 0; i < 2; i++) {
        gd_pref r = gd_pickle_new(p, GD_P_BOOL);
        if (!r) return gd_pickle_full(p, err);
        gd_pickle_at(p, r)->i = i;
    }
    for (int i = 0; i < SMALL_INTS; i++) {
        gd_pref r = gd_pickle_new(p, GD_P_INT);
        if (!r) return gd_pickle_full(p, err);
        gd_pickle_at(p, r)->i = i;
    }
    return GD_OK;
}

gd_status gd_pickle_run(gd_pickle *p, const unsigned char *data, size_t size, size_t at,
                        const char *what, gd_error *err) {
    p->data = data;
    p->size = size;
    p->at = at;
    p->what = what;
    GD_TRY(ready_made(p, err));
    for (;;) {
        GD_TRY(bytes_left(p, 1, err));
        if (++p->steps > max_steps)
            return gd_fail_code(err, GD_ERR_FORMAT, 412,
                                "%s: byte %zu of the pickle: more than %llu opcodes", what,
                                p->at, (unsigned long long)max_steps);
        p->op_at = p->at;
        unsigned op = p->data[p->at++];
        if (op == '.') break;
        GD_TRY(step(p, op, err));
    }
    if (p->n_stack != 1 || p->n_marks)
        return gd_pickle_bad(p, err, "it ends with %zu values on the stack", p->n_stack);
    p->root = top(p);
    return GD_OK;
}

void gd_pickle_free(gd_pickle *p) {
    gd_arena_free(&p->arena);
    gd_mem_put(p->stack);
    gd_mem_put(p->memo);
    *p = (gd_pickle){0};
}
