/* darknet_cfg.c -- sections of a .cfg to layers, each checked against the sizes before it. */
#include "weights/import/darknet_cfg.h"

#include <stdio.h>
#include <string.h>

#include "engine/safe.h"

enum { MOST_SIDE = 16384, MOST_SIZE = 64 };

static const char *const activations[] = {"linear", "leaky",    "relu", "mish",
                                          "swish",  "logistic", NULL};

typedef struct parser {
    gd_cfg               *out;
    gd_arena             *arena;
    const gd_cfg_section *s; /* of the layer that is read */
    gd_error             *err;
    int                   n_head;
} parser;

/* The layer before the one that is read, or the picture. */
static const gd_cfg_layer *before(const parser *p, const gd_cfg_layer *picture) {
    return p->out->n_layer ? &p->out->layer[p->out->n_layer - 1] : picture;
}

#define BAD(p, ...) gd_cfg_bad((p)->s, (p)->s->line, (p)->err, __VA_ARGS__)
#define INT(p, key, def, lo, hi, out) \
    GD_TRY(gd_cfg_int((p)->s, key, def, lo, hi, out, (p)->err))

/* ---- which keys -------------------------------------------------------------------------- */

static const gd_cfg_keys *keys_of(const char *name) {
    for (int i = 0; i < GD_CFG_SECTIONS; i++) {
        const gd_cfg_keys *k = &gd_cfg_sections[i];
        if (strcmp(k->name, name) == 0 || (k->also && strcmp(k->also, name) == 0)) return k;
    }
    return NULL;
}

static gd_status check_key(const parser *p, const gd_cfg_keys *keys, const gd_cfg_pair *pair) {
    for (const gd_cfg_key *k = keys->key; k->name; k++) {
        if (strcmp(k->name, pair->key) != 0) continue;
        if (k->use != GD_CFG_ZERO || strspn(pair->value, "0.") == strlen(pair->value))
            return GD_OK;
        return gd_cfg_bad(p->s, pair->line, p->err, "%s=%.60s is not implemented", pair->key,
                          pair->value);
    }
    return gd_cfg_bad(p->s, pair->line, p->err, "[%s] has no key '%.60s'", keys->name,
                      pair->key);
}

/* ---- layers ------------------------------------------------------------------------------ */

static gd_status strides(const parser *p, gd_cfg_layer *l) {
    int stride;
    INT(p, "stride", 1, 1, MOST_SIZE, &stride);
    INT(p, "stride_y", stride, 1, MOST_SIZE, &l->stride[0]);
    INT(p, "stride_x", stride, 1, MOST_SIZE, &l->stride[1]);
    return GD_OK;
}

/* The plane of the output; `around`: padding of both sides together. */
static gd_status windows(const parser *p, gd_cfg_layer *l, const gd_cfg_layer *in, int size,
                         int around) {
    if (in->h + around < size || in->w + around < size)
        return BAD(p, "a window of %d does not fit on %d x %d", size, in->h, in->w);
    l->h = (in->h + around - size) / l->stride[0] + 1;
    l->w = (in->w + around - size) / l->stride[1] + 1;
    return GD_OK;
}

static gd_status convolutional(parser *p, gd_cfg_layer *l, const gd_cfg_layer *in) {
    int pad, norm, act;
    GD_TRY(strides(p, l));
    INT(p, "filters", 1, 1, GD_CFG_MAX_CHANNELS, &l->c);
    INT(p, "groups", 1, 1, GD_CFG_MAX_CHANNELS, &l->groups);
    INT(p, "size", 1, 1, MOST_SIZE, &l->size);
    INT(p, "dilation", 1, 1, MOST_SIZE, &l->dilation);
    INT(p, "padding", 0, 0, MOST_SIZE, &l->pad);
    INT(p, "pad", 0, 0, 1, &pad);
    INT(p, "batch_normalize", 0, 0, 1, &norm);
    GD_TRY(gd_cfg_word(p->s, "activation", GD_CFG_LOGISTIC, activations, &act, p->err));
    l->act = (gd_cfg_activation)act;
    l->norm = norm != 0;
    if (pad) l->pad = l->size / 2;
    if (l->size == 1) l->dilation = 1;
    if (in->c % l->groups || l->c % l->groups)
        return BAD(p, "groups=%d divide not both %d channels and %d filters", l->groups, in->c,
                   l->c);
    /* Elsewhere Darknet's own sizes do not agree with each other. */
    if (l->dilation > 1 && 2 * l->pad != l->size - 1)
        return BAD(p, "dilation=%d with size=%d and a padding of %d", l->dilation, l->size,
                   l->pad);
    GD_TRY(windows(p, l, in, l->size, 2 * l->pad));
    l->pad *= l->dilation;
    return GD_OK;
}

static gd_status maxpool(parser *p, gd_cfg_layer *l, const gd_cfg_layer *in) {
    int stride;
    GD_TRY(strides(p, l));
    INT(p, "stride", 1, 1, MOST_SIZE, &stride);
    INT(p, "size", stride, 1, MOST_SIZE, &l->size);
    INT(p, "padding", l->size - 1, 0, MOST_SIZE, &l->pad);
    if (l->pad >= l->size)
        return BAD(p, "a padding of %d around windows of %d", l->pad, l->size);
    const bool halves = l->size == 2 && l->stride[0] == 2 && l->stride[1] == 2;
    const bool same = l->pad == l->size - 1 && l->stride[0] == 1 && l->stride[1] == 1;
    if (l->pad % 2 && !same && !(halves && l->pad == 1))
        return BAD(p, "an uneven padding of %d around windows of %d with stride %d", l->pad,
                   l->size, l->stride[0]);
    l->c = in->c;
    return windows(p, l, in, l->size, l->pad);
}

/* Numbers of layers: negative ones count back from the layer that is read. */
static gd_status sources(const parser *p, const char *key, gd_cfg_layer *l) {
    const int          n = p->out->n_layer;
    const gd_cfg_pair *pair = gd_cfg_find(p->s, key);
    if (!pair) return BAD(p, "[%s] needs %s=", p->s->name, key);
    GD_TRY(gd_cfg_ints(p->s, key, GD_CFG_MAX_FROM, -GD_CFG_MAX_LAYERS, GD_CFG_MAX_LAYERS,
                       l->from, &l->n_from, p->err));
    for (int i = 0; i < l->n_from; i++) {
        const int at = l->from[i] < 0 ? n + l->from[i] : l->from[i];
        if (at < 0 || at >= n)
            return gd_cfg_bad(p->s, pair->line, p->err, "%s names layer %d, this is number %d",
                              key, l->from[i], n);
        if (p->out->layer[at].kind == GD_CFG_YOLO)
            return gd_cfg_bad(p->s, pair->line, p->err, "%s names layer %d, a [yolo]", key,
                              l->from[i]);
        l->from[i] = at;
    }
    return GD_OK;
}

static gd_status route(parser *p, gd_cfg_layer *l) {
    GD_TRY(sources(p, "layers", l));
    INT(p, "groups", 1, 1, GD_CFG_MAX_CHANNELS, &l->groups);
    INT(p, "group_id", 0, 0, l->groups - 1, &l->group_id);
    for (int i = 0; i < l->n_from; i++) {
        const gd_cfg_layer *f = &p->out->layer[l->from[i]];
        if (i && (f->h != l->h || f->w != l->w))
            return BAD(p, "joins layers of %d x %d and %d x %d", l->h, l->w, f->h, f->w);
        if (f->c % l->groups)
            return BAD(p, "groups=%d do not divide %d channels", l->groups, f->c);
        l->h = f->h;
        l->w = f->w;
        l->c += f->c / l->groups;
    }
    l->in_c = p->out->layer[l->from[0]].c;
    return l->c <= GD_CFG_MAX_CHANNELS
               ? GD_OK
               : BAD(p, "%d channels, at most %d are read", l->c, GD_CFG_MAX_CHANNELS);
}

static gd_status shortcut(parser *p, gd_cfg_layer *l, const gd_cfg_layer *in) {
    static const char *const kinds[] = {"none", NULL};
    int                      act, kind;
    GD_TRY(sources(p, "from", l));
    GD_TRY(gd_cfg_word(p->s, "weights_type", 0, kinds, &kind, p->err));
    GD_TRY(gd_cfg_word(p->s, "activation", GD_CFG_LINEAR, activations, &act, p->err));
    l->act = (gd_cfg_activation)act;
    for (int i = 0; i < l->n_from; i++) {
        const gd_cfg_layer *f = &p->out->layer[l->from[i]];
        if (f->h != in->h || f->w != in->w || f->c != in->c)
            return BAD(p, "adds layers of %d x %d x %d and %d x %d x %d", in->h, in->w, in->c,
                       f->h, f->w, f->c);
    }
    l->h = in->h;
    l->w = in->w;
    l->c = in->c;
    return GD_OK;
}

static gd_status upsample(parser *p, gd_cfg_layer *l, const gd_cfg_layer *in) {
    float scale;
    INT(p, "stride", 2, 1, MOST_SIZE, &l->stride[0]);
    GD_TRY(gd_cfg_float(p->s, "scale", 1, 1, 1, &scale, p->err));
    l->stride[1] = l->stride[0];
    l->c = in->c;
    l->h = in->h * l->stride[0];
    l->w = in->w * l->stride[1];
    return l->h <= MOST_SIDE && l->w <= MOST_SIDE
               ? GD_OK
               : BAD(p, "%d x %d, at most %d are read", l->h, l->w, MOST_SIDE);
}

/* ---- [yolo] ------------------------------------------------------------------------------ */

static gd_status anchors(parser *p, gd_cfg_head *h) {
    int   mask[GD_CFG_MAX_MASK] = {0}, num, n_number;
    float number[2 * GD_CFG_MAX_ANCHORS];
    INT(p, "num", 1, 1, GD_CFG_MAX_ANCHORS, &num);
    GD_TRY(gd_cfg_floats(p->s, "anchors", 2 * GD_CFG_MAX_ANCHORS, 1e-3f, 1e6f, number,
                         &n_number, p->err));
    GD_TRY(gd_cfg_ints(p->s, "mask", GD_CFG_MAX_MASK, 0, num - 1, mask, &h->n_anchor, p->err));
    if (n_number != 2 * num)
        return BAD(p, "num=%d anchors have %d numbers, not %d", num, n_number, 2 * num);
    if (!gd_cfg_find(p->s, "mask")) {
        if (num > GD_CFG_MAX_MASK)
            return BAD(p, "%d anchors at once, at most %d are read", num, GD_CFG_MAX_MASK);
        for (h->n_anchor = 0; h->n_anchor < num; h->n_anchor++) mask[h->n_anchor] = h->n_anchor;
    }
    for (int i = 0; i < h->n_anchor; i++)
        memcpy(h->anchor[i], &number[2 * mask[i]], sizeof h->anchor[i]);
    return GD_OK;
}

static gd_status suppression(parser *p, gd_cfg_head *h) {
    static const char *const kinds[] = {"default", "greedynms", "diounms", NULL};
    int                      kind;
    GD_TRY(gd_cfg_word(p->s, "nms_kind", 0, kinds, &kind, p->err));
    GD_TRY(gd_cfg_float(p->s, "beta_nms", 0.6f, 1e-3f, 1e3f, &h->beta, p->err));
    /* Darknet's greedynms has the exponent 0.6 whatever beta_nms says. */
    if (kind < 2) h->beta = kind ? 0.6f : 0;
    return GD_OK;
}

static gd_status yolo(parser *p, gd_cfg_layer *l, const gd_cfg_layer *in) {
    gd_cfg_head *h = gd_arena_array(p->arena, 1, sizeof *h);
    int          coords;
    if (!h) return gd_fail(p->err, GD_ERR_NOMEM, "%s: no memory for its heads", p->s->file);
    INT(p, "classes", 20, 1, GD_CFG_MAX_CHANNELS, &h->classes);
    INT(p, "new_coords", 0, 0, 1, &coords);
    h->new_coords = coords != 0;
    GD_TRY(gd_cfg_float(p->s, "scale_x_y", 1, 0.1f, 100, &h->scale_xy, p->err));
    GD_TRY(anchors(p, h));
    GD_TRY(suppression(p, h));
    if (in->c != h->n_anchor * (5 + h->classes))
        return BAD(p, "%d channels for %d anchors of 5 numbers and %d classes", in->c,
                   h->n_anchor, h->classes);
    if (p->n_head++ == GD_CFG_MAX_HEADS)
        return BAD(p, "more than %d of them", GD_CFG_MAX_HEADS);
    for (int i = 0; i < p->out->n_layer; i++) {
        const gd_cfg_head *o = p->out->layer[i].head;
        if (o && (o->classes != h->classes || o->new_coords != h->new_coords ||
                  o->beta < h->beta || o->beta > h->beta))
            return BAD(p, "classes, new_coords or the suppression are not those of line %d",
                       p->out->layer[i].line);
    }
    p->out->classes = h->classes;
    l->head = h;
    l->c = in->c;
    l->h = in->h;
    l->w = in->w;
    return GD_OK;
}

/* ---- the whole --------------------------------------------------------------------------- */

static gd_status read_net(parser *p) {
    int channels;
    INT(p, "width", 0, 1, MOST_SIDE, &p->out->width);
    INT(p, "height", 0, 1, MOST_SIDE, &p->out->height);
    INT(p, "channels", 3, 3, 3, &channels);
    if (p->out->width && p->out->height) return GD_OK;
    return BAD(p, "[net] needs width= and height=");
}

static gd_status read_layer(parser *p, gd_cfg_kind kind, const gd_cfg_layer *in) {
    gd_cfg_layer l = {.kind = kind, .line = p->s->line, .in_c = in->c};
    switch (kind) {
    case GD_CFG_CONVOLUTIONAL: GD_TRY(convolutional(p, &l, in)); break;
    case GD_CFG_MAXPOOL: GD_TRY(maxpool(p, &l, in)); break;
    case GD_CFG_ROUTE: GD_TRY(route(p, &l)); break;
    case GD_CFG_SHORTCUT: GD_TRY(shortcut(p, &l, in)); break;
    case GD_CFG_UPSAMPLE: GD_TRY(upsample(p, &l, in)); break;
    case GD_CFG_YOLO: GD_TRY(yolo(p, &l, in)); break;
    case GD_CFG_DROPOUT:
        l.c = in->c;
        l.h = in->h;
        l.w = in->w;
        break;
    }
    if (in->head && kind != GD_CFG_ROUTE) return BAD(p, "[%s] follows a [yolo]", p->s->name);
    p->out->layer[p->out->n_layer++] = l;
    return GD_OK;
}

static gd_status read_section(parser *p, bool first, const gd_cfg_layer *picture) {
    const gd_cfg_keys *keys = keys_of(p->s->name);
    if (!keys) {
        gd_status st = BAD(p, "[%.60s] is not read", p->s->name);
        gd_error_why(p->err,
                     "the sections of detectors are read: net, convolutional, maxpool, route, "
                     "shortcut, upsample, dropout, yolo");
        return st;
    }
    if ((keys == gd_cfg_sections) != first)
        return BAD(p, first ? "[%s] stands before [net]" : "a second [%s]", p->s->name);
    for (int i = 0; i < p->s->n_pair; i++) GD_TRY(check_key(p, keys, &p->s->pair[i]));
    if (first) return read_net(p);
    if (p->out->n_layer == GD_CFG_MAX_LAYERS)
        return BAD(p, "more than %d layers", GD_CFG_MAX_LAYERS);
    return read_layer(p, (gd_cfg_kind)(keys - gd_cfg_sections - 1), before(p, picture));
}

gd_status gd_cfg_read(const char *file, const char *text, size_t n, gd_arena *arena,
                      gd_cfg *out, gd_error *err) {
    gd_cfg_section *section;
    gd_cfg_layer    picture = {.c = 3};
    int             count;
    parser          p = {.out = out, .arena = arena, .err = err};
    *out = (gd_cfg){0};
    GD_TRY(gd_cfg_split(file, text, n, arena, &section, &count, err));
    const int room = count < GD_CFG_MAX_LAYERS ? count + 1 : GD_CFG_MAX_LAYERS;
    out->layer = gd_arena_array(arena, (size_t)room, sizeof *out->layer);
    out->text = gd_cfg_join(section, count, arena);
    if (!out->layer || !out->text)
        return gd_fail(err, GD_ERR_NOMEM, "%s: no memory for its %d sections", file, count);
    for (int i = 0; i < count; i++) {
        p.s = &section[i];
        GD_TRY(read_section(&p, i == 0, &picture));
        picture.h = out->height;
        picture.w = out->width;
    }
    if (p.n_head) return GD_OK;
    return gd_fail_code(err, GD_ERR_FORMAT, 437, "%s: has no [yolo]: it detects nothing", file);
}
