# training_yolox_parity_test.py -- losses and gradients of YOLOX beside those of a PyTorch twin.
"""Norms take the statistics of the batch, on both sides. Sizes nano (depthwise) and tiny."""
import sys

from detector_parity import save_as
from parity import SANITIZED, torch, workspace
from training import Batch, Ours, compare
from yolox_losses import losses, points, raw_outputs
from yolox_twin import YOLOX

CLASSES, HIGH, WIDE = 6, 96, 128


def seeded(size, seed):
    torch.manual_seed(seed)
    model = YOLOX(size, CLASSES).train()
    for m in model.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(m.weight, 0.7, 1.3)
            torch.nn.init.normal_(m.bias, 1, 0.2)  # where SiLU is smooth
    for head in (model.head.cls_preds, model.head.obj_preds, model.head.reg_preds):
        for m in head:
            torch.nn.init.normal_(m.bias, 1 if head is model.head.reg_preds else -1, 0.3)
    return model


def check(size, seed, folder, l1):
    model, batch = seeded(size, seed), Batch(HIGH, WIDE, CLASSES + 1, seed)
    gdw = save_as(f"yolox_{size}", model, CLASSES + 1, folder)[1]
    targets = [{"boxes": t["boxes"], "labels": t["labels"] - 1} for t in batch.targets]
    want, count = losses(raw_outputs(model, batch.image), points(HIGH, WIDE), targets)
    if not l1:
        want["sum"] = want["sum"] - want.pop("l1")
    want["sum"].backward()
    ours = Ours(gdw, batch.arrays(), folder, flags=("--live", "--norms", *(["--l1"] if l1 else [])))
    what = f"yolox_{size}, {count} cells" + ", l1" * l1
    return compare(what, ours, want, dict(model.named_parameters()), lambda name: name, {})


with workspace() as work:
    done = [check(*todo) for todo in (("nano", 1, work, False), ("nano", 2, work, True),
                                      ("tiny", 3, work, True))[:1 if SANITIZED else 3]]
sys.exit(0 if all(done) else 1)
