# training_faster_rcnn_parity_test.py -- losses and gradients of Faster R-CNN: torchvision's.
"""Narrow networks on small pictures. First with everything drawn, so that no draw decides; then
with so few that draws leave out most, torchvision's samplers giving what ours drew; at last some
steps of SGD."""
import os
import re
import sys

from detector_parity import FasterRCNN, save_as
from parity import few, np, run, torch, workspace
from torchvision.models import mobilenet_v3_large, resnet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import (FastRCNNConvFCHead, FastRCNNPredictor, RPNHead,
                                                      TwoMLPHead)
from torchvision.models.detection.image_list import ImageList
from training import PROGRAM, Batch, Ours, backward, compare, in_agreement, settle, spread

CLASSES, WIDTH, HIDDEN = 7, 24, 40
NORM = torch.nn.BatchNorm2d
ALL = 8192
LOSSES = {"loss_objectness": "objectness", "loss_rpn_box_reg": "rpn_box_reg",
          "loss_classifier": "classifier", "loss_box_reg": "box_reg"}


def on_resnet(block, depth, **more):
    channels = [64 * 2 ** i * block.expansion for i in range(4)]
    layers = {f"layer{i + 1}": str(i) for i in range(4)}
    body = resnet.ResNet(block, depth, width_per_group=16 if block.expansion > 1 else 64)
    return BackboneWithFPN(body, layers, channels, WIDTH, **more)


def plain(block, depth):
    return FasterRCNN(on_resnet(block, depth), box_head=TwoMLPHead(WIDTH * 49, HIDDEN),
                      box_predictor=FastRCNNPredictor(HIDDEN, CLASSES))


def second():
    head = FastRCNNConvFCHead((WIDTH, 7, 7), [WIDTH] * 4, [HIDDEN], norm_layer=NORM)
    return FasterRCNN(on_resnet(resnet.Bottleneck, [3, 4, 6, 3], norm_layer=NORM),
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
    """A sampler that gives rows by index, [picture, row] with -1 for none, as many of each kind as
    torchvision's draws of `count`."""

    def __init__(self, index, like, count):
        self.index, self.like = index, like
        like.batch_size_per_image = count

    def __call__(self, matched):
        masks = [torch.zeros_like(labels, dtype=torch.uint8) for labels in matched]
        for mask, rows in zip(masks, self.index):
            mask[rows[rows >= 0]] = 1
        drawn = ([m * (v >= 1) for m, v in zip(masks, matched)],
                 [m * (v == 0) for m, v in zip(masks, matched)])
        for ours, theirs in zip(sum(drawn, []), sum(self.like(matched), [])):
            assert ours.sum() == theirs.sum(), (ours.sum(), theirs.sum())
        return drawn


def draw_as(model, ours):
    """Both samplers draw what ours did: anchors by number, proposals, which may stand in another
    order where scores are nearly equal, by place."""
    heads, index = model.roi_heads, torch.from_numpy(ours.drawn["1"]).long()
    rois, add = torch.from_numpy(ours.rois["0"]), type(heads).add_gt_proposals
    found = Drawn(index.clone(), heads.fg_bg_sampler, 64)

    def add_and_find(proposals, boxes):
        out = add(heads, proposals, boxes)
        for i, p in enumerate(out):
            apart = (rois[i, index[i] >= 0][:, None] - p[None]).abs().amax(2)
            for k, row in enumerate(apart):  # of equal boxes each is drawn once
                found.index[i, k] = at = int(row.argmin())
                assert row[at] < 1e-2, float(row[at])
                apart[:, at] = float("inf")
        return out
    model.rpn.fg_bg_sampler = Drawn(torch.from_numpy(ours.drawn["0"]).long(), model.rpn.fg_bg_sampler, 96)
    heads.fg_bg_sampler, heads.add_gt_proposals = found, add_and_find


def losses(model, batch):
    features = model.backbone(batch.image)
    proposals, first = model.rpn(ImageList(batch.image, batch.sizes), features, batch.targets)
    _, second = model.roi_heads(features, proposals, batch.sizes, batch.targets)
    return {LOSSES[k]: v for k, v in {**first, **second}.items()}


def our_name(name):
    name = re.sub(r"(inner|layer)_blocks\.(\d)\.0\.", r"\1_blocks.\2.", name)
    return name.replace("rpn.head.conv.0.0.", "rpn.head.conv.")


def check_seed(arch, make, away, seed, folder, names):
    """None: the reference says nothing."""
    torch.manual_seed(seed)
    model, batch = make(), Batch(64, 96, CLASSES, seed)
    settle(model, lambda m: losses(m, batch), seed, away)
    for layer, want in ((model.rpn.head.cls_logits, 1), (model.rpn.head.bbox_pred, 0.2)):
        spread(layer, lambda: model.rpn.head(list(model.backbone(batch.image).values())), want)
    gdw = save_as(arch, model, CLASSES, folder)[1]
    flat = {f"roi_heads.box_head.{k}.weight": (WIDTH, 7, 7) for k in ("fc6", "5")}
    for s in (model.rpn.fg_bg_sampler, model.roi_heads.fg_bg_sampler):
        s.batch_size_per_image = ALL
    theirs = in_agreement(model, batch, losses)
    if theirs is None:
        return None
    weights = dict(model.named_parameters())
    ours = Ours(gdw, batch.arrays(), folder, ALL, ALL)
    good = compare(f"{arch}, all drawn", ours, theirs, weights, names, flat)
    ours = Ours(gdw, batch.arrays(), folder, 96, 64, flags=("--live",))
    draw_as(model, ours)
    theirs = backward(model, lambda m: losses(m, batch))
    for k, m in model.named_modules():
        if isinstance(m, NORM):  # frozen where weights are live
            del weights[k + ".weight"], weights[k + ".bias"]
    return compare(f"{arch}, 96 and 64 drawn", ours, theirs, weights, names, flat) and good


def same_curve(steps, rate, folder):
    """The loss of each step on one batch, everything drawn: within 1e-3 of PyTorch's."""
    torch.manual_seed(3)
    model, batch = plain(resnet.BasicBlock, [2, 2, 2, 2]), Batch(64, 96, CLASSES, 3)
    settle(model, lambda m: losses(m, batch), 3)
    gdw = save_as("fasterrcnn_resnet18_fpn", model, CLASSES, folder)[1]
    for s in (model.rpn.fg_bg_sampler, model.roi_heads.fg_bg_sampler):
        s.batch_size_per_image = ALL
    for name, a in batch.arrays().items():
        np.save(os.path.join(folder, name + ".npy"), a)
    ours = run(PROGRAM, "--steps", steps, rate, gdw, folder, ALL, ALL).split()
    norms = {p for m in model.modules() if isinstance(m, NORM) for p in m.parameters()}
    optimiser = torch.optim.SGD([p for p in model.parameters() if p not in norms], rate, momentum=0.9)
    worst = 0.0
    for k, got in enumerate(ours):
        want = backward(model, lambda m: losses(m, batch))["sum"]
        optimiser.step()
        worst = max(worst, abs(float(got) / want - 1))
        if k % 5 == 0 or k == steps - 1:
            print(f"step {k}: loss {float(got):.6f}, PyTorch {want:.6f}", flush=True)
    print(f"{len(ours)} steps, the worst off by {worst:.2g}")
    return len(ours) == steps and worst < 1e-3


def check(arch, make, away, folder, names=our_name):
    """away: as settle() takes it. The kinks of hard-swish are not at zero."""
    for seed in range(3, 8):
        good = check_seed(arch, make, away, seed, folder, names)
        if good is not None:
            return good
        print(f"{arch}: seed {seed} does not count", flush=True)
    return False


with workspace() as work:
    todo = [("fasterrcnn_resnet18_fpn", lambda: plain(resnet.BasicBlock, [2, 2, 2, 2]), 3),
            ("fasterrcnn_mobilenet_v3_large_fpn", mobile, 0),
            ("fasterrcnn_resnet50_fpn", lambda: plain(resnet.Bottleneck, [3, 4, 6, 3]), 3),
            ("fasterrcnn_resnet50_fpn_v2", second, 6, lambda name: name)]
    done = [check(arch, make, away, work, *more)
            for arch, make, away, *more in few(todo, 1)]
    done.append(same_curve(100 if os.environ.get("GD_LONG") else 5, 0.0001, work))
sys.exit(0 if all(done) else 1)
