/* session_info.c -- what a session would take, what it took, and memory for its pictures. */
#include <stdio.h>
#include <string.h>

#include "engine/machine.h"
#include "engine/mem.h"
#include "engine/safe.h"
#include "layers/session_impl.h"

/* Pictures of a batch are gathered in staging; one alone is read where it lies. */
static gd_status staging_for(const gd_session *s, int batch, int64_t cap, uint64_t *more,
                             gd_error *err) {
    uint64_t want;
    *more = 0;
    if (batch == 1) return GD_OK;
    if (!gd_mul_u64((uint64_t)cap * 3, (uint64_t)batch, &want))
        return gd_fail(err, GD_ERR_NOMEM, "%d pictures of %lld pixels", batch, (long long)cap);
    if (want > s->staging_size) *more = want - s->staging_size;
    return GD_OK;
}

gd_status gd_session_plan(gd_session *s, int width, int height, int batch, uint64_t *bytes,
                          gd_error *err) {
    gd_geometry at;
    gd_entry    e;
    uint64_t    staging;
    *bytes = 0;
    if (width < 1 || height < 1 || width > 65535 || height > 65535 || batch < 1)
        return gd_fail(err, GD_ERR_ARG, "%d pictures of %d x %d", batch, width, height);
    gd_geometry_of(&s->recipe.rule, height, width, &at);
    e = gd_session_key(s, batch, at.net_h, at.net_w, (int64_t)width * height);
    const bool known = gd_session_find(s, &e) != NULL;
    GD_TRY(staging_for(s, batch, e.cap, &staging, err));
    *bytes = staging;
    if (known) return GD_OK;
    const int before = gd_cpu_scope(s->n_thread);
    gd_status st = gd_session_compile(s, &e, true, err);
    (void)gd_cpu_scope(before);
    *bytes += e.bytes;
    gd_session_entry_close(&e);
    if (st != GD_OK) *bytes = 0;
    return st;
}

gd_status gd_session_shape(const gd_session *s, int width, int height, int *net_h, int *net_w,
                           gd_error *err) {
    gd_geometry at;
    *net_h = *net_w = 0;
    if (width < 1 || height < 1 || width > 65535 || height > 65535)
        return gd_fail(err, GD_ERR_ARG, "a picture of %d x %d", width, height);
    gd_geometry_of(&s->recipe.rule, height, width, &at);
    *net_h = at.net_h;
    *net_w = at.net_w;
    return GD_OK;
}

gd_status gd_session_room(gd_session *s, uint64_t *bytes, gd_error *err) {
    size_t room = 0;
    *bytes = 0;
    if (!s->device) {
        const uint64_t limit = s->opt.memory_limit, held = gd_session_held(s);
        *bytes = gd_machine_room("");
        if (limit && *bytes > (limit > held ? limit - held : 0))
            *bytes = limit > held ? limit - held : 0;
        return GD_OK;
    }
    GD_TRY(gd_device_room(s->device, &room, err));
    *bytes = room;
    return GD_OK;
}

/* What stands before the bytes that are given out: whether they are page-locked cannot be asked
 * of a device that has failed. */
typedef struct pin_head {
    bool locked;
} pin_head;
enum { PIN_HEAD = 256 };

gd_status gd_session_pin(gd_session *s, size_t size, void **out, gd_error *err) {
    gd_status st = GD_ERR_NOMEM;
    void     *p = NULL;
    size_t    whole;
    *out = NULL;
    if (!gd_add_size(size, PIN_HEAD, &whole))
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes", size);
    if (s->device) st = gd_device_pin(s->device, whole, &p, err);
    const bool locked = st == GD_OK;
    /* Page-locked memory may end long before memory does: then copies are only slower. */
    if (st == GD_ERR_NOMEM) {
        p = gd_mem_get(whole);
        st = p ? GD_OK : gd_fail(err, GD_ERR_NOMEM, "no memory for %zu bytes", size);
    }
    if (st != GD_OK) return st;
    ((pin_head *)p)->locked = locked;
    *out = (char *)p + PIN_HEAD;
    return GD_OK;
}

void gd_session_unpin(gd_session *s, void *p) {
    if (!p) return;
    void *whole = (char *)p - PIN_HEAD;
    if (((const pin_head *)whole)->locked)
        gd_device_unpin(s->device, whole);
    else
        gd_mem_put(whole);
}

void gd_session_stats_get(const gd_session *s, gd_session_stats *out) {
    memset(out, 0, sizeof *out);
    if (s->device) {
        (void)snprintf(out->device, sizeof out->device, "cuda:%d", s->device->ordinal);
        (void)snprintf(out->name, sizeof out->name, "%.95s", s->device->name);
        (void)snprintf(out->driver, sizeof out->driver, "%.31s", s->device->driver);
        out->device_bytes = s->dev.mem_bytes;
    } else {
        (void)snprintf(out->device, sizeof out->device, "cpu");
        gd_machine_cpu("", out->name, sizeof out->name);
    }
    out->no_gpu = s->no_gpu.code;
    (void)snprintf(out->no_gpu_why, sizeof out->no_gpu_why, "%.190s", s->no_gpu.msg);
    (void)snprintf(out->precision, sizeof out->precision, "%s",
                   gd_precision_name(s->precision));
    out->sm = s->dev.sm;
    out->batch = s->batch;
    out->device_ms = s->device_ms;
    memcpy(out->stage_ms, s->stage_ms, sizeof out->stage_ms);
    out->bytes = gd_session_held(s);
    out->peak_bytes = s->device ? s->device->peak : s->peak_bytes;
}
