# own_size_parity.py -- detectors on inputs of their own size against live torchvision.
import os

from detector_parity import same
from parity import (SANITIZED, convert, detect, load, pictures, prepare, torch, torchvision,
                    workspace)
from torchvision.transforms.functional import to_tensor


def favour(model):
    """One class is so likely that an SSD's limit of candidates of a class shows."""
    for m in model.head.classification_head.module_list:
        bias = (m if isinstance(m, torch.nn.Conv2d) else m[-1]).bias
        bias.data.view(-1, 91)[:, 1] += 4


def check(arch, cut, conf, small=None, change=None):
    """0 if four real pictures of different sizes give equal detections, but those near the cut at
    `cut` of them. conf: the original's least score. small: shorter and longer side that three of
    the pictures are brought to at most. change(model) may change weights before they are saved."""
    with workspace() as folder:
        paths = pictures(folder, 8)[3:7]
        torch.manual_seed(2)
        model = getattr(torchvision.models.detection, arch)(
            weights=None, weights_backbone=None).eval()
        runs = [(paths, [])]
        if small:
            argv = [f"--set=input.short={small[0]}", f"--set=input.long={small[1]}"]
            runs = [(paths[:3], argv), (paths[3:], [])]
        usual = model.transform.min_size, model.transform.max_size
        said = []
        for paths, argv in runs[:1 if SANITIZED else 2]:
            model.transform.min_size, model.transform.max_size = (
                ((small[0],), small[1]) if argv else usual)
            if not said:
                prepare(model, 2, to_tensor(load(paths[0])))
                if change:
                    change(model)
            pth, gdw = (os.path.join(folder, "model" + end) for end in (".pth", ".gdw"))
            torch.save(model.state_dict(), pth)
            convert(pth, gdw, "--arch", arch, *argv)
            paths = paths[:1] if SANITIZED else paths
            ours = detect(gdw, paths, "--conf", conf, "--max-det", cut)
            said += [same(arch, model, path, ours[path], cut) for path in paths]
    print(f"{arch}: {said.count(True)} of {len(said)} pictures agree, {said.count(False)} do not")
    return 0 if said.count(True) == len(said) else 1
