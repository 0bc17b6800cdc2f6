# deeplab_twin.py -- DeepLabV3+ (Chen et al. 2018) in PyTorch, to compare with.
"""Keys are those of its public implementations: backbone.* is torchvision's ResNet without its
classifier; classifier.project brings layer1 to 48 channels, classifier.aspp pools layer4,
classifier.classifier joins them. With a width below 256 and a width_per_group below 64 it is thin,
for tests that only want some model."""
import torch
import torchvision
from torch import nn
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.deeplabv3 import ASPP


class Head(nn.Module):
    def __init__(self, classes, rates, width):
        super().__init__()
        self.project = nn.Sequential(nn.Conv2d(256, 48, 1, bias=False), nn.BatchNorm2d(48), nn.ReLU())
        self.aspp = ASPP(2048, rates, width)
        self.classifier = nn.Sequential(nn.Conv2d(48 + width, width, 3, padding=1, bias=False),
                                        nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, classes, 1))

    def forward(self, x):
        low, high = self.project(x["low"]), self.aspp(x["out"])
        high = nn.functional.interpolate(high, low.shape[2:], mode="bilinear", align_corners=False)
        return self.classifier(torch.cat([low, high], 1))


class DeepLabV3Plus(nn.Module):
    """Like torchvision's segmentation models: {"out": logits of the input's size}."""

    def __init__(self, backbone, stride, classes=21, width=256, **thin):
        super().__init__()
        body = getattr(torchvision.models, backbone)(
            replace_stride_with_dilation=[False, stride == 8, True], **thin)
        self.backbone = IntermediateLayerGetter(body, {"layer1": "low", "layer4": "out"})
        self.classifier = Head(classes, [12, 24, 36] if stride == 8 else [6, 12, 18], width)

    def forward(self, x):
        y = self.classifier(self.backbone(x))
        return {"out": nn.functional.interpolate(y, x.shape[2:], mode="bilinear",
                                                 align_corners=False)}
