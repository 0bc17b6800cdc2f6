# detect_test.py -- detect and classify on real pictures with real weights: results, selections, sources.
import csv
import json
import os
import pty
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_cli import CLEAN, GDRUN, PICTURES, check, classify, detect, lines, main, many_pictures, run  # noqa: E402


def results():
    """Every output form holds the same detections; the golden classes are found."""
    rc, out, err = detect(*PICTURES, "--jsonl", "r.jsonl", "--json", "r.json", "--csv", "r.csv",
                          "--voc", "voc", "--yolo-txt", "txt", "--save-crops", "crops",
                          "-o", "drawn/")
    check(rc == 0 and out == "" and "device: cpu (auto" in err, f"all outputs: {rc} {err}")
    rows = lines(open("r.jsonl").read())
    check(rows[0]["type"] == "header" and rows[0]["recipe"]["rule"] == "letterbox" and
          len(rows[0]["sha256"]) == 64, f"header: {rows[0]}")
    check(rows[-1]["type"] == "summary" and rows[-1]["frames"] == 5, f"summary: {rows[-1]}")
    names = [sorted(d["name"] for d in r["detections"]) for r in rows[1:-1]]
    check(names[0] == ["bicycle", "car", "dog"] and names[1] == ["bird"] and
          names[4] == ["dog", "horse", "person"], f"names: {names}")
    dog = [d for d in rows[1]["detections"] if d["name"] == "dog"][0]
    check(dog["class_id"] == 16 and dog["category_id"] == 18, f"ids: {dog}")
    total = sum(map(len, names))
    check(len(list(csv.DictReader(open("r.csv")))) == total, "csv rows")
    check(sum(len(open(f"txt/{n}").readlines()) for n in os.listdir("txt") if n != "classes.txt") == total, "txt lines")
    check(len(os.listdir("voc")) == 5 and len(os.listdir("crops")) == total, "voc, crops")
    check(sorted(os.listdir("drawn")) == sorted(os.path.basename(p) for p in PICTURES), "drawn")
    check(all(open("drawn/dog.jpg", "rb").read(2) == b"\xff\xd8" for _ in "x"), "drawn is JPEG")
    rc, out, err = detect("--source", PICTURES[0], "--batch", "2", PICTURES[1])
    check(rc == 0 and "bird" in out and out.index("eagle") < out.index("bicycle"), f"list: {out}")
    rc, out, err = detect(*PICTURES, "--batch", "5", "--jsonl", "-", "-q")
    check([[d["box"] for d in r["detections"]] for r in lines(out)[1:-1]] ==
          [[d["box"] for d in r["detections"]] for r in rows[1:-1]], "a batch gives other boxes")


def selections():
    one = PICTURES[0]
    get = lambda *a: sorted(d["name"] for d in lines(detect(one, "--jsonl", "-", *a)[1])[1]["detections"])
    check(get("--classes", "dog,2") == ["car", "dog"], "--classes")
    check(get("--conf-class", "car=0.9,bicycle=0.9") == ["dog"], "--conf-class")
    check("truck" in get("--conf", "0.9", "--conf-class", "truck=0.05"), "--conf-class below --conf")
    check(get("--max-det", "1") == ["dog"], "--max-det")
    check(get("--conf", "1") == [], "--conf 1")
    rc, out, err = detect(one, "--conf", "0.99")
    check(rc == 0 and "no detections" in err and "best score seen: 0.8" in err and
          "threshold: --conf 0.99" in err and "try:  --conf 0." in err, f"hint block: {err}")
    rc, out, err = detect(one, "--classes", "zebra")
    check(rc == 0 and "filtered by --classes" in err, f"hint block: {err}")
    for fail_on, want in (("none", 0), ("any", 1), ("dog", 1), ("zebra", 0), ("16", 1)):
        check(detect(one, "-q", "--fail-on", fail_on)[0] == want, f"--fail-on {fail_on}")
    rc, out, err = detect(one, "--iou", "0.3", "--max-det", "7", "--imgsz", "320x416", "--agnostic-nms")
    check(rc == 0 and err.count("override of the model's recipe") == 4, f"overrides: {err}")
    rc, out, err = run("detect", "-m", "nano.gdw", "--print-config")
    check(rc == 0 and "iou: 0.65  # model file" in out and "conf: 0.5  # built-in" in out, out)
    rc, out, err = classify("tiny.png", "-k", "3", "--jsonl", "-")
    row = lines(out)[1]
    check(rc == 0 and len(row["classes"]) == 3, f"classify -k 3: {row}")


def sources():
    os.mkdir("folder")
    for i, p in enumerate(PICTURES[:3]):
        shutil.copy(p, f"folder/{i}.jpg")
    open("folder/notes.txt", "w").close()
    with open("list.txt", "w") as f:
        f.write("# two\nfolder/2.jpg\n\nfolder/0.jpg\r\n")
    seen = lambda *a, **k: [r["source"] for r in lines(detect("--jsonl", "-", *a, **k)[1])[1:-1]]
    check(seen("folder") == [f"folder/{i}.jpg" for i in range(3)], "folder")
    check(seen("folder/[12].jpg") == ["folder/1.jpg", "folder/2.jpg"], "pattern")
    check(seen("@list.txt") == ["folder/2.jpg", "folder/0.jpg"], "list")
    with open(PICTURES[1], "rb") as f:
        check(seen("-", stdin=f) == ["stdin"], "stdin")
    p = subprocess.run(["bash", "-c", f"cat '{PICTURES[1]}' | '{GDRUN}' detect -m nano.gdw - -q "
                        "--csv -"], stdout=subprocess.PIPE, env=CLEAN)
    check(p.returncode == 0 and b"bird" in p.stdout, "piped picture")
    check(run("detect", "-m", "nano", "-q", "--fail-on", "any", PICTURES[0],
              env={"GDRUN_MODEL_DIR": os.getcwd()})[0] == 1, "GDRUN_MODEL_DIR")


def info():
    """What is told about a model agrees with what is known of it."""
    rc, out, err = run("info", "nano.gdw")
    check(rc == 0 and "912159" in out and "person, bicycle" in out and "GFLOP" in out, f"info: {err}")
    check("person, bicycle" in out and "and 70 more" in out and "toothbrush" not in out, f"names: {out}")
    check("toothbrush" in run("info", "nano.gdw", "-v")[1], "names under -v")
    rc, out, err = run("info", "-m", "nano.gdw", "--json", "--layers")
    d = json.loads(out)
    w = d["workload"]
    check(d["parameters"] == 912159 and d["architecture"] == "yolox_nano" and d["task"] == "detect", d)
    check(d["classes"][79] == {"class_id": 79, "category_id": 90, "name": "toothbrush"}, "classes")
    check(len(d["layers"]) == w["layers"] and len(d["tensors"]) > 500, "layers, tensors")
    check(1.0 < w["gflop"] < 1.2, f"YOLOX-nano at 416 is 1.08 GFLOP: {w}")
    check(w["activation_bytes"] < w["unshared_bytes"], f"memory is not shared: {w}")
    big = json.loads(run("info", "nano.gdw", "--json", "--imgsz", "832", "--batch", "2")[1])["workload"]
    check(7.5 < big["gflop"] / w["gflop"] < 8.5, f"four times the pixels, twice: {big}")
    check(run("info", "cifar.gdw", "nano.gdw")[0] == 2 and run("info")[0] == 2, "info takes one model")


def progress():
    """Progress with an estimate on a terminal for lists, silence elsewhere."""
    def on_pty(*args):
        master, slave = pty.openpty()
        p = subprocess.Popen([GDRUN, "classify", "-m", "cifar.gdw"] + list(args), stderr=slave,
                             stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                             env=dict(CLEAN, TERM="xterm"))
        os.close(slave)
        text = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            text += piece
            if not piece:
                break
        os.close(master)
        return p.wait(), text
    many_pictures("list", 400)
    rc, text = on_pty("list")
    check(rc == 0 and b"/400" in text and b" left" in text and text.rstrip(b"\r").endswith(b"\x1b[K"),
          f"progress: {text[-200:]}")
    check(b"left" not in on_pty("tiny.png")[1], "progress for one picture")
    check(b"left" not in on_pty("list", "-q")[1], "progress under -q")
    check("left" not in classify("list")[2], "progress into a file")


def locales():
    """A9: the same numbers everywhere."""
    want = detect(PICTURES[1], "--csv", "-", "-q")[1]
    have = subprocess.run(["locale", "-a"], stdout=subprocess.PIPE).stdout.decode().split()
    for name in ["de_DE.UTF-8", "C", "nonsense"] + [n for n in have if n.startswith(("de", "fr", "tr"))]:
        env = {"LC_ALL": name, "LC_NUMERIC": name, "LANG": name, "TZ": ":/nonsense"}
        check(detect(PICTURES[1], "--csv", "-", "-q", env=env)[1] == want and "." in want, name)
    rc, out, err = detect(PICTURES[1], env={"OMP_NUM_THREADS": "1"})
    check("OMP_NUM_THREADS is not used" in err, "OMP_NUM_THREADS")


main(results, selections, sources, info, progress, locales)
