/* tga.c -- walks a Truevision TGA before stb_image sees it.
 *
 * The format has no magic number, so the header must be plausible in every field. stb_image
 * takes index 0 for indices outside of the colour map and misplaces maps that do not start
 * at 0. */
#include "engine/safe.h"
#include "tools/media/front_door.h"

enum { HEADER = 18, MAPPED = 1, COLOUR = 2, GREY = 3, RUN_LENGTH = 8 };

typedef struct tga {
    unsigned kind;      /* MAPPED, COLOUR or GREY */
    bool     coded;     /* in runs */
    unsigned bytes;     /* a pixel, as stored */
    unsigned map_count; /* entries of the colour map */
    size_t   pixels_at;
} tga;

bool gd_walk_is_tga(const unsigned char *p, size_t n) {
    if (n < HEADER || p[1] > 1) return false;
    unsigned kind = p[2] & 7u;
    if ((p[2] & ~(unsigned)RUN_LENGTH) != kind || kind < MAPPED || kind > GREY) return false;
    if (p[1] == 0 && (kind == MAPPED || gd_le16(p + 5) != 0 || p[7] != 0)) return false;
    if (p[1] == 1 && kind != MAPPED) return false;
    if (gd_le16(p + 12) == 0 || gd_le16(p + 14) == 0 || p[17] & 0xc0) return false;
    if (kind == COLOUR) return p[16] == 15 || p[16] == 16 || p[16] == 24 || p[16] == 32;
    return p[16] == 8 || p[16] == 16;
}

static gd_status check_index(const gd_walk *w, const tga *t, const unsigned char *p) {
    unsigned v = t->bytes == 1 ? p[0] : gd_le16(p);
    if (t->kind == MAPPED && v >= t->map_count)
        return gd_walk_damaged(w, "TGA: colour %u of a map of %u", v, t->map_count);
    return GD_OK;
}

static gd_status check_indices(const gd_walk *w, const tga *t) {
    if (t->kind != MAPPED) return GD_OK;
    size_t count = (size_t)w->s->width * (size_t)w->s->rows[0];
    for (size_t i = 0; i < count; i++)
        GD_TRY(check_index(w, t, w->p + t->pixels_at + i * t->bytes));
    return GD_OK;
}

/* Packets of 1..128 pixels until the picture is full. */
static gd_status check_runs(gd_walk *w, const tga *t) {
    gd_source *s = w->s;
    uint64_t   have = 0, need = (uint64_t)s->width * (uint64_t)s->height;
    size_t     at = t->pixels_at;
    s->usable = w->n;
    s->rows[0] = s->height;
    while (have < need) {
        unsigned head = at < w->n ? w->p[at] : 0, count = (head & 127) + 1;
        unsigned stored = head & 128 ? 1 : count;
        if (at >= w->n || (w->n - at - 1) / t->bytes < stored) break;
        for (unsigned i = 0; i < stored; i++)
            GD_TRY(check_index(w, t, w->p + at + 1 + (size_t)i * t->bytes));
        at += 1 + (size_t)stored * t->bytes;
        have += count;
    }
    if (have > need)
        return gd_walk_damaged(w, "TGA: its last run goes %llu pixels beyond the picture",
                               (unsigned long long)(have - need));
    if (have == need) return GD_OK;
    if (!w->allow_truncated || have < (uint64_t)s->width)
        return gd_walk_short(w, "TGA ends at byte %zu, after %llu of %llu pixels", w->n,
                             (unsigned long long)have, (unsigned long long)need);
    s->rows[0] = (int)(have / (uint64_t)s->width);
    s->usable = at;
    s->truncated = true;
    return GD_OK;
}

gd_status gd_walk_tga(gd_walk *w) {
    const unsigned char *p = w->p;
    tga                  t = {.kind = p[2] & 7u, .coded = p[2] & RUN_LENGTH};
    GD_TRY(gd_walk_size(w, gd_le16(p + 12), gd_le16(p + 14)));
    t.bytes = (p[16] + 7u) / 8;
    t.pixels_at = HEADER + (size_t)p[0];
    if (p[17] & 0x10) return gd_walk_unread(w, "TGA stored from right to left is not read");
    if (t.kind == MAPPED) {
        t.map_count = gd_le16(p + 5);
        if (gd_le16(p + 3) != 0)
            return gd_walk_unread(w, "TGA with a colour map from %u on is not read",
                                  (unsigned)gd_le16(p + 3));
        if (t.map_count == 0 ||
            (p[7] != 8 && p[7] != 15 && p[7] != 16 && p[7] != 24 && p[7] != 32))
            return gd_walk_damaged(w, "TGA: colour map of %u entries of %u bits", t.map_count,
                                   p[7]);
        t.pixels_at += t.map_count * ((p[7] + 7u) / 8);
    }
    if (t.pixels_at >= w->n) return gd_walk_short(w, "TGA ends at byte %zu", w->n);
    w->s->bottom_up = !(p[17] & 0x20);
    w->s->work = 5 * (uint64_t)w->s->width * (uint64_t)w->s->height + 2 * w->n + (1u << 19);
    if (t.coded) return check_runs(w, &t);
    GD_TRY(gd_walk_rows(w, t.pixels_at, (uint64_t)w->s->width * t.bytes));
    return check_indices(w, &t);
}
