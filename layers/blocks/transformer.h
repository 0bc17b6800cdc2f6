/* transformer.h -- layers of the transformers of Vaswani et al. (2017), norms after the sums.
 *
 * Weights carry the names of PyTorch's nn.MultiheadAttention and nn.TransformerEncoderLayer, or
 * q_proj, k_proj, v_proj where the file has the projections of attention apart. Values are
 * [B, L, C]. Each returns a value id, -1 after a failure. */
#ifndef GD_LAYERS_BLOCKS_TRANSFORMER_H
#define GD_LAYERS_BLOCKS_TRANSFORMER_H

#include "layers/net.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GD_PART_QUERY, GD_PART_KEY, GD_PART_VALUE };

/* Weight and bias of parts first .. first + count - 1 of the projections of the attention at
 * the current path, for C channels: constants [count * C, C] and [count * C]. */
typedef struct gd_projection {
    int weight, bias;
} gd_projection;
gd_projection gd_block_projection(gd_net *n, int first, int count, int64_t channels);
int           gd_block_project(gd_net *n, int x, gd_projection p);
/* Parts first .. first + count - 1 of x, to which `position` is added for queries and keys,
 * projected: [B, L, count * C], at the current path. What a constant position amounts to is
 * worked out with the constants and added to the projections of x. */
int gd_block_project_placed(gd_net *n, int x, int position, int first, int count);
/* Part i of x [B, L, parts * C], C channels each. */
int gd_block_part(gd_net *n, int x, int i, int64_t channels);
/* Attention over projected values and its out_proj, at the current path. mask: [B, Lk]. */
int gd_block_attend(gd_net *n, int q, int k, int v, int mask, int heads);

int gd_block_layer_norm(gd_net *n, int x, const char *name);
/* norm(x + y). */
int gd_block_add_norm(gd_net *n, int x, int y, const char *norm);
/* Self-attention self_attn of x with `position` added to queries and keys (mask -1: none), then
 * x + y under `norm`. */
int gd_block_self_attention(gd_net *n, int x, int position, int mask, int heads,
                            const char *norm);
/* linear1 -> relu -> linear2, then x + y under `norm`. */
int gd_block_feed_forward(gd_net *n, int x, int width, const char *norm);

#ifdef __cplusplus
}
#endif
#endif
