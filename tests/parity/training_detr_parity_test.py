# training_detr_parity_test.py -- losses and gradients of DETR beside those of its PyTorch twin.
"""The set criterion of Carion et al. (2020), for every layer of the decoder. The assignment is found by
going through all of them, one query after the other. No dropout on either side."""
import sys

from detector_parity import save_as
from detr_twin import Detr, sines
from parity import damp_branches, seed_norms, torch, torchvision, workspace
from torch.nn import functional as F
from torchvision.ops import box_convert, generalized_box_iou
from training import Batch, Ours, compare

CLASSES, QUERIES, HIGH, WIDE = 7, 12, 96, 128


def layers(model, x, padding):
    """[(logits, boxes)] of each layer of the decoder."""
    f = model.input_proj(model.backbone[0](x))
    inside = F.interpolate((~padding)[:, None].float(), f.shape[2:])[:, 0] > 0.5
    mask, pos = ~inside.flatten(1), sines(inside, f.shape[1])
    query = model.query_embed.weight[None].expand(len(x), -1, -1)
    memory, out = f.flatten(2).transpose(1, 2), []
    for layer in model.transformer.encoder.layers:
        memory = layer(memory, mask, pos)
    y = torch.zeros_like(query)
    for layer in model.transformer.decoder.layers:
        y = layer(y, memory, mask, pos, query)
        z = model.transformer.decoder.norm(y)
        out.append((model.class_embed(z), model.bbox_embed(z).sigmoid()))
    return out


def cheapest(cost):
    """Query of each column: best[set of columns] = (cost, queries), a row at a time."""
    best = {0: (0.0, ())}
    for q, row in enumerate(cost.tolist()):
        for taken, (so_far, who) in list(best.items()):
            for g, c in enumerate(row):
                new = taken | 1 << g
                if new != taken and (new not in best or so_far + c < best[new][0]):
                    best[new] = (so_far + c, who + ((g, q),))
    return dict(best[(1 << cost.shape[1]) - 1][1])


def criterion(logits, boxes, targets, sizes):
    empty = torch.ones(CLASSES)
    empty[-1] = 0.1
    labels = torch.full(logits.shape[:2], CLASSES - 1)
    near = far = 0.0
    for b, (t, (h, w)) in enumerate(zip(targets, sizes)):
        gt = box_convert(t["boxes"], "xyxy", "cxcywh") / torch.tensor([w, h, w, h])
        if not len(gt):
            continue
        cost = (5 * torch.cdist(boxes[b], gt, p=1) - logits[b].softmax(1)[:, t["labels"]]
                - 2 * generalized_box_iou(*(box_convert(v, "cxcywh", "xyxy") for v in (boxes[b], gt))))
        who = cheapest(cost.detach())
        rows = torch.tensor([who[g] for g in range(len(gt))])
        labels[b, rows] = t["labels"]
        near += (boxes[b, rows] - gt).abs().sum()
        far += (1 - generalized_box_iou(*(box_convert(v, "cxcywh", "xyxy")
                                          for v in (boxes[b, rows], gt))).diag()).sum()
    count = sum(len(t["boxes"]) for t in targets)
    return {"classification": F.cross_entropy(logits.transpose(1, 2), labels, empty),
            "bbox": 5 * near / count, "giou": 2 * far / count}


def check(seed, folder):
    torch.manual_seed(seed)
    model, batch = Detr(outputs=CLASSES, queries=QUERIES).train(), Batch(HIGH, WIDE, CLASSES, seed)
    seed_norms(model, seed)
    damp_branches(model)
    for m in model.modules():  # few of the trunk's numbers lie at a relu's kink, which rounding decides
        if isinstance(m, torchvision.ops.FrozenBatchNorm2d):
            m.bias.copy_(3 * m.weight.abs())
    gdw = save_as("detr_resnet50", model, CLASSES, folder)[1]
    targets = [{"boxes": t["boxes"], "labels": t["labels"] - 1} for t in batch.targets]
    padding = torch.ones(3, HIGH, WIDE, dtype=torch.bool)
    for mask, (h, w) in zip(padding, batch.sizes):
        mask[:h, :w] = False
    each = [criterion(*said, targets, batch.sizes) for said in layers(model, batch.image, padding)]
    want = {k: sum(losses[k] for losses in each) for k in each[0]}
    want["sum"] = sum(want.values())
    want["sum"].backward()
    weights = {k: v for k, v in model.named_parameters() if v.grad is not None}
    return compare("detr_resnet50", Ours(gdw, batch.arrays(), folder, flags=("--live",)), want, weights,
                   lambda name: name, {})


with workspace() as work:
    good = check(2, work)
sys.exit(0 if good else 1)
