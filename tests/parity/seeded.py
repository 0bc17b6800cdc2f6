# seeded.py -- weights that nobody trained but that behave: norms do something, heads find things.
"""seeded.py ARCH OUT.pth [PICTURE]: a state_dict by torch.save, the same for the same torch. The heads
of detectors are scaled on the picture, or on noise. Needs torch and torchvision alone."""
import sys
import warnings

import torch
import torchvision


def seed_norms(model, seed):
    """Statistics that a trained network could have, so that batch norm does something."""
    g = torch.Generator().manual_seed(seed)
    for name, v in model.state_dict().items():
        if name.endswith("running_mean"):
            v.copy_(torch.randn(v.shape, generator=g) * 0.1)
        if name.endswith("running_var"):
            v.copy_(torch.rand(v.shape, generator=g) * 0.5 + 0.75)


def settle_norms(model, x):
    """Averages and variances that the network makes of this input, for networks so deep and narrow
    that random ones let nothing through that depends on the picture. No channel of a layer varies
    less than they do on average: another picture may have more of it."""
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for m in norms:
        m.momentum = 1.0
        m.train()
    with torch.no_grad():
        model(x)
    for m in norms:
        m.running_var.clamp_(min=float(m.running_var.mean()))
        m.eval()


def scatter_norms(model, x, last=()):
    """Statistics of the norms from the pictures x, scattered a little, so that signals neither vanish
    nor grow; `last`, norms that end residual branches, are small, as damp_branches() has them. The
    model is in training then."""
    with torch.no_grad():
        norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        for m in norms:
            m.momentum = None
            m.weight.uniform_(0.75, 1.25)
            m.bias.normal_(0, 0.1)
        for m in last:
            m.weight.mul_(0.1)
        model.train()(x)
        for m in norms:
            m.running_mean += torch.randn(m.running_mean.shape) * 0.1 * m.running_var.sqrt()
            m.running_var *= torch.rand(m.running_var.shape) * 0.5 + 0.75


def damp_branches(model):
    """The last norm of each residual branch is small, as trained ones are: branches that nobody
    trained would pass on twice the rounding errors that they got, block after block."""
    for module in model.modules():
        last = getattr(module, "bn3", getattr(module, "bn2", None))
        if last is not None and hasattr(module, "downsample"):
            last.weight.data.mul_(0.1)


def heads(model):
    """[(layer, spread of its outputs)], those first that decide what later ones see."""
    if hasattr(model, "rpn"):
        rpn, box = model.rpn.head, model.roi_heads.box_predictor
        return [[(rpn.cls_logits, 2.0), (rpn.bbox_pred, 0.25)],
                [(box.cls_score, 2.2), (box.bbox_pred, 1.0)]]
    classes, boxes = model.head.classification_head, model.head.regression_head
    if hasattr(classes, "cls_logits"):
        return [[(classes.cls_logits, 0.45), (boxes.bbox_reg, 0.25)]]
    last = [[m if isinstance(m, torch.nn.Conv2d) else m[-1] for m in head.module_list]
            for head in (classes, boxes)]
    return [[(m, 2.2) for m in last[0]] + [(m, 1.0) for m in last[1]]]


def spread(outputs, least):
    """Of the outputs around their layer's bias, but for those of a background, below `least`."""
    y = torch.cat(outputs)
    return y[y > least].std()


def scale_heads(model, image):
    """Outputs of the heads get the spread of a trained detector's on this picture: the region
    proposals first, for they decide what the box heads see."""
    least = -float("inf")
    classes = getattr(getattr(model, "head", None), "classification_head", None)
    if hasattr(classes, "cls_logits"):
        # Output 0 of each anchor stands for the background, which no training ever raises.
        classes.cls_logits.bias.data[::classes.num_classes] = -20
        least = -10
    for targets in heads(model):
        seen = {module: [] for module, _ in targets}
        hooks = [module.register_forward_hook(lambda m, _i, o: seen[m].append(o.flatten()))
                 for module, _ in targets]
        with torch.no_grad():
            model([image])
            for module, want in targets:
                module.weight *= want / spread(seen[module], least)
        for hook in hooks:
            hook.remove()


def noise(height=800, width=1333):
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(3))


def build_detr(arch, image):
    """Queries that differ, norms and biases that do something, heads that find things."""
    import detr_twin
    model = detr_twin.Detr(*detr_twin.KINDS[arch]).eval()
    seed_norms(model, 2)
    damp_branches(model)
    with torch.no_grad():
        model.query_embed.weight.normal_()
        for name, v in model.transformer.named_parameters():
            if "norm" in name:
                v.add_(torch.randn(v.shape) * 0.1)
            elif name.endswith("bias"):
                v.normal_(0, 0.1)
            elif name.endswith("in_proj_weight"):  # attention that looks somewhere, not everywhere alike
                v[: 2 * v.shape[1]] *= 2
        # Tokens that differ, too: what is the same in all places of the picture is taken out.
        f = model.input_proj(model.backbone[0](image[None]))[0].flatten(1)
        scale = 1 / f.std(1).clamp(min=1e-6)
        model.input_proj.weight *= scale[:, None, None, None]
        model.input_proj.bias.copy_((model.input_proj.bias - f.mean(1)) * scale)
        logits, boxes = model(image[None])
        model.class_embed.weight *= 3 / logits.std()
        model.bbox_embed.layers[2].weight *= 1 / torch.logit(boxes).std()
    return model


def prepare(model, seed, image):
    """Makes a detector of random weights find things."""
    seed_norms(model, seed)
    damp_branches(model)
    if any(isinstance(m, torch.nn.Hardswish) for m in model.modules()):
        settle_norms(model, [image, image.flip(-1)])
    scale_heads(model, image)


def build(arch, image=None):
    """The model with its weights, in evaluation."""
    torch.manual_seed(2)
    if arch.startswith("detr"):
        return build_detr(arch, noise() if image is None else image)
    if not hasattr(torchvision.models.detection, arch):
        if arch.startswith("deeplabv3_"):
            model = getattr(torchvision.models.segmentation, arch)(weights=None, weights_backbone=None, num_classes=21,
                                                                   aux_loss=False).eval()
        else:
            model = getattr(torchvision.models, arch)().eval()
        seed_norms(model, 2)
        damp_branches(model)
        return model
    model = getattr(torchvision.models.detection, arch)(weights=None, weights_backbone=None).eval()
    prepare(model, 2, noise() if image is None else image)
    return model


def main():
    warnings.filterwarnings("ignore")
    image = None
    if len(sys.argv) > 3:
        image = torchvision.io.read_image(sys.argv[3], torchvision.io.ImageReadMode.RGB) / 255
    torch.save(build(sys.argv[1], image).state_dict(), sys.argv[2])


if __name__ == "__main__":
    main()
