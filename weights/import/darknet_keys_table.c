/* darknet_keys_table.c -- every key that a section of a .cfg may have, and its use here. */
#include "weights/import/darknet_cfg.h"

#define U(name) \
    { #name, GD_CFG_USED }
#define T(name) \
    { #name, GD_CFG_TRAINING }
#define Z(name) \
    { #name, GD_CFG_ZERO }
/* What any layer may say about its training. */
#define ANY                                                                                    \
    T(clip), T(dont_update), T(burnin_update), T(stopbackward), T(train_only_bn), T(dontload), \
        T(dontloadscales), T(learning_rate), T(onlyforward), T(dontsave), T(keep_delta_gpu), { \
        0                                                                                      \
    }

/* clang-format off */
static const gd_cfg_key net[] = {
    U(width), U(height), U(channels),
    Z(letter_box), Z(inputs),
    T(batch), T(subdivisions), T(time_steps), T(track), T(augment_speed),
    T(sequential_subdivisions), T(init_sequential_subdivisions), T(try_fix_nan),
    T(weights_reject_freq), T(equidistant_point), T(badlabels_rejection_percentage),
    T(num_sigmas_reject_badlabels), T(ema_alpha), T(loss_scale), T(dynamic_minibatch),
    T(optimized_memory), T(workspace_size_limit_MB), T(adam), T(B1), T(B2), T(eps),
    T(momentum), T(decay), T(max_crop), T(min_crop), T(flip), T(blur), T(gaussian_noise),
    T(mixup), T(cutmix), T(mosaic), T(mosaic_bound), T(contrastive), T(contrastive_jit_flip),
    T(contrastive_color), T(unsupervised), T(label_smooth_eps), T(resize_step), T(attention),
    T(adversarial_lr), T(max_chart_loss), T(angle), T(aspect), T(saturation), T(exposure),
    T(hue), T(power), T(policy), T(burn_in), T(step), T(scale), T(steps), T(scales),
    T(seq_scales), T(gamma), T(use_cuda_graph), T(show_receptive_field), T(learning_rate),
    T(learning_rate_min), T(batches_per_cycle), T(batches_cycle_mult), T(max_batches),
    T(random), {0}};

static const gd_cfg_key convolutional[] = {
    U(filters), U(groups), U(size), U(stride), U(stride_x), U(stride_y), U(dilation), U(pad),
    U(padding), U(activation), U(batch_normalize),
    Z(antialiasing), Z(cbn), Z(binary), Z(xnor), Z(bin_output), Z(sway),
    Z(rotate), Z(stretch), Z(stretch_sway), Z(deform), Z(coordconv), Z(flipped), Z(dot),
    Z(reverse),
    T(assisted_excitation), T(angle), T(grad_centr), ANY};

static const gd_cfg_key maxpool[] = {
    U(size), U(stride), U(stride_x), U(stride_y), U(padding),
    Z(maxpool_depth), Z(antialiasing), Z(maxpool_zero_nonmax), T(out_channels), ANY};

static const gd_cfg_key route[] = {U(layers), U(groups), U(group_id), ANY};

static const gd_cfg_key shortcut[] = {
    U(from), U(activation), U(weights_type), T(weights_normalization), ANY};

static const gd_cfg_key upsample[] = {U(stride), U(scale), ANY};

static const gd_cfg_key dropout[] = {
    T(probability), T(dropblock), T(dropblock_size_rel), T(dropblock_size_abs), ANY};

static const gd_cfg_key yolo[] = {
    U(mask), U(anchors), U(classes), U(num), U(scale_x_y), U(new_coords), U(nms_kind),
    U(beta_nms),
    T(jitter), T(resize), T(ignore_thresh), T(truth_thresh), T(random), T(iou_thresh),
    T(iou_thresh_kind), T(iou_loss), T(iou_normalizer), T(obj_normalizer), T(cls_normalizer),
    T(delta_normalizer), T(uc_normalizer), T(max_delta), T(focal_loss), T(label_smooth_eps),
    T(objectness_smooth), T(counters_per_class), T(max), T(track_history_size), T(sim_thresh),
    T(dets_for_track), T(dets_for_show), T(track_ciou_norm), T(show_details), T(bias_match),
    T(coords), T(rescore), ANY};
/* clang-format on */

const gd_cfg_keys gd_cfg_sections[GD_CFG_SECTIONS] = {
    {"net", "network", net},      {"convolutional", "conv", convolutional},
    {"maxpool", "max", maxpool},  {"route", NULL, route},
    {"shortcut", NULL, shortcut}, {"upsample", NULL, upsample},
    {"dropout", NULL, dropout},   {"yolo", NULL, yolo},
};
