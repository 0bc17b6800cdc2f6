# cascade_parity_test.py -- YOLOX nano and a ResNet-18 behind it: what `gdrun detect --classify`
# says of each detection against torchvision on the piece that Pillow cuts out.
"""Real detections on real pictures; the ResNet's weights are seeded and its logits spread as a
trained network's. The first class must be the same where the best two are not a rounding apart."""
import json
import math
import sys

from parity import DATA, SANITIZED, convert, gdrun, np, os, seed_norms, skip, torch, torchvision
from parity import workspace
from PIL import Image
from torchvision.transforms import functional as F

NANO = os.path.join(DATA, "yolox/yolox_nano.pth")
PICTURES = [os.path.join(DATA, "images", n + ".jpg") for n in ("dog", "horses")]
if not os.path.exists(NANO):
    skip("the test data is not here")


def piece(path, box):
    picture = Image.open(path).convert("RGB")
    edge = [min(max(v, 0), picture.size[k % 2]) for k, v in enumerate(box)]
    return picture.crop([math.floor(edge[0]), math.floor(edge[1]), math.ceil(edge[2]),
                         math.ceil(edge[3])])


def probabilities(model, picture):
    x = F.center_crop(F.resize(picture, 256), 224)
    x = F.normalize(F.to_tensor(x), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    with torch.no_grad():
        return torch.softmax(model(x[None])[0].double(), 0).numpy()


def detections(nano, gdw, paths, *more):
    out = gdrun("detect", "-m", nano, *paths, "--classify", gdw, "--conf", "0.1", "--json", "-",
                "-q", *more)
    return [f["detections"] for f in json.loads(out)["frames"]]


with workspace() as folder:
    torch.manual_seed(5)
    model = torchvision.models.resnet18().eval()
    seed_norms(model, 5)
    paths = PICTURES[:1] if SANITIZED else PICTURES
    with torch.no_grad():
        x = F.normalize(F.to_tensor(F.center_crop(F.resize(Image.open(paths[0]), 256), 224)),
                        [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        model.fc.weight *= 2.5 / model(x[None]).std()
    pth = os.path.join(folder, "resnet18.pth")
    torch.save(model.state_dict(), pth)
    gdw = convert(pth, os.path.join(folder, "resnet18.gdw"), "--arch", "resnet18")
    nano = convert(NANO, os.path.join(folder, "nano.gdw"), "--arch", "yolox_nano")
    names = json.loads(
        gdrun("classify", "-m", gdw, paths[0], "--top-k", "1000", "--json", "-", "-q"))
    index = {c["name"]: c["class_id"] for c in names["frames"][0]["classes"]}
    worst, ties, n = 0, 0, 0
    alone, parity = 0, []
    for path, found in zip(paths, detections(nano, gdw, paths)):
        crops = []
        for k, d in enumerate(found):
            part = piece(path, d["box"])
            crops.append(os.path.join(folder, f"{n:03d}.png"))
            part.save(crops[-1])
            p = probabilities(model, part)
            first, second = np.sort(p)[-1], np.sort(p)[-2]
            same = index.get(d["sub"]["name"]) == p.argmax()
            ties += not same and first - second < 1e-4
            if not same and first - second >= 1e-4:
                parity.append((path, d, int(p.argmax()), float(first)))
            worst = max(worst, abs(d["sub"]["conf"] - first))
            n += 1
        out = json.loads(gdrun("classify", "-m", gdw, *crops, "--top-k", "1", "--json", "-", "-q"))
        for d, f in zip(found, out["frames"]):
            c = f["classes"][0]
            alone = max(alone, abs(c["conf"] - d["sub"]["conf"]))
            if c["name"] != d["sub"]["name"]:
                parity.append((path, d, c))
    print(f"{n} detections: within {worst:.1e} of torchvision, {ties} ties; "
          f"within {alone:.1e} of `gdrun classify`")
    for p in parity:
        print("FAILED:", p)
    ok = n >= (2 if SANITIZED else 8) and not parity and worst <= 1e-4 and alone <= 1e-5 and ties == 0
sys.exit(0 if ok else 1)
