# segment_test.py -- gdrun segment: maps, overlays, backgrounds, shares, and every exit code it can end with.
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_cli import CLEAN, GDCONVERT, GDRUN, PICTURES, check, lines, main, run  # noqa: E402
from gd_seg import Image, make, np, torch  # noqa: E402


def segment(*args, **kw):
    return run("segment", "-m", "seg.gdw", *args, **kw)


def maps():
    """Indices, their palette, counts and shares all tell the same."""
    make()
    rc, out, err = segment("a.jpg", "b.png", "--masks", "m", "--jsonl", "r.jsonl", "--csv", "-")
    check(rc == 0 and "warning" not in err, f"segment: {rc} {err}")
    rows = lines(open("r.jsonl").read())
    check(rows[0]["type"] == "header" and rows[-1]["type"] == "summary", rows)
    table = [t.split(",") for t in out.splitlines()]
    check(table[0] == "source,frame,pts,width,height,place,class_id,category_id,name,pixels,share".split(","), table[0])
    for row, name in zip(rows[1:3], ("a.jpg", "b.png")):
        with Image.open(f"m/{name[0]}.png") as im:
            found, palette = np.array(im), im.getpalette()
            check(im.mode == "P" and im.size == (row["width"], row["height"]), f"{name}: {im.mode} {im.size}")
        check(palette[:12] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0], palette[:12])
        want = {int(c): int((found == c).sum()) for c in np.unique(found)}
        check(len(want) > 2, f"{name}: only classes {want}")
        check({s["class_id"]: s["pixels"] for s in row["segments"]} == want, f"{row} {want}")
        check(abs(sum(s["share"] for s in row["segments"]) - 1) < 1e-4, row)
        shares = [s["pixels"] for s in row["segments"]]
        check(shares == sorted(shares, reverse=True), shares)
        check([[t[6], t[9]] for t in table if t[0] == name] ==
              [[str(s["class_id"]), str(s["pixels"])] for s in row["segments"]], table)
    check(rows[-1]["frames"] == 2 and sum(c["count"] for c in rows[-1]["classes"]) == 150 * 110 + 90 * 121, rows[-1])
    rc, out, err = segment("a.jpg")
    check(rc == 0 and out.startswith("a.jpg: ") and "classes (150x110" in out and " %\n" in out, out)
    rc, out, err = segment("a.jpg", "--json", "-", "--batch", "2", "a.jpg")
    frames = json.loads(out)["frames"]
    check(rc == 0 and frames[0]["segments"] == frames[1]["segments"] == rows[1]["segments"], "a batch differs")
    rc, out, err = segment("a.jpg", "--masks", "s", "--smooth", "4")
    with Image.open("m/a.png") as a, Image.open("s/a.png") as b:
        a, b = np.array(a), np.array(b)
    edges = lambda v: int((v[1:] != v[:-1]).sum() + (v[:, 1:] != v[:, :-1]).sum())
    check(rc == 0 and 0 < edges(b) < edges(a), f"smooth: {edges(a)} to {edges(b)} edges")


def pictures():
    """Overlays and backgrounds, pixel by pixel."""
    make()
    segment("a.jpg", "--masks", "m", "-q")
    with Image.open("a.jpg") as im:
        picture = np.array(im).astype(int)
    with Image.open("m/a.png") as im:
        found, palette = np.array(im), np.array(im.getpalette()).reshape(-1, 3)
    rc, out, err = segment("a.jpg", "-o", "o.png", "--no-labels", "--opacity", "1")
    over = np.array(Image.open("o.png")).astype(int)
    want = np.where((found == 0)[..., None], picture, palette[found])
    check(rc == 0 and abs(over - want).max() <= 8, f"overlay: {rc} {err} {abs(over - want).max()}")
    rc, out, err = segment("a.jpg", "-o", "l.png", "-y")
    check(rc == 0 and (np.array(Image.open("l.png")) != over).any(), f"labels: {rc} {err}")
    top = np.bincount(found.ravel(), minlength=21)
    first, second = (int(c) for c in top.argsort()[::-1][:2])
    kept = np.isin(found, (first, second))
    inside = kept.copy()
    for dy in (-2, -1, 0, 1, 2):
        for dx in (-2, -1, 0, 1, 2):
            inside &= np.roll(kept, (dy, dx), (0, 1))
    outside = ~kept
    for dy in (-2, -1, 0, 1, 2):
        for dx in (-2, -1, 0, 1, 2):
            outside &= ~np.roll(kept, (dy, dx), (0, 1))
    inside[:2] = inside[-2:] = outside[:2] = outside[-2:] = False
    inside[:, :2] = inside[:, -2:] = outside[:, :2] = outside[:, -2:] = False
    check(inside.any() and outside.any(), "the model's map is too simple")
    Image.new("RGB", (400, 30), (10, 200, 30)).save("back.png")
    for back, colour in (("#1e90ff", (30, 144, 255)), ("#f0a", (255, 0, 170)), ("white", (255, 255, 255)),
                         ("back.png", (10, 200, 30))):
        rc, out, err = segment("a.jpg", "-o", "k.png", "-y", "--background", back, "--keep", f"{first},{second}")
        got = np.array(Image.open("k.png")).astype(int)
        check(rc == 0 and abs(got - picture)[inside].max() <= 4, f"{back}: kept {rc} {err}")
        check((got[outside] == colour).all(), f"{back}: {got[outside][:3]}")
    rc, out, err = segment("a.jpg", "-o", "k.png", "-y", "--background", "blur:6", "--keep", f"{first},{second}")
    got = np.array(Image.open("k.png")).astype(int)
    check(rc == 0 and abs(got - picture)[inside].max() <= 4, f"blur: {rc} {err}")
    check(got[outside].std() < 0.98 * picture[outside].std(), "nothing is blurred")
    rc, out, err = segment("a.jpg", "-o", "k.png", "-y", "--background", "blur")
    check(rc == 0, f"person by default: {rc} {err}")
    rc, out, err = segment("a.jpg", "b.png", "-o", "many/", "--background", "black", "--keep", "0")
    check(rc == 0 and Image.open("many/b.png").size == (90, 121), f"folder: {rc} {err}")


def codes():
    """2, 3, 4, 5, 6, 7, 9, 1 and 130."""
    make()
    for args, word in ((["a.jpg", "--keep", "person"], "--background"), (["a.jpg", "--background", "blur"], "-o"),
                       (["a.jpg", "-o", "x.png", "--background", "blur:0"], "0.5"),
                       (["a.jpg", "-o", "x.png", "--background", "#12345"], "colour"),
                       (["a.jpg", "-o", "x.png", "--background", "white", "--keep", "persom"], "person"),
                       (["a.jpg", "--smooth", "16"], "smooth"), (["a.jpg", "--opacity", "2"], "opacity"),
                       (["a.jpg", "--max-det", "3"], "max-det"), (["a.jpg", "--masks", "."], "folder"), ([], "")):
        rc, out, err = segment(*args)
        check(rc == 2 and word in err, f"{args}: {rc} {err}")
    for args in (["none.jpg"], ["a.jpg", "-o", "x.png", "--background", "none.png"],
                 ["a.jpg", "-o", "x.png", "--background", "wite"]):
        rc, out, err = segment(*args)
        check(rc == 3, f"{args}: {rc} {err}")
    check("wite" in err and "white" in err, err)
    rc, out, err = run("segment", "-m", "cifar.gdw", "a.jpg")
    check(rc == 4 and "gdrun classify" in err, err)
    rc, out, err = run("detect", "-m", "seg.gdw", "a.jpg")
    check(rc == 4 and "gdrun segment" in err, err)
    rc, out, err = run("detect", "-m", "nano.gdw", "a.jpg", "--classify", "seg.gdw")
    check(rc == 4, f"a segmenter as a classifier: {rc} {err}")
    rc, out, err = segment("a.jpg", "--device", "cuda:9")
    check(rc == 5, f"{rc} {err}")
    rc, out, err = segment("a.jpg", "--device", "cpu", "--device-mem-cap", "1MiB")
    check(rc == 6 and "E600" in err, f"{rc} {err}")
    state = torch.load("seg.pth")
    state["classifier.classifier.3.bias"][3] = float("nan")
    torch.save(state, "nan.pth")
    subprocess.run([GDCONVERT, "nan.pth", "-o", "nan.gdw", "--arch", "deeplabv3plus_resnet50"], env=CLEAN,
                   stderr=subprocess.DEVNULL)
    rc, out, err = run("segment", "-m", "nan.gdw", "a.jpg", "--check-numerics", "--imgsz", "96")
    check(rc == 7, f"NaN: {rc} {err}")
    rc, out, err = segment("a.jpg", "--masks", "/proc/none")
    check(rc == 9, f"{rc} {err}")
    rc, out, err = segment("a.jpg", "none.jpg", "--jsonl", "-")
    check(rc == 1 and lines(out)[-1]["failed"] == 1, f"{rc} {err}")
    p = subprocess.Popen([GDRUN, "segment", "-m", "seg.gdw"] + ["a.jpg"] * 400 + ["--jsonl", "i.jsonl"], env=CLEAN,
                         stderr=subprocess.PIPE)
    time.sleep(1.5)
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=60)
    check(p.returncode == 130 and lines(open("i.jsonl").read())[-1].get("interrupted") == "SIGINT", p.returncode)


def other_commands():
    """info, bench and doctor know a segmenter by its tables alone."""
    make()
    rc, out, err = run("info", "-m", "seg.gdw", "--json")
    card = json.loads(out)
    check(rc == 0 and card["task"] == "segment", f"info: {rc} {err}")
    rc, out, err = run("info", "seg.gdw", "--layers")
    check(rc == 0 and "arg_max" in out, f"info --layers: {rc} {err}")
    rc, out, err = run("bench", "seg.gdw", "a.jpg", "--iters", "2", "--warmup", "1", "--imgsz", "96", "-o", "json",
                       "--batch-sizes", "1", "--smooth", "1")
    check(rc == 0, f"bench: {rc} {err}")
    rc, out, err = run("doctor", "-m", "seg.gdw")
    check(rc == 0, f"doctor: {rc} {out} {err}")
    rc, out, err = run("help", "segment")
    check(rc == 0 and "--background" in out and "--masks" in out, out)


if __name__ == "__main__":
    main(maps, pictures, codes, other_commands)
