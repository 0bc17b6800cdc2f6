# step_test.py -- a small network trained by the step builder, beside PyTorch: the same losses,
# the same weights after 20 steps; FP16 with a loss scale; the same bits twice.
import glob
import hashlib
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
from op_bridge import BUILD, np, need, skip

torch, = need("torch")
PROGRAM = os.path.join(BUILD, "step_run")
if not os.path.exists(PROGRAM):
    skip(f"{PROGRAM} is not built")
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
# Rates are such that no activation comes so near 0 that rounding decides its sign: a norm differs
# by 1 % then.
RUNS, BATCH, SIDE, CLASSES, WIDTH = 20, 4, 12, 5, 8


class Layer(nn.Module):
    def __init__(self, c, relu):
        super().__init__()
        self.conv = nn.Conv2d(c, WIDTH, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(WIDTH)
        self.relu = relu

    def forward(self, x):
        x = self.bn(self.conv(x))
        return F.relu(x) if self.relu else x


class Net(nn.Module):
    """What tests/train/step_run.c builds: a frozen stem, a frozen norm, a residual block."""

    def __init__(self):
        super().__init__()
        self.stem = Layer(3, True)
        self.conv1 = Layer(WIDTH, True)
        self.block1 = Layer(WIDTH, True)
        self.block2 = Layer(WIDTH, False)
        self.fc = nn.Linear(WIDTH, CLASSES)
        for p in [*self.stem.parameters(), *self.conv1.bn.parameters()]:
            p.requires_grad = False

    def forward(self, x):
        self.stem.bn.eval()
        self.conv1.bn.eval()
        x = F.max_pool2d(self.conv1(self.stem(x)), 3, 2, 1)
        x = F.relu(self.block2(self.block1(x)) + x)
        return self.fc(x.mean((2, 3)))


def ours(t):
    """A tensor in our layout."""
    t = t.detach()
    return (t.permute(0, 2, 3, 1) if t.dim() == 4 else t).contiguous().numpy().astype(np.float32)


def make():
    torch.manual_seed(11)
    net = Net()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.weight.data.uniform_(0.5, 1.5)
            m.bias.data.uniform_(-0.5, 0.5)
            m.running_mean.uniform_(-0.2, 0.2)
            m.running_var.uniform_(0.5, 1.5)
    images = torch.randn(RUNS, BATCH, 3, SIDE, SIDE)
    labels = torch.randint(0, CLASSES, (RUNS, BATCH))
    return net, images, labels


def step_run(net, images, labels, **keys):
    """Lines of (loss, norm, scale, skipped), and all variables afterwards, by name."""
    with tempfile.TemporaryDirectory() as d:
        for name, t in net.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                np.save(f"{d}/w.{name}.npy", ours(t))
        np.save(f"{d}/images.npy", np.ascontiguousarray(images.permute(0, 1, 3, 4, 2).numpy()))
        np.save(f"{d}/labels.npy", labels.numpy().astype(np.int32))
        p = subprocess.run([PROGRAM, d, *(f"{k}={v}" for k, v in keys.items())],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if p.returncode:
            raise RuntimeError(f"step_run: {p.returncode} {p.stderr.strip()}")
        found = {os.path.basename(f)[4:-4].replace(":", "/"): np.load(f) for f in glob.glob(f"{d}/out.*.npy")}
        return np.array([[float(x) for x in line.split()] for line in p.stdout.splitlines()]), found


def twin(net, images, labels, keys):
    """The same by torch.optim. Returns losses, norms and the averages of weights."""
    bias = [p for p in net.parameters() if p.requires_grad and p.dim() == 1]
    rest = [p for p in net.parameters() if p.requires_grad and p.dim() > 1]
    groups = [{"params": rest, "weight_decay": keys.get("decay", 0)},
              {"params": bias, "weight_decay": 0, "lr": keys["rate"] * keys.get("bias_rate", 1)}]
    if keys.get("adam"):
        kind = torch.optim.AdamW if keys.get("decoupled") else torch.optim.Adam
        o = kind(groups, lr=keys["rate"], betas=(keys["momentum"], keys.get("beta2", 0.999)))
    else:
        o = torch.optim.SGD(groups, lr=keys["rate"], momentum=keys["momentum"], nesterov=bool(keys.get("nesterov")))
    micro, losses, norms = keys.get("accumulate", 1), [], []
    average = {n: t.clone() for n, t in net.state_dict().items()}
    plan = None
    if keys.get("kind") == 3:
        plan = torch.optim.lr_scheduler.SequentialLR(
            o, [torch.optim.lr_scheduler.LinearLR(o, start_factor=keys["start"], total_iters=keys["warmup"]),
                torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=keys["period"])], milestones=[keys["warmup"]])
    net.train()
    for k in range(RUNS):
        loss = F.cross_entropy(net(images[k]), labels[k])
        (loss / micro).backward()
        losses.append(loss.item())
        if k % micro != micro - 1:
            continue
        norm = nn.utils.clip_grad_norm_(rest + bias, keys["max_norm"] if keys.get("max_norm") else 1e9)
        norms.append(norm.item())
        o.step()
        o.zero_grad()
        if plan:
            plan.step()
        for n, t in net.state_dict().items():
            if t.dtype.is_floating_point:
                average[n].mul_(keys.get("average", 0)).add_(t, alpha=1 - keys.get("average", 0))
    return np.array(losses), np.array(norms), average


def distance(a, b):
    return float(np.linalg.norm((a - b).ravel()) / (np.linalg.norm(b.ravel()) + 1e-12))


def beside_torch(label, **keys):
    net, images, labels = make()
    before = {n: ours(t) for n, t in net.state_dict().items() if t.dtype.is_floating_point}
    lines, found = step_run(net, images, labels, **keys)
    losses, norms, average = twin(net, images, labels, keys)
    micro = keys.get("accumulate", 1)
    assert lines.shape == (RUNS, 4), lines.shape
    worst = np.abs(lines[:, 0] - losses).max()
    assert worst < 1e-4, f"{label}: losses differ by {worst}"
    assert np.abs(lines[micro - 1::micro, 1] / norms - 1).max() < 1e-3, f"{label}: norms differ"
    assert (lines[:, 3] == 0).all()
    checked = 0
    for name, t in net.state_dict().items():
        if not t.dtype.is_floating_point:
            continue
        frozen = name.startswith(("stem.", "conv1.bn."))
        assert (name in found) == (not frozen), name
        if frozen:
            continue
        moved = distance(before[name], ours(t))
        assert moved > 1e-3, f"{label}: {name} did not train"
        off = distance(found[name], ours(t))
        assert off < 1e-4, f"{label}: {name} differs by {off}"
        if keys.get("average"):
            off = distance(found["train/average/" + name], ours(average[name]))
            assert off < 1e-4, f"{label}: the average of {name} differs by {off}"
        checked += 1
    assert checked == 13, checked
    assert found["train/counts"].tolist() == [RUNS // micro, RUNS // micro, 0]
    print(f"{label}: losses {worst:.2g}, {checked} variables")
    return lines, found


def digest(found):
    return hashlib.sha256(b"".join(found[n].tobytes() for n in sorted(found))).hexdigest()


def test_half():
    """Steps in FP16: near FP32; an Inf is skipped, halves the scale, and training recovers."""
    keys = dict(rate=0.05, momentum=0.9, decay=1e-4, pretend=1)
    net, images, labels = make()
    full, _ = step_run(net, images, labels, **keys)
    half, first = step_run(net, images, labels, half=1, scale=65536, **keys)
    off = np.abs(half[:, 0] - full[:, 0])
    assert off[:3].max() < 1e-3 and off.max() < 0.1, off
    assert off.max() > 0, "nothing ran in FP16"
    _, again = step_run(net, images, labels, half=1, scale=65536, **keys)
    assert digest(first) == digest(again)
    spoilt, found = step_run(net, images, labels, half=1, scale=65536, spoil=7, **keys)
    assert (spoilt[:, 3] == [k == 7 for k in range(RUNS)]).all(), spoilt[:, 3]
    assert (spoilt[:8, 2] == 65536).all() and (spoilt[8:, 2] == 32768).all(), spoilt[:, 2]
    assert np.isfinite(spoilt[8:, :2]).all()
    assert found["train/counts"].tolist() == [RUNS - 8, RUNS - 1, 1]
    # What was skipped left no trace but in the running values, which the forward pass keeps.
    assert all(np.isfinite(v).all() for n, v in found.items() if "running" not in n)
    grown, found = step_run(net, images, labels, half=1, scale=1024, interval=6, **keys)
    assert grown[:, 2].tolist() == [1024 * 2 ** (k // 6) for k in range(RUNS)], grown[:, 2]
    print(f"FP16: the first losses within {off[:3].max():.2g} of FP32, all within {off.max():.2g}")


def test_numerics():
    """The first bad layer is named."""
    net, images, labels = make()
    try:
        step_run(net, images, labels, numerics=1, spoil=3)
    except RuntimeError as e:
        assert "NaN or Inf" in str(e) and "'stem.conv" in str(e), e
    else:
        raise AssertionError("an Inf went through")


def test_schedules():
    def factors(n, **keys):
        p = subprocess.run([PROGRAM, "--factors", str(n), *(f"{k}={v}" for k, v in keys.items())],
                           stdout=subprocess.PIPE, check=True, text=True)
        return np.array([float(x) for x in p.stdout.split()])

    def torchs(n, make_plan):
        o = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        plan, out = make_plan(o), []
        for _ in range(n):
            out.append(o.param_groups[0]["lr"])
            o.step()
            plan.step()
        return np.array(out)

    S = torch.optim.lr_scheduler
    pairs = [
        (dict(kind=1, period=7, gamma=0.3), lambda o: S.StepLR(o, 7, 0.3)),
        (dict(kind=2, milestone0=10, milestone1=25, gamma=0.1), lambda o: S.MultiStepLR(o, [10, 25], 0.1)),
        (dict(kind=3, period=40, least=0.05), lambda o: S.CosineAnnealingLR(o, 40, eta_min=0.05)),
        (dict(warmup=12, start=0.001), lambda o: S.LinearLR(o, 0.001, total_iters=12)),
        (dict(kind=2, milestone0=20, gamma=0.1, warmup=10, start=0.001),  # torchvision's detectors
         lambda o: S.ChainedScheduler([S.LinearLR(o, 0.001, total_iters=10), S.MultiStepLR(o, [20], 0.1)])),
        (dict(kind=3, period=30, warmup=10, start=0.01, then=1),  # torchvision's classifiers
         lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.01, total_iters=10), S.CosineAnnealingLR(o, 30)], [10])),
    ]
    for keys, plan in pairs:
        off = np.abs(factors(40, **keys) - torchs(40, plan)).max()
        assert off < 1e-9, (keys, off)
    # YOLOX: quadratic warm-up, then cosine, then flat.
    got = factors(60, kind=3, period=40, least=0.05, warmup=10, start=0, power=2, then=1)
    want = [(i / 10) ** 2 if i < 10 else 0.05 if i >= 50 else
            0.05 + 0.95 / 2 * (1 + np.cos(np.pi * (i - 10) / 40)) for i in range(60)]
    assert np.abs(got - want).max() < 1e-12
    for bad in (dict(kind=1, period=0), dict(kind=2, milestone0=9, milestone1=3), dict(warmup=3, start=-1)):
        assert subprocess.run([PROGRAM, "--factors", "3", *(f"{k}={v}" for k, v in bad.items())],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).returncode == 1, bad


test_schedules()
_, one = beside_torch("SGD", rate=0.05, momentum=0.9, decay=0.01, max_norm=1.0, average=0.9, poison=1)
_, two = step_run(*make(), rate=0.05, momentum=0.9, decay=0.01, max_norm=1.0, average=0.9)
assert digest(one) == digest(two)
beside_torch("SGD, Nesterov, accumulated", rate=0.03, momentum=0.9, nesterov=1, bias_rate=2, accumulate=2, max_norm=0.5)
beside_torch("AdamW, cosine", adam=1, decoupled=1, rate=0.005, momentum=0.9, decay=0.05,
             kind=3, period=15, warmup=5, start=0.1, then=1)
beside_torch("Adam on a device", adam=1, rate=0.005, momentum=0.9, beta2=0.99, decay=0.01, pretend=1)
test_half()
test_numerics()
