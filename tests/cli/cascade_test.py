# cascade_test.py -- `gdrun detect --classify`: what the classifier says of a detection is what
# `gdrun classify` says of the same pixels as a picture, in every output.
import csv
import io
import json
import math
import os

from gd_cli import ASAN, PICTURES, check, classify, detect, lines, main, run

try:
    from PIL import Image
except ImportError as e:
    import sys
    print("skipped: no oracle:", e)
    sys.exit(77)

WITH = ["--classify", "cifar.gdw"]
SOME = PICTURES[:2] if ASAN else PICTURES


def cut(path, box, out):
    """Every pixel that the box touches; None: there is none."""
    picture = Image.open(path).convert("RGB")
    edge = [min(max(v, 0), picture.size[k % 2]) for k, v in enumerate(box)]
    if edge[2] <= edge[0] or edge[3] <= edge[1]:
        return None
    picture.crop([math.floor(edge[0]), math.floor(edge[1]), math.ceil(edge[2]),
                  math.ceil(edge[3])]).save(out)
    return out


def frames(*args):
    rc, out, err = detect(*args, "--jsonl", "-", "-q")
    check(rc == 0, (args, rc, err))
    return [r for r in lines(out) if "source" in r]


def subs(frame):
    return [d.get("sub") for d in frame["detections"]]


def near(a, b, by=1e-5):
    return a["name"] == b["name"] and abs(a["conf"] - b["conf"]) <= by


def equals_classify():
    """Low thresholds: many boxes, at the edges of the picture too."""
    ways = [frames(*SOME, *WITH, "--conf", "0.05", *more)
            for more in ([], ["--classify-batch", "3"], ["--batch", "3"], ["--threads", "1"])]
    most = 0
    for i, path in enumerate(SOME):
        found = ways[0][i]["detections"]
        most = max(most, len(found))
        pieces = [cut(path, d["box"], f"cut{k:03d}.png") for k, d in enumerate(found)]
        rc, out, err = classify(*pieces, "--top-k", "1", "--json", "-", "-q")
        check(rc == 0 and None not in pieces, (rc, err))
        alone = [f["classes"][0] for f in json.loads(out)["frames"]]
        for k, (d, want) in enumerate(zip(found, alone)):
            check(near(d["sub"], want), (path, k, d, want))
        for way in ways[1:]:
            check(all(near(a, b) for a, b in zip(subs(way[i]), subs(ways[0][i]))) and
                  len(way[i]["detections"]) == len(found), (path, "another batch"))
        check(ways[0][i]["ms"]["classify"] > 0, ways[0][i]["ms"])
    check(most > 8, f"{most} detections fit one batch")


def selections():
    whole = frames(PICTURES[0], *WITH)[0]["detections"]
    dogs = frames(PICTURES[0], *WITH, "--classify-classes", "dog")[0]["detections"]
    check(len(whole) == len(dogs) > 1, whole)
    for a, b in zip(whole, dogs):
        check(("sub" in b) == (b["name"] == "dog"), b)
        check("sub" not in b or near(a["sub"], b["sub"]), (a, b))
    sides = sorted(min(d["box"][2] - d["box"][0], d["box"][3] - d["box"][1]) for d in whole)
    least = int(sides[0]) + 3
    for d in frames(PICTURES[0], *WITH, "--classify-min", str(least))[0]["detections"]:
        small = min(d["box"][2] - d["box"][0], d["box"][3] - d["box"][1]) < least - 2
        check(("sub" not in d) == small, (least, d))
    nothing = frames(PICTURES[0], *WITH, "--conf", "0.999")
    check(nothing[0]["detections"] == [] and len(nothing) == 1, nothing)
    check(all("sub" not in d for d in frames(PICTURES[0])[0]["detections"]), "without the flag")


def outputs():
    want = frames(PICTURES[0], *WITH)[0]["detections"]
    rc, out, err = detect(PICTURES[0], *WITH, "--csv", "-", "-q")
    rows = list(csv.DictReader(io.StringIO(out)))
    check(rc == 0 and [r["sub_name"] for r in rows] == [d["sub"]["name"] for d in want], out)
    check(all(near(d["sub"], {"name": r["sub_name"], "conf": float(r["sub_conf"])}, 1e-6)
              for r, d in zip(rows, want)), out)
    rc, out, err = detect(PICTURES[0], *WITH, "--classify-classes", "car", "--csv", "-", "-q")
    check(sum(bool(r["sub_name"]) for r in csv.DictReader(io.StringIO(out))) == 1, out)
    check("sub_name" not in detect(PICTURES[0], "--csv", "-", "-q")[1], "a column for nothing")
    rc, out, err = detect(PICTURES[0], *WITH)
    for d in want:
        check(f"]  {d['sub']['name']} {d['sub']['conf']:.2f}\n" in out, (d, out))
    rc, out, err = detect(PICTURES[0], *WITH, "--jsonl", "-", "-q")
    head = lines(out)[0]
    check(head["classifier"] == "cifar.gdw" and len(head["classifier_sha256"]) == 64, head)
    check(list(want[0]["sub"]) == ["name", "conf"], want[0])
    for name, more in (("plain.png", []), ("subs.png", WITH)):
        rc, out, err = detect(PICTURES[0], *more, "-o", name, "-q")
        check(rc == 0, err)
    a, b = (Image.open(n).convert("RGB") for n in ("plain.png", "subs.png"))
    check(a.size == b.size and a.tobytes() != b.tobytes(), "the label is not drawn")
    rc, out, err = detect(PICTURES[0], *WITH, "--save-crops", "crops", "-q")
    check(rc == 0 and len(os.listdir("crops")) == len(want), os.listdir("crops"))


def refused():
    for args, code, words in (
            (["--classify", "nano.gdw"], 4, "is a model for 'detect'"),
            (["--classify", "none.gdw"], 4, "none.gdw"),
            (["--classify", PICTURES[0]], 4, "dog.jpg"),
            (["--classify-min", "8"], 2, "--classify-min needs --classify"),
            (["--classify-classes", "dog"], 2, "--classify-classes needs --classify"),
            (["--classify-batch", "8"], 2, "--classify-batch needs --classify"),
            ([*WITH, "--classify-classes", "dgo"], 2, "did you mean 'dog'?"),
            ([*WITH, "--classify-min", "0"], 2, "--classify-min"),
            ([*WITH, "--classify-batch", "-1"], 2, "--classify-batch"),
            ([*WITH, "--json", "cifar.gdw"], 2, "is the model")):
        rc, out, err = detect(PICTURES[0], *args)
        check(rc == code and words in err, (args, rc, err))
    rc, out, err = run("classify", "-m", "cifar.gdw", PICTURES[0], *WITH)
    check(rc == 2, (rc, err))


main(equals_classify, selections, outputs, refused)
