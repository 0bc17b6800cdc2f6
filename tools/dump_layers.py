#!/usr/bin/python3
# dump_layers.py -- writes the output of every layer of a PyTorch model for `gdrun compare`.
"""Runs a torchvision model on one picture and writes a safetensors file with the picture
("pixels"), the network's input ("input"), the output of every leaf module under its path, and
a detector's proposals ("rpn.proposals").

    dump_layers.py --arch resnet18 --weights resnet18.pth --picture cat.jpg -o cat.safetensors
"""
import argparse
import json
import struct
import sys
import warnings

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torchvision  # noqa: E402
from PIL import Image, ImageOps  # noqa: E402


def write_safetensors(path, tensors):
    """Little-endian, row-major, in the order given."""
    names = {np.dtype("float32"): "F32", np.dtype("uint8"): "U8"}
    header, at = {}, 0
    for name, a in tensors.items():
        header[name] = {"dtype": names[a.dtype], "shape": list(a.shape),
                        "data_offsets": [at, at + a.nbytes]}
        at += a.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for a in tensors.values():
            f.write(np.ascontiguousarray(a).tobytes())


# Where a detector's number of classes can be read, and for how many anchors each is there.
HEADS = (("roi_heads.box_predictor.cls_score.bias", 1),
         ("head.classification_head.cls_logits.bias", 9),
         ("head.classification_head.module_list.0.bias", 4),
         ("head.classification_head.module_list.0.1.bias", 6))


def build(arch, weights):
    """The torchvision model with the checkpoint's number of classes and widths of linear layers."""
    state = torch.load(weights, map_location="cpu")
    state = state.get("state_dict", state.get("model", state))
    if hasattr(torchvision.models.detection, arch):
        n = next(state[key].numel() // each for key, each in HEADS if key in state)
        model = getattr(torchvision.models.detection, arch)(
            weights=None, weights_backbone=None, num_classes=n)
    elif hasattr(torchvision.models.segmentation, arch):
        model = getattr(torchvision.models.segmentation, arch)(
            weights=None, weights_backbone=None, num_classes=state["classifier.4.bias"].numel(),
            aux_loss="aux_classifier.4.bias" in state)
    elif arch.startswith("fasterrcnn_"):
        from torchvision.models.detection import FasterRCNN
        from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
        n = state["roi_heads.box_predictor.cls_score.bias"].numel()
        body = resnet_fpn_backbone(backbone_name=arch.split("_")[1], weights=None,
                                   trainable_layers=5)
        model = FasterRCNN(body, num_classes=n)
    else:
        model = getattr(torchvision.models, arch)()
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            module.weight = torch.nn.Parameter(state[name + ".weight"])
            module.bias = torch.nn.Parameter(state[name + ".bias"])
    model.load_state_dict(state)
    return model.eval()


def plain_input(arch, picture, short):
    """What torchvision's presets make of a picture for classifiers and for segmenters."""
    from torchvision.transforms import functional as F
    if hasattr(torchvision.models.segmentation, arch):
        x = F.resize(picture, short or 520)
    else:
        x = F.center_crop(F.resize(picture, 256), 224)
    return F.normalize(F.to_tensor(x), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])[None]


def record(model, out):
    """Hooks every leaf module; the k-th call of a module is named path#k."""
    calls = {}

    def hook(name):
        def f(_module, _inputs, y):
            if not isinstance(y, torch.Tensor):
                return
            calls[name] = calls.get(name, 0) + 1
            key = name if calls[name] == 1 else f"{name}#{calls[name]}"
            out[key] = y.detach().float().clone().numpy()  # a later in-place relu writes to y
        return f

    for name, module in model.named_modules():
        if name and not list(module.children()):
            module.register_forward_hook(hook(name))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--arch", required=True)
    p.add_argument("--weights", required=True)
    p.add_argument("--picture", required=True)
    p.add_argument("--short", type=int, help="of a segmenter's input, where input.short is not 520")
    p.add_argument("-o", "--out", required=True)
    a = p.parse_args()
    picture = ImageOps.exif_transpose(Image.open(a.picture)).convert("RGB")
    model = build(a.arch, a.weights)
    layers = {}
    with torch.no_grad():
        if hasattr(model, "transform"):
            from torchvision.transforms.functional import to_tensor
            images, _ = model.transform([to_tensor(picture)])
            x = images.tensors
            record(model, layers)
            if hasattr(model, "rpn"):
                model.rpn.register_forward_hook(
                    lambda _module, _inputs, y: layers.update({"rpn.proposals": y[0][0].numpy()}))
            model([to_tensor(picture)])
        else:
            x = plain_input(a.arch, picture, a.short)
            record(model, layers)
            model(x)
    tensors = {"pixels": np.asarray(picture), "input": x.numpy()}
    tensors.update({k: v for k, v in layers.items() if v.size})
    write_safetensors(a.out, tensors)
    print(f"{len(layers)} layers", file=sys.stderr)


if __name__ == "__main__":
    main()
