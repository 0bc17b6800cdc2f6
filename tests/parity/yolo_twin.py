# yolo_twin.py -- YOLOv5 and YOLOv8 in PyTorch, pickled as the checkpoints of their users are.
"""Our own writing of the published architectures, under the module names and the class paths that
real files have: those paths name modules made here, which hold nothing but these classes."""
import math
import sys
import types

import numpy as np
import torch
from torch import nn

from seeded import scatter_norms

# Depth, width, and the most channels before the width is applied; the last two are nobody's.
SCALES = {"yolov5n": (0.33, 0.25, 1024), "yolov5s": (0.33, 0.5, 1024),
          "yolov5m": (0.67, 0.75, 1024), "yolov5l": (1, 1, 1024), "yolov5x": (1.33, 1.25, 1024),
          "yolov8n": (0.33, 0.25, 1024), "yolov8s": (0.33, 0.5, 1024),
          "yolov8m": (0.67, 0.75, 768), "yolov8l": (1, 1, 512), "yolov8x": (1, 1.25, 512),
          "yolov5odd": (0.67, 0.125, 1024), "yolov8odd": (0.67, 0.125, 1024)}
STRIDES, BINS = (8, 16, 32), 16


def strides(name):
    """Of a model's levels: a fourth has a 6 behind its size."""
    return STRIDES + (64,) if name.endswith("6") else STRIDES


def at(path):
    """Class decorator: the class pickles as a member of the module `path`."""
    for i in range(path.count(".") + 1):
        name = path.rsplit(".", i)[0]
        sys.modules.setdefault(name, types.ModuleType(name))

    def place(cls):
        cls.__module__ = path
        cls.__qualname__ = cls.__name__ = cls.__name__.rstrip("58")
        setattr(sys.modules[path], cls.__name__, cls)
        return cls
    return place


# ---- YOLOv5 -------------------------------------------------------------------------------------

@at("models.common")
class Conv5(nn.Module):
    def __init__(self, c, k, size=1, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(c, k, size, stride, (size - 1) // 2, bias=False)
        self.bn = nn.BatchNorm2d(k, eps=1e-3, momentum=0.03)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


@at("models.common")
class Bottleneck5(nn.Module):
    def __init__(self, c, add, conv, first):
        super().__init__()
        self.cv1 = conv(c, c, first)
        self.cv2 = conv(c, c, 3)
        self.add = add

    def forward(self, x):
        y = self.cv2(self.cv1(x))
        return x + y if self.add else y


@at("models.common")
class C35(nn.Module):
    def __init__(self, c, k, blocks, add=True):
        super().__init__()
        self.cv1, self.cv2, self.cv3 = Conv5(c, k // 2), Conv5(c, k // 2), Conv5(k, k)
        self.m = nn.Sequential(*[Bottleneck5(k // 2, add, Conv5, 1) for _ in range(blocks)])

    def forward(self, x):
        return self.cv3(torch.cat([self.m(self.cv1(x)), self.cv2(x)], 1))


@at("models.common")
class SPPF5(nn.Module):
    def __init__(self, c, k, conv=Conv5):
        super().__init__()
        self.cv1, self.cv2 = conv(c, c // 2), conv(c // 2 * 4, k)
        self.m = nn.MaxPool2d(5, 1, 2)

    def forward(self, x):
        y = [self.cv1(x)]
        for _ in range(3):
            y.append(self.m(y[-1]))
        return self.cv2(torch.cat(y, 1))


@at("models.common")
class Concat5(nn.Module):
    def __init__(self):
        super().__init__()
        self.d = 1

    def forward(self, x):
        return torch.cat(x, self.d)


@at("models.yolo")
class Detect5(nn.Module):
    """Raw heads: [B, 3 * (5 + classes), H, W] a level."""

    def __init__(self, classes, channels, anchors):
        super().__init__()
        self.nc, self.no, self.nl, self.na = classes, classes + 5, len(anchors), 3
        self.stride = torch.tensor([8.0 * 2 ** i for i in range(self.nl)])
        self.grid = [torch.empty(0) for _ in anchors]
        self.register_buffer("anchors", anchors)
        self.m = nn.ModuleList(nn.Conv2d(c, 3 * self.no, 1) for c in channels)

    def forward(self, maps):
        return [m(x) for m, x in zip(self.m, maps)]

    def decode(self, raw):
        """Boxes [n, 4] in network pixels and a score for each class, of one picture."""
        boxes, scores = [], []
        for x, stride, anchor in zip(raw, self.stride, self.anchors):
            _, _, h, w = x.shape
            p = x[0].view(3, self.no, h, w).sigmoid()
            centre = (2 * p[:, :2] - 0.5 + cells(h, w)) * stride
            size = 4 * p[:, 2:4] ** 2 * (anchor * stride)[:, :, None, None]
            box = torch.cat([centre - size / 2, centre + size / 2], 1)
            boxes.append(box.permute(0, 2, 3, 1).reshape(-1, 4))
            conf = p[:, 4:5] * p[:, 5:]
            scores.append(conf.permute(0, 2, 3, 1).reshape(-1, self.nc))
        return torch.cat(boxes), torch.cat(scores)


@at("models.yolo")
class DetectionModel5(nn.Module):
    """Layers in a list, each with the numbers of the layers it reads."""

    def forward(self, x):
        seen = [x]
        for layer in self.model:
            wanted = layer.f if isinstance(layer.f, list) else [layer.f]
            inputs = [seen[i if i < 0 else i + 1] for i in wanted]
            seen.append(layer(inputs if isinstance(layer.f, list) else inputs[0]))
        return seen[-1]


# ---- YOLOv8: its own class paths, the same bricks where they are the same -------------------------

@at("ultralytics.nn.modules.conv")
class Conv8(Conv5):
    pass


@at("ultralytics.nn.modules.conv")
class Concat8(Concat5):
    pass


@at("ultralytics.nn.modules.block")
class Bottleneck8(Bottleneck5):
    pass


@at("ultralytics.nn.modules.block")
class SPPF8(SPPF5):
    pass


@at("ultralytics.nn.modules.block")
class C2f8(nn.Module):
    def __init__(self, c, k, blocks, add=True):
        super().__init__()
        self.c = k // 2
        self.cv1, self.cv2 = Conv8(c, k), Conv8((2 + blocks) * self.c, k)
        self.m = nn.ModuleList(Bottleneck8(self.c, add, Conv8, 3) for _ in range(blocks))

    def forward(self, x):
        y = list(self.cv1(x).split(self.c, 1))
        for m in self.m:
            y.append(m(y[-1]))
        return self.cv2(torch.cat(y, 1))


@at("ultralytics.nn.modules.block")
class DFL8(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(BINS, 1, 1, bias=False).requires_grad_(False)
        self.conv.weight.data[:] = torch.arange(BINS).view(1, BINS, 1, 1)

    def forward(self, x):  # [4 * BINS, cells]
        p = x.view(4, BINS, -1).softmax(1).transpose(0, 1)
        return self.conv(p[None])[0, 0]


@at("ultralytics.nn.modules.head")
class Detect8(nn.Module):
    """Raw heads: ([B, 64, H, W], [B, classes, H, W]) a level."""

    def __init__(self, classes, channels):
        super().__init__()
        self.nc, self.no, self.nl, self.reg_max = classes, classes + 4 * BINS, 3, BINS
        self.stride = torch.tensor([float(s) for s in STRIDES])
        box, cls = max(16, channels[0] // 4, 4 * BINS), max(channels[0], min(classes, 100))

        def branch(k, outputs):
            return nn.ModuleList(nn.Sequential(Conv8(c, k, 3), Conv8(k, k, 3),
                                               nn.Conv2d(k, outputs, 1)) for c in channels)
        self.cv2, self.cv3, self.dfl = branch(box, 4 * BINS), branch(cls, classes), DFL8()

    def forward(self, maps):
        return [(b(x), c(x)) for b, c, x in zip(self.cv2, self.cv3, maps)]

    def decode(self, raw):
        boxes, scores = [], []
        for (box, cls), stride in zip(raw, STRIDES):
            _, _, h, w = box.shape
            d = self.dfl(box[0].flatten(1))
            centre = (cells(h, w) + 0.5).flatten(1)
            boxes.append((torch.cat([centre - d[:2], centre + d[2:]]) * stride).T)
            scores.append(cls[0].flatten(1).T.sigmoid())
        return torch.cat(boxes), torch.cat(scores)


@at("ultralytics.nn.tasks")
class DetectionModel8(DetectionModel5):
    pass


# ---- putting together -----------------------------------------------------------------------------

def cells(h, w):
    """[2, h, w]: column and row."""
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    return torch.stack([x, y]).float()


def up():
    return nn.Upsample(scale_factor=2, mode="nearest")


def layer_list5(k, d, classes, anchors):
    """k: channels of the backbone's maps, from stride 2 on, as many above stride 4 as levels."""
    rows, top = [(-1, Conv5(3, k[0], 6, 2))], len(k) - 1
    for i, blocks in zip(range(top), (3, 6, 9, 3, 3)):
        rows += [(-1, Conv5(k[i], k[i + 1], 3, 2)), (-1, C35(k[i + 1], k[i + 1], d(blocks)))]
    rows.append((-1, SPPF5(k[top], k[top])))
    coarse = []
    for i in range(top - 1, 1, -1):
        coarse.append(len(rows))
        rows += [(-1, Conv5(k[i + 1], k[i])), (-1, up()), ([-1, 2 * i], Concat5()),
                 (-1, C35(2 * k[i], k[i], d(3), False))]
    heads = [len(rows) - 1]
    for i in range(2, top):
        rows += [(-1, Conv5(k[i], k[i], 3, 2)), ([-1, coarse.pop()], Concat5()),
                 (-1, C35(2 * k[i], k[i + 1], d(3), False))]
        heads.append(len(rows) - 1)
    return rows + [(heads, Detect5(classes, k[2:], anchors))]


def layer_list(name, classes, anchors):
    """[(reads, layer)]: -1 is the layer before."""
    depth, width, most = SCALES[name.rstrip("6")]

    def k(c):
        return math.ceil(min(c, most) * width / 8) * 8

    def d(blocks):
        return max(round(blocks * depth), 1)
    if name.startswith("yolov5"):
        maps = (64, 128, 256, 512, 768, 1024) if name.endswith("6") else (64, 128, 256, 512, 1024)
        return layer_list5([k(c) for c in maps], d, classes, anchors)
    k1, k2, k3, k4, k5 = (k(c) for c in (64, 128, 256, 512, 1024))
    return [(-1, Conv8(3, k1, 3, 2)), (-1, Conv8(k1, k2, 3, 2)), (-1, C2f8(k2, k2, d(3))),
            (-1, Conv8(k2, k3, 3, 2)), (-1, C2f8(k3, k3, d(6))), (-1, Conv8(k3, k4, 3, 2)),
            (-1, C2f8(k4, k4, d(6))), (-1, Conv8(k4, k5, 3, 2)), (-1, C2f8(k5, k5, d(3))),
            (-1, SPPF8(k5, k5, Conv8)),
            (-1, up()), ([-1, 6], Concat8()), (-1, C2f8(k5 + k4, k4, d(3), False)),
            (-1, up()), ([-1, 4], Concat8()), (-1, C2f8(k4 + k3, k3, d(3), False)),
            (-1, Conv8(k3, k3, 3, 2)), ([-1, 12], Concat8()),
            (-1, C2f8(k3 + k4, k4, d(3), False)), (-1, Conv8(k4, k4, 3, 2)),
            ([-1, 9], Concat8()), (-1, C2f8(k4 + k5, k5, d(3), False)),
            ([15, 18, 21], Detect8(classes, (k3, k4, k5)))]


def build(name, names, seed):
    """A model of len(names) classes; `names` is kept as it is, a list or a dict."""
    torch.manual_seed(seed)
    levels = len(strides(name))
    anchors = torch.tensor([1.3, 1.6, 2, 3.7, 4.1, 2.9]).repeat(levels)
    anchors *= 0.9 + 0.2 * torch.rand(6 * levels)
    model = (DetectionModel5 if name.startswith("yolov5") else DetectionModel8)()
    rows = layer_list(name, len(names), anchors.view(levels, 3, 2))
    model.model = nn.Sequential(*[layer for _, layer in rows])
    for i, (reads, layer) in enumerate(rows):
        layer.i, layer.f, layer.type = i, reads, type(layer).__name__
    model.names, model.stride = names, torch.tensor([float(s) for s in strides(name)])
    depth, width, _ = SCALES[name.rstrip("6")]
    model.yaml = {"nc": len(names), "depth_multiple": depth, "width_multiple": width}
    return model


def calibrate(model, x):
    """Statistics of the norms from the pictures x, scattered a little, so that signals neither
    vanish nor grow; heads spread so that few cells hold something. Rounded to half precision, in
    which such files are kept."""
    with torch.no_grad():
        scatter_norms(model, x, [m.cv2.bn for m in model.modules()
                                 if isinstance(m, Bottleneck5) and m.add])
        for m in model.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.momentum = 0.03
        head = model.model[-1]
        raw = model.eval()(x)
        for i in range(len(raw)):
            if isinstance(head, Detect5):
                for a in range(0, 3 * head.no, head.no):
                    scale(head.m[i], raw[i], slice(a, a + 4), 1.0)
                    scale(head.m[i], raw[i], slice(a + 4, a + 5), 1.5, 0.99, -0.1)
                    scale(head.m[i], raw[i], slice(a + 5, a + head.no), 1.5, 0.5, 0.0)
            else:
                scale(head.cv2[i][2], raw[i][0], slice(None), 1.5)
                scale(head.cv3[i][2], raw[i][1], slice(None), 2.0, 0.97, -0.9)
    return model.half().float().eval()


def scale(conv, y, rows, reach, quantile=None, level=0.0):
    """Outputs `rows` of a convolution that gave y spread by at most `reach` about their mean, and
    the given quantile of their largest is `level` or more on every picture."""
    y = y[:, rows] - conv.bias[rows][:, None, None]
    gain = reach / (y - y.mean()).abs().max()
    conv.weight[rows] *= gain
    top = (y * gain).amax(1).flatten(1).numpy()
    at = np.quantile(top, quantile, axis=1).min() if quantile else float(y.mean() * gain)
    conv.bias[rows] = level - float(at)


def fold(model):
    """Norms into the convolutions before them, as for a file that is only to be run."""
    with torch.no_grad():
        for m in model.modules():
            if isinstance(m, Conv5):
                gain = m.bn.weight / (m.bn.running_var + m.bn.eps).sqrt()
                m.conv.weight *= gain[:, None, None, None]
                m.conv.bias = nn.Parameter(m.bn.bias - m.bn.running_mean * gain)
                m.bn = nn.Identity()
    return model.half().float()


def checkpoint(model, path, trained):
    """The file of a finished training, or one of a training that goes on: the smoothed copy alone,
    with what an optimizer leaves behind."""
    half = model.half()
    extra = {"epoch": -1, "best_fitness": np.float64(0.5), "date": "2024-02-29T12:00:00",
             "updates": None}
    if trained:
        torch.save({**extra, "model": half, "ema": None, "optimizer": None}, path)
    else:
        state = {"state": {0: {"momentum_buffer": torch.zeros(7)}}, "param_groups": [{"lr": 0.01}]}
        torch.save({**extra, "model": None, "ema": half, "optimizer": state}, path)
    model.float()
