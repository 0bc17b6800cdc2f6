# training.py -- losses and gradients of our training graphs beside PyTorch's, by build/train_run.
"""A batch is random pictures with boxes on them; the second does not fill its canvas, the third
has no box. Gradients are compared tensor by tensor, as distances over lengths. Where an activation
lies within rounding of zero its gradient is a matter of chance: a seed counts only if PyTorch's
gradients of FP32 are those that it has of FP64."""
import copy
import os

from parity import BUILD, damp_branches, np, run, settle_norms, skip, torch

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


def settle(model, losses, seed, away=3):
    """In training, with norms as trained ones are, but that their biases keep nearly all activations
    `away` from zero: most channels are on, or off, for good. The norms are in evaluation, as frozen
    ones are. losses(model) runs it."""
    g = torch.Generator().manual_seed(seed)

    class Step(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, _):
            return losses(self.model)
    damp_branches(model.train())
    settle_norms(Step(), None)
    for m in model.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            on = torch.randint(0, 4, m.bias.shape, generator=g) > 0
            m.bias.data = away * m.weight.data * (on * 2.0 - 1)


def spread(layer, features, want):
    """The outputs of a layer of some heads vary by `want` around their bias."""
    seen = []
    hook = layer.register_forward_hook(lambda _m, _i, o: seen.append(o.flatten()))
    with torch.no_grad():
        features()
        layer.weight *= want / torch.cat(seen).std()
    hook.remove()


def backward(model, losses):
    """What losses(model) are, and their sum, as numbers; gradients stay in the parameters."""
    model.zero_grad()
    found = losses(model)
    found["sum"] = sum(found.values())
    found["sum"].backward()
    return {k: float(v) for k, v in found.items()}


def in_agreement(model, batch, losses):
    """The same of losses(model, batch), or None where FP64 gives other gradients."""
    found, wide = backward(model, lambda m: losses(m, batch)), copy.deepcopy(model).double()
    backward(wide, lambda m: losses(m, batch.double()))
    off, name = max((float((v.grad.double() - w.grad).norm() / w.grad.norm().clamp(min=1e-12)), k)
                    for (k, v), w in zip(model.named_parameters(), wide.parameters())
                    if w.grad is not None)
    if off < BOUND / 4:
        return found
    print(f"PyTorch does not agree with itself on {name}: {off:.2g}", flush=True)
    return None


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

    def double(self):
        wide = copy.copy(self)
        wide.image = self.image.double()
        wide.targets = [{"boxes": t["boxes"].double(), "labels": t["labels"]} for t in self.targets]
        return wide

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
    """losses by name, gradients by weight in our layout, which anchors were drawn (drawn["0"]) and
    which boxes (rois["0"])."""

    def __init__(self, model, arrays, folder, *drawn, flags=()):
        for name, a in arrays.items():
            np.save(os.path.join(folder, name + ".npy"), np.ascontiguousarray(a))
        run(PROGRAM, *flags, model, folder, *drawn)
        self.losses, self.gradients, self.drawn, self.rois = {}, {}, {}, {}
        for name in sorted(os.listdir(folder)):
            kind, dot, key = name[:-4].partition(".")
            into = {"loss": self.losses, "d": self.gradients, "drawn": self.drawn,
                    "rois": self.rois}.get(kind)
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
    """losses: PyTorch's by our names. weights: its parameters by its names; names(its name): ours.
    flat: {its name: (channels, h, w)}. Whether all agree."""
    good, worst, seen = True, (0.0, ""), 0
    for name, v in losses.items():
        v, got = float(v), float(ours.losses[name][0])
        off = abs(got - v) / max(abs(v), 1e-3)
        good &= off < BOUND
        print(f"{what}: loss {name} {got:.6f}, PyTorch {v:.6f}, off by {off:.2g}")
    for name, v in weights.items():
        got = ours.gradients.get(names(name))
        if got is None:
            print(f"{what}: no gradient of {name}")
            good = False
            continue
        want = in_our_layout(v.grad, flat.get(name)).double().numpy()
        off = np.linalg.norm(got - want) / max(np.linalg.norm(want), 1e-12)
        worst, seen = max(worst, (off, name)), seen + 1
        if not off < BOUND:
            print(f"{what}: {name} off by {off:.3g}, length {np.linalg.norm(want):.3g}")
            good = False
    print(f"{what}: {seen} gradients, the worst off by {worst[0]:.2g} ({worst[1]})", flush=True)
    return good and seen > 0
