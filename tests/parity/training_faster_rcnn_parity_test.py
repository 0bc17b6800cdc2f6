# training_faster_rcnn_parity_test.py -- losses and gradients of Faster R-CNN: torchvision's.
"""Narrow networks on small pictures. First with everything drawn, so that no draw decides; then
with the numbers of a real step, torchvision's samplers giving what ours drew."""
import re
import sys

from detector_parity import FasterRCNN, save_as
from parity import SANITIZED, damp_branches, seed_norms, settle_norms, torch, torchvision, workspace
from torchvision.models import mobilenet_v3_large, resnet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import (FastRCNNConvFCHead, FastRCNNPredictor, RPNHead,
                                                      TwoMLPHead)
from torchvision.models.detection.image_list import ImageList
from training import Batch, Ours, compare

CLASSES, WIDTH, HIDDEN = 7, 24, 40
NORM, FROZEN = torch.nn.BatchNorm2d, torchvision.ops.FrozenBatchNorm2d
ALL = 8192
LOSSES = {"loss_objectness": "objectness", "loss_rpn_box_reg": "rpn_box_reg",
          "loss_classifier": "classifier", "loss_box_reg": "box_reg"}


def on_resnet(block, depth, norm=FROZEN, **more):
    channels = [64 * 2 ** i * block.expansion for i in range(4)]
    layers = {f"layer{i + 1}": str(i) for i in range(4)}
    body = resnet.ResNet(block, depth, norm_layer=norm, width_per_group=16 if block.expansion > 1 else 64)
    return BackboneWithFPN(body, layers, channels, WIDTH, norm_layer=more.get("norm_layer"))


def plain(block, depth):
    return FasterRCNN(on_resnet(block, depth), box_head=TwoMLPHead(WIDTH * 49, HIDDEN),
                      box_predictor=FastRCNNPredictor(HIDDEN, CLASSES))


def second():
    head = FastRCNNConvFCHead((WIDTH, 7, 7), [WIDTH] * 4, [HIDDEN], norm_layer=NORM)
    return FasterRCNN(on_resnet(resnet.Bottleneck, [3, 4, 6, 3], NORM, norm_layer=NORM),
                      rpn_head=RPNHead(WIDTH, 3, conv_depth=2), box_head=head,
                      box_predictor=FastRCNNPredictor(HIDDEN, CLASSES))


def mobile():
    body = mobilenet_v3_large(norm_layer=NORM).features
    trunk = BackboneWithFPN(body, {"13": "0", "16": "1"}, [160, 960], WIDTH)
    anchors = AnchorGenerator(((32, 64, 128, 256, 512),) * 3, ((0.5, 1.0, 2.0),) * 3)
    return FasterRCNN(trunk, rpn_anchor_generator=anchors, rpn_score_thresh=0.05,
                      box_head=TwoMLPHead(WIDTH * 49, HIDDEN),
                      box_predictor=FastRCNNPredictor(HIDDEN, CLASSES))


class Drawn:
    """A sampler that gives the rows it was told: [picture, row] of ours, -1 for none."""

    def __init__(self, index):
        self.index = index

    def __call__(self, matched):
        positive, negative = [], []
        for labels, rows in zip(matched, self.index):
            mask = torch.zeros(len(labels), dtype=torch.uint8)
            mask[torch.from_numpy(rows[rows >= 0]).long()] = 1
            positive.append(mask * (labels >= 1))
            negative.append(mask * (labels == 0))
        return positive, negative


def reference(model, batch):
    """Losses by our names, gradients in the parameters."""
    model.zero_grad()
    features = model.backbone(batch.image)
    proposals, first = model.rpn(ImageList(batch.image, batch.sizes), features, batch.targets)
    _, second = model.roi_heads(features, proposals, batch.sizes, batch.targets)
    losses = {LOSSES[k]: v for k, v in {**first, **second}.items()}
    losses["sum"] = sum(losses.values())
    losses["sum"].backward()
    return losses


def our_name(name):
    name = re.sub(r"(inner|layer)_blocks\.(\d)\.0\.", r"\1_blocks.\2.", name)
    return name.replace("rpn.head.conv.0.0.", "rpn.head.conv.")


def in_training(model):
    """Training, but for the norms, which keep their statistics."""
    model.train()
    for m in model.modules():
        if isinstance(m, NORM):
            m.eval()


def check(arch, model, seed, folder, names=our_name):
    torch.manual_seed(seed)
    model = model()
    batch = Batch(96, 128, CLASSES, seed)
    seed_norms(model, seed)
    damp_branches(model)
    settle_norms(model.backbone, batch.image)
    in_training(model)
    for layer in (model.rpn.head.cls_logits, model.rpn.head.bbox_pred):
        layer.weight.data.mul_(10)
    gdw = save_as(arch, model, CLASSES, folder)[1]
    flat = {"roi_heads.box_head.fc6.weight": (WIDTH, 7, 7), "roi_heads.box_head.5.weight": (WIDTH, 7, 7)}
    weights = dict(model.named_parameters())
    samplers = (model.rpn.fg_bg_sampler, model.roi_heads.fg_bg_sampler)
    for s in samplers:
        s.batch_size_per_image = ALL
    ours = Ours(gdw, batch.arrays(), folder, ALL, ALL)
    good = compare(f"{arch}, all drawn", ours, reference(model, batch), weights, names, flat)
    ours = Ours(gdw, batch.arrays(), folder)
    model.rpn.fg_bg_sampler, model.roi_heads.fg_bg_sampler = (Drawn(ours.drawn[i]) for i in "01")
    return compare(f"{arch}, 256 and 512 drawn", ours, reference(model, batch), weights, names,
                   flat) and good


with workspace() as work:
    todo = [("fasterrcnn_resnet18_fpn", lambda: plain(resnet.BasicBlock, [2, 2, 2, 2]))]
    if not SANITIZED:
        todo += [("fasterrcnn_resnet50_fpn", lambda: plain(resnet.Bottleneck, [3, 4, 6, 3])),
                 ("fasterrcnn_resnet50_fpn_v2", second, lambda name: name),
                 ("fasterrcnn_mobilenet_v3_large_fpn", mobile)]
    done = [check(a, m, 3, work, *more) for a, m, *more in todo]
sys.exit(0 if all(done) else 1)
