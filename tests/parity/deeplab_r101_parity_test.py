# deeplab_r101_parity_test.py -- DeepLabV3 and V3+ on ResNet-101, small inputs, against PyTorch.
import sys

from deeplab_parity import SANITIZED, check, torch
from deeplab_twin import DeepLabV3Plus
from torchvision.models.segmentation import deeplabv3_resnet101

torch.manual_seed(6)
model = deeplabv3_resnet101(weights=None, weights_backbone=None, num_classes=21)
bad = check("deeplabv3_resnet101", model.eval(), 96)
if not SANITIZED:
    torch.manual_seed(7)
    bad += check("deeplabv3plus_resnet101", DeepLabV3Plus("resnet101", 16).eval(), 96)
sys.exit(1 if bad else 0)
