# resnet_cifar_parity_test.py -- the real ResNet-20 for CIFAR-10: its golden logits.
import json
import os
import sys

from parity import DATA, convert, np, skip, workspace
from network import outputs

FOLDER = os.path.join(DATA, "resnet_cifar10")
WEIGHTS = os.path.join(FOLDER, "resnet20-12fca82f.th")
if not os.path.exists(WEIGHTS):
    skip("resnet20-12fca82f.th is not here")
with open(os.path.join(FOLDER, "golden_logits.json")) as f:
    golden = json.load(f)["models"]["resnet20-12fca82f"]
image = np.fromfile(os.path.join(FOLDER, "inputs_5x3x32x32.f32"), "<f4").reshape(5, 3, 32, 32)
image = image.transpose(0, 2, 3, 1)

ok = True
with workspace() as folder:
    model = convert(WEIGHTS, os.path.join(folder, "resnet20.gdw"), "--arch", "resnet20_cifar")
    for fused in (False, True):
        ours = outputs(model, image, ["linear"], fused)[0].reshape(5, 10).astype(np.float64)
        for kind in ("logits_f32", "logits_f64"):
            worst = np.abs(ours - np.array(golden[kind])).max()
            print(f"{'fused' if fused else 'unfused'}: within {worst:.1e} of {kind}")
            ok &= bool(worst <= 1e-4)
sys.exit(0 if ok else 1)
