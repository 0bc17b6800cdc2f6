/* pickle_fuzz.c -- any bytes as the data.pkl of a sound archive whose records have no
 * checksum. */
#include "tests/fuzz/ckpt_fuzz.h"

typedef struct layout {
    unsigned char b[1024];
    size_t        n;
} layout;

static void put(layout *l, const void *p, size_t n) {
    memcpy(l->b + l->n, p, n);
    l->n += n;
}

static void le(layout *l, uint64_t v, size_t width) {
    for (size_t i = 0; i < width; i++) l->b[l->n++] = (unsigned char)(i < 8 ? v >> 8 * i : 0);
}

/* A local header, or with `at` below UINT64_MAX the directory entry of that header. */
static void header(layout *l, const char *name, size_t size, uint64_t at) {
    bool central = at != UINT64_MAX;
    put(l, central ? "PK\1\2\0\0\0\0" : "PK\3\4\0\0", central ? 8 : 6);
    le(l, 0, 8);
    le(l, 0, 4); /* no checksum */
    le(l, size, 4);
    le(l, size, 4);
    le(l, strlen(name), 2);
    le(l, 0, central ? 12 : 2);
    if (central) le(l, at, 4);
    put(l, name, strlen(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char record[2][16] = {"a/data/0", "a/data/1"};
    unsigned char     values[64];
    layout            head = {0}, tail = {0};
    if (size > 1 << 20) return 0;
    for (size_t i = 0; i < sizeof values; i++) values[i] = (unsigned char)(i * 5);
    header(&head, "a/data.pkl", size, UINT64_MAX);
    size_t at[2];
    for (int i = 0; i < 2; i++) {
        at[i] = head.n + size + tail.n;
        header(&tail, record[i], sizeof values, UINT64_MAX);
        put(&tail, values, sizeof values);
    }
    size_t directory = tail.n;
    header(&tail, "a/data.pkl", size, 0);
    for (int i = 0; i < 2; i++) header(&tail, record[i], sizeof values, at[i]);
    size_t bytes = tail.n - directory;
    put(&tail, "PK\5\6\0\0\0\0\3\0\3\0", 12);
    le(&tail, bytes, 4);
    le(&tail, head.n + size + directory, 4);
    le(&tail, 0, 2);
    ckpt_fuzz(head.b, head.n, data, size, tail.b, tail.n);
    return 0;
}
