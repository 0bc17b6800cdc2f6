# faster_rcnn_mobilenet_parity_test.py -- Faster R-CNN on MobileNetV3: detections of torchvision.
import sys

from own_size_parity import check
from parity import SANITIZED


def doubt(model):
    """Most objectness falls below what torchvision takes for a proposal here."""
    model.rpn.head.cls_logits.bias.data.sub_(7)


said = [check("fasterrcnn_mobilenet_v3_large_320_fpn", 100, 0.05, change=doubt)]
if not SANITIZED:
    said.append(check("fasterrcnn_mobilenet_v3_large_fpn", 100, 0.05, small=(320, 533)))
sys.exit(max(said))
