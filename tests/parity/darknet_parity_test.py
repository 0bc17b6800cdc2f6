# darknet_parity_test.py -- both Yolo-Fastest against Darknet's own results, other networks against
# a twin.
"""Real weights: every golden detection, sums of the raw heads, average precision. Sections
that they lack: two networks of random weights."""
import json
import os
import re
import sys

from golden import PICTURES, by_picture, corners, golden, judge, pictured, same
from network import outputs
from parity import (DATA, SANITIZED, convert, detect, gdrun, load, np, pictures, skip, torch,
                    unmatched, workspace)
from darknet_twin import Twin, stretch

REAL = os.path.join(DATA, "darknet")
if not os.path.exists(REAL):
    skip("the Yolo-Fastest models are not here")
NAMES = ("yolo-fastest-1.1", "yolo-fastest-1.1-xl")

HEAD = "[yolo]\nmask={mask}\nanchors=9,11, 14,23, 30,17, 40,52, 61,33\nnum=5\nclasses=3\n{more}"
CONV = "[convolutional]\nbatch_normalize=1\nfilters={k}\nsize={s}\nstride={t}\npad=1\nactivation={a}\n"
LAST = "[convolutional]\nfilters={k}\nsize=1\nactivation={a}\n"


def conv(k, s=3, t=1, a="leaky", more=""):
    return CONV.format(k=k, s=s, t=t, a=a) + more


# As YOLOv3-tiny and YOLOv4-tiny: halves, pools of 2 with both strides, two heads.
TINY = ("[net]\nwidth=160\nheight=96\n" + conv(8) + "[maxpool]\nsize=2\nstride=2\n" +
        conv(16, t=2) + conv(16) + "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n" + conv(8) +
        conv(8) + "[route]\nlayers = -1,-2\n" + conv(16, 1) + "[route]\nlayers = -6,-1\n" +
        "[maxpool]\nsize=2\nstride=2\n" + conv(24, a="relu") + "[maxpool]\nsize=2\nstride=1\n" +
        conv(24, t=2) + conv(24, 1) + LAST.format(k=16, a="linear") +
        HEAD.format(mask="3,4", more="scale_x_y=1.05\nnms_kind=greedynms\nbeta_nms=0.6\n") +
        "[route]\nlayers=-3\n" + conv(8, 1) + "[upsample]\nstride=2\n" +
        "[route]\nlayers=-1, 11\n" + conv(16) + LAST.format(k=24, a="linear") +
        HEAD.format(mask="0,1,2", more="scale_x_y=1.2\nnms_kind=greedynms\nbeta_nms=0.6\n"))
# As YOLOv4 and its scaled versions: mish, swish, sums of several layers, groups, dilation, strides
# of their own, pools around, new coordinates.
SCALED = ("[net]\nwidth=96\nheight=128\n" + conv(8, a="mish") + conv(16, t=2, a="mish") +
          conv(16, 1, a="swish") + conv(16, 3, a="mish", more="groups=4\n") +
          conv(16, 3, a="linear", more="dilation=2\n") +
          "[shortcut]\nfrom=-3,-2\nactivation=mish\n[dropout]\nprobability=.5\n" +
          "[convolutional]\nfilters=16\nsize=3\nstride_x=2\nstride_y=2\npadding=1\nactivation=leaky\n" +
          conv(16, t=2) + "[maxpool]\nstride=1\nsize=5\n[route]\nlayers=-2\n" +
          "[maxpool]\nstride=1\nsize=4\n[route]\nlayers=-1,-2,-3\n" + conv(16, 1, a="swish") +
          LAST.format(k=24, a="logistic") +
          HEAD.format(mask="1,2,4", more="new_coords=1\nscale_x_y=2.0\nnms_kind=diounms\nbeta_nms=.8\n"))


def heads_of(text):
    kinds = [k for k in re.findall(r"^\[(\w+)\]", text, re.M)][1:]
    return [i for i, k in enumerate(kinds) if k == "yolo"]


def check_sums(model, name):
    """Sum and sum of squares of each raw head of each picture."""
    with open(os.path.join(REAL, name + ".cfg")) as f:
        nodes = [f"{i - 1}.conv" for i in heads_of(f.read())]
    with open(os.path.join(REAL, name + ".raw_sums.json")) as f:
        want = json.load(f)[: 1 if SANITIZED else None]
    image = np.stack([stretch(np.asarray(load(os.path.join(PICTURES, f"{w['image_id']:012d}.jpg"))),
                              320, 320) for w in want])
    worst = 0.0
    for k, raw in enumerate(outputs(model, image, nodes, fused=True)):
        for ours, w in zip(raw.astype(np.float64), want):
            w = w["heads"][k]
            if list(ours.transpose(2, 0, 1).shape) != w["shape"]:
                sys.exit(f"{name}: a head of {ours.shape}, golden {w['shape']}")
            worst = max(worst, abs(ours.sum() / w["sum"] - 1),
                        abs(np.square(ours).sum() / w["sumsq"] - 1))
    print(f"{name}: raw heads of {len(want)} pictures, sums within {worst:.1e}")
    return worst <= 1e-4


def check_real(name, folder, files):
    model = convert(os.path.join(REAL, name + ".cfg"), os.path.join(folder, name + ".gdw"))
    ok = check_sums(model, name)
    if SANITIZED:
        return ok
    out = os.path.join(folder, name + ".json")
    gdrun("detect", "-m", model, PICTURES, "--max-det", "0", "--conf", "0.001", "--iou", "0.45",
          "--coco", out, "-q")
    with open(out) as f:
        results = json.load(f)
    # What scores less suppresses nothing of what scores more.
    for conf, end in ((0.001, "json.gz"), (0.25, "json")):
        want, part = f"{name}.conf{conf}-nms0.45.dev.{end}", [d for d in results if d["score"] > conf]
        ok &= same(want, by_picture(part), by_picture(golden(want)))
        out = os.path.join(folder, f"{name}.{conf}.json")
        with open(out, "w") as f:
            json.dump(part, f)
        files[out] = want.replace(".dev", "")
    want = golden("images.conf0.25-nms0.45.json")
    out = gdrun("detect", "-m", model, *(os.path.join(DATA, "images", n) for n in want), "--max-det",
                "0", "--conf", "0.25", "--iou", "0.45", "--json", "-", "-q")
    theirs = {n: [(d["category"], d["score"], corners(d["bbox"])) for d in v[name]]
              for n, v in want.items()}
    return same(f"{name}, images", pictured(json.loads(out)), theirs) and ok


def check_twin(title, text, seed, folder, paths):
    twin = Twin(text, seed)
    stem = os.path.join(folder, title)
    images = [np.asarray(load(p)) for p in paths]
    inputs = np.stack([stretch(i, *twin.size) for i in images])
    x = torch.from_numpy(inputs).double().permute(0, 3, 1, 2)
    twin.calm(x, 1.5)
    twin.save(stem)
    model = convert(stem + ".weights", stem + ".gdw")
    worst = 0.0
    found = twin.heads(x)
    nodes = [f"{i - 1}.{'act' if twin.layers[i - 1][1]['activation'] != 'linear' else 'conv'}"
             for i, _ in found]
    for ours, (_, theirs) in zip(outputs(model, inputs, nodes), found):
        worst = max(worst, np.abs(ours - theirs.permute(0, 2, 3, 1).numpy()).max())
    ok = worst < 1e-4
    total = 0
    ours = detect(model, paths, "--max-det", "0", "--conf", "0.4", "--iou", "0.45")
    for path, image in zip(paths, images):
        theirs, margin = twin.detect(image, 0.4, 0.45)
        odd = unmatched(ours[path], theirs) + unmatched(theirs, ours[path])
        total += len(theirs)
        if odd:
            print(title, os.path.basename(path), f"differs (cuts are {margin:.1e} away):", odd[:2])
        ok &= not odd
    print(f"{title}: {len(paths)} pictures, heads within {worst:.1e}, {total} detections")
    return ok and total > 20


ok, files = True, {}
with workspace() as folder:
    paths = pictures(folder, 6)[: 1 if SANITIZED else None]
    ok &= check_twin("tiny", TINY, 1, folder, paths)
    ok &= check_twin("scaled", SCALED, 2, folder, paths)
    for name in NAMES[: 1 if SANITIZED else None]:
        ok &= check_real(name, folder, files)
    ok &= judge(files)
sys.exit(0 if ok else 1)
