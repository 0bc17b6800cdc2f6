# deeplabv3_parity_test.py -- DeepLabV3 R50: the class of each pixel, against live torchvision.
import sys

from deeplab_parity import check, torch
from torchvision.models.segmentation import deeplabv3_resnet50

torch.manual_seed(4)
model = deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=21, aux_loss=True)
sys.exit(check("deeplabv3_resnet50", model.eval(), 160, 520))
