# norm_epsilon_parity_test.py -- the generation of a detector's keys decides its batch-norm epsilon.
"""torchvision's published detection files have keys of the first generation and an epsilon of 0;
files saved since have other keys and 1e-5. Variances of 1e-4 make the two differ plainly. On a
small input: how large it is decides nothing here."""
import re
import sys

from detector_parity import same, save_as, to_tensor
from parity import (SANITIZED, damp_branches, detect, differences, load, pictures, scale_heads,
                    seed_norms, skip, torch, torchvision, workspace)

if SANITIZED:
    skip("values alone; other tests run the same detectors under the sanitizers")
SHORT, LONG, CLASSES = 256, 448, 21


def first_generation(state):
    out = {}
    for key, v in state.items():
        key = re.sub(r"(inner|layer)_blocks\.(\d)\.0\.", r"\1_blocks.\2.", key)
        key = re.sub(r"rpn\.head\.conv\.0\.0\.", "rpn.head.conv.", key)
        key = re.sub(r"^(head\.\w+\.conv)\.(\d)\.0\.", lambda m: f"{m[1]}.{2 * int(m[2])}.", key)
        out[key] = v
    return out


def small_variances(model):
    """The same function as long as the epsilon is 0."""
    for name, v in model.state_dict().items():
        if name.endswith("running_var"):
            v *= 1e-4
            model.state_dict()[name.replace("running_var", "weight")].mul_(1e-2)


def without_epsilon(model):
    for m in model.modules():
        if isinstance(m, (torch.nn.BatchNorm2d, torchvision.ops.FrozenBatchNorm2d)):
            m.eps = 0.0


def check(arch, model, key, cut, path, folder):
    model.transform.min_size, model.transform.max_size = (SHORT,), LONG
    seed_norms(model, 3)
    damp_branches(model)
    small_variances(model)
    scale_heads(model, to_tensor(load(path)))
    old_state = first_generation(model.state_dict())
    assert key in old_state and key not in model.state_dict(), key
    found = {}
    for kind, state in (("new", model.state_dict()), ("old", old_state)):
        gdw = save_as(arch, model, CLASSES, folder, "--set", f"input.short={SHORT}", "--set",
                      f"input.long={LONG}", state=state, name=kind)[1]
        found[kind] = detect(gdw, [path], "--conf", "0.05")[path]
    ok = same(f"{arch}, epsilon 1e-5, new keys", model, path, found["new"], cut)
    without_epsilon(model)
    ok = same(f"{arch}, epsilon 0, first keys", model, path, found["old"], cut) and ok
    apart = len(differences(found["new"], found["old"], cut)[0])
    print(f"the two differ in {apart} detections, as they must")
    return ok and apart


def faster_rcnn():
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    return FasterRCNN(resnet_fpn_backbone(backbone_name="resnet18", weights=None,
                                          trainable_layers=5), num_classes=CLASSES).eval()


def retinanet():
    return torchvision.models.detection.retinanet_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=CLASSES).eval()


with workspace() as folder:
    path = pictures(folder, 6)[0]
    torch.manual_seed(3)
    ok = [check("fasterrcnn_resnet18_fpn", faster_rcnn(), "rpn.head.conv.weight", 100, path, folder),
          check("retinanet_resnet50_fpn", retinanet(), "head.regression_head.conv.6.bias", 300, path,
                folder)]
sys.exit(0 if all(ok) else 1)
