# yolox_losses.py -- SimOTA and the losses of YOLOX in PyTorch, for the twin of yolox_twin.py.
"""Our own writing of what the paper and the official implementation (0.3) do: rows are the cells of
all levels, `points` says centre and stride of each; boxes are centre and size in pixels."""
import torch
from torch.nn import functional as F


def raw_outputs(model, image):
    """[B, cells, 5 + classes]: the heads' own numbers, no sigmoid taken."""
    head, out = model.head, []
    for i, x in enumerate(model.backbone(image)):
        x = head.stems[i](x)
        c, r = head.cls_convs[i](x), head.reg_convs[i](x)
        y = [head.reg_preds[i](r), head.obj_preds[i](r), head.cls_preds[i](c)]
        out.append(torch.cat(y, 1).flatten(2))
    return torch.cat(out, 2).transpose(1, 2)


def points(high, wide):
    """Column, row and stride of each cell."""
    rows = []
    for stride in (8, 16, 32):
        y, x = torch.meshgrid(torch.arange(high // stride), torch.arange(wide // stride),
                              indexing="ij")
        rows.append(torch.stack([x, y, torch.full_like(x, stride)], 2).reshape(-1, 3))
    return torch.cat(rows).float()


def overlaps(a, b):
    """IoU of boxes [n, 1, 4] with [1, m, 4], or row by row."""
    low = torch.max(a[..., :2] - a[..., 2:] / 2, b[..., :2] - b[..., 2:] / 2)
    high = torch.min(a[..., :2] + a[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2)
    inter = (high - low).prod(-1) * (low < high).all(-1)
    return inter, a[..., 2:].prod(-1) + b[..., 2:].prod(-1) - inter


def assign(boxes, objects, classes, at, gt, labels, radius=1.5):
    """Of one picture: the box of each cell or -1, and the IoU with it."""
    match, iou = torch.full((len(at),), -1), torch.zeros(len(at)).to(boxes)
    if not len(gt):
        return match, iou
    centre, reach = (at[:, :2] + 0.5) * at[:, 2:], at[:, 2:] * radius
    near = ((gt[:, None, :2] - centre).abs() < reach).all(-1)
    here = near.any(0)
    inter, union = overlaps(gt[:, None], boxes[None, here])
    overlap = inter / union
    p = (classes[here].sigmoid() * objects[here].sigmoid()).sqrt()
    want = F.one_hot(labels, classes.shape[1]).to(p)[:, None].expand(-1, len(p), -1)
    cost = F.binary_cross_entropy(p[None].expand_as(want), want, reduction="none").sum(-1)
    cost = cost - 3 * (overlap + 1e-8).log() + 1e6 * ~near[:, here]
    count = overlap.topk(min(10, len(p)), 1)[0].sum(1).int().clamp(min=1)
    takes = torch.zeros_like(cost, dtype=torch.bool)
    for g, k in enumerate(count.tolist()):
        takes[g, cost[g].topk(k, largest=False)[1]] = True
    several = takes.sum(0) > 1
    takes[:, several] = F.one_hot(cost[:, several].argmin(0), len(gt)).T.bool()
    rows = here.nonzero()[:, 0][takes.any(0)]
    match[rows] = takes[:, takes.any(0)].int().argmax(0)
    iou[rows] = (overlap * takes).sum(0)[takes.any(0)]
    return match, iou


def losses(raw, at, targets):
    """By our names, and their sum. targets: corners "boxes", "labels" from 0."""
    boxes = torch.cat([raw[..., :2] + at[:, :2], raw[..., 2:4].exp()], -1) * at[:, 2:]
    out = dict.fromkeys(("iou", "objectness", "classification", "l1"), 0.0)
    count = 0
    for b, t in enumerate(targets):
        corner = t["boxes"]
        gt = torch.cat([(corner[:, :2] + corner[:, 2:]) / 2, corner[:, 2:] - corner[:, :2]], 1)
        with torch.no_grad():
            match, iou = assign(boxes[b], raw[b, :, 4:5], raw[b, :, 5:], at, gt, t["labels"])
        some = match >= 0
        count += int(some.sum())
        out["objectness"] += F.binary_cross_entropy_with_logits(raw[b, :, 4], some.to(raw),
                                                                reduction="sum")
        if not some.any():
            continue
        own, place = gt[match[some]], at[some]
        inter, union = overlaps(boxes[b, some], own)
        out["iou"] += 5 * (1 - (inter / (union + 1e-16)) ** 2).sum()
        want = F.one_hot(t["labels"][match[some]], raw.shape[2] - 5) * iou[some, None]
        out["classification"] += F.binary_cross_entropy_with_logits(raw[b, some, 5:], want,
                                                                    reduction="sum")
        exact = torch.cat([own[:, :2] / place[:, 2:] - place[:, :2],
                           (own[:, 2:] / place[:, 2:] + 1e-8).log()], 1)
        out["l1"] += (raw[b, some, :4] - exact).abs().sum()
    out = {k: v / max(count, 1) for k, v in out.items()}
    return {**out, "sum": sum(out.values())}, count
