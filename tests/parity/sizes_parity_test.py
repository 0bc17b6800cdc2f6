# sizes_parity_test.py -- the larger sizes of each family against their originals, network only.
"""ResNet-34, -101 and -152 layer by layer against torchvision; YOLOX-m, -l and -x raw heads
against the twin on a small input. Seeded weights through torch.save and gdconvert."""
import sys

import yolox
import yolox_twin
from parity import (ROOT, SANITIZED, convert, gdrun, np, os, pictures, run, seed_norms, skip,
                    torch, torchvision, workspace)

if SANITIZED:
    skip("the same code as the small sizes, and slow under the sanitizers")


def resnet(arch, folder, picture):
    torch.manual_seed(1)
    model = getattr(torchvision.models, arch)().eval()
    seed_norms(model, 1)
    pth, gdw, dump = (os.path.join(folder, "r" + end) for end in (".pth", ".gdw", ".safetensors"))
    torch.save(model.state_dict(), pth)
    convert(pth, gdw, "--arch", arch)
    run("/usr/bin/python3", os.path.join(ROOT, "tools/dump_layers.py"), "--arch", arch,
        "--weights", pth, "--picture", picture, "-o", dump)
    # A layer that differs makes gdrun exit 7, which ends the test.
    text = gdrun("compare", "-m", gdw, dump, "--fused").decode()
    print(arch, "->", text.strip().splitlines()[-1], flush=True)


def yolox_head(size, folder):
    torch.manual_seed(1)
    model = yolox_twin.YOLOX(size).eval()
    seed_norms(model, 1)
    pth, gdw = os.path.join(folder, "y.pth"), os.path.join(folder, "y.gdw")
    torch.save({"model": model.state_dict()}, pth)
    convert(pth, gdw, "--arch", "yolox_" + size)
    image = torch.rand(1, 3, 160, 192, generator=torch.Generator().manual_seed(2)) * 255
    with torch.no_grad():
        theirs = model(image)[0].double().numpy()
    ours = yolox.raw_head(gdw, image.numpy()[0].transpose(1, 2, 0), fused=True)
    parts = [("boxes", slice(0, 4)), ("probabilities", slice(4, None))]
    worst = {name: np.abs(ours[:, at] - theirs[:, at]).max() / np.abs(theirs[:, at]).max()
             for name, at in parts}
    print(f"yolox_{size}:", *(f"{k} within {v:.1e} relative" for k, v in worst.items()), flush=True)
    return all(v <= 1e-4 for v in worst.values())


with workspace() as folder:
    picture = pictures(folder, 5)[0]
    for arch in ("resnet34", "resnet101", "resnet152"):
        resnet(arch, folder, picture)
    ok = [yolox_head(size, folder) for size in ("m", "l", "x")]
sys.exit(0 if all(ok) else 1)
