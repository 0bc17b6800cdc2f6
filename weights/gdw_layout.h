/* gdw_layout.h -- offsets of the .gdw fields as gdw.h draws them; for its reader and writer. */
#ifndef GD_WEIGHTS_GDW_LAYOUT_H
#define GD_WEIGHTS_GDW_LAYOUT_H

#include <stdint.h>

enum {
    GDW_ALIGN = 64,
    GDW_HEADER = 64,
    GDW_ENTRY = 96,
    GDW_LONGEST = 4096, /* header or entry of a newer minor version */
    GDW_PAIR = 8,       /* the two lengths before a key and its value */

    GDW_AT_MAJOR = 8,
    GDW_AT_MINOR = 10,
    GDW_AT_ORDER = 12,
    GDW_AT_FILE_SIZE = 16,
    GDW_AT_HEADER_SIZE = 24,
    GDW_AT_ENTRY_SIZE = 28,
    GDW_AT_TENSORS = 32,
    GDW_AT_PAIRS = 36,
    GDW_AT_NAMES_SIZE = 40,
    GDW_AT_META_SIZE = 48,
    GDW_AT_CRC = 56,
    GDW_AT_ZERO = 60,

    GDW_IN_DATA_AT = 0,
    GDW_IN_DATA_SIZE = 8,
    GDW_IN_HASH = 16,
    GDW_IN_NAME_AT = 24,
    GDW_IN_NAME_SIZE = 28,
    GDW_IN_TYPE = 30,
    GDW_IN_NDIM = 31,
    GDW_IN_DIMS = 32
};

#define GDW_MAGIC "\x89GDW\r\n\x1a\n"
#define GDW_ORDER 0x0a0b0c0du

/* Up to a multiple of 64; the callers' numbers are far below 2^64. */
static inline uint64_t gdw_align(uint64_t n) {
    return (n + GDW_ALIGN - 1) / GDW_ALIGN * GDW_ALIGN;
}

#endif
