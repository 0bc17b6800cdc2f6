# deeplab_parity.py -- segmentation models against live PyTorch, for the tests of each.
"""Compared is the class of every pixel of the source picture: of the original, whose logits of the
network's input are brought to the picture's size as torch does that."""
import os

from parity import (SANITIZED, Image, convert, gdrun, load, np, pictures, seed_norms, torch,
                    workspace)
from seeded import damp_branches
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import normalize, resize, to_tensor

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
LIMIT = 1e-4  # share of pixels that may differ


def spread_head(model, x):
    """No class wins everywhere: each has the same mean and spread on this picture."""
    last = [m for m in model.classifier.modules() if isinstance(m, torch.nn.Conv2d)][-1]
    with torch.no_grad():
        y = model(x)["out"]
        std, mean = y.std((0, 2, 3)), y.mean((0, 2, 3))
        last.weight /= std[:, None, None, None]
        last.bias.copy_((last.bias - mean) / std)


def reference(model, picture, short):
    """The class of each pixel, and the network's input."""
    x = to_tensor(resize(picture, [short], InterpolationMode.BILINEAR))
    x = normalize(x, MEAN, STD)[None]
    with torch.no_grad():
        y = model(x)["out"]
        y = torch.nn.functional.interpolate(y, (picture.height, picture.width), mode="bilinear",
                                            align_corners=False)
    return y.argmax(1)[0].numpy(), x


def ours(gdw, paths, folder, *flags):
    """{path: map} of one run of gdrun segment."""
    out = os.path.join(folder, "masks")
    gdrun("segment", "-m", gdw, *paths, "--masks", out, "-y", "-q", "-o", "null", *flags)
    found = {}
    for path in paths:
        name = os.path.splitext(os.path.basename(path))[0] + ".png"
        with Image.open(os.path.join(out, name)) as im:
            assert im.mode == "P", im.mode
            found[path] = np.array(im)
    return found


def same(name, model, path, found, short):
    """True: equal. False: not. None: the original disagrees with itself without oneDNN."""
    picture = load(path)
    theirs, x = reference(model, picture, short)
    differ = float((theirs != found).mean()) if theirs.shape == found.shape else 1.0
    print(f"{name} {os.path.basename(path)} {picture.width}x{picture.height}, input "
          f"{x.shape[3]}x{x.shape[2]}: {len(np.unique(theirs))} classes, {differ:.6%} differ",
          flush=True)
    if differ <= LIMIT:
        return True
    with torch.backends.mkldnn.flags(enabled=False):
        again = reference(model, picture, short)[0]
    return None if float((theirs != again).mean()) > LIMIT / 2 else False


def check(name, model, short, whole=0):
    """0 if four real pictures of different sizes, and one with its input's short side `whole`
    (0: none), have the same class in 99.99 % of their pixels."""
    with workspace() as folder:
        paths = pictures(folder, 8)[2:7]
        torch.manual_seed(4)
        seed_norms(model, 4)
        damp_branches(model)
        spread_head(model, reference(model, load(paths[0]), short)[1])
        pth = os.path.join(folder, "model.pth")
        torch.save(model.state_dict(), pth)
        said = []
        for side, some in ((short, paths[-1:] if SANITIZED else paths[:4]), (whole, paths[4:])):
            if not side or (SANITIZED and side == whole):
                continue
            gdw = convert(pth, os.path.join(folder, f"{side}.gdw"), "--arch", name, "--set",
                          f"input.short={side}")
            found = ours(gdw, some, folder)
            said += [same(name, model, path, found[path], side) for path in some]
    print(f"{name}: {len(said) - said.count(None)} of {len(said)} pictures counted")
    return 0 if False not in said and said.count(True) >= (1 if SANITIZED else 4) else 1
