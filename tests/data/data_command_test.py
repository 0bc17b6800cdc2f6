# data_command_test.py -- gdrun data: check, stats, convert, split, annotate; outputs and exit codes.
import json
import os
import shutil
import sys
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))
from gd_cli import DATA, PICTURES, check, main, run  # noqa: E402


def data(*args, **kw):
    return run("data", *args, **kw)


def report(*args, code=0):
    rc, out, err = data(*args, "--json")
    check(rc == code, f"{args}: {rc} {err}")
    return json.loads(out)


def coco(path, boxes, pictures=("dog", "eagle"), sizes=((768, 576), (773, 512))):
    """boxes: (picture, x, y, w, h)."""
    with open(path, "w") as f:
        json.dump({"images": [{"id": i + 1, "file_name": f"{p}.jpg", "width": w, "height": h}
                              for i, (p, (w, h)) in enumerate(zip(pictures, sizes))],
                   "categories": [{"id": 18, "name": "dog"}, {"id": 16, "name": "bird & <co>"}],
                   "annotations": [{"id": i + 1, "image_id": b[0], "category_id": 18 - 2 * (i % 2),
                                    "bbox": list(b[1:]), "area": abs(b[3] * b[4]), "iscrowd": 0}
                                   for i, b in enumerate(boxes)]}, f)


def yolo_boxes(folder, split, name):
    with open(f"{folder}/labels/{split}/{name}.txt") as f:
        return [[float(v) for v in line.split()] for line in f]


def test_bccd():
    """The real case: 1-based boxes, two of them without area, three splits."""
    if not os.path.isdir(f"{DATA}/bccd"):
        print("skipped: bccd is not there")
        return
    parts = report("check", f"{DATA}/bccd")["parts"]
    check([p["split"] for p in parts] == ["train", "val", "test"], parts)
    check([p["pictures"] for p in parts] == [205, 87, 72], parts)
    check([p["labels"] for p in parts] == [2805, 1138, 945], parts)
    check([p["problems"] for p in parts] == [{"zero-area": 1}, {"zero-area": 1}, {}], parts)
    case = parts[0]["cases"][0]
    check(case["file"].endswith("BloodImage_00343.xml") and case["line"] > 1, case)
    check(not any(p["refused"] for p in parts), "refused")
    rc, out, err = data("check", f"{DATA}/bccd", "--no-decode", "--strict")
    check(rc == 8 and "REFUSED" in out, (rc, out[:300]))
    stats = report("stats", f"{DATA}/bccd", "--split", "test")["parts"][0]
    check({c["name"]: c["boxes"] for c in stats["classes"]} ==
          {"Platelets": 69, "RBC": 805, "WBC": 71}, stats["classes"])
    check(stats["small"] + stats["medium"] + stats["large"] == 945 and stats["wide"] == 72, stats)
    # VOC to YOLO to COCO to VOC: the boxes are the same, digit by digit.
    for to, source, out in (("yolo", f"{DATA}/bccd", "y"), ("coco", "y", "c"), ("voc", "c", "v")):
        rc, text, err = data("convert", source, "--to", to, "-o", out, "--split", "val")
        check(rc == 0 and text == "", f"{to}: {rc} {err}")
    with open("v/ImageSets/Main/val.txt") as f:
        names = f.read().split()
    check(len(names) == 87, names)
    side = lambda o: (o.find("name").text, *(o.find(f"bndbox/{k}").text
                                             for k in ("xmin", "ymin", "xmax", "ymax")))
    for n in names:
        was = [side(o) for o in ET.parse(f"{DATA}/bccd/Annotations/{n}.xml").iter("object")]
        now = [side(o) for o in ET.parse(f"v/Annotations/{n}.xml").iter("object")]
        check([w for w in was if w[1] != w[3]] == now, (n, was, now))
    check(os.path.islink(f"v/JPEGImages/{names[0]}.jpg"), "no link")
    check(report("check", "v", "--split", "val")["parts"][0]["problems"] == {}, "v")
    with open("c/annotations/instances_val.json") as f:
        c = json.load(f)
    check(len(c["annotations"]) == 1137 and len({a["id"] for a in c["annotations"]}) == 1137, "ids")


def test_check():
    os.makedirs("p/images", exist_ok=True)
    for n in ("dog", "eagle"):
        shutil.copy(f"{DATA}/images/{n}.jpg", "p/images")
    w, h = (768, 576)
    coco("p/instances.json", [(1, 10, 10, 50, 50), (2, 5, 5, 9, 9), (1, 700, 20, 100, 9),
                              (1, 10, 10, 0, 9), (2, 5, 5, -1, 9), (7, 1, 1, 2, 2),
                              (2, 5000, 5, 9, 9), (1, 10, 10, 50, 50)])
    parts = report("check", "p/instances.json", code=8)["parts"]
    check(parts[0]["problems"] == {"zero-area": 1, "negative-size": 1, "unknown-image": 1,
                                   "outside": 1, "sticks-out": 1}, parts[0]["problems"])
    check({c.get("annotation") for c in parts[0]["cases"]} == {3, 4, 5, 6, 7}, parts[0]["cases"])
    rc, out, err = data("check", "p/instances.json")
    check(rc == 8 and "REFUSED: 4 of 8 labels" in out and "annotation 4: dog.jpg:" in out, out)
    check("error[E801]" in err and "4 of 8 labels cannot be used" in err, err)
    # --fix writes what is good; it is a data set without problems.
    rc, out, err = data("check", "p", "--fix", "-o", "fixed")
    check(rc == 8 and "fixed: 2 pictures, 4 boxes, as coco" in err, (rc, err))
    parts = report("check", "fixed")["parts"]
    check(parts[0]["problems"] == {} and parts[0]["boxes"] == 4, parts)
    with open("fixed/annotations/instances_train.json") as f:
        boxes = [a["bbox"] for a in json.load(f)["annotations"]]
    check([700, 20, w - 700, 9] in boxes, boxes)
    rc, out, err = data("check", "p", "--fix")
    check(rc == 2 and "-o" in err, (rc, err))
    rc, out, err = data("check", "p", "--fix", "-o", "fixed")
    check(rc == 9, f"overwritten: {rc} {err}")
    # A picture that is damaged, one that is not there, one of another size, twins.
    with open(f"{DATA}/images/eagle.jpg", "rb") as f:
        bytes_ = f.read()
    with open("p/images/half.jpg", "wb") as f:
        f.write(bytes_[:len(bytes_) // 2])
    shutil.copy("p/images/dog.jpg", "p/images/twin.jpg")
    coco("p/instances.json", [(1, 10, 10, 50, 50)], ("dog", "twin", "half", "none", "eagle"),
         ((w, h), (w, h), (773, 512), (5, 5), (100, 100)))
    parts = report("check", "p", "--max-bad", "0.6")["parts"]
    check(parts[0]["problems"] == {"bad-picture": 1, "no-picture": 1, "other-size": 1,
                                   "same-picture": 1, "class-unused": 1}, parts[0]["problems"])
    check(report("check", "p", code=8)["parts"][0]["refused"], "not refused")
    rc, out, err = data("check", "p", "--max-bad", "0.6", "--fix", "-o", "fixed2")
    check(rc == 0 and "2 pictures" in err, (rc, err))


def test_overlap():
    for split in ("train", "val"):
        os.makedirs(f"f/{split}/dog", exist_ok=True)
        shutil.copy(f"{DATA}/images/dog.jpg", f"f/{split}/dog/{split}.jpg")
    shutil.copy(f"{DATA}/images/eagle.jpg", "f/val/dog/other.jpg")
    parts = report("check", "f")["parts"]
    check(parts[0]["problems"] == {} and parts[1]["problems"] == {"overlap": 1}, parts)
    check("train.jpg of split train" in parts[1]["cases"][0]["reason"], parts[1]["cases"])
    rc, out, err = data("convert", "f", "--to", "coco", "-o", "no.json", "--split", "val")
    check(rc == 2, (rc, err))


def test_split():
    os.makedirs("s/images", exist_ok=True)
    names = [f"{i:02d}" for i in range(20)]
    for n in names:
        shutil.copy("tiny.png", f"s/images/{n}.jpg")
    coco("s/instances.json", [], names, ((32, 32),) * 20)
    for a in ("a", "b", "other"):
        rc, out, err = data("split", "s", "-o", a, "--to", "yolo", "--parts",
                            "train=0.7,val=0.2,test=0.1", "--seed", "3" if a != "other" else "4")
        check(rc == 0, (rc, err))
    got = {a: {s: sorted(os.listdir(f"{a}/images/{s}")) for s in ("train", "val", "test")}
           for a in ("a", "b", "other")}
    check([len(got["a"][s]) for s in ("train", "val", "test")] == [14, 4, 2], got["a"])
    check(sorted(sum(got["a"].values(), [])) == [f"{n}.jpg" for n in names], got["a"])
    check(got["a"] == got["b"] and got["a"] != got["other"], "seeds")
    with open("a/data.yaml") as f:
        text = f.read()
    check("val: images/val" in text and '0: "bird & <co>"' in text, text)
    for bad in ("train=0.5", "train", "a/b=1", "x=-1,y=2"):
        rc, out, err = data("split", "s", "-o", "z", "--parts", bad)
        check(rc == 2 and not os.path.exists("z"), (bad, rc, err))


def test_annotate():
    rc, out, err = data("annotate", "-m", "nano.gdw", *PICTURES[:2], "--to", "yolo", "-o", "found",
                        "--device", "cpu", "--conf", "0.4")
    check(rc == 0 and "found: 2 pictures" in err, (rc, err))
    rc, out, err = run("detect", "-m", "nano.gdw", PICTURES[0], "--conf", "0.4", "--json", "-",
                       "--device", "cpu")
    want = json.loads(out)["frames"][0]
    rows = yolo_boxes("found", "train", "dog")
    check(len(rows) == len(want["detections"]) > 0, (rows, want))
    for row, d in zip(rows, want["detections"]):
        x1, y1, x2, y2 = (max(v, 0) for v in d["box"])
        x2, y2 = min(x2, want["width"]), min(y2, want["height"])
        check(row[0] == d["class_id"] and abs(row[1] - (x1 + x2) / 2 / want["width"]) < 1e-5
              and abs(row[4] - (y2 - y1) / want["height"]) < 1e-5, (row, d))
    check(report("check", "found")["parts"][0]["problems"].keys() <= {"class-unused"}, "found")
    rc, out, err = data("annotate", "-m", "nano.gdw", PICTURES[0], "none.jpg", "-o", "found2",
                        "--device", "cpu")
    check(rc == 1 and os.path.exists("found2/annotations/instances_train.json"), (rc, err))
    rc, out, err = data("annotate", "-m", "cifar.gdw", PICTURES[0], "-o", "found3")
    check(rc == 2, (rc, err))
    rc, out, err = data("annotate", PICTURES[0], "-o", "found3")
    check(rc == 2 and "-m" in err, (rc, err))


def test_paths():
    """Spaces, line breaks and long names work; what leads out of the folder is refused."""
    os.makedirs("t/images/a b", exist_ok=True)
    odd = "a b/ü\nx.jpg"
    shutil.copy(f"{DATA}/images/dog.jpg", f"t/images/{odd}")
    coco("t/instances.json", [(1, 10, 10, 50, 50)], (odd[:-4],), ((768, 576),))
    parts = report("check", "t")["parts"]
    check(parts[0]["problems"] == {"class-unused": 1}, parts)
    rc, out, err = data("convert", "t", "--to", "yolo", "-o", "u")
    check(rc == 0 and yolo_boxes("u", "train", odd[:-4])[0][0] == 1, (rc, err))
    for name in ("../images/a b/x", "/etc/passwd", "a" * 5000):
        coco("t/instances.json", [], (name,), ((768, 576),))
        rc, out, err = data("check", "t", "--no-decode")
        check(rc == 8 and "bad-path" in out, (name[:20], rc, out))
    os.symlink("loop.jpg", "t/images/loop.jpg")
    coco("t/instances.json", [], ("loop",), ((768, 576),))
    rc, out, err = data("check", "t")
    check(rc == 8 and "no-picture" in out, (rc, out))


def test_refused():
    for args, code in ((("data",), 2), (("data", "look", "p"), 2), (("data", "check"), 2),
                       (("data", "check", "none"), 8), (("data", "check", "p", "--split", "x"), 8),
                       (("data", "check", f"{DATA}/images/dog.jpg"), 8),
                       (("data", "convert", "p"), 2), (("data", "convert", "p", "--to", "yolo"), 2),
                       (("data", "convert", "p", "--to", "voc", "-o", "x.json"), 2),
                       (("data", "stats", "nano.gdw"), 8)):
        rc, out, err = run(*args)
        check(rc == code and err.startswith("gdrun: error"), (args, rc, err))
    with open("bad.json", "w") as f:
        f.write('{"images":[')
    rc, out, err = data("stats", "bad.json")
    check(rc == 8 and "bad.json" in err, (rc, err))


main(test_bccd, test_check, test_overlap, test_split, test_annotate, test_paths, test_refused)
