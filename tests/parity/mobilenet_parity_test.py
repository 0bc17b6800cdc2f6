# mobilenet_parity_test.py -- MobileNetV3 against live torchvision: logits and classes.
import sys

from classifier_parity import check
from parity import SANITIZED, pictures, settle_norms, workspace

with workspace() as folder:
    paths = pictures(folder, 5)[-1 if SANITIZED else 0:]
    ok = [check("mobilenet_v3_" + size, folder, paths, settle_norms) for size in ("small", "large")]
sys.exit(0 if all(ok) else 1)
