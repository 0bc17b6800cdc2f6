/* bmp.c -- walks a Windows bitmap before stb_image sees it.
 *
 * stb_image reads missing bytes as zero, leaves colours behind the end of the palette
 * uninitialised and misreads some old headers; what it would misread is refused here. */
#include "engine/safe.h"
#include "tools/media/front_door.h"

enum { FILE_HEADER = 14, INFO = 40, INFO_V3 = 56, INFO_V4 = 108, INFO_V5 = 124, BITFIELDS = 3 };

typedef struct bmp {
    uint32_t offset, header, compression, colours;
    unsigned bits;
} bmp;

/* A mask of eight bits in a row: then a sample is its byte, in stb_image as in PIL. */
static bool is_byte_mask(uint32_t m) {
    return m && m / (m & (~m + 1)) == 0xff && m % (m & (~m + 1)) == 0;
}

static gd_status check_masks(gd_walk *w, const bmp *b) {
    uint32_t all = 0;
    if (b->header == INFO_V3)
        return gd_walk_unread(w, "BMP with colour masks in a 56-byte header is not read");
    if (w->n < FILE_HEADER + INFO + 12)
        return gd_walk_short(w, "BMP ends at byte %zu, inside its masks", w->n);
    for (int i = 0; i < 3; i++) {
        uint32_t m = gd_le32(w->p + FILE_HEADER + INFO + 4 * i);
        if (!is_byte_mask(m) || (all & m))
            return gd_walk_unread(w, "BMP with colour mask %08lx is not read",
                                  (unsigned long)m);
        all |= m;
    }
    return GD_OK;
}

/* Every index of a palette picture against the number of its colours. */
static gd_status check_indices(gd_walk *w, const bmp *b, size_t row_bytes, uint32_t colours) {
    const gd_source *s = w->s;
    if (colours >= 1u << b->bits) return GD_OK;
    for (int y = 0; y < s->rows[0]; y++) {
        const unsigned char *row = w->p + b->offset + (size_t)y * row_bytes;
        for (int x = 0; x < s->width; x++) {
            size_t   bit = (size_t)x * b->bits;
            unsigned v = (unsigned)row[bit / 8] >> (8 - b->bits - bit % 8);
            v &= (1u << b->bits) - 1;
            if (v >= colours)
                return gd_walk_damaged(w, "BMP: colour %u of a palette of %lu", v,
                                       (unsigned long)colours);
        }
    }
    return GD_OK;
}

static gd_status read_header(gd_walk *w, bmp *b) {
    const unsigned char *p = w->p;
    if (w->n < FILE_HEADER + 12) return gd_walk_short(w, "BMP ends at byte %zu", w->n);
    b->offset = gd_le32(p + 10);
    b->header = gd_le32(p + 14);
    if (b->header == 12 || b->header == 64 || b->header == 16)
        return gd_walk_unread(w, "OS/2 BMP is not read");
    if (b->header != INFO && b->header != INFO_V3 && b->header != INFO_V4 &&
        b->header != INFO_V5)
        return gd_walk_unread(w, "BMP with a header of %lu bytes is not read",
                              (unsigned long)b->header);
    if (w->n < FILE_HEADER + b->header)
        return gd_walk_short(w, "BMP ends at byte %zu, inside its header", w->n);
    int64_t width = (int32_t)gd_le32(p + 18), height = (int32_t)gd_le32(p + 22);
    w->s->bottom_up = height > 0;
    if (width <= 0)
        return gd_walk_damaged(w, "BMP: a picture %lld pixels wide", (long long)width);
    GD_TRY(gd_walk_size(w, (uint64_t)width, (uint64_t)(height < 0 ? -height : height)));
    if (gd_le16(p + 26) != 1)
        return gd_walk_damaged(w, "BMP: %u planes", (unsigned)gd_le16(p + 26));
    b->bits = gd_le16(p + 28);
    b->compression = gd_le32(p + 30);
    b->colours = gd_le32(p + 46);
    if (b->compression == 1 || b->compression == 2)
        return gd_walk_unread(w, "run-length coded BMP is not read");
    if (b->compression != 0 && b->compression != BITFIELDS)
        return gd_walk_unread(w, "BMP of compression %lu is not read",
                              (unsigned long)b->compression);
    return GD_OK;
}

gd_status gd_walk_bmp(gd_walk *w) {
    bmp b = {0};
    GD_TRY(read_header(w, &b));
    if (b.bits == 16) return gd_walk_unread(w, "BMP of 16 bits a pixel is not read");
    if (b.bits != 1 && b.bits != 4 && b.bits != 8 && b.bits != 24 && b.bits != 32)
        return gd_walk_damaged(w, "BMP: %u bits a pixel", b.bits);
    if (b.compression == BITFIELDS && b.bits != 32)
        return gd_walk_damaged(w, "BMP: colour masks for %u bits a pixel", b.bits);
    if (b.compression == BITFIELDS) GD_TRY(check_masks(w, &b));
    uint64_t first =
        FILE_HEADER + b.header + (b.compression == BITFIELDS && b.header == INFO ? 12u : 0u);
    uint32_t colours = 0;
    if (b.offset < first)
        return gd_walk_damaged(w, "BMP: pixels at byte %lu, inside the header",
                               (unsigned long)b.offset);
    if (b.bits <= 8) {
        uint64_t entries = (b.offset - first) / 4;
        colours = b.colours ? b.colours : 1u << b.bits;
        if (colours > 256 || entries < colours || entries > 256)
            return gd_walk_damaged(w, "BMP: palette of %lu colours in %llu places",
                                   (unsigned long)colours, (unsigned long long)entries);
    } else if (b.offset != first) {
        return gd_walk_unread(w, "BMP with %llu bytes before its pixels is not read",
                              (unsigned long long)(b.offset - first));
    }
    uint64_t row_bytes = ((uint64_t)w->s->width * b.bits + 31) / 32 * 4;
    GD_TRY(gd_walk_rows(w, b.offset, row_bytes));
    if (b.bits <= 8) GD_TRY(check_indices(w, &b, (size_t)row_bytes, colours));
    w->s->work = 3 * (uint64_t)w->s->width * (uint64_t)w->s->height + row_bytes + w->n;
    return GD_OK;
}
