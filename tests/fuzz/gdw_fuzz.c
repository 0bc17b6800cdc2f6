/* gdw_fuzz.c -- the .gdw reader on arbitrary bytes: as they are, and with right checksums. */
#include <string.h>

#include "engine/mem.h"
#include "engine/safe.h"
#include "weights/crc32c.h"
#include "weights/gdw.h"
#include "weights/gdw_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sink;

/* Reads all that the reader promises; the sanitizer watches. */
static void use(const uint8_t *data, size_t size) {
    gd_error err;
    gd_gdw  *g;
    if (gd_gdw_load_memory(data, size, &g, &err) != GD_OK) return;
    for (size_t i = 0; i < gd_gdw_count(g); i++) {
        const gd_gdw_tensor *t = gd_gdw_tensor_at(g, i);
        GD_ASSERT(gd_gdw_find(g, t->name) == t);
        for (size_t k = 0; k < t->size; k++) sink += ((const uint8_t *)t->data)[k];
    }
    for (size_t i = 0; i < gd_gdw_meta_count(g); i++) {
        const char *key, *value;
        gd_gdw_meta_at(g, i, &key, &value);
        GD_ASSERT(gd_gdw_meta(g, key) == value);
    }
    gd_gdw_close(g);
}

/* Magic, byte order, length and checksum put right: what is left to refuse is the structure. */
static void seal(uint8_t *b, size_t n) {
    const uint32_t order = GDW_ORDER;
    memcpy(b, GDW_MAGIC, 8);
    b[GDW_AT_MAJOR] = GD_GDW_MAJOR;
    b[GDW_AT_MAJOR + 1] = 0;
    for (int i = 0; i < 4; i++) b[GDW_AT_ORDER + i] = (uint8_t)(order >> 8 * i);
    for (int i = 0; i < 8; i++) b[GDW_AT_FILE_SIZE + i] = (uint8_t)((uint64_t)n >> 8 * i);
    for (int i = 0; i < 4; i++) b[GDW_AT_CRC + i] = 0;
    uint64_t table = (uint64_t)gd_le32(b + GDW_AT_ENTRY_SIZE) * gd_le32(b + GDW_AT_TENSORS);
    uint64_t head = gd_le32(b + GDW_AT_HEADER_SIZE) + table;
    if (!gd_add_u64(head, gd_le64(b + GDW_AT_NAMES_SIZE), &head) ||
        !gd_add_u64(head, gd_le64(b + GDW_AT_META_SIZE), &head) || head > n ||
        head < GDW_HEADER)
        return;
    uint32_t crc = gd_crc32c(0, b, (size_t)head);
    for (int i = 0; i < 4; i++) b[GDW_AT_CRC + i] = (uint8_t)(crc >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    use(data, size);
    if (size < GDW_HEADER) return 0;
    uint8_t *copy = gd_mem_get(size);
    if (!copy) return 0;
    memcpy(copy, data, size);
    seal(copy, size);
    use(copy, size);
    gd_mem_put(copy);
    return 0;
}
