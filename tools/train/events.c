/* events.c -- TensorBoard's event files: records, checksums, the few messages needed. */
#include "tools/train/events.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/output/buffer.h"
#include "tools/train/append.h"
#include "weights/crc32c.h"

enum { FIXED64 = 1, BYTES = 2, FIXED32 = 5 }; /* wire types; 0 is a varint */

static void put_le(gd_buffer *b, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++)
        gd_put_bytes(b, &(unsigned char){(unsigned char)(v >> 8 * i)}, 1);
}

static void put_varint(gd_buffer *b, uint64_t v) {
    for (; v >= 128; v >>= 7) gd_put_bytes(b, &(unsigned char){(unsigned char)(v | 128)}, 1);
    gd_put_bytes(b, &(unsigned char){(unsigned char)v}, 1);
}

static void put_key(gd_buffer *b, int field, int type) {
    put_varint(b, (uint64_t)field << 3 | (uint64_t)type);
}

static void put_bytes(gd_buffer *b, int field, const void *data, size_t n) {
    put_key(b, field, BYTES);
    put_varint(b, n);
    gd_put_bytes(b, data, n);
}

static uint32_t masked_crc(const void *data, size_t n) {
    const uint32_t c = gd_crc32c(0, data, n);
    return (c >> 15 | c << 17) + 0xa282ead8u;
}

static uint64_t bits_of(double v) {
    uint64_t u;
    memcpy(&u, &v, sizeof u);
    return u;
}

static uint32_t bits_of_float(float v) {
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    return u;
}

static gd_status write_record(gd_events *e, gd_buffer *data, gd_error *err) {
    gd_buffer r = {0};
    put_le(&r, data->size, 8);
    if (!r.failed) put_le(&r, masked_crc(r.data, 8), 4);
    if (!data->failed) gd_put_bytes(&r, data->data, data->size);
    if (!data->failed) put_le(&r, masked_crc(data->data, data->size), 4);
    gd_status st = data->failed || r.failed
                       ? gd_fail(err, GD_ERR_NOMEM, "%s: no memory for a record", e->path)
                       : gd_append(e->fd, e->path, r.data, r.size, err);
    gd_buffer_free(&r);
    gd_buffer_free(data);
    return st;
}

gd_status gd_events_open(gd_events *e, const char *folder, double seconds, gd_error *err) {
    char      host[128] = "localhost";
    gd_buffer b = {0};
    gethostname(host, sizeof host - 1);
    host[sizeof host - 1] = '\0';
    if (strchr(host, '/')) snprintf(host, sizeof host, "localhost");
    snprintf(e->path, sizeof e->path, "%.3800s/events.out.tfevents.%010lld.%s.%d", folder,
             (long long)seconds, host, (int)getpid());
    GD_TRY(gd_append_open(e->path, &e->fd, err));
    put_key(&b, 1, FIXED64);
    put_le(&b, bits_of(seconds), 8);
    put_bytes(&b, 3, "brain.Event:2", 13);
    gd_status st = write_record(e, &b, err);
    if (st != GD_OK) gd_events_close(e);
    return st;
}

gd_status gd_events_put(gd_events *e, double seconds, int64_t step, const gd_figure *figure,
                        int n, gd_error *err) {
    gd_buffer all = {0}, b = {0};
    for (int i = 0; i < n; i++) {
        gd_buffer value = {0};
        put_bytes(&value, 1, figure[i].tag, strlen(figure[i].tag));
        put_key(&value, 2, FIXED32);
        put_le(&value, bits_of_float((float)figure[i].value), 4);
        if (!value.failed) put_bytes(&all, 1, value.data, value.size);
        all.failed |= value.failed;
        gd_buffer_free(&value);
    }
    put_key(&b, 1, FIXED64);
    put_le(&b, bits_of(seconds), 8);
    put_key(&b, 2, 0);
    put_varint(&b, (uint64_t)step);
    put_bytes(&b, 5, all.data ? all.data : "", all.size);
    b.failed |= all.failed;
    gd_buffer_free(&all);
    return write_record(e, &b, err);
}

void gd_events_close(gd_events *e) {
    if (e->fd >= 0) close(e->fd);
    e->fd = -1;
}
