/* coco.c -- the results format of COCO, as pycocotools loads it: [{image_id, category_id,
 * ...}]. */
#include <stdio.h>

#include "tools/output/coco_ids.h"
#include "tools/output/writer_kind.h"

typedef struct coco {
    gd_coco_ids ids;
    gd_name_map
            used; /* image ids that have results; two pictures of one id would be mixed up */
    int64_t n;    /* detections written */
} coco;

static gd_status coco_begin(gd_writer *w, gd_error *err) {
    coco *c = w->state;
    gd_put(&w->sink.text, "[");
    if (!w->opt.coco_instances) return GD_OK;
    return gd_coco_ids_open(&c->ids, w->opt.coco_instances, err);
}

static gd_status coco_put(gd_writer *w, const gd_record *r, gd_error *err) {
    coco      *c = w->state;
    gd_buffer *b = &w->sink.text;
    char       key[24];
    int64_t    id;
    if (r->error) return GD_OK;
    if (r->pts >= 0)
        id = r->frame; /* a video is a data set of its own */
    else
        GD_TRY(gd_coco_ids_find(&c->ids, r->source, &id, err));
    snprintf(key, sizeof key, "%lld", (long long)id);
    if (gd_name_map_find(&c->used, key))
        return gd_fail_code(err, GD_ERR_ARG, 953,
                            "%s: another picture of this run has the image id %s as well",
                            r->source, key);
    GD_TRY(gd_name_map_add(&c->used, key, 1, err));
    for (int i = 0; i < r->n_detections; i++) {
        const gd_detection *d = &r->detections[i];
        gd_put(b, c->n++ ? ",\n{\"image_id\":" : "\n{\"image_id\":");
        gd_put_int(b, id);
        gd_put(b, ",\"category_id\":");
        gd_put_int(b, gd_run_category_id(w->info, d->class_id));
        gd_put(b, ",\"bbox\":[");
        gd_put_float(b, d->box[0]);
        gd_put(b, ",");
        gd_put_float(b, d->box[1]);
        gd_put(b, ",");
        gd_put_float(b, d->box[2] - d->box[0]);
        gd_put(b, ",");
        gd_put_float(b, d->box[3] - d->box[1]);
        gd_put(b, "],\"score\":");
        gd_put_float(b, d->score);
        gd_put(b, "}");
    }
    return GD_OK;
}

static gd_status coco_finish(gd_writer *w, const gd_summary *sum, gd_error *err) {
    (void)sum;
    (void)err;
    gd_put(&w->sink.text, "\n]\n");
    return GD_OK;
}

static void coco_close(gd_writer *w) {
    coco *c = w->state;
    gd_coco_ids_free(&c->ids);
    gd_name_map_free(&c->used);
}

const gd_writer_kind gd_writer_coco = {.name = "coco",
                                       .boxes_only = true,
                                       .state_size = sizeof(coco),
                                       .begin = coco_begin,
                                       .put = coco_put,
                                       .finish = coco_finish,
                                       .close = coco_close};
