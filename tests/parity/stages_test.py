# stages_test.py -- the steps of a detector after its network, against torchvision on the same tensors.
#
# Selections must give identical indices, decoded boxes and pooled features agree to float rounding.
import os
import sys
from types import SimpleNamespace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from op_bridge import Checks, need, run

np, torch, torchvision = need("numpy", "torch", "torchvision")
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.rpn import RPNHead, RegionProposalNetwork
from torchvision.ops import MultiScaleRoIAlign, batched_nms, boxes as box_ops, nms
from torchvision.ops.boxes import _batched_nms_vanilla
from torchvision.ops.poolers import LevelMapper

torch.manual_seed(20)
torch.set_num_threads(1)
checks = Checks()
MAX_LOG = float(np.log(1000.0 / 16))
LEVELS = [(50, 76, 16), (25, 38, 32), (13, 19, 64)]
IMAGE = (800, 1199)


def f32(t):
    return t.detach().numpy().astype(np.float32)


def geometry(new_h, new_w):
    return np.array([[480, 640, new_h, new_w, 0, 0, 1, 1]], np.float32)


def anchors():
    g = AnchorGenerator(((64,), (128, 65), (256,)), ((0.5, 1.0, 2.0),) * 3)
    want = g.grid_anchors([[h, w] for h, w, _ in LEVELS], [[torch.tensor(s), torch.tensor(s)] for _, _, s in LEVELS])
    got = []
    for (h, w, s), sizes, reference in zip(LEVELS, ((64,), (128, 65), (256,)), want):
        out = run("anchors", [np.zeros((1, h, w, 1), np.float32)], stride_h=s, stride_w=s, n_size=len(sizes),
                  size=sizes, n_ratio=3, ratio=(0.5, 1, 2))[0]
        checks.ok(np.array_equal(out, f32(reference)), f"anchors at stride {s}")
        got.append(out)
    return got


def proposals(level_anchors):
    """RPN after its head: top-k a level, decode and clip, filter, suppress within levels."""
    n = [len(a) for a in level_anchors]
    logits = torch.randn(1, sum(n)) * 2
    deltas = torch.randn(1, sum(n), 4) * 0.5
    rpn = RegionProposalNetwork(None, None, 0.7, 0.3, 256, 0.5, {"training": 900, "testing": 900},
                                {"training": 300, "testing": 300}, 0.7)
    rpn.eval()
    decoded = BoxCoder((1.0,) * 4).decode(deltas.reshape(-1, 4), [torch.cat([torch.tensor(a) for a in level_anchors])])
    top = rpn._get_top_n_idx(logits, n)[0]
    boxes = box_ops.clip_boxes_to_image(decoded[:, 0][top], IMAGE)
    want_boxes, want_scores = rpn.filter_proposals(decoded.reshape(1, -1, 4), logits, [IMAGE], n)

    at, got_boxes, got_scores, got_ids, got_top = 0, [], [], [], []
    for i, (count, a) in enumerate(zip(n, level_anchors)):
        part = slice(at, at + count)
        k = min(900, count)
        value, index, _ = run("top_k", [f32(logits[:, part])], k=k)
        got_boxes.append(run("box_decode", [f32(deltas[:, part]), a, index, geometry(*IMAGE)], weights=(1, 1, 1, 1),
                             max_log=MAX_LOG, clip=1)[0])
        got_scores.append(value)
        got_ids.append(np.full((1, k), i, np.int32))
        got_top.append(index[0] + at)
        at += count
    checks.ok(np.array_equal(np.concatenate(got_top), top.numpy()), "top-k indices of the levels")
    mine = np.concatenate(got_boxes, 1)
    checks.ok(np.abs(mine[0] - f32(boxes)).max() < 1e-3, "decoded and clipped proposals")
    # From here on the reference's own tensors, so that indices must be identical.
    scores = torch.sigmoid(logits[0, top])
    ids = np.concatenate(got_ids, 1)
    kept, number, _, dropped = run("nms", [f32(boxes)[None], f32(scores)[None], ids], iou=0.7, min_score=0,
                                   min_size=1e-3, max_out=300)
    picked, picked_score, _ = run("gather_boxes", [f32(boxes)[None], f32(scores)[None], None, kept, number])
    checks.ok(number[0] == len(want_boxes[0]) == 300 and dropped[0] > 0, "number of proposals")
    checks.ok(np.array_equal(picked[0], f32(want_boxes[0])), "proposals in order")
    checks.ok(np.array_equal(picked_score[0], f32(want_scores[0])), "scores of proposals")
    return want_boxes[0]


def suppression():
    for n, span, groups, iou in ((1, 50, 1, 0.5), (7, 9, 3, 0.3), (900, 300, 7, 0.5), (4000, 500, 1, 0.65),
                                 (30000, 4000, 80, 0.45)):
        corner = torch.rand(n, 2) * span
        boxes = torch.cat([corner, corner + 1 + torch.rand(n, 2) * span / 8], 1)
        scores = torch.randperm(n) / n  # without ties: torchvision's sort is not stable
        group = torch.randint(0, groups, (n,))
        want = _batched_nms_vanilla(boxes, scores, group, iou).numpy()
        for row in ("nms_ref_f32", None) if n < 5000 else (None,):
            index, count, top, dropped = run("nms", [f32(boxes)[None], f32(scores)[None],
                                                      group.numpy().astype(np.int32)[None]],
                                             row=row, iou=iou)
            checks.ok(np.array_equal(index[0, :count[0]], want), f"nms of {n} in {groups} groups, {row}")
            checks.ok((index[0, count[0]:] == -1).all() and dropped[0] == 0 and top[0] == scores.max().numpy(),
                      f"nms of {n}: the rest")
        if n < 1000:
            checks.ok(np.array_equal(index[0, :count[0]], batched_nms(boxes, scores, group, iou).numpy()),
                      f"nms of {n}: torchvision's shifted boxes agree")


def pooling():
    """Level assignment and RoIAlign over three levels against MultiScaleRoIAlign."""
    center = torch.rand(400, 2) * torch.tensor([1216.0, 800.0])
    half = torch.exp(torch.rand(400, 2) * 5 + 1.5)
    boxes = box_ops.clip_boxes_to_image(torch.cat([center - half, center + half], 1), IMAGE)
    maps = {str(i): torch.randn(1, 24, h, w) for i, (h, w, _) in enumerate(LEVELS)}
    names = list(maps)
    pool = MultiScaleRoIAlign(names, 7, 2)
    want = pool(maps, [boxes], [(LEVELS[0][0] * 16, LEVELS[0][1] * 16)])
    mapper = LevelMapper(4, 6)
    want_level = mapper([boxes]).numpy()
    level = run("fpn_level", [f32(boxes)[None]], k_min=4, k_max=6)[0]
    checks.ok(np.array_equal(level[0], want_level), "pyramid levels")
    checks.ok(len(set(want_level)) == 3, "all levels in use")
    count = np.array([len(boxes) - 5], np.int32)
    features = [f32(m.permute(0, 2, 3, 1)) for m in maps.values()]
    for row in ("roi_align_ref_f32", None):
        got = run("roi_align", [f32(boxes)[None], count, level, *features], row=row, out_h=7, out_w=7, sampling=2,
                  aligned=0, n_scale=3, scale=(1 / 16, 1 / 32, 1 / 64))[0]
        close = np.abs(got[:-5] - f32(want.permute(0, 2, 3, 1))[:-5]).max()
        checks.ok(close < 1e-5, f"RoIAlign differs by {close}, {row}")
        checks.ok(not got[-5:].any(), f"rows beyond the count are zero, {row}")


def classes(boxes):
    """Box head after its layers: decode, per-class candidates, suppression, best 100."""
    n, k = len(boxes), 21
    regression = torch.randn(n, 4 * k)
    scores = torch.softmax(torch.randn(n, k) * 2, 1)
    decoded = BoxCoder((10.0, 10.0, 5.0, 5.0)).decode(regression, [boxes])
    mine = run("box_decode", [f32(regression)[None], f32(boxes)[None], None, geometry(*IMAGE)],
               weights=(10, 10, 5, 5), max_log=MAX_LOG, clip=1)[0]
    clipped = box_ops.clip_boxes_to_image(decoded, IMAGE)
    checks.ok(np.abs(mine[0] - f32(clipped.reshape(n, -1))).max() < 1e-3, "decoded boxes of the box head")
    b, s = clipped[:, 1:].reshape(-1, 4), scores[:, 1:].reshape(-1)
    labels = torch.arange(k).expand(n, k)[:, 1:].reshape(-1)
    keep = torch.where(s > 0.05)[0]
    keep = keep[box_ops.remove_small_boxes(b[keep], 1e-2)]
    b, s, labels = b[keep], s[keep], labels[keep]
    for row in ("class_boxes_ref_f32", None):
        got = run("class_boxes", [f32(scores)[None], f32(clipped.reshape(n, -1))[None]], row=row, min_score=0.05,
                  min_size=1e-2, background=0, capacity=4096)
        m = int(got[3][0])
        checks.ok(m == len(b) and np.array_equal(got[0][0, :m], f32(b)) and np.array_equal(got[1][0, :m], f32(s)) and
                  np.array_equal(got[2][0, :m], labels.numpy()), f"per-class candidates, {row}")
        checks.ok((got[2][0, m:] == -1).all() and got[4][0] == 0 and got[5][0] == scores[:, 1:].max().numpy(),
                  f"per-class candidates: the rest, {row}")
        full = run("class_boxes", [f32(scores)[None], f32(clipped.reshape(n, -1))[None]], row=row, min_score=0.05,
                   min_size=1e-2, background=0, capacity=200)
        best = np.sort(np.argsort(-f32(s), kind="stable")[:200])
        checks.ok(np.array_equal(full[1][0], f32(s)[best]) and full[4][0] == m - 200, f"capacity, {row}")
    want = _batched_nms_vanilla(b, s, labels, 0.5)[:100]
    index, count, _, _ = run("nms", [got[0], got[1], got[2], got[3]], iou=0.5, min_score=-1, max_out=100)
    checks.ok(count[0] == 100 and np.array_equal(index[0], want.numpy()), "detections")


def dense(level_anchors):
    """RetinaNet after its heads: the best 1000 of each level above a threshold, decode, suppress by
    class. The threshold bites in the coarsest level, the 1000 in the finest."""
    k, logits, deltas, heads = 11, [], [], []
    for (h, w, _), a in zip(LEVELS, level_anchors):
        logits.append(torch.randn(1, len(a), k) - 3.5)
        deltas.append(torch.randn(1, len(a), 4) * 0.3)
        heads.append(f32(logits[-1]).reshape(1, h, w, len(a) // (h * w) * k))
    net = SimpleNamespace(score_thresh=0.1, topk_candidates=1000, box_coder=BoxCoder((1.0,) * 4), nms_thresh=0.5,
                          detections_per_img=300)
    passing = [int((torch.sigmoid(v) > 0.1).sum()) for v in logits]
    checks.ok(passing[0] > 1000 and 0 < passing[2] < 1000, f"candidates of the levels: {passing}")
    want = RetinaNet.postprocess_detections(net, {"cls_logits": logits, "bbox_regression": deltas},
                                            [[torch.tensor(a) for a in level_anchors]], [IMAGE])[0]
    for row in ("class_top_ref_f32", None):
        score, index, label, top = run("class_top", heads, row=row, k=1000, classes=k, background=-1, min_score=0.1)
        box = run("box_decode", [f32(torch.cat(deltas, 1)), np.concatenate(level_anchors), index, geometry(*IMAGE)],
                  weights=(1, 1, 1, 1), max_log=MAX_LOG, clip=1)[0]
        kept, number, _, _ = run("nms", [box, score, label], iou=0.5, min_score=0.1, strict_score=1, max_out=300)
        picked, picked_score, picked_label = run("gather_boxes", [box, score, label, kept, number])
        checks.ok(number[0] == len(want["labels"]) == 300, f"detections of a dense head, {row}")
        checks.ok(np.array_equal(picked_label[0], want["labels"].numpy()), f"their labels, {row}")
        checks.ok(np.abs(picked_score[0] - f32(want["scores"])).max() < 1e-6 and
                  np.abs(picked[0] - f32(want["boxes"])).max() < 1e-3, f"their scores and boxes, {row}")
        checks.ok(abs(top[0] - max(float(torch.sigmoid(v).max()) for v in logits)) < 1e-6, f"their best score, {row}")


def exact_ties():
    """Equal scores: the lower index first, in every row."""
    scores = np.round(np.random.default_rng(3).random((2, 5000)) * 20).astype(np.float32)
    for row in ("top_k_ref_f32", None):
        value, index, _ = run("top_k", [scores], row=row, k=700)
        want = np.argsort(-scores, axis=1, kind="stable")[:, :700]
        checks.ok(np.array_equal(index, want), f"top-k among equals, {row}")


def odd_values():
    """NaN and infinities: the fast rows decide as the definitions do."""
    rng = np.random.default_rng(5)
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], np.float32)
    for n, k in ((30, 30), (6000, 5), (6000, 1300), (6000, 6000)):
        scores = rng.normal(size=(1, n)).astype(np.float32)
        at = rng.random((1, n)) < 0.5
        scores[at] = rng.choice(odd, at.sum())
        a, b = (run("top_k", [scores], row=row, k=k) for row in ("top_k_ref_f32", None))
        checks.ok(all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b)), f"top-k of odd scores, {n}, {k}")
    corner = rng.random((1, 500, 2)) * 60
    boxes = np.concatenate([corner, corner + rng.random((1, 500, 2)) * 20 - 2], 2).astype(np.float32)
    scores = rng.random((1, 500)).astype(np.float32)
    for tensor in (boxes, scores):
        at = rng.random(tensor.shape) < 0.05
        tensor[at] = rng.choice(odd, at.sum())
    group = rng.integers(-2, 3, (1, 500)).astype(np.int32)
    a, b = (run("nms", [boxes, scores, group], row=row, iou=0.4, min_score=-1, max_out=90)
            for row in ("nms_ref_f32", None))
    checks.ok(all(np.array_equal(x, y) for x, y in zip(a, b)), "nms of odd boxes and scores")
    classes = np.repeat(boxes, 3, 2)
    some = rng.random((1, 500, 3)).astype(np.float32)
    some[rng.random(some.shape) < 0.1] = np.nan
    a, b = (run("class_boxes", [some, classes], row=row, capacity=300) for row in ("class_boxes_ref_f32", None))
    checks.ok(all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b)), "class boxes of odd values")
    heads = rng.normal(size=(1, 20, 20, 12)).astype(np.float32) * 12
    heads[rng.random(heads.shape) < 0.02] = np.nan
    a, b = (run("class_top", [heads], row=row, k=700, classes=4, background=1, min_score=0.3)
            for row in ("class_top_ref_f32", None))
    checks.ok(all(np.abs(x - y).max() < 1e-6 for x, y in zip(a, b)), "class top of odd values")
    a, b = (run("yolox_decode", [heads], row=row, n_level=1, stride=8) for row in ("yolox_decode_ref_f32", None))
    checks.ok(all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b)), "YOLOX cells of odd values")


grid = anchors()
boxes = proposals(grid)
dense(grid)
suppression()
pooling()
classes(boxes)
exact_ties()
odd_values()
checks.finish()
