# norm_epsilon_parity_test.py -- the generation of a detector's keys decides its batch-norm epsilon.
"""torchvision's published detection files have keys of the first generation and an epsilon of 0;
files saved since have other keys and 1e-5. Variances of 1e-4 make the two differ plainly."""
import re
import sys

from detector_parity import same, save, seeded
from parity import detect, differences, pictures, workspace
from torchvision.models.detection._utils import overwrite_eps


def first_generation(state):
    out = {}
    for key, v in state.items():
        key = re.sub(r"(inner|layer)_blocks\.(\d)\.0\.", r"\1_blocks.\2.", key)
        out[re.sub(r"rpn\.head\.conv\.0\.0\.", "rpn.head.conv.", key)] = v
    return out


def small_variances(model):
    """The same function as long as the epsilon is 0."""
    for name, v in model.state_dict().items():
        if name.endswith("running_var"):
            v *= 1e-4
            model.state_dict()[name.replace("running_var", "weight")].mul_(1e-2)


with workspace() as folder:
    path = pictures(folder, 6)[0]
    model = seeded("resnet18", 21, 3, path)
    small_variances(model)
    _, new = save(model, "resnet18", 21, folder, name="new")
    old_state = first_generation(model.state_dict())
    assert "backbone.fpn.inner_blocks.0.weight" in old_state and "rpn.head.conv.weight" in old_state
    _, old = save(model, "resnet18", 21, folder, old_state, name="old")
    found = {kind: detect(gdw, [path], "--conf", "0.05")[path]
             for kind, gdw in (("new", new), ("old", old))}
    ok = same("epsilon 1e-5, new keys", model, path, found["new"])
    overwrite_eps(model, 0.0)
    ok = same("epsilon 0, first keys", model, path, found["old"]) and ok
    apart = len(differences(found["new"], found["old"])[0])
    print(f"the two differ in {apart} detections, as they must")
sys.exit(0 if ok and apart else 1)
