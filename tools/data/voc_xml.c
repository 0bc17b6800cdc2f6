/* voc_xml.c -- one Pascal VOC annotation through expat; see voc_read.h.
 *
 * Elements are told by their path: annotation/object/bndbox/xmin is a side of a box, but
 * annotation/object/part/bndbox/xmin is not. */
#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/cli/number.h"
#include "tools/data/voc_read.h"

enum { DEEPEST = 32, TEXT_ROOM = 512, OBJECTS = 1 << 20 };

/* Where the text of an element goes. */
typedef enum role {
    NOTHING,
    FILENAME,
    WIDTH,
    HEIGHT,
    NAME,
    XMIN,
    YMIN,
    XMAX,
    YMAX,
    DIFFICULT,
    TRUNCATED
} role;

typedef struct known {
    int         depth;
    const char *parent, *name;
    role        role;
} known;

/* Depth 1 is the root. */
static const known table[] = {{2, "annotation", "filename", FILENAME},
                              {3, "size", "width", WIDTH},
                              {3, "size", "height", HEIGHT},
                              {3, "object", "name", NAME},
                              {3, "object", "difficult", DIFFICULT},
                              {3, "object", "truncated", TRUNCATED},
                              {4, "bndbox", "xmin", XMIN},
                              {4, "bndbox", "ymin", YMIN},
                              {4, "bndbox", "xmax", XMAX},
                              {4, "bndbox", "ymax", YMAX}};

typedef struct walk {
    XML_Parser   parser;
    gd_voc_page *page;
    int          depth;
    char         names[6][16]; /* of the elements we are in, cut */
    role         role;
    char         text[TEXT_ROOM];
    size_t       n;
    bool         no_memory;
    const char  *refused; /* static storage */
} walk;

static void stop(walk *w, const char *why) {
    if (!w->refused) w->refused = why;
    XML_StopParser(w->parser, XML_FALSE);
}

static void add_object(walk *w) {
    gd_voc_page *p = w->page;
    if (p->n == OBJECTS) {
        stop(w, "has more than a million objects");
        return;
    }
    if (p->n == p->room) {
        size_t room = p->room ? 2 * p->room : 16;
        void  *q = p->objects ? gd_mem_grow(p->objects, p->room * sizeof *p->objects,
                                            room * sizeof *p->objects)
                              : gd_mem_get(room * sizeof *p->objects);
        if (!q) {
            w->no_memory = true;
            stop(w, "no memory");
            return;
        }
        p->objects = q;
        p->room = room;
    }
    p->objects[p->n++] = (gd_voc_object){.line = (uint32_t)XML_GetCurrentLineNumber(w->parser)};
}

static void XMLCALL on_start(void *ctx, const char *name, const char **attributes) {
    walk *w = ctx;
    int   at = w->depth++;
    (void)attributes;
    w->role = NOTHING;
    w->n = 0;
    if (at == 0 && strcmp(name, "annotation")) stop(w, "is no <annotation>");
    if (w->depth > DEEPEST) stop(w, "is nested more than 32 deep");
    if (at >= 6) return;
    snprintf(w->names[at], sizeof w->names[at], "%s", name);
    if (at == 1 && !strcmp(name, "object")) add_object(w);
    if (w->depth == 4 && strcmp(w->names[1], "object")) return;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].depth == w->depth && !strcmp(table[i].name, name) &&
            !strcmp(table[i].parent, w->names[at - 1]))
            w->role = table[i].role;
}

static void XMLCALL on_text(void *ctx, const char *s, int n) {
    walk  *w = ctx;
    size_t m = (size_t)n < sizeof w->text - 1 - w->n ? (size_t)n : sizeof w->text - 1 - w->n;
    if (w->role == NOTHING) return;
    memcpy(w->text + w->n, s, m);
    w->n += m;
}

/* The text without white space around it. */
static char *trimmed(walk *w) {
    char *p = w->text;
    while (w->n && strchr(" \t\r\n", w->text[w->n - 1])) w->n--;
    w->text[w->n] = '\0';
    while (*p && strchr(" \t\r\n", *p)) p++;
    return p;
}

static void take(walk *w, role r, const char *text) {
    gd_voc_page   *p = w->page;
    gd_voc_object *o = p->n ? &p->objects[p->n - 1] : NULL;
    double         v;
    if (r == FILENAME || r == NAME) {
        char *to = r == NAME ? o->name : p->filename;
        if (strlen(text) >= GD_VOC_NAME) {
            stop(w, "has a name of more than 255 bytes");
            return;
        }
        memcpy(to, text, strlen(text) + 1);
        return;
    }
    if (!gd_number_real(text, &v)) {
        if (r == WIDTH || r == HEIGHT)
            stop(w, "has a width or height that is no number");
        else if (!o->fault)
            o->fault = r >= DIFFICULT ? "difficult or truncated is no number"
                                      : "a side of the box is no number";
        return;
    }
    if (r == WIDTH) p->width = v;
    if (r == HEIGHT) p->height = v;
    if (r == DIFFICULT && (v > 0 || v < 0)) o->flags |= GD_DATA_DIFFICULT;
    if (r == TRUNCATED && (v > 0 || v < 0)) o->flags |= GD_DATA_TRUNCATED;
    if (r >= XMIN && r <= YMAX) {
        if (o->have & 1U << (r - XMIN) && !o->fault) o->fault = "the object has two boxes";
        o->box[r - XMIN] = v;
        o->have |= 1U << (r - XMIN);
    }
}

static void XMLCALL on_end(void *ctx, const char *name) {
    walk *w = ctx;
    role  r = w->role;
    (void)name;
    w->depth--;
    w->role = NOTHING;
    if (r != NOTHING && !w->refused) take(w, r, trimmed(w));
}

static void XMLCALL on_doctype(void *ctx, const char *name, const char *sys, const char *pub,
                               int internal) {
    (void)name, (void)sys, (void)pub, (void)internal;
    stop(ctx, "has a DOCTYPE, which is not accepted");
}

/* expat asks for realloc without telling the old size: it stands in front of each block. */
enum { HEAD = 64 };
static void *get(size_t n) {
    unsigned char *p = n < SIZE_MAX - HEAD ? gd_mem_get(n + HEAD) : NULL;
    if (!p) return NULL;
    memcpy(p, &n, sizeof n);
    return p + HEAD;
}
static void  put(void *p) { gd_mem_put(p ? (unsigned char *)p - HEAD : NULL); }
static void *grow(void *p, size_t n) {
    void  *q = get(n);
    size_t old = 0;
    if (!q || !p) return q;
    memcpy(&old, (unsigned char *)p - HEAD, sizeof old);
    memcpy(q, p, old < n ? old : n);
    put(p);
    return q;
}

gd_status gd_voc_text(const char *path, const void *text, size_t size, gd_voc_page *out,
                      gd_error *err) {
    static const XML_Memory_Handling_Suite memory = {get, grow, put};
    walk                                  *w = gd_mem_get_zero(sizeof *w);
    gd_status                              st = GD_OK;
    XML_Parser p = w ? XML_ParserCreate_MM(NULL, &memory, NULL) : NULL;
    *out = (gd_voc_page){0};
    if (!p) {
        gd_mem_put(w);
        return gd_fail(err, GD_ERR_NOMEM, "%.200s: no memory", path);
    }
    w->parser = p;
    w->page = out;
    XML_SetUserData(p, w);
    XML_SetElementHandler(p, on_start, on_end);
    XML_SetCharacterDataHandler(p, on_text);
    XML_SetStartDoctypeDeclHandler(p, on_doctype);
    if (size > GD_VOC_BYTES || XML_Parse(p, text, (int)size, XML_TRUE) != XML_STATUS_OK) {
        const enum XML_Error e = XML_GetErrorCode(p);
        if (w->no_memory || e == XML_ERROR_NO_MEMORY)
            st = gd_fail(err, GD_ERR_NOMEM, "%.200s: no memory", path);
        else
            st = gd_fail_code(err, GD_ERR_FORMAT, 802, "%.200s: line %lu: %s", path,
                              (unsigned long)XML_GetCurrentLineNumber(p),
                              w->refused            ? w->refused
                              : size > GD_VOC_BYTES ? "more than 16 MiB"
                                                    : XML_ErrorString(e));
    }
    XML_ParserFree(p);
    gd_mem_put(w);
    if (st != GD_OK) gd_voc_page_free(out);
    return st;
}

void gd_voc_page_free(gd_voc_page *p) {
    gd_mem_put(p->objects);
    *p = (gd_voc_page){0};
}
