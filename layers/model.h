/* model.h -- the inside of gd_model, for sessions and for commands that show it. */
#ifndef GD_LAYERS_MODEL_H
#define GD_LAYERS_MODEL_H

#include "layers/recipe.h"
#include "weights/gdw.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gd_model {
    gd_gdw          *file;
    const gd_arch   *arch;
    gd_recipe        recipe;
    gd_arena         arena;    /* names, float copies of half-precision weights */
    int              n_class;  /* without background */
    const char     **name;     /* n_class */
    int             *category; /* n_class */
    gd_tensor       *weight;   /* float32, in the order of the file's table */
    gd_weight_source source;
    gd_net_facts     facts;
};

/* The graph from picture bytes to results, before any pass. Inputs: "pixels" u8 [B, cap, 3] and
 * "geom" f32 [B, 8]; with cap 0 the first is "image" f32 [B, H, W, 3], preprocessed; with
 * opt->crops they are "pixels" u8 [1, cap, 3], "geom" f32 [B, 12] and "n_crop" i32 [1]
 * (kernels/crop_resize). Outputs as
 * arch.h says. Weights stay the model's. */
gd_status gd_model_graph(const gd_model *m, const gd_recipe *recipe, const gd_net_options *opt,
                         int64_t cap, gd_graph *g, gd_error *err) GD_MUST_CHECK;
/* The recipe with a session's overrides applied. */
void gd_model_recipe(const gd_model *m, const gd_session_options *opt, gd_recipe *out);

#ifdef __cplusplus
}
#endif
#endif
