# resnet_cifar_parity_test.py -- ResNet-20 for CIFAR-10 and its golden logits; ResNet-56 and a twin.
"""The twin is held to the golden logits too. ResNet-56 has seeded weights: its logits are the twin's
on the golden inputs, and those of `gdrun classify` on real pictures."""
import json
import os
import sys

from classifier_parity import same_logits
from parity import DATA, Image, convert, load, np, pictures, seed_norms, skip, torch, workspace
from network import outputs
from seeded import damp_branches
from torch import nn
from torchvision.transforms.functional import normalize, to_tensor

FOLDER = os.path.join(DATA, "resnet_cifar10")
WEIGHTS = os.path.join(FOLDER, "resnet20-12fca82f.th")
if not os.path.exists(WEIGHTS):
    skip("resnet20-12fca82f.th is not here")


class Block(nn.Module):
    def __init__(self, c, k):
        super().__init__()
        self.downsample, stride = c != k, k // c
        self.conv1, self.bn1 = nn.Conv2d(c, k, 3, stride, 1, bias=False), nn.BatchNorm2d(k)
        self.conv2, self.bn2 = nn.Conv2d(k, k, 3, 1, 1, bias=False), nn.BatchNorm2d(k)

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if self.downsample:  # option A: no weights, zero channels on both sides
            quarter = y.shape[1] // 4
            x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, quarter, quarter))
        return (x + y).relu()


class Twin(nn.Module):
    """He et al. 2016, section 4.2: three stages of `blocks` blocks, 16 to 64 channels."""

    def __init__(self, blocks):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        for i, (c, k) in enumerate(((16, 16), (16, 32), (32, 64)), 1):
            setattr(self, f"layer{i}", nn.Sequential(
                *[Block(c if j == 0 else k, k) for j in range(blocks)]))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


def logits(model, x):
    with torch.no_grad():
        return model(x).double().numpy()


def within(tag, ours, theirs, limit):
    worst = np.abs(ours.reshape(theirs.shape).astype(np.float64) - theirs).max()
    print(f"{tag}: within {worst:.1e} of {np.abs(theirs).max():.2f}", flush=True)
    return bool(worst <= limit)


def published(folder, image, x):
    """The real ResNet-20: its golden logits, ours and the twin's."""
    with open(os.path.join(FOLDER, "golden_logits.json")) as f:
        golden = json.load(f)["models"]["resnet20-12fca82f"]
    twin = Twin(3).eval()
    state = torch.load(WEIGHTS, map_location="cpu")["state_dict"]
    twin.load_state_dict({k.replace("module.", "", 1): v for k, v in state.items()})
    found = {"the twin": logits(twin, x)}
    gdw = convert(WEIGHTS, os.path.join(folder, "resnet20.gdw"), "--arch", "resnet20_cifar")
    for fused in (False, True):
        found["fused" if fused else "unfused"] = outputs(gdw, image, ["linear"], fused)[0]
    return all([within(f"resnet20_cifar {tag}, {kind}", y, np.array(golden[kind]), 1e-4)
                for tag, y in found.items() for kind in ("logits_f32", "logits_f64")])


def picture(path):
    x = to_tensor(load(path).resize((32, 32), Image.BILINEAR))
    return normalize(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])[None]


def seeded(folder, image, x):
    torch.manual_seed(5)
    twin = Twin(9).eval()
    seed_norms(twin, 5)
    damp_branches(twin)
    with torch.no_grad():  # logits spread as a trained network's
        twin.linear.weight *= 2.5 / logits(twin, x).std()
    pth, gdw = os.path.join(folder, "r.pth"), os.path.join(folder, "resnet56.gdw")
    torch.save(twin.state_dict(), pth)
    convert(pth, gdw, "--arch", "resnet56_cifar")
    theirs = logits(twin, x)
    ok = [within("resnet56_cifar " + ("fused" if fused else "unfused"),
                 outputs(gdw, image, ["linear"], fused)[0], theirs, 1e-4 * np.abs(theirs).max())
          for fused in (False, True)]
    paths = pictures(folder, 8)[-5:]
    return all(ok) and same_logits("resnet56_cifar", gdw, paths,
                                   lambda path: logits(twin, picture(path))[0])


image = np.fromfile(os.path.join(FOLDER, "inputs_5x3x32x32.f32"), "<f4").reshape(5, 3, 32, 32)
with workspace() as folder:
    ok = [test(folder, image.transpose(0, 2, 3, 1), torch.from_numpy(image))
          for test in (published, seeded)]
sys.exit(0 if all(ok) else 1)
