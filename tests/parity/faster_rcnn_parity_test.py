# faster_rcnn_parity_test.py -- Faster R-CNN against live torchvision: the same detections.
"""R50-FPN with 91 classes and R18-FPN with 21, seeded weights, ten real pictures. A picture counts
when the reference agrees with itself with oneDNN on and off; at least eight must."""
import sys

from parity import (Image, convert, detect, differences, load, os, pictures, scale_heads,
                    seed_norms, torch, torchvision, workspace)
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.transforms.functional import to_tensor


def reference(model, image):
    with torch.no_grad():
        out = model([image])[0]
    return [(int(c), float(s), [float(v) for v in b])
            for c, s, b in zip(out["labels"], out["scores"], out["boxes"])]


def check(name, backbone, classes, seed, folder, paths):
    torch.manual_seed(seed)
    model = FasterRCNN(resnet_fpn_backbone(backbone_name=backbone, weights=None,
                                           trainable_layers=5,
                                           norm_layer=torchvision.ops.FrozenBatchNorm2d),
                       num_classes=classes).eval()
    seed_norms(model, seed)
    scale_heads(model, to_tensor(load(paths[0])))
    pth, gdw = os.path.join(folder, name + ".pth"), os.path.join(folder, name + ".gdw")
    torch.save(model.state_dict(), pth)
    names = os.path.join(folder, name + ".names")
    with open(names, "w") as f:
        f.write("".join(f"class {i}\n" for i in range(1, classes)))
    convert(pth, gdw, "--arch", f"fasterrcnn_{backbone}_fpn", "--names", names)
    ours = detect(gdw, paths, "--conf", "0.05")
    counted = failed = 0
    for path in paths:
        image = to_tensor(load(path))
        theirs = reference(model, image)
        with torch.backends.mkldnn.flags(enabled=False):
            again = reference(model, image)
        if differences(theirs, again)[0]:
            print(f"{name} {os.path.basename(path)}: the reference disagrees with itself")
            continue
        counted += 1
        # Files without category ids count classes from 0, torchvision from 1.
        mine = [(c + 1, s, b) for c, s, b in ours[path]]
        wrong, left_out = differences(mine, theirs)
        failed += bool(wrong)
        size = "x".join(map(str, Image.open(path).size))
        print(f"{name} {os.path.basename(path)} {size}: {len(theirs)} detections, {left_out} at "
              f"the cut, {len(wrong)} differ", *wrong[:3])
    print(f"{name}: {counted} of {len(paths)} pictures counted, {failed} failed")
    return failed == 0 and counted >= 8


with workspace() as folder:
    paths = pictures(folder, 10)
    ok = check("r50", "resnet50", 91, 2, folder, paths)
    ok = check("r18", "resnet18", 21, 3, folder, paths) and ok
sys.exit(0 if ok else 1)
