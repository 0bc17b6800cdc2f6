# training_ssd_parity_test.py -- losses and gradients of SSD300 beside torchvision's.
"""VGG-16 at an eighth of its width, at its own size: the smallest map has one cell."""
import re
import sys

from detector_parity import save_as
from parity import torch, torchvision, workspace
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import box_iou
from training import Batch, Ours, compare

CLASSES, SIDE, SHARE = 7, 300, 8
LOSSES = {"bbox_regression": "bbox_regression", "classification": "classification"}


def narrow(model):
    """Every width of the trunk divided by SHARE, but for the picture's."""
    def slim(m):
        c = max(m.in_channels // SHARE, 3) if m.in_channels > 3 else 3
        return torch.nn.Conv2d(c, m.out_channels // SHARE, m.kernel_size, m.stride, m.padding,
                               m.dilation)

    for parent in list(model.backbone.modules()):
        for name, m in list(parent.named_children()):
            if isinstance(m, torch.nn.Conv2d):
                setattr(parent, name, slim(m))
    weight = model.backbone.scale_weight
    model.backbone.scale_weight = torch.nn.Parameter(weight[::SHARE].clone())
    for head in (model.head.classification_head, model.head.regression_head):
        for i, m in enumerate(head.module_list):
            head.module_list[i] = torch.nn.Conv2d(m.in_channels // SHARE, m.out_channels, 3,
                                                  padding=1)
    return model


def seeded(seed):
    torch.manual_seed(seed)
    model = narrow(torchvision.models.detection.ssd300_vgg16(
        weights=None, weights_backbone=None, num_classes=CLASSES))
    for m in model.modules():  # so that signals keep their size
        if isinstance(m, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(m.weight)
            torch.nn.init.normal_(m.bias, std=0.1)
    return model


def reference(model, batch):
    """Losses by our names, gradients in the parameters."""
    features = list(model.backbone(batch.image).values())
    said = model.head(features)
    boxes = model.anchor_generator(ImageList(batch.image, [(SIDE, SIDE)] * 3), features)
    matched = [model.proposal_matcher(box_iou(t["boxes"], b)) if len(t["boxes"])
               else torch.full((len(b),), -1) for t, b in zip(batch.targets, boxes)]
    losses = model.compute_loss(batch.targets, said, boxes, matched)
    losses = {LOSSES[k]: v for k, v in losses.items()}
    losses["sum"] = sum(losses.values())
    losses["sum"].backward()
    return losses


def check(seed, folder):
    model, batch = seeded(seed), Batch(SIDE, SIDE, CLASSES, seed)
    gdw = save_as("ssd300_vgg16", model, CLASSES, folder)[1]
    want = reference(model, batch)
    weights = dict(model.named_parameters())
    return all([compare("ssd300_vgg16" + what, Ours(gdw, batch.arrays(), folder, flags=flags), want,
                        weights, lambda name: name, {})
                for what, flags in (("", ()), (", weights as variables", ("--live",)))])


with workspace() as work:
    done = check(1, work)
sys.exit(0 if done else 1)
