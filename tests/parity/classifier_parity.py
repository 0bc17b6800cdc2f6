# classifier_parity.py -- classifiers against live torchvision, for the tests of each family.
"""Seeded weights; probabilities of gdrun give the logits up to a constant, which is taken out on
both sides. Every layer is held against the original by `gdrun compare` as well."""
import json

from parity import (ROOT, convert, gdrun, load, np, os, run, seed_norms, torch, torchvision)
from torchvision.transforms import functional as F


def picture(path):
    x = F.center_crop(F.resize(load(path), 256), 224)
    return F.normalize(F.to_tensor(x), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])[None]


def reference(model, path):
    with torch.no_grad():
        return model(picture(path))[0].double().numpy()


def check(arch, folder, paths, change=None):
    """True if logits and classes of all pictures are torchvision's. change(model, x) may change
    the model before its weights are saved; x is the first picture as its input."""
    torch.manual_seed(5)
    model = getattr(torchvision.models, arch)().eval()
    seed_norms(model, 5)
    if change:
        change(model, picture(paths[0]))
    last = [m for m in model.modules() if isinstance(m, torch.nn.Linear)][-1]
    with torch.no_grad():  # logits spread as a trained network's
        last.weight *= 2.5 / reference(model, paths[0]).std()
    pth, gdw = os.path.join(folder, arch + ".pth"), os.path.join(folder, arch + ".gdw")
    torch.save(model.state_dict(), pth)
    convert(pth, gdw, "--arch", arch)
    classes, ok = last.out_features, True
    out = json.loads(gdrun("classify", "-m", gdw, *paths, "--top-k", classes, "--json", "-", "-q"))
    for path, frame in zip(paths, out["frames"]):
        theirs = reference(model, path)
        ours = np.empty(classes)
        for c in frame["classes"]:
            ours[c["class_id"]] = np.log(c["conf"])
        ours += theirs.mean() - ours.mean()
        worst = np.abs(ours - theirs).max() / np.abs(theirs).max()
        good = worst <= 1e-4 and ours.argmax() == theirs.argmax()
        ok &= bool(good)
        print(f"{arch} {os.path.basename(path)}: logits within {worst:.1e} relative", flush=True)
    dump = os.path.join(folder, arch + ".safetensors")
    run("/usr/bin/python3", os.path.join(ROOT, "tools/dump_layers.py"), "--arch", arch,
        "--weights", pth, "--picture", paths[0], "-o", dump)
    for more in ([], ["--fused"]):
        text = gdrun("compare", "-m", gdw, dump, *more).decode()
        print(arch, "compare", *more, "->", text.strip().splitlines()[-1], flush=True)
    return ok
