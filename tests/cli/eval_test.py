# eval_test.py -- gdrun eval: figures that are known, every form of report, every exit code.
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_cli import ASAN, CLEAN, DATA, GDRUN, PICTURES, check, main, many_pictures, run  # noqa: E402

DEV = f"{DATA}/coco-mini/dev"
GOLD = f"{DATA}/golden/yolox_nano.conf0.001-nms0.65.dev.json.gz"
TRUTH = ["--data", f"{DEV}/instances.json"]


def judge(*args, **kw):
    return run("eval", *args, **kw)


def need():
    """gold.json: what the original made of the 40 pictures; the 12 numbers that pycocotools gives it."""
    if not os.path.exists("gold.json"):
        with gzip.open(GOLD) as f, open("gold.json", "wb") as out:
            shutil.copyfileobj(f, out)
    metrics = json.load(open(f"{DATA}/golden/metrics.dev.json"))
    return list(metrics["yolox_nano.conf0.001-nms0.65.json.gz"]["metrics"].values())


def small_set(n=3):
    """A data set of the first n pictures: small.json."""
    d = json.load(open(f"{DEV}/instances.json"))
    d["images"] = sorted(d["images"], key=lambda i: i["id"])[:n]
    ids = {i["id"] for i in d["images"]}
    d["annotations"] = [a for a in d["annotations"] if a["image_id"] in ids]
    json.dump(d, open("small.json", "w"))
    return d


def detections():
    """A results file gives the numbers recorded with it; every form of report tells the same."""
    want = need()
    rc, out, err = judge("--detections", "gold.json", *TRUTH, "-o", "rep", "--json", "one.json")
    check(rc == 0 and "warning" not in err, f"{rc} {err}")
    got = json.load(open("one.json"))
    check(max(abs(a - b) for a, b in zip(got["coco"].values(), want)) < 1e-6 and len(got["coco"]) == 12, got["coco"])
    check(got["objects"] == 290 and got["detections"] == 6917 and got["pictures"] == 40, "counts")
    check("| AP | 0.343 | 0.536 | 0.364 | 0.156 | 0.367 | 0.565 |" in out and "| person | 44 | 0.411 |" in out, out)
    check(open("rep/report.md").read().split("\n", 1)[1] == out.split("\n", 1)[1], "report.md is the table")
    check({**json.load(open("rep/report.json")), "date": 0} == {**got, "date": 0}, "report.json is --json")
    n = len(got["classes"])
    check(n == 80 and [len(r) for r in got["confusion"]] == [81] * 81, "confusion")
    for k, c in enumerate(got["classes"]):
        check(sum(got["confusion"][k]) == c["objects"], f"{c['name']}: objects in the table")
        check((c["AP"] is None) == (c["objects"] == 0), c["name"])
    best = got["best"]
    check(best["found"] + best["missed"] == 290 and abs(best["precision"] - best["found"] / (best["found"]
          + best["false"])) < 1e-9, best)
    worst = got["worst"]
    totals = [w["missed"] + w["false"] for w in worst]
    check(len(worst) == 10 and totals == sorted(totals, reverse=True), totals)
    check(all(len(w["misses"]) == w["missed"] + w["false"] for w in worst), "misses")
    from PIL import Image
    for name in ("pr_curve", "f1_curve", "scores", "confusion"):
        with Image.open(f"rep/{name}.png") as im:
            check(im.width >= 960 and len(im.getcolors(1 << 20)) > 8, f"{name}: {im.size}")
    rc, out, err = judge("--detections", "gold.json", *TRUTH, "-o", "r.md", "--worst", "0", "-q")
    check(rc == 0 and "worst pictures" not in out and open("r.md").read() == out, err)
    rc, out, err = judge("--detections", "gold.json", *TRUTH, "--json", "-", "--worst=1000")
    check(rc == 0 and 10 < len(json.loads(out)["worst"]) <= 40, err)
    # The other forms: names for ids, keys that nobody asked for.
    d = json.load(open(f"{DEV}/instances.json"))
    image = {i["id"]: i["file_name"] for i in d["images"]}
    cat = {c["id"]: c["name"] for c in d["categories"]}
    other = [{"segmentation": [[1, 2, 3]], "image_id": image[r["image_id"]][:-4 if k % 2 else None],
              "category_id": cat[r["category_id"]], "bbox": r["bbox"], "score": r["score"], "x": {"score": None}}
             for k, r in enumerate(json.load(open("gold.json")))]
    json.dump(other, open("named.json", "w"))
    rc, out, err = judge("--detections", "named.json", *TRUTH, "--json", "-")
    check(rc == 0 and json.loads(out)["coco"] == got["coco"], err)


def model():
    """The real model gives the golden AP; what it found can be judged again."""
    want = need()
    args = ["-m", "nano.gdw", "--device", "cpu"]
    if ASAN:
        small_set()
        args += ["--data", "small.json", "--images", f"{DEV}/images"]
    else:
        args += [*TRUTH]  # the pictures are beside the annotations
    rc, out, err = judge(*args, "--json", "m.json", "--coco", "found.json", "--batch", "2")
    check(rc == 0, f"{rc} {err}")
    got = json.load(open("m.json"))
    check(ASAN or max(abs(a - b) for a, b in zip(got["coco"].values(), want)) < 0.001, got["coco"])
    check(got["conf"] == 0.001 and abs(got["iou"] - 0.65) < 1e-6 and got["batch"] == 2, "recipe")
    check(got["ms"]["infer"]["n"] == got["pictures"] == got["ms"]["decode"]["n"] and got["img_per_s"] > 0, "times")
    check(got["architecture"] == "yolox_nano" and "| infer |" in out, out)
    rc, out, err = judge("--detections", "found.json", *(args[4:]), "--json", "-")
    check(rc == 0 and json.loads(out)["coco"] == got["coco"], f"judged again: {err}")
    small_set()
    rc, out, err = judge("-m", "nano.gdw", "--data", "small.json", "--images", f"{DEV}/images", "--conf", "0.3",
                         "--max-det", "5", "--json", "-")
    few = json.loads(out)
    check(rc == 0 and few["conf"] == 0.3 and few["detections"] <= 15, f"--conf, --max-det: {err}")


def perfect(found, *args):
    json.dump(found, open("perfect.json", "w"))
    rc, out, err = judge("--detections", "perfect.json", *args, "--json", "-")
    check(rc == 0, f"{args}: {rc} {err}")
    return json.loads(out) if rc == 0 else {"coco": {}, "voc": {}}


def formats():
    """VOC folders and YOLO's data.yaml are judged too: the truth as detections is perfect."""
    import xml.etree.ElementTree as tree
    if os.path.isdir(f"{DATA}/bccd/Annotations"):
        names = open(f"{DATA}/bccd/ImageSets/Main/val.txt").read().split()
        found = []
        for name in names:
            for o in tree.parse(f"{DATA}/bccd/Annotations/{name}.xml").findall("object"):
                x1, y1, x2, y2 = (float(o.find("bndbox/" + k).text) for k in ("xmin", "ymin", "xmax", "ymax"))
                if x2 > x1 and y2 > y1:
                    found.append({"image_id": name, "category_id": o.find("name").text, "score": 0.5,
                                  "bbox": [x1 - 1, y1 - 1, x2 - x1 + 1, y2 - y1 + 1]})
        got = perfect(found, "--data", f"{DATA}/bccd")
        check(got["coco"].get("AP50", 0) > 0.99 and got["voc"].get("mAP", 0) > 0.99 and got["split"] == "val"
              and got["format"] == "voc", (got["coco"], got["voc"]))
        got = perfect(found[:100], "--data", f"{DATA}/bccd", "--split", "val")
        check(0 < got["voc"].get("mAP", 0) < 0.5, got["voc"])
    from PIL import Image
    os.makedirs("y/images/val"), os.makedirs("y/labels/val")
    for name in "ab":
        Image.new("RGB", (200, 100)).save(f"y/images/val/{name}.png")
        open(f"y/labels/val/{name}.txt", "w").write("0 0.5 0.5 0.2 0.4\n1 0.25 0.5 0.1 0.2\n")
    open("y/data.yaml", "w").write("path: .\nval: images/val\ntrain: images/val\nnames: [cat, dog]\n")
    boxes = {"cat": [80, 30, 40, 40], "dog": [40, 40, 20, 20]}
    got = perfect([{"image_id": n, "category_id": c, "bbox": b, "score": 0.9} for n in "ab" for c, b in boxes.items()],
                  "--data", "y/data.yaml")
    check(got["coco"].get("AP", 0) > 0.999 and got["format"] == "yolo" and got["best"]["f1"] == 1, got["coco"])


def classes():
    """A classifier on a folder a class: top-1 and top-5 counted from what classify says."""
    from PIL import Image, ImageOps
    names = ["airplane", "cat", "truck"]
    pictures = []
    for k, name in enumerate(names):
        os.makedirs(f"set/val/{name}")
        for i in range(4):
            im = ImageOps.mirror(Image.open(PICTURES[(k + i) % 5])) if i % 2 else Image.open(PICTURES[(k + 2 * i) % 5])
            im.resize((32 + i, 32)).save(f"set/val/{name}/{i}.png")
            pictures.append((name, f"set/val/{name}/{i}.png"))
    rc, out, err = run("classify", "-m", "cifar.gdw", *[p for _, p in pictures], "--jsonl", "-")
    told = [[c["name"] for c in json.loads(t)["classes"]] for t in out.splitlines()[1:-1]]
    top1 = sum(n == t[0] for (n, _), t in zip(pictures, told)) / len(pictures)
    top5 = sum(n in t[:5] for (n, _), t in zip(pictures, told)) / len(pictures)
    rc, out, err = judge("-m", "cifar.gdw", "--data", "set", "-o", "crep", "--batch", "4", "--gate", "0")
    got = json.load(open("crep/report.json"))
    check(rc == 0 and abs(got["top1"] - top1) < 1e-9 and abs(got["top5"] - top5) < 1e-9, f"{rc} {got['top1']} {err}")
    check(0 < got["top5"] < 1 and f"| {top1:.4f} | {top5:.4f} | 12 |" in out, out)
    check([sum(r) for r in got["confusion"]] == [4, 4, 4, 0], "counts")
    check(len(got["mistakes"]) == round(12 * (1 - top1)), "mistakes")
    for k, n in enumerate(names):
        of = [t for (m, _), t in zip(pictures, told) if m == n]
        check(abs(got["classes"][k]["top5"] - sum(n in t[:5] for t in of) / 4) < 1e-9, n)
    check(os.path.exists("crep/confusion.png") and not os.path.exists("crep/pr_curve.png"), "charts")
    rc, out, err = judge("-m", "cifar.gdw", "--data", "set", "--gate", "0.9999")
    check(rc == 7 and "error[E702]" in err and "| surest mistakes |" in out, f"gate: {rc} {err}")


def maps():
    """A segmenter against its own maps with some pixels changed: mIoU as counted here."""
    from gd_seg import Image, make, np
    make()
    rc, out, err = run("segment", "-m", "seg.gdw", "a.jpg", "b.png", "--masks", "own")
    palette = Image.open("own/a.png").getpalette()
    os.mkdir("truth"), os.mkdir("seen")
    count, rng = np.zeros((21, 21), int), np.random.RandomState(3)
    for name, source in (("a", "a.jpg"), ("b", "b.png")):
        found = np.array(Image.open(f"own/{name}.png"))
        truth = np.where(rng.rand(*found.shape) < 0.3, rng.randint(0, 21, found.shape), found).astype(np.uint8)
        truth[:9] = 255
        im = Image.fromarray(truth, mode="L")
        if name == "a":
            im = Image.fromarray(truth, mode="P")
            im.putpalette(palette)
        im.save(f"truth/{name}.png")
        shutil.copy(source, f"seen/{source}")
        np.add.at(count, (truth[9:].ravel(), found[9:].ravel()), 1)
    hit, union = np.diag(count), count.sum(0) + count.sum(1) - np.diag(count)
    miou, accuracy = (hit[union > 0] / union[union > 0]).mean(), hit.sum() / count.sum()
    rc, out, err = judge("-m", "seg.gdw", "--data", "truth", "--images", "seen", "--json", "-", "-o", "srep")
    got = json.loads(out) if rc == 0 else {}
    check(rc == 0 and abs(got["mIoU"] - miou) < 1e-9 and abs(got["pixel_accuracy"] - accuracy) < 1e-9
          and got["void_pixels"] == 9 * (150 + 90) and 0.5 < accuracy < 0.9,
          f"{rc} {miou} {accuracy} {out[:600]} {err}")
    check(np.array_equal(np.array(got["confusion"])[:21, :21], count), "confusion")
    check(f"| {miou:.3f} | {accuracy:.3f} |" in open("srep/report.md").read(), "report.md")
    os.makedirs("voc/ImageSets/Segmentation")  # the layout of Pascal VOC
    shutil.copytree("truth", "voc/SegmentationClass"), shutil.copytree("seen", "voc/JPEGImages")
    open("voc/ImageSets/Segmentation/val.txt", "w").write("a\n")
    rc, out, err = judge("-m", "seg.gdw", "--data", "voc", "--json", "-")
    check(rc == 0 and json.loads(out)["pictures"] == 1 and json.loads(out)["split"] == "val", f"{rc} {err}")
    for data, code, word in ((["voc", "--split", "none"], 8, "E804"), (["truth"], 8, "E802"),
                             (["truth", "--images", "own"], 8, "E835"), (["seen", "--images", "seen"], 8, "E835")):
        if data[0] == "seen":
            os.remove("seen/a.jpg")
        if data[-1] == "own":  # the pictures are maps themselves, but of the other one's size
            shutil.copy("own/b.png", "own/a.png")
        rc, out, err = judge("-m", "seg.gdw", "--data", *data)
        check(rc == code and word in err, f"{data}: {rc} {err}")


def results_files():
    """What is wrong with a file of detections is told with its entry."""
    need()
    good = '{"image_id":139,"category_id":1,"bbox":[1,2,3,4],"score":0.5}'
    for text, word in (
            ("", "not valid JSON"), ("{}", "list of detections was expected"), ("[1]", "not an object"),
            ("3", "no list"),
            ("[[]]", "list, not an object"), (f"[{good},", "not valid JSON"), ('["a"]', "string, not an object"),
            (f"[{good},{{}}]", "entry 2: it has no image_id"), ("[null]", "null"),
            ('[{"image_id":139,"category_id":1,"bbox":[1,2,3],"score":1}]', "entry 1: its bbox has not four numbers"),
            ('[{"image_id":139,"category_id":1,"bbox":[1,2,3,4,5],"score":1}]', "four numbers"),
            ('[{"image_id":139,"category_id":1,"bbox":[1,2,-3,4],"score":1}]', "negative"),
            ('[{"image_id":139,"category_id":1,"bbox":"x","score":1}]', "string"),
            ('[{"image_id":139,"category_id":1,"bbox":[1,2,3,4]}]', "no score"),
            ('[{"image_id":139,"category_id":1,"bbox":[1,2,3,4],"score":1e999}]', "out of range"),
            ('[{"image_id":139,"category_id":1,"bbox":[1,2,3,4],"score":null}]', "null"),
            ('[{"image_id":1.5,"category_id":1,"bbox":[1,2,3,4],"score":1}]', "no whole number"),
            ('[{"image_id":1,"image_id":1}]', "twice"), ('[{"a":' + '[' * 40, "32 deep")):
        open("r.json", "w").write(text)
        rc, out, err = judge("--detections", "r.json", *TRUTH)
        check(rc == 3 and "error[E363]" in err and word in err and not out, f"{text[:60]}: {rc} {err}")
    other = good.replace("139", "7")
    open("r.json", "w").write(f"[{good},{other},{other}]")
    rc, out, err = judge("--detections", "r.json", *TRUTH)
    check(rc == 0 and "warning[W364]" in err and "2 of 3 detections are of pictures" in err and "(7)" in err, err)
    rc, out, err = judge("--detections", "r.json", *TRUTH, "--strict")
    check(rc == 3 and "error[E363]" in err, f"--strict: {rc} {err}")
    open("r.json", "w").write(f"[{other}]")
    check(judge("--detections", "r.json", *TRUTH)[0] == 3, "all of other pictures")
    open("r.json", "w").write("[]")
    rc, out, err = judge("--detections", "r.json", *TRUTH, "--json", "-")
    check(rc == 0 and json.loads(out)["coco"]["AP"] == 0, f"nothing found: {rc} {err}")


def exit_codes():
    need()
    gold = ["--detections", "gold.json"]
    for args, code, word in (
            ([], 2, "E207"), ([*TRUTH], 2, "E207"), ([*gold], 2, "E207"),
            (["-m", "nano.gdw", *gold, *TRUTH], 2, "E209"),
            ([*gold, *TRUTH, "x.jpg"], 2, "E200"), ([*gold, *TRUTH, "--gate", "2"], 2, "--gate"),
            ([*gold, *TRUTH, "--json", "gold.json", "-y"], 2, "E208"), ([*gold, *TRUTH, "--coco", "-"], 2, "E209"),
            (["--detections", "none.json", *TRUTH], 3, "none.json"), (["-m", "none.gdw", *TRUTH], 4, "none.gdw"),
            (["-m", "tiny.png", *TRUTH], 4, "tiny.png"), ([*gold, "--data", "none.json"], 8, "none.json"),
            ([*gold, "--data", "tiny.png"], 8, "tiny.png"), ([*gold, "--data", "gold.json"], 8, "gold.json"),
            (["-m", "nano.gdw", *TRUTH, "--device", "cuda:9"], 5, "E5"),
            ([*gold, *TRUTH, "-o", "/proc/none"], 9, "E952"),
            ([*gold, *TRUTH, "--json", "/nowhere/x.json"], 9, "/nowhere"),
            ([*gold, *TRUTH, "-o", "tiny.png/x.md"], 9, "tiny.png"), ([*gold, *TRUTH, "--gate", "0.5"], 7, "E702")):
        rc, out, err = judge(*args)
        check(rc == code and word in err and (not out or code == 7), f"{args}: {rc} {err}")
    small_set()
    small = ["-m", "nano.gdw", "--device", "cpu", "--data", "small.json", "--images"]
    rc, out, err = judge(*small, f"{DEV}/images", "--device-mem-cap", "2MiB")
    check(rc == 6 and "E600" in err, f"{rc} {err}")
    open("there.md", "w").write("mine")
    rc, out, err = judge(*gold, *TRUTH, "-o", "there.md")
    check(rc == 9 and open("there.md").read() == "mine", f"no -y: {rc} {err}")
    check(judge(*gold, *TRUTH, "-o", "there.md", "-y")[0] == 0 and open("there.md").read() != "mine", "-y")
    # One picture that is missing is counted, all of them are a failure, more than 1 % a bad data set.
    names = [i["file_name"] for i in small_set()["images"]]
    shutil.rmtree("some", ignore_errors=True)
    os.mkdir("some")
    for name in names[1:]:
        os.link(f"{DEV}/images/{name}", f"some/{name}") if not os.path.exists(f"some/{name}") else None
    rc, out, err = judge(*small, "some", "--json", "-")
    check(rc == 1 and json.loads(out)["failed"] == 1 and names[0] in err, f"one missing: {rc} {err}")
    os.remove(f"some/{names[1]}")
    rc, out, err = judge(*small, "some")
    check(rc == 8 and "2 of 3 pictures" in err and not out, f"two missing: {rc} {err}")
    d = small_set(1)
    rc, out, err = judge(*small, "some")
    check(rc == 3 and not out, f"the only one missing: {rc} {err}")
    # Classes and kinds that do not fit.
    for c in d["categories"]:
        c["name"], c["id"] = "thing " + c["name"], c["id"] + 500
    for a in d["annotations"]:
        a["category_id"] += 500
    json.dump(d, open("things.json", "w"))
    rc, out, err = judge("-m", "nano.gdw", "--data", "things.json", "--images", f"{DEV}/images")
    check(rc == 8 and "E832" in err and "thing person" in err, f"{rc} {err}")
    rc, out, err = judge("-m", "cifar.gdw", *TRUTH)
    check(rc == 8 and "E832" in err and "classify" in err, f"a classifier on boxes: {rc} {err}")
    with open("/dev/full", "w") as full:
        check(judge(*gold, *TRUTH, stdout=full)[0] == 9, "stdout is full")
    check(run("eval", "--help")[0] == 0 and "--detections" in run("eval", "--help")[1], "--help")
    check("830" not in run("help", "E830")[2] and run("help", "E702")[0] == 0, "help E702")


def sizes():
    """Labels made for the pixels as stored, or for those that are shown: the size tells which."""
    from PIL import Image
    im = Image.open(PICTURES[0]).resize((96, 64))
    exif = im.getexif()
    exif[0x0112] = 6  # shown turned: 64 x 96
    im.save("turned.jpg", exif=exif)
    for width, height, odd in ((96, 64, False), (64, 96, False), (50, 50, True)):
        json.dump({"images": [{"id": 1, "file_name": "turned.jpg", "width": width, "height": height}],
                   "annotations": [{"id": 0, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]}],
                   "categories": [{"id": 1, "name": "person"}]}, open("turned.json", "w"))
        rc, out, err = judge("-m", "nano.gdw", "--data", "turned.json", "--coco", f"t{width}.json", "-y")
        check(rc == 0 and ("warning[W834]" in err) == odd, f"{width} x {height}: {rc} {err}")
    check(open("t96.json").read() != open("t64.json").read() == open("t50.json").read(), "the same pixels")
    json.dump([{"image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "score": 1}], open("zero.json", "w"))
    rc, out, err = judge("--detections", "zero.json", "--data", "turned.json", "--json", "-")
    check(rc == 0 and json.loads(out)["coco"]["AP"] > 0.999, f"an annotation whose id is 0: {out[:300]} {err}")


def interrupted():
    """A signal ends the run between two pictures: no report of half a data set."""
    many_pictures("many", 400)
    json.dump({"images": [{"id": i, "file_name": f"{i:04d}.png", "width": 32, "height": 32} for i in range(400)],
               "annotations": [{"id": 1, "image_id": 0, "category_id": 1, "bbox": [1, 1, 9, 9], "area": 81,
                                "iscrowd": 0}],
               "categories": [{"id": 1, "name": "person"}]}, open("many.json", "w"))
    p = subprocess.Popen([GDRUN, "eval", "-m", "nano.gdw", "--data", "many.json", "--images", "many", "--device", "cpu",
                          "-o", "i.md", "--imgsz", "640"], env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(2)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=60)
    check(p.returncode == 130 and not out and not os.path.exists("i.md") and b"nothing is judged" in err,
          f"{p.returncode} {out} {err}")


main(detections, model, formats, classes, results_files, exit_codes, sizes, interrupted, maps)
