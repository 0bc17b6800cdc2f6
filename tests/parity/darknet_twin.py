# darknet_twin.py -- Darknet's layers in PyTorch, from the text of a .cfg, with random weights.
"""Written from what the sections mean, in float64; shares nothing with the reader under test."""
import struct

import torch
import torch.nn.functional as F

from parity import iou as plain_iou
from parity import np

ACT = {"linear": lambda x: x, "leaky": lambda x: F.leaky_relu(x, 0.1), "relu": F.relu,
       "mish": F.mish, "swish": F.silu, "logistic": torch.sigmoid}


def stretch(picture, width, height):
    """uint8 [h, w, 3] as Darknet's resize_image makes it: float32, corners aligned."""
    image = picture.astype(np.float32) / np.float32(255)

    def places(src, dst):
        x = np.arange(dst, dtype=np.float32) * (np.float32(src - 1) / np.float32(dst - 1))
        lo = x.astype(np.int32)
        return lo, np.minimum(lo + 1, src - 1), x - lo

    lo, hi, f = places(image.shape[1], width)
    lo[-1], f[-1] = image.shape[1] - 1, 0
    image = (1 - f)[None, :, None] * image[:, lo] + f[None, :, None] * image[:, hi]
    lo, hi, f = places(image.shape[0], height)
    g = f.copy()
    g[-1] = 0  # the last row gets nothing of the second one
    return (1 - f)[:, None, None] * image[lo] + g[:, None, None] * image[hi]


def sections(text):
    for line in text.splitlines():
        line = line.split("#")[0].replace(" ", "")
        if line.startswith("["):
            section = (line[1:-1], {})
            yield section
        elif line:
            key, value = line.split("=")
            section[1][key] = value


class Twin:
    def __init__(self, text, seed):
        self.text = text
        parts = list(sections(text))
        self.net, self.layers = parts[0][1], parts[1:]
        self.size = int(self.net["width"]), int(self.net["height"])
        self.weights, channels = {}, []
        g = torch.Generator().manual_seed(seed)
        normal = lambda *s: torch.randn(*s, generator=g, dtype=torch.float64)
        uniform = lambda n: 0.5 + torch.rand(n, generator=g, dtype=torch.float64)
        for i, (kind, o) in enumerate(self.layers):
            c = channels[-1] if channels else 3
            if kind == "route":
                c = sum(channels[j] for j in self.sources(i, o["layers"])) // int(o.get("groups", 1))
            if kind == "convolutional":
                k, s = int(o["filters"]), int(o.get("size", 1))
                per = c // int(o.get("groups", 1))
                w = {"weight": normal(k, per, s, s) * (2 / (per * s * s)) ** 0.5,
                     "bias": normal(k) * 0.2}
                if o.get("batch_normalize") == "1":
                    w.update(scale=uniform(k), mean=normal(k) * 0.2, var=uniform(k))
                self.weights[i] = {n: v.float().double() for n, v in w.items()}
                c = k
            channels.append(c)

    def sources(self, i, text):
        return [i + int(v) if int(v) < 0 else int(v) for v in text.split(",")]

    def heads(self, x):
        """Outputs of the layers before each [yolo], [B, C, H, W], and where they stand."""
        out, found = [], []
        for i, (kind, o) in enumerate(self.layers):
            if kind == "convolutional":
                x = self.convolve(x, o, self.weights[i])
            elif kind == "maxpool":
                size, stride = int(o["size"]), int(o["stride"])
                p = int(o.get("padding", size - 1))
                x = F.max_pool2d(F.pad(x, (p // 2, p - p // 2) * 2, value=-torch.inf), size, stride)
            elif kind == "route":
                n, which = int(o.get("groups", 1)), int(o.get("group_id", 0))
                x = torch.cat([out[j].chunk(n, 1)[which] for j in self.sources(i, o["layers"])], 1)
            elif kind == "shortcut":
                for j in self.sources(i, o["from"]):
                    x = x + out[j]
                x = ACT[o["activation"]](x)
            elif kind == "upsample":
                x = x.repeat_interleave(int(o["stride"]), 2).repeat_interleave(int(o["stride"]), 3)
            elif kind == "yolo":
                found.append((i, x))
            out.append(x)
        return found

    def convolve(self, x, o, w):
        size, dilation = int(o.get("size", 1)), int(o.get("dilation", 1))
        pad = size // 2 if o.get("pad") == "1" else int(o.get("padding", 0))
        stride = int(o.get("stride", 1))
        stride = int(o.get("stride_y", stride)), int(o.get("stride_x", stride))
        norm = "scale" in w
        x = F.conv2d(x, w["weight"], None if norm else w["bias"], stride, pad * dilation, dilation,
                     int(o.get("groups", 1)))
        if norm:
            x = F.batch_norm(x, w["mean"], w["var"], w["scale"], w["bias"], eps=1e-5)
        return ACT[o["activation"]](x)

    def calm(self, x, deviation):
        """Scales the convolutions before each [yolo] so that their outputs have this deviation."""
        for _ in range(2):
            for i, head in self.heads(x):
                w = self.weights[i - 1]
                if self.layers[i - 1][1]["activation"] == "logistic":
                    head = torch.logit(head)
                w["weight"] = (w["weight"] * (deviation / head.std())).float().double()

    def save(self, path):
        with open(path + ".cfg", "w") as f:
            f.write(self.text)
        with open(path + ".weights", "wb") as f:
            f.write(struct.pack("<iiiQ", 0, 2, 5, 77))
            for w in self.weights.values():
                for name in ("bias", "scale", "mean", "var", "weight"):
                    if name in w:
                        f.write(w[name].float().numpy().tobytes())

    def detect(self, picture, conf, thr):
        """[(class, score, box in pixels of the picture)] and the least distance of a score or an
        overlap from where it is cut."""
        image = torch.from_numpy(stretch(picture, *self.size)).double().permute(2, 0, 1)[None]
        h, w = picture.shape[:2]
        margin, found = 1.0, []
        for i, head in self.heads(image):
            o = self.layers[i][1]
            for score, label, box in self.boxes(head[0], o, w, h):
                margin = min(margin, abs(score - conf))
                if score > conf:
                    found.append((label, score, box))
        kind = o.get("nms_kind", "default")
        beta = {"default": 0, "greedynms": 0.6}.get(kind) if kind != "diounms" else float(o["beta_nms"])
        kept = []
        for d in sorted(found, key=lambda d: -d[1]):
            near = [overlap(d[2], k[2], beta) for k in kept if k[0] == d[0]]
            margin = min([margin] + [abs(v - thr) for v in near])
            if all(v <= thr for v in near):
                kept.append(d)
        clip = lambda b: [min(max(v, 0), (w, h)[c % 2]) for c, v in enumerate(b)]
        return [(c, s, clip(b)) for c, s, b in kept], margin

    def boxes(self, head, o, w, h):
        """Every class of every anchor of one [yolo]."""
        classes, new = int(o["classes"]), o.get("new_coords") == "1"
        sides = [float(v) for v in o["anchors"].split(",")]
        mask = [int(v) for v in o["mask"].split(",")]
        rows, columns = head.shape[1:]
        z = float(o.get("scale_x_y", 1))
        act = (lambda v: v) if new else torch.sigmoid
        for a, m in enumerate(mask):
            v = head[a * (5 + classes): (a + 1) * (5 + classes)]
            for y in range(rows):
                for x in range(columns):
                    t = v[:, y, x]
                    cx, cy = (act(t[:2]) * z - 0.5 * (z - 1)).tolist()
                    cx, cy = (cx + x) / columns * w, (cy + y) / rows * h
                    bw, bh = ((2 * t[2:4]) ** 2 if new else torch.exp(t[2:4])).tolist()
                    bw = bw * sides[2 * m] / self.size[0] * w
                    bh = bh * sides[2 * m + 1] / self.size[1] * h
                    box = [cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2]
                    for c, p in enumerate((act(t[4]) * act(t[5:])).tolist()):
                        yield p, c, box


def overlap(a, b, beta):
    v = plain_iou(a, b)
    if not beta:
        return v
    c = (max(a[2], b[2]) - min(a[0], b[0])) ** 2 + (max(a[3], b[3]) - min(a[1], b[1])) ** 2
    d = ((a[0] + a[2] - b[0] - b[2]) / 2) ** 2 + ((a[1] + a[3] - b[1] - b[3]) / 2) ** 2
    return v - (d / c) ** beta
