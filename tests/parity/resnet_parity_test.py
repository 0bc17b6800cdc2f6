# resnet_parity_test.py -- ResNet-18 and -50 against live torchvision: logits and classes.
"""Seeded weights; probabilities of gdrun give the logits up to a constant, which is taken out on
both sides. Every layer is held against the original by `gdrun compare` as well."""
import json
import sys

from parity import (ROOT, SANITIZED, convert, gdrun, load, np, os, pictures, run, seed_norms,
                    torch, torchvision, workspace)
from torchvision.transforms import functional as F


def reference(model, path):
    x = F.center_crop(F.resize(load(path), 256), 224)
    x = F.normalize(F.to_tensor(x), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    with torch.no_grad():
        return model(x[None])[0].double().numpy()


def check(arch, folder, paths):
    torch.manual_seed(5)
    model = getattr(torchvision.models, arch)().eval()
    seed_norms(model, 5)
    with torch.no_grad():  # logits spread as a trained network's
        model.fc.weight *= 2.5 / reference(model, paths[0]).std()
    pth, gdw = os.path.join(folder, arch + ".pth"), os.path.join(folder, arch + ".gdw")
    torch.save(model.state_dict(), pth)
    convert(pth, gdw, "--arch", arch)
    out = json.loads(gdrun("classify", "-m", gdw, *paths, "--top-k", "1000", "--json", "-", "-q"))
    ok = True
    for path, frame in zip(paths, out["frames"]):
        theirs = reference(model, path)
        ours = np.empty(1000)
        for c in frame["classes"]:
            ours[c["class_id"]] = np.log(c["conf"])
        ours += theirs.mean() - ours.mean()
        worst = np.abs(ours - theirs).max() / np.abs(theirs).max()
        good = worst <= 1e-4 and ours.argmax() == theirs.argmax()
        ok &= bool(good)
        print(f"{arch} {os.path.basename(path)}: logits within {worst:.1e} relative")
    dump = os.path.join(folder, arch + ".safetensors")
    run("/usr/bin/python3", os.path.join(ROOT, "tools/dump_layers.py"), "--arch", arch,
        "--weights", pth, "--picture", paths[0], "-o", dump)
    for more in ([], ["--fused"]):
        text = gdrun("compare", "-m", gdw, dump, *more).decode()
        print(arch, "compare", *more, "->", text.strip().splitlines()[-1])
    return ok


with workspace() as folder:
    paths = pictures(folder, 8)[-2 if SANITIZED else 0:]
    ok = [check(arch, folder, paths) for arch in ("resnet18", "resnet50")]
sys.exit(0 if all(ok) else 1)
