# detector_parity.py -- Faster R-CNN against live torchvision, for the tests of each backbone.
import os

from parity import (SANITIZED, Image, convert, detect, differences, load, pictures, prepare, strip,
                    torch, torchvision, workspace)
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.transforms.functional import to_tensor


def seeded(backbone, classes, seed, path, small=None):
    """A detector whose statistics and heads are spread as a trained one's. small: shorter and
    longer side of its input, at most."""
    torch.manual_seed(seed)
    body = resnet_fpn_backbone(backbone_name=backbone, weights=None, trainable_layers=5,
                               norm_layer=torchvision.ops.FrozenBatchNorm2d)
    model = FasterRCNN(body, num_classes=classes).eval()
    if small:
        model.transform.min_size, model.transform.max_size = small[:1], small[1]
    prepare(model, seed, to_tensor(load(path)))
    return model


def save_as(arch, model, classes, folder, *argv, state=None, name="model"):
    """The .pth and .gdw paths of a model, or of its weights under other names."""
    pth, gdw, names = (os.path.join(folder, name + end) for end in (".pth", ".gdw", ".names"))
    torch.save(state or model.state_dict(), pth)
    with open(names, "w") as f:
        f.write("".join(f"class {i}\n" for i in range(1, classes)))
    convert(pth, gdw, "--arch", arch, "--names", names, *argv)
    return pth, gdw


def save(model, backbone, classes, folder, *argv, state=None):
    return save_as(f"fasterrcnn_{backbone}_fpn", model, classes, folder, *argv, state=state)


def reference(model, path):
    """[(label, score, box)] of the original; category ids of gdconvert count as its labels."""
    with torch.no_grad():
        out = model([to_tensor(load(path))])[0]
    return [(int(c), float(s), [float(v) for v in b])
            for c, s, b in zip(out["labels"], out["scores"], out["boxes"])]


def same(name, model, path, ours, cut=100):
    """True: equal detections. False: not. None: the reference disagrees with itself when
    oneDNN is off, so the picture says nothing."""
    theirs = reference(model, path)
    wrong, left_out = differences(ours, theirs, cut)
    with Image.open(path) as im:
        what = f"{name} {os.path.basename(path)} {im.width}x{im.height} {im.mode}"
    print(f"{what}: {len(theirs)} detections, {left_out} at the cut, {len(wrong)} differ",
          *wrong[:3], flush=True)
    if not wrong:
        return len(theirs) > 0
    with torch.backends.mkldnn.flags(enabled=False):
        again = reference(model, path)
    if not differences(again, theirs, cut)[0]:
        return False
    print(f"{what}: the reference disagrees with itself")
    return None


def check(backbone, classes, seed, count=6, small=None):
    """0 if the last `count` of five strips and a whole picture, all but one of which must count,
    give equal detections; under the sanitizers a strip will do. small: as seeded() takes it, for
    whole pictures, since torchvision takes the scales of its maps from the first one's height."""
    with workspace() as folder:
        whole = pictures(folder, 5)[0]
        paths = [whole] if small else pictures(folder, 5, strip) + [whole]
        model = seeded(backbone, classes, seed, paths[0], small)
        paths = paths[:1] if SANITIZED else paths[-count:]
        sides = [f"--set=input.{k}={v}" for k, v in zip(("short", "long"), small or ())]
        _, gdw = save(model, backbone, classes, folder, *sides)
        ours = detect(gdw, paths, "--conf", "0.05")
        said = [same(backbone, model, path, ours[path]) for path in paths]
    counted = len(said) - said.count(None)
    print(f"{backbone}: {counted} of {len(said)} pictures counted, {said.count(False)} failed")
    return 0 if False not in said and counted >= max(len(said) - 1, 1) else 1
