# formats_test.py -- files of every result format, read by parsers that are not ours.
"""Runs writer_test with GD_SAMPLES to write the sample run, and reads it back."""
import csv
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

BOXES = [(100.2, 150.0, 300.7, 399.5), (-5.5, 10.25, 20, 500), (700, 700, 800, 800)]
NAMES = ["person", 'traffic "light", <red> & co', "\ufffd\n"]


def near(a, b):
    return all(abs(x - y) < 1e-4 for x, y in zip(a, b)) and len(a) == len(b)


def check_frames(frames):
    good = [f for f in frames if f.get("type") is None]
    assert [f["source"] for f in good][:2] == ["a/000000000139.jpg", "b/12.png"]
    assert good[2]["source"] == 'x, "y" \ufffd\x1b[31m 7.jpg'
    assert [d["name"] for d in good[0]["detections"]] == NAMES
    assert all(near(d["box"], b) for d, b in zip(good[0]["detections"], BOXES))
    assert good[1]["detections"] == []
    assert [f["type"] for f in frames if "type" in f] == ["error"]


def check_xml(path):
    root = xml.parse(path).getroot()
    assert root.tag == "annotation"
    assert root.find("size/width").text == "640"
    return [(o.find("name").text, [int(v.text) for v in o.find("bndbox")])
            for o in root.findall("object")]


def check_comma_locale(build, top):
    """Numbers keep their point where the locale writes a comma (needs localedef's sources)."""
    have = shutil.which("localedef")
    made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", f"{top}/de_DE.UTF-8"],
                          capture_output=True, check=False) if have else None
    if not made or not os.path.isdir(f"{top}/de_DE.UTF-8"):
        print("no German locale can be made here: the comma is not tested")
        return
    run = subprocess.run([os.path.join(build, "buffer_test")], capture_output=True, text=True,
                         env={**os.environ, "LOCPATH": top}, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "no German locale" not in run.stdout, run.stdout


def main():
    build = os.environ.get("GD_BUILD", "build/ci")
    with tempfile.TemporaryDirectory() as top:
        check_comma_locale(build, top)
    with tempfile.TemporaryDirectory() as top:
        subprocess.run([os.path.join(build, "writer_test")], check=True,
                       env={**os.environ, "GD_SAMPLES": top})
        with open(f"{top}/jsonl", encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        assert lines[0]["type"] == "header" and lines[-1]["type"] == "summary"
        check_frames(lines[1:-1])
        with open(f"{top}/json", encoding="utf-8") as f:
            document = json.load(f)
        check_frames(document["frames"])
        assert document["summary"] == lines[-1]
        with open(f"{top}/csv", encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        assert [r["name"] for r in rows] == NAMES + ["person"]
        assert near([float(rows[1][k]) for k in ("x1", "y1", "x2", "y2")], BOXES[1])
        with open(f"{top}/coco", encoding="utf-8") as f:
            coco = json.load(f)
        assert [r["image_id"] for r in coco] == [139, 139, 139, 7]
        assert all(isinstance(r["score"], float) for r in coco)
        assert near(coco[0]["bbox"], (100.2, 150.0, 200.5, 249.5))
        objects = check_xml(f"{top}/voc/000000000139.xml")
        assert objects == [("person", [101, 151, 301, 400]), (NAMES[1], [1, 11, 20, 480])]
        assert check_xml(f"{top}/voc/12.xml") == []
        assert len(glob.glob(f"{top}/voc/*")) == 3
        with open(f"{top}/yolo/000000000139.txt", encoding="utf-8") as f:
            labels = [[float(v) for v in line.split()] for line in f]
        assert near(labels[1], (1, 10 / 640, 245.125 / 480, 20 / 640, 469.75 / 480))
        assert len(glob.glob(f"{top}/crops/*.jpg")) == 3
    print("8 formats read back")


if __name__ == "__main__":
    sys.exit(main())
