# training.py -- losses and gradients of our training graphs beside PyTorch's, by build/train_run.
"""A batch is random pictures with boxes on them; the second does not fill its canvas, the third
has no box. Gradients are compared tensor by tensor, as distances over lengths."""
import os

from parity import BUILD, np, run, skip, torch

PROGRAM = os.path.join(BUILD, "train_run")
if not os.path.exists(PROGRAM):
    skip(f"{PROGRAM} is not built")
BOUND = 1e-4


def pictures(count, high, wide, seed):
    """Smooth noise, f32 [count, 3, high, wide]."""
    g = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 3, high // 8, wide // 8, generator=g)
    fine = torch.randn(count, 3, high, wide, generator=g) * 0.2
    return torch.nn.functional.interpolate(coarse, (high, wide), mode="bilinear") * 1.5 + fine


class Batch:
    """Three pictures of high x wide pixels and what is on them; labels count from 1."""

    def __init__(self, high, wide, classes, seed):
        g = torch.Generator().manual_seed(seed)
        self.image = pictures(3, high, wide, seed)
        self.sizes = [(high, wide), (high - 16, wide - 24), (high, wide)]
        self.image[1, :, high - 16:] = 0
        self.image[1, :, :, wide - 24:] = 0
        self.targets = []
        for (h, w), n in zip(self.sizes, (4, 2, 0)):
            size = torch.rand(n, 2, generator=g) * 0.5 + 0.2
            at = torch.rand(n, 2, generator=g) * (1 - size)
            boxes = torch.cat([at, at + size], 1) * torch.tensor([w, h, w, h])
            labels = torch.randint(1, classes, (n,), generator=g)
            self.targets.append({"boxes": boxes.reshape(n, 4), "labels": labels})

    def arrays(self, capacity=6):
        boxes = np.full((3, capacity, 4), np.nan, np.float32)
        labels = np.full((3, capacity), -7, np.int32)
        for i, t in enumerate(self.targets):
            n = len(t["boxes"])
            boxes[i, :n], labels[i, :n] = t["boxes"].numpy(), t["labels"].numpy() - 1
        return {"image": self.image.permute(0, 2, 3, 1).numpy(), "boxes": boxes, "labels": labels,
                "geom": np.array([[h, w, h, w, 0, 0, 1, 1] for h, w in self.sizes], np.float32),
                "count": np.array([len(t["boxes"]) for t in self.targets], np.int32),
                "rng": np.array([5, 6, 7, 0], np.int32)}


class Ours:
    """losses by name, gradients by weight in our layout, and what was drawn."""

    def __init__(self, model, arrays, folder, *drawn, flags=()):
        for name, a in arrays.items():
            np.save(os.path.join(folder, name + ".npy"), np.ascontiguousarray(a))
        run(PROGRAM, *flags, model, folder, *drawn)
        self.losses, self.gradients, self.drawn = {}, {}, {}
        for name in sorted(os.listdir(folder)):
            kind, dot, key = name[:-4].partition(".")
            into = {"loss": self.losses, "d": self.gradients, "drawn": self.drawn}.get(kind)
            if not dot or into is None:
                continue
            if kind == "d":  # a weight used more than once has the sum
                key = key.rpartition(".")[0]
            v = np.load(os.path.join(folder, name))
            into[key] = into[key] + v if key in into else v
            os.remove(os.path.join(folder, name))


def in_our_layout(v, flat):
    """flat: (channels, h, w) of what a linear layer got flattened."""
    if v.ndim == 4:
        return v.permute(0, 2, 3, 1)
    if flat and v.ndim == 2:
        return v.reshape(len(v), *flat).permute(0, 2, 3, 1).reshape(len(v), -1)
    return v


def compare(what, ours, losses, weights, names, flat):
    """losses: PyTorch's by our names. weights: its parameters that have gradients, by its names;
    names(its name): ours. flat: {its name: (channels, h, w)}. Whether all agree."""
    good = True
    for name, v in losses.items():
        v, got = float(v), float(ours.losses[name][0])
        off = abs(got - v) / max(abs(v), 1e-3)
        good &= off < BOUND
        print(f"{what}: loss {name} {got:.6f}, PyTorch {v:.6f}, off by {off:.2g}")
    worst, seen = (0.0, ""), 0
    for name, v in weights.items():
        if names(name) not in ours.gradients:
            print(f"{what}: no gradient of {name}")
            good = False
            continue
        want = in_our_layout(v.grad, flat.get(name)).double().numpy()
        got = ours.gradients[names(name)].astype(np.float64)
        off = np.linalg.norm(got - want) / max(np.linalg.norm(want), 1e-12)
        worst, seen = max(worst, (off, name)), seen + 1
        if not off < BOUND:
            print(f"{what}: {name} off by {off:.3g}, length {np.linalg.norm(want):.3g}")
            good = False
    print(f"{what}: {seen} gradients, the worst off by {worst[0]:.2g} ({worst[1]})", flush=True)
    return good and seen > 0
