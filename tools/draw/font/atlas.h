/* atlas.h -- the glyphs that the build bakes: ASCII, Latin-1, the ellipsis, a replacement sign.
 *
 * Coverage adds up over areas, so averaging a large master over the area of a small pixel gives
 * the coverage that rasterising at the small size would give: two masters serve every size. */
#ifndef GD_TOOLS_DRAW_FONT_ATLAS_H
#define GD_TOOLS_DRAW_FONT_ATLAS_H

#define GD_FONT_SIZES 28, 72 /* pixels an em, ascending */
enum {
    GD_FONT_MASTERS = 2,
    GD_GLYPH_LATIN1 = 95, /* U+0020..7E stand before it, U+00A0..FF from here */
    GD_GLYPH_ELLIPSIS = GD_GLYPH_LATIN1 + 96,
    GD_GLYPH_REPLACEMENT,
    GD_GLYPHS
};

typedef struct gd_glyph {
    int   at;      /* of its first byte in gd_font_bits */
    short x, y;    /* top left corner of the bitmap from the pen; y grows downwards */
    short w, h;    /* 0 for blanks */
    float advance; /* pixels from this pen position to the next */
} gd_glyph;

typedef struct gd_font_master {
    float           size;  /* pixels an em */
    const gd_glyph *glyph; /* GD_GLYPHS */
} gd_font_master;

extern const gd_font_master gd_font_masters[GD_FONT_MASTERS];
/* The bitmaps of all glyphs, rows dense. */
extern const unsigned char gd_font_bits[];
extern const int           gd_font_bytes;

#endif
