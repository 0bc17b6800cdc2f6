/* jpeg.c -- walks the markers of a JPEG (ITU-T T.81 annex B) before libjpeg-turbo does.
 *
 * Checked here: segment lengths, table indices and sums, one frame, the scan script and its
 * cost, restart markers in order and in number, every component coded, and the end marker. */
#include <string.h>

#include "tools/media/exif.h"
#include "tools/media/front_door.h"

enum {
    SOF0 = 0xc0,
    SOF1 = 0xc1,
    SOF2 = 0xc2,
    DHT = 0xc4,
    JPG = 0xc8,
    DAC = 0xcc,
    SOF15 = 0xcf,
    RST0 = 0xd0,
    RST7 = 0xd7,
    SOI = 0xd8,
    EOI = 0xd9,
    SOS = 0xda,
    DQT = 0xdb,
    DNL = 0xdc,
    DRI = 0xdd,
    APP0 = 0xe0,
    APP1 = 0xe1,
    APP2 = 0xe2,
    APP14 = 0xee,
    APP15 = 0xef,
    COM = 0xfe,
    MAX_SCANS = 128
};

/* Pixels times scans: each scan of a progressive file visits every block again. */
static const uint64_t SCAN_COST = (uint64_t)1 << 32;

typedef struct component {
    unsigned    id, h, v, table;
    bool        seen;
    signed char low[64]; /* progressive: lowest bit known of each coefficient, -1 before any */
} component;

typedef struct jpeg {
    gd_walk  *w;
    size_t    at; /* of the next marker */
    bool      frame, progressive, adobe, ended, cut;
    unsigned  quant; /* bit i: quantisation table i is defined */
    unsigned  h_max, v_max, restart;
    int       n, scans;
    component c[4];
} jpeg;

/* The file ends inside a segment. After the first scan that may be accepted as a cut. */
static gd_status cut_short(jpeg *j, size_t usable, const char *where) {
    if (j->w->allow_truncated && j->scans > 0) {
        j->cut = true;
        j->w->s->usable = usable;
        return GD_OK;
    }
    return gd_walk_short(j->w, "JPEG ends at byte %zu, inside %s", j->w->n, where);
}

static gd_status read_huffman(jpeg *j, const unsigned char *p, size_t n) {
    while (n > 0) {
        if (n < 17) return gd_walk_damaged(j->w, "JPEG: %zu stray bytes in a Huffman table", n);
        if (p[0] >> 4 > 1 || (p[0] & 15) > 3)
            return gd_walk_damaged(j->w, "JPEG: Huffman table class %u, index %u", p[0] >> 4,
                                   p[0] & 15u);
        unsigned sum = 0, room = 1;
        for (int i = 1; i <= 16; i++) {
            sum += p[i];
            room *= 2;
            if (p[i] > room)
                return gd_walk_damaged(j->w, "JPEG: %u Huffman codes of %d bits do not fit",
                                       p[i], i);
            room -= p[i];
        }
        if (sum > 256 || sum > n - 17)
            return gd_walk_damaged(j->w, "JPEG: %u Huffman symbols in %zu bytes", sum, n - 17);
        p += 17 + sum;
        n -= 17 + sum;
    }
    return GD_OK;
}

static gd_status read_quantisers(jpeg *j, const unsigned char *p, size_t n) {
    while (n > 0) {
        size_t need = p[0] >> 4 ? 129 : 65;
        if (p[0] >> 4 > 1 || (p[0] & 15) > 3)
            return gd_walk_damaged(j->w, "JPEG: quantisation table precision %u, index %u",
                                   p[0] >> 4, p[0] & 15u);
        if (n < need)
            return gd_walk_damaged(j->w, "JPEG: quantisation table of %zu bytes, needs %zu", n,
                                   need);
        j->quant |= 1u << (p[0] & 15);
        p += need;
        n -= need;
    }
    return GD_OK;
}

static gd_status read_frame(jpeg *j, unsigned marker, const unsigned char *p, size_t n) {
    gd_walk *w = j->w;
    if (j->frame) return gd_walk_damaged(w, "JPEG: a second frame header");
    if (n < 6) return gd_walk_damaged(w, "JPEG: frame header of %zu bytes", n);
    if (p[0] != 8) return gd_walk_unread(w, "JPEG of %u bits a sample is not read", p[0]);
    if (p[5] != 1 && p[5] != 3 && p[5] != 4)
        return gd_walk_damaged(w, "JPEG: %u colour components", p[5]);
    if (n != 6 + 3 * (size_t)p[5])
        return gd_walk_damaged(w, "JPEG: frame header of %zu bytes for %u components", n, p[5]);
    if (gd_be16(p + 1) == 0) return gd_walk_unread(w, "JPEG without a height is not read");
    GD_TRY(gd_walk_size(w, gd_be16(p + 3), gd_be16(p + 1)));
    j->n = p[5];
    for (int i = 0; i < j->n; i++) {
        const unsigned char *q = p + 6 + 3 * i;
        component           *c = &j->c[i];
        *c = (component){.id = q[0], .h = q[1] >> 4, .v = q[1] & 15, .table = q[2]};
        memset(c->low, -1, sizeof c->low);
        if (c->h < 1 || c->h > 4 || c->v < 1 || c->v > 4)
            return gd_walk_damaged(w, "JPEG: sampling factors %u x %u", c->h, c->v);
        if (c->table > 3) return gd_walk_damaged(w, "JPEG: quantisation table %u", c->table);
        for (int k = 0; k < i; k++)
            if (j->c[k].id == c->id)
                return gd_walk_damaged(w, "JPEG: component %u is defined twice", c->id);
        if (c->h > j->h_max) j->h_max = c->h;
        if (c->v > j->v_max) j->v_max = c->v;
    }
    j->frame = true;
    j->progressive = marker == SOF2;
    w->s->components = j->n;
    return GD_OK;
}

static void read_exif(jpeg *j, const unsigned char *p, size_t n) {
    const char *why;
    gd_exif_orientation(p, n, &j->w->s->orientation, &why);
    if (*why) gd_walk_warn(j->w, "its EXIF block is damaged: %s", why);
}

static void read_application(jpeg *j, unsigned marker, const unsigned char *p, size_t n) {
    if (marker == APP1 && n >= 6 && memcmp(p, "Exif\0", 6) == 0) {
        read_exif(j, p + 6, n - 6);
    } else if (marker == APP2 && n >= 4 && memcmp(p, "MPF", 4) == 0) {
        if (!j->w->s->multiple)
            gd_walk_warn(j->w, "MPO: holds several pictures; only the first is read");
        j->w->s->multiple = true;
    } else if (marker == APP14 && n >= 12 && memcmp(p, "Adobe", 5) == 0) {
        j->adobe = true;
    }
}

static unsigned blocks(unsigned pixels, unsigned factor, unsigned factor_max) {
    return (unsigned)(((uint64_t)pixels * factor + 8 * factor_max - 1) / (8 * factor_max));
}

/* Progressive parameters (T.81 table B.3 and G.1.1): spectral band, successive
 * approximation. */
static gd_status check_progression(jpeg *j, component *c, const unsigned char *q) {
    unsigned from = q[0], to = q[1], high = q[2] >> 4, low = q[2] & 15;
    if (from > to || to > 63 || (from == 0 && to != 0) || low > 13 ||
        (high != 0 && high != low + 1))
        return gd_walk_damaged(j->w, "JPEG: scan %d: coefficients %u to %u, bits %u to %u",
                               j->scans + 1, from, to, high, low);
    if (from > 0 && c->low[0] < 0)
        return gd_walk_damaged(j->w, "JPEG: scan %d comes before the means it refines",
                               j->scans + 1);
    for (unsigned k = from; k <= to; k++) {
        if (high == 0 ? c->low[k] >= 0 : c->low[k] != (int)high)
            return gd_walk_damaged(j->w, "JPEG: scan %d repeats or skips bits of %u",
                                   j->scans + 1, k);
        c->low[k] = (signed char)low;
    }
    return GD_OK;
}

/* What follows a scan header, by the header. */
typedef struct coded {
    uint64_t mcus; /* units between restarts are counted in these */
    uint64_t
        min_bytes; /* a block costs a bit for its mean, and one more in a sequential file */
} coded;

static gd_status read_scan(jpeg *j, const unsigned char *p, size_t n, coded *follows) {
    gd_walk *w = j->w;
    if (!j->frame) return gd_walk_damaged(w, "JPEG: a scan before the frame header");
    if (n < 1 || p[0] < 1 || p[0] > j->n || n != 4 + 2 * (size_t)p[0])
        return gd_walk_damaged(w, "JPEG: scan header of %zu bytes, %u of %d components", n,
                               n ? p[0] : 0u, j->n);
    unsigned             count = p[0], used = 0;
    const unsigned char *params = p + 1 + 2 * count;
    if (!j->progressive && (params[0] != 0 || params[1] != 63 || params[2] != 0))
        return gd_walk_damaged(w, "JPEG: a sequential scan of coefficients %u to %u", params[0],
                               params[1]);
    if (j->progressive && params[0] > 0 && count != 1)
        return gd_walk_damaged(w, "JPEG: a detail scan of %u components", count);
    component *c = NULL;
    uint64_t   blocks_in_mcu = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned id = p[1 + 2 * i], tables = p[2 + 2 * i];
        int      k = 0;
        while (k < j->n && j->c[k].id != id) k++;
        if (k == j->n || used >> k & 1)
            return gd_walk_damaged(w, "JPEG: scan of component %u", id);
        if (tables >> 4 > 3 || (tables & 15) > 3)
            return gd_walk_damaged(w, "JPEG: scan with Huffman tables %u and %u", tables >> 4,
                                   tables & 15);
        used |= 1u << k;
        c = &j->c[k];
        if (!(j->quant >> c->table & 1))
            return gd_walk_damaged(w, "JPEG: quantisation table %u is missing", c->table);
        if (!j->progressive && c->seen)
            return gd_walk_damaged(w, "JPEG: component %u is coded twice", id);
        if (j->progressive) GD_TRY(check_progression(j, c, params));
        c->seen = true;
        blocks_in_mcu += count == 1 ? 1 : c->h * c->v;
    }
    /* The unit of a scan of one component is its block, else all blocks of h_max x v_max. */
    follows->mcus = (uint64_t)blocks((unsigned)w->s->width, count == 1 ? c->h : 1, j->h_max) *
                    blocks((unsigned)w->s->height, count == 1 ? c->v : 1, j->v_max);
    if (params[0] == 0)
        follows->min_bytes = follows->mcus * blocks_in_mcu * (j->progressive ? 1 : 2) / 8;
    if (++j->scans > MAX_SCANS)
        return gd_walk_fail(w, GD_ERR_FORMAT, 305, __FILE__, __LINE__,
                            "JPEG: more than %d scans", MAX_SCANS);
    uint64_t pixels = (uint64_t)w->s->width * (uint64_t)w->s->height;
    if ((uint64_t)j->scans * pixels > SCAN_COST && j->scans > 4)
        return gd_walk_fail(w, GD_ERR_FORMAT, 305, __FILE__, __LINE__,
                            "JPEG: %d scans of %llu pixels are too much work", j->scans,
                            (unsigned long long)pixels);
    return GD_OK;
}

/* Coded bytes up to the next marker that is not a restart. */
static gd_status skip_coded(jpeg *j, coded follows) {
    gd_walk             *w = j->w;
    const unsigned char *p = w->p;
    uint64_t             restarts = 0;
    size_t               first = j->at;
    uint64_t expected = j->restart ? (follows.mcus + j->restart - 1) / j->restart - 1 : 0;
    for (;;) {
        const unsigned char *ff = memchr(p + j->at, 0xff, w->n - j->at);
        if (!ff || (size_t)(ff - p) + 1 >= w->n)
            return cut_short(j, ff ? (size_t)(ff - p) : w->n, "the coded pixels");
        size_t   at = (size_t)(ff - p);
        unsigned m = p[at + 1];
        if (m == 0) {
            j->at = at + 2;
        } else if (m == 0xff) {
            j->at = at + 1;
        } else if (m >= RST0 && m <= RST7) {
            /* One restart behind the last unit is tolerated: some cameras write it. */
            if (restarts > expected || !j->restart || m != RST0 + restarts % 8)
                return gd_walk_damaged(w, "JPEG: restart marker %u of %llu is out of place",
                                       m - RST0, (unsigned long long)expected);
            restarts++;
            j->at = at + 2;
        } else {
            j->at = at;
            if (at - first < follows.min_bytes)
                return gd_walk_damaged(w, "JPEG: scan %d has %zu bytes, too few for %llu units",
                                       j->scans, at - first, (unsigned long long)follows.mcus);
            if (restarts < expected)
                return gd_walk_damaged(w, "JPEG: %llu of %llu restart markers",
                                       (unsigned long long)restarts,
                                       (unsigned long long)expected);
            return GD_OK;
        }
    }
}

static gd_status read_segment(jpeg *j, unsigned marker, const unsigned char *p, size_t n) {
    gd_walk *w = j->w;
    if (marker == DHT) return read_huffman(j, p, n);
    if (marker == DQT) return read_quantisers(j, p, n);
    if (marker >= SOF0 && marker <= SOF2) return read_frame(j, marker, p, n);
    if (marker == DRI) {
        if (n != 2) return gd_walk_damaged(w, "JPEG: restart interval of %zu bytes", n);
        j->restart = gd_be16(p);
        return GD_OK;
    }
    if (marker == DNL) return gd_walk_unread(w, "JPEG with a late height (DNL) is not read");
    if (marker == DAC || (marker > JPG && marker < SOF15 + 1))
        return gd_walk_unread(w, "JPEG with arithmetic coding is not read");
    if (marker > SOF2 && marker < JPG)
        return gd_walk_unread(w, "%s JPEG is not read",
                              marker == 0xc3 ? "lossless" : "hierarchical");
    if (marker >= APP0 && marker <= APP15) read_application(j, marker, p, n);
    return GD_OK;
}

/* One marker and what belongs to it. */
static gd_status read_marker(jpeg *j) {
    gd_walk *w = j->w;
    size_t   start = j->at;
    coded    follows = {0};
    if (start >= w->n) return cut_short(j, start, "its markers");
    if (w->p[start] != 0xff)
        return gd_walk_damaged(w, "JPEG: byte %zu should start a marker and is 0x%02x", start,
                               w->p[start]);
    while (j->at < w->n && w->p[j->at] == 0xff) j->at++;
    if (j->at >= w->n) return cut_short(j, start, "its markers");
    unsigned m = w->p[j->at++];
    if (m == EOI) {
        j->ended = true;
        return GD_OK;
    }
    if (m == SOI || m < SOF0 || (m >= RST0 && m <= RST7))
        return gd_walk_damaged(w, "JPEG: marker 0x%02x at byte %zu is out of place", m, start);
    if (w->n - j->at < 2) return cut_short(j, start, "a segment");
    size_t length = gd_be16(w->p + j->at);
    if (length < 2) return gd_walk_damaged(w, "JPEG: segment 0x%02x of %zu bytes", m, length);
    if (w->n - j->at < length) return cut_short(j, start, "a segment");
    const unsigned char *body = w->p + j->at + 2;
    j->at += length;
    if (m != SOS) return read_segment(j, m, body, length - 2);
    GD_TRY(read_scan(j, body, length - 2, &follows));
    return skip_coded(j, follows);
}

/* What libjpeg-turbo holds: some rows, and all coefficients where there are several scans. */
static uint64_t working_set(const jpeg *j) {
    const gd_source *s = j->w->s;
    uint64_t         bytes = (uint64_t)s->width * (uint64_t)j->n * 256;
    if (!j->progressive && j->scans <= 1) return bytes;
    for (int i = 0; i < j->n; i++) {
        const component *c = &j->c[i];
        bytes += (uint64_t)(blocks((unsigned)s->width, c->h, j->h_max) + 4) *
                 (blocks((unsigned)s->height, c->v, j->v_max) + 4) * 64 * sizeof(int16_t);
    }
    return bytes;
}

gd_status gd_walk_jpeg(gd_walk *w) {
    jpeg j = {.w = w, .at = 2};
    w->s->usable = w->n;
    while (!j.ended && !j.cut) GD_TRY(read_marker(&j));
    if (j.scans == 0) return gd_walk_damaged(w, "JPEG without a picture");
    bool coarse = false;
    for (int i = 0; i < j.n; i++) {
        if (!j.c[i].seen && !j.cut)
            return gd_walk_damaged(w, "JPEG: component %u of %d is never coded", j.c[i].id,
                                   j.n);
        for (int k = 0; j.progressive && k < 64; k++) coarse |= j.c[i].low[k] != 0;
    }
    if (coarse && !j.cut)
        gd_walk_warn(w, "progressive JPEG without its last refinements: coarser than it was");
    if (j.n == 4 && !j.adobe)
        gd_walk_warn(w, "CMYK JPEG without Adobe's marker: taken as inverted, as Adobe writes");
    if (j.cut) w->s->truncated = true;
    w->s->work = working_set(&j);
    return GD_OK;
}
