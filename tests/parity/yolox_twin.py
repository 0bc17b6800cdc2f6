# yolox_twin.py -- YOLOX (Ge et al. 2021) in PyTorch, under the module names of its checkpoints.
"""Our own writing of the published architecture, to hold gdrun against in the sizes for which the
test data has no weights. The real nano weights load into it strictly."""
import functools

import torch
from torch import nn

SIZES = {"nano": (0.33, 0.25, True), "tiny": (0.33, 0.375, False), "s": (0.33, 0.5, False),
         "m": (0.67, 0.75, False), "l": (1.0, 1.0, False), "x": (1.33, 1.25, False)}


class BaseConv(nn.Module):
    def __init__(self, c, k, size, stride=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(c, k, size, stride, (size - 1) // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(k, eps=1e-3)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class DWConv(nn.Module):
    def __init__(self, c, k, size, stride=1):
        super().__init__()
        self.dconv = BaseConv(c, c, size, stride, groups=c)
        self.pconv = BaseConv(c, k, 1)

    def forward(self, x):
        return self.pconv(self.dconv(x))


class Bottleneck(nn.Module):
    def __init__(self, conv, c, shortcut):
        super().__init__()
        self.conv1 = BaseConv(c, c, 1)
        self.conv2 = conv(c, c, 3)
        self.shortcut = shortcut

    def forward(self, x):
        y = self.conv2(self.conv1(x))
        return y + x if self.shortcut else y


class CSPLayer(nn.Module):
    def __init__(self, conv, c, k, blocks, shortcut=True):
        super().__init__()
        self.conv1 = BaseConv(c, k // 2, 1)
        self.conv2 = BaseConv(c, k // 2, 1)
        self.conv3 = BaseConv(k // 2 * 2, k, 1)
        self.m = nn.Sequential(*[Bottleneck(conv, k // 2, shortcut) for _ in range(blocks)])

    def forward(self, x):
        return self.conv3(torch.cat([self.m(self.conv1(x)), self.conv2(x)], 1))


class SPP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1 = BaseConv(c, c // 2, 1)
        self.m = nn.ModuleList(nn.MaxPool2d(n, 1, n // 2) for n in (5, 9, 13))
        self.conv2 = BaseConv(c // 2 * 4, c, 1)

    def forward(self, x):
        x = self.conv1(x)
        return self.conv2(torch.cat([x] + [m(x) for m in self.m], 1))


class Focus(nn.Module):
    """Phases of 2x2 pixels, (row, column) = (0,0), (1,0), (0,1), (1,1), as channels."""

    def __init__(self, k):
        super().__init__()
        self.conv = BaseConv(12, k, 3)

    def forward(self, x):
        return self.conv(torch.cat([x[..., r::2, c::2] for c in (0, 1) for r in (0, 1)], 1))


class Darknet(nn.Module):
    def __init__(self, conv, base, depth):
        super().__init__()
        k = [base << i for i in range(5)]
        self.stem = Focus(base)
        self.dark2 = nn.Sequential(conv(k[0], k[1], 3, 2), CSPLayer(conv, k[1], k[1], depth))
        self.dark3 = nn.Sequential(conv(k[1], k[2], 3, 2),
                                   CSPLayer(conv, k[2], k[2], 3 * depth))
        self.dark4 = nn.Sequential(conv(k[2], k[3], 3, 2),
                                   CSPLayer(conv, k[3], k[3], 3 * depth))
        self.dark5 = nn.Sequential(conv(k[3], k[4], 3, 2), SPP(k[4]),
                                   CSPLayer(conv, k[4], k[4], depth, False))

    def forward(self, x):
        out = [self.dark3(self.dark2(self.stem(x)))]
        out.append(self.dark4(out[-1]))
        return out + [self.dark5(out[-1])]


class PAFPN(nn.Module):
    def __init__(self, conv, width, base, depth, blocks):
        super().__init__()
        k = [int(n * width) for n in (256, 512, 1024)]
        self.backbone = Darknet(conv, base, depth)
        self.lateral_conv0 = BaseConv(k[2], k[1], 1)
        self.C3_p4 = CSPLayer(conv, 2 * k[1], k[1], blocks, False)
        self.reduce_conv1 = BaseConv(k[1], k[0], 1)
        self.C3_p3 = CSPLayer(conv, 2 * k[0], k[0], blocks, False)
        self.bu_conv2 = conv(k[0], k[0], 3, 2)
        self.C3_n3 = CSPLayer(conv, 2 * k[0], k[1], blocks, False)
        self.bu_conv1 = conv(k[1], k[1], 3, 2)
        self.C3_n4 = CSPLayer(conv, 2 * k[1], k[2], blocks, False)

    def forward(self, x):
        def up(y):
            return nn.functional.interpolate(y, scale_factor=2, mode="nearest")
        c3, c4, c5 = self.backbone(x)
        f0 = self.lateral_conv0(c5)
        f1 = self.reduce_conv1(self.C3_p4(torch.cat([up(f0), c4], 1)))
        p3 = self.C3_p3(torch.cat([up(f1), c3], 1))
        p4 = self.C3_n3(torch.cat([self.bu_conv2(p3), f1], 1))
        return p3, p4, self.C3_n4(torch.cat([self.bu_conv1(p4), f0], 1))


class Head(nn.Module):
    def __init__(self, conv, width, classes):
        super().__init__()
        k = int(256 * width)
        self.stems = nn.ModuleList(BaseConv(int(c * width), k, 1) for c in (256, 512, 1024))
        for name in ("cls_convs", "reg_convs"):
            setattr(self, name, nn.ModuleList(
                nn.Sequential(conv(k, k, 3), conv(k, k, 3)) for _ in range(3)))
        for name, n in (("cls_preds", classes), ("reg_preds", 4), ("obj_preds", 1)):
            setattr(self, name, nn.ModuleList(nn.Conv2d(k, n, 1) for _ in range(3)))

    def forward(self, maps):
        out = []
        for i, x in enumerate(maps):
            x = self.stems[i](x)
            c, r = self.cls_convs[i](x), self.reg_convs[i](x)
            y = [self.reg_preds[i](r), self.obj_preds[i](r).sigmoid(),
                 self.cls_preds[i](c).sigmoid()]
            out.append(torch.cat(y, 1).flatten(2))
        return torch.cat(out, 2).transpose(1, 2)


class YOLOX(nn.Module):
    """[B, 3, S, S] BGR 0..255 to [B, anchors, 5 + classes]: box raw, object and classes 0..1."""

    def __init__(self, size, classes=80):
        super().__init__()
        depth, width, depthwise = SIZES[size]
        conv = DWConv if depthwise else BaseConv
        blocks = round(3 * depth)
        self.backbone = PAFPN(conv, width, int(64 * width), max(blocks, 1), blocks)
        self.head = Head(conv, width, classes)

    def forward(self, x):
        return self.head(self.backbone(x))


@functools.lru_cache(maxsize=8)
def grid(size, device, dtype):
    """x, y and stride of each anchor."""
    rows = []
    for stride in (8, 16, 32):
        n = size // stride
        y, x = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
        rows.append(torch.stack([x, y, torch.full_like(x, stride)], 2).reshape(-1, 3))
    return torch.cat(rows).to(device, dtype)


def decode(raw, size):
    """Corners [anchors, 4] in network pixels from the raw boxes of one picture."""
    g = grid(size, raw.device, raw.dtype)
    centre, extent = (raw[:, :2] + g[:, :2]) * g[:, 2:], raw[:, 2:4].exp() * g[:, 2:]
    return torch.cat([centre - extent / 2, centre + extent / 2], 1)
