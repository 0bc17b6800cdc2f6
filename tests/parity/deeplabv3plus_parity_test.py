# deeplabv3plus_parity_test.py -- DeepLabV3+ of both output strides against a PyTorch twin.
import sys

from deeplab_parity import SANITIZED, check, torch
from deeplab_twin import DeepLabV3Plus

CASES = (("deeplabv3plus_resnet50", "resnet50", 16, 160),
         ("deeplabv3plus_resnet50_os8", "resnet50", 8, 160),
         ("deeplabv3plus_resnet101_os8", "resnet101", 8, 96))  # stride 16: deeplab_r101
bad = 0
for name, backbone, stride, short in CASES[:1 if SANITIZED else None]:
    torch.manual_seed(5)
    bad += check(name, DeepLabV3Plus(backbone, stride).eval(), short)
sys.exit(1 if bad else 0)
