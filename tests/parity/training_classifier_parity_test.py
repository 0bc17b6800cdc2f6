# training_classifier_parity_test.py -- loss and gradients of ResNet classifiers: torchvision's.
import os
import sys

from parity import convert, few, torch, workspace
from torchvision.models import resnet
from training import Ours, compare, in_agreement, pictures, settle

CLASSES = 9


class Labelled:
    """Pictures, one class each."""

    def __init__(self, seed):
        g = torch.Generator().manual_seed(seed)
        self.image = pictures(4, 64, 64, seed)
        self.label = torch.randint(0, CLASSES, (4,), generator=g)

    def double(self):
        wide = Labelled.__new__(Labelled)
        wide.image, wide.label = self.image.double(), self.label
        return wide


def losses(model, batch):
    return {"classification": torch.nn.functional.cross_entropy(model(batch.image), batch.label)}


def check_seed(arch, make, seed, folder):
    torch.manual_seed(seed)
    model, batch = make(num_classes=CLASSES), Labelled(seed)
    settle(model, lambda m: losses(m, batch), seed)
    theirs = in_agreement(model, batch, losses)
    if theirs is None:
        return None
    pth, gdw, names = (os.path.join(folder, "model" + end) for end in (".pth", ".gdw", ".names"))
    torch.save(model.state_dict(), pth)
    with open(names, "w") as f:
        f.write("".join(f"class {i}\n" for i in range(CLASSES)))
    convert(pth, gdw, "--arch", arch, "--names", names)
    arrays = {"image": batch.image.permute(0, 2, 3, 1).numpy(), "labels": batch.label.int().numpy()}
    weights = dict(model.named_parameters())
    good = compare(arch, Ours(gdw, arrays, folder), theirs, weights, lambda name: name, {})
    theirs = in_agreement(model.train(), batch, losses)  # norms by the batch
    if theirs is None:
        return None
    ours = Ours(gdw, arrays, folder, flags=("--live", "--norms"))
    return compare(f"{arch}, live norms", ours, theirs, weights, lambda name: name, {}) and good


def check(arch, make, folder):
    for seed in range(3, 8):
        good = check_seed(arch, make, seed, folder)
        if good is not None:
            return good
    return False


with workspace() as work:
    todo = [("resnet18", resnet.resnet18),
            ("resnet50", lambda **k: resnet.resnet50(width_per_group=16, **k))]
    done = [check(arch, make, work) for arch, make in few(todo, 1)]
sys.exit(0 if all(done) else 1)
