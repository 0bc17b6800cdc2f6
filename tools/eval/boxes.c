/* boxes.c -- a set of boxes judged in every way that a report shows; see report.h. */
#include "engine/mem.h"
#include "tools/eval/report.h"

static gd_status judge_levels(gd_eval_boxes *b, gd_error *err) {
    const gd_eval_coco *c = &b->coco;
    b->class_best = gd_mem_array((size_t)c->n_classes, sizeof *b->class_best);
    if (!b->class_best)
        return gd_fail(err, GD_ERR_NOMEM, "no memory for %d classes", c->n_classes);
    for (int k = 0; k < c->n_classes; k++) {
        const gd_eval_class *one = &c->by_class[k];
        b->class_best[k] = gd_eval_best_level(c->hit + c->first[k],
                                              c->first[k + 1] - c->first[k], one->n_truth);
        b->n_truth += one->n_truth;
    }
    b->n_hit = c->first[c->n_classes];
    GD_TRY(gd_eval_all_hits(c, &b->hit, err));
    b->best = gd_eval_best_level(b->hit, b->n_hit, b->n_truth);
    return GD_OK;
}

gd_status gd_eval_boxes_run(const gd_eval_set *set, int worst, gd_eval_boxes *out,
                            gd_error *err) {
    gd_status st;
    *out = (gd_eval_boxes){.set = *set};
    GD_GO(gd_eval_coco_run(set, &out->coco, err));
    GD_GO(gd_eval_voc_run(set, &out->voc, err));
    GD_GO(judge_levels(out, err));
    GD_GO(gd_eval_pair(set, out->best.score, &out->pairs, err));
    if (set->n_classes <= GD_EVAL_TABLE_MOST)
        GD_GO(gd_eval_confusion(set, &out->pairs, &out->confusion, err));
    GD_GO(gd_eval_worst(set, &out->pairs, worst, &out->worst, err));
done:
    if (st != GD_OK) gd_eval_boxes_free(out);
    return st;
}

void gd_eval_boxes_free(gd_eval_boxes *b) {
    gd_eval_coco_free(&b->coco);
    gd_eval_voc_free(&b->voc);
    gd_mem_put(b->hit);
    gd_mem_put(b->class_best);
    gd_eval_pairs_free(&b->pairs);
    gd_mem_put(b->confusion);
    gd_eval_misses_free(&b->worst);
    *b = (gd_eval_boxes){0};
}
