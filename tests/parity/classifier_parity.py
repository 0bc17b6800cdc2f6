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


def same_logits(tag, gdw, paths, theirs_of):
    """True if `gdrun classify` gives the logits theirs_of(path) of all pictures, up to a constant."""
    classes, ok = len(theirs_of(paths[0])), True
    out = json.loads(gdrun("classify", "-m", gdw, *paths, "--top-k", classes, "--json", "-", "-q"))
    for path, frame in zip(paths, out["frames"]):
        theirs = theirs_of(path)
        ours = np.empty(classes)
        for c in frame["classes"]:
            ours[c["class_id"]] = np.log(c["conf"])
        ours += theirs.mean() - ours.mean()
        worst = np.abs(ours - theirs).max() / np.abs(theirs).max()
        ok &= bool(worst <= 1e-4 and ours.argmax() == theirs.argmax())
        print(f"{tag} {os.path.basename(path)}: logits within {worst:.1e} relative", flush=True)
    return ok


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
    ok = same_logits(arch, gdw, paths, lambda path: reference(model, path))
    dump = os.path.join(folder, arch + ".safetensors")
    run("/usr/bin/python3", os.path.join(ROOT, "tools/dump_layers.py"), "--arch", arch,
        "--weights", pth, "--picture", paths[0], "-o", dump)
    for more in ([], ["--fused"]):
        text = gdrun("compare", "-m", gdw, dump, *more).decode()
        print(arch, "compare", *more, "->", text.strip().splitlines()[-1], flush=True)
    return ok
