# deeplabv3plus_parity_test.py -- DeepLabV3+ R50 of both output strides against a PyTorch twin.
import sys

from deeplab_parity import SANITIZED, check, torch
from deeplab_twin import DeepLabV3Plus

bad = 0
for name, stride in (("deeplabv3plus_resnet50", 16), ("deeplabv3plus_resnet50_os8", 8)):
    torch.manual_seed(5)
    if stride == 16 or not SANITIZED:
        bad += check(name, DeepLabV3Plus("resnet50", stride).eval(), 160)
sys.exit(1 if bad else 0)
