# resnet_parity_test.py -- ResNet-18 and -50 against live torchvision: logits and classes.
import sys

from classifier_parity import check
from parity import SANITIZED, pictures, workspace

with workspace() as folder:
    paths = pictures(folder, 8)[-2 if SANITIZED else 0:]
    # Under the sanitizers the layers of one say all: both are the same code.
    ok = [check(arch, folder, paths) for arch in ("resnet18", "resnet50")[:1 if SANITIZED else 2]]
sys.exit(0 if all(ok) else 1)
