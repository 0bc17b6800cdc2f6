# report.py -- the tables of bench/results and README.md, made from the records: no figure is typed.
"""report.py [--check]: writes bench/results/NAME.md from each NAME.json and README.md's tables between
their markers. --check changes nothing and exits 7 where a table is not what its record says."""
import glob
import json
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
RESULTS = os.path.join(ROOT, "bench/results")


# What we want of a class of GPU beyond what we require: part of its name -> (model, precision, batch, ms);
# batch 0 is the time from the start of the process.
GOALS = {"H200": (("Faster R-CNN R50-FPN 800x1333", "fp16", 1, 2.0),
                  ("Faster R-CNN R50-FPN 800x1333", "fp16", 16, 28.0),
                  ("Faster R-CNN R50-FPN 800x1333", "fp16", 0, 300.0),
                  ("DETR-R50 800x1066", "fp16", 1, 1.5),
                  ("DETR-R50 800x1066", "fp16", 16, 11.0),
                  ("SSD300-VGG16", "fp16", 16, 8.0),
                  ("DeepLabV3-R50 512", "fp16", 8, 6.0))}


def mib(n):
    return f"{n / 2 ** 20:.0f}" if n else ""


def rows(head, body):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(r) + " |" for r in body]


def cpu_table(r):
    lines = ["# gdrun beside PyTorch on the CPU\n", f"{r['cpu']}, {r['threads']} threads, {r['date']}, "
             f"commit {r['commit']}; PyTorch {r['torch']}, torchvision {r['torchvision']}. Median of the "
             "best round in ms, 8-bit picture in, results out; peak resident memory in MiB.\n"]
    lines += rows(("model", "gdrun", "PyTorch", "ratio", "gdrun MiB", "PyTorch MiB"), [
        (x["model"], f"{x['gdrun']['median']:.1f}", f"{x['pytorch']['median']:.1f}", f"{x['ratio']:.2f}",
         f"{x['gdrun']['peak_mib']:.0f}", f"{x['pytorch']['peak_mib']:.0f}") for x in r["rows"]])
    return "\n".join(lines) + "\n"


def gpu_row(x):
    g, t = x.get("gdrun"), x.get("pytorch")
    cell = lambda side, name: f"{side['ms'][name]['median']:.3f}" if side and name in side["ms"] else "-"
    ratio = f"{x['ratio']:.2f}" if "ratio" in x else "-"
    return (x["model"], x["precision"], str(x["batch"]), cell(g, "device"), cell(g, "host"),
            cell(g, "file"), cell(t, "device"), cell(t, "host"), t["mode"] if t else "-", ratio,
            f"{g['ms']['host']['img_per_s']:.0f}" if g else "-",
            mib(g["session_bytes"]) if g else "-", mib(t["allocated_bytes"]) if t else "-",
            mib(g["device_used_bytes"]) if g else "-", mib(t["used_bytes"]) if t else "-")


def goal_text(r, model, precision, batch, goal):
    """One goal beside its figure; a cold start that misses it names what took most."""
    if batch:
        found = [x["gdrun"]["ms"]["host"]["median"] for x in r["rows"] if "gdrun" in x and
                 (x["model"], x["precision"], x["batch"]) == (model, precision, batch)]
        what, most = f"{model} {precision} batch {batch}, host to host", ""
    else:
        cold = [c["ms"] for c in r.get("cold", []) if (c["model"], c["precision"]) == (model, precision)]
        found = [ms["total"]["median"] for ms in cold]
        what = f"{model} {precision}, start to first boxes"
        parts = sorted(((v["median"], k) for ms in cold[:1] for k, v in ms.items() if k != "total"),
                       reverse=True)[:4]
        most = ", most of it " + ", ".join(f"{k} {v:.0f}" for v, k in parts)
    if not found:
        return f"{what}: not measured"
    if found[0] <= goal:
        return f"{what}: {found[0]:.2f}, the goal was {goal:g}"
    return f"{what}: {found[0]:.2f} misses the goal of {goal:g} by {found[0] - goal:.2f}{most}"


def gpu_table(r):
    """ratio: PyTorch's time over ours, host to host, against the fastest of its modes."""
    lines = [f"# gdrun beside PyTorch on one {r['device']}\n",
             f"{r['device']}, driver {r['driver']}, {r['date']}, commit {r['commit']}, gdrun "
             f"{r['gdrun']}; PyTorch {r['torch']}, torchvision {r['torchvision']}, CUDA {r['cuda']}, cuDNN "
             f"{r['cudnn']}. Medians in ms. *device*: the work on the GPU, preprocessing and selection of "
             "boxes included; *host*: 8-bit pictures in page-locked memory to results in host memory; "
             "*file*: with decoding from JPEG, one after the other. PyTorch is the fastest of the modes "
             "measured in the same call; *faster* is its time over gdrun's, host to host. Memory in MiB: "
             "what each allocator asked the device for at most, and all that the device held then.\n"]
    lines += rows(("model", "precision", "batch", "gdrun device", "host", "file", "PyTorch device", "host",
                   "mode", "faster", "img/s", "gdrun MiB", "PyTorch MiB", "gdrun total", "PyTorch total"),
                  [gpu_row(x) for x in r["rows"]])
    if r.get("cold"):
        names = list(r["cold"][0]["ms"])
        lines += ["", "From the start of the process to the first results, files in the page cache "
                  "(`gdrun bench --cold`), medians in ms:\n"]
        lines += rows(("model", "precision", *names), [
            (c["model"], c["precision"], *(f"{c['ms'][n]['median']:.1f}" for n in names)) for c in r["cold"]])
    models = {x["model"] for x in r["rows"]}
    for gpu, of_gpu in GOALS.items():
        goals = [g for g in of_gpu if g[0] in models]
        if gpu in r["device"] and goals:
            lines += ["", "Goals, in ms:", ""] + ["- " + goal_text(r, *g) + "." for g in goals]
    if r.get("missing"):
        lines += ["", "Not measured: " + "; ".join(r["missing"]) + "."]
    return "\n".join(lines) + "\n"


def rate(side):
    return side["frames"] / side["seconds"] if side else None


def video_row(x):
    g, t = x["gdrun"], x["peer"]
    busy = lambda side: f"{side['gpu_busy']:.0f} %" if side and side.get("gpu_busy") is not None else "-"
    return (x["video"], f"{x['model']} {x['precision']}", x["output"], str(g["frames"]), f"{rate(g):.1f}",
            f"{rate(t):.1f}" if t else "-", f"{rate(g) / rate(t):.2f}" if t else "-", g["bottleneck"], busy(g), busy(t))


VIDEO_HEAD = ("video", "model", "output", "frames", "gdrun", "OpenCV and PyTorch", "faster", "slowest stage",
              "GPU busy, gdrun", "OpenCV and PyTorch")


def video_line(x):
    """One row in a line, for a terminal."""
    return ", ".join(f"{head} {cell}" for head, cell in zip(VIDEO_HEAD, video_row(x)))


def video_table(r):
    lines = ["# gdrun track beside OpenCV and PyTorch\n", f"{r['device']}, {r['threads']} threads, {r['date']}, commit "
             f"{r['commit']}; PyTorch {r['torch']}, OpenCV {r['opencv']}. Frames a second from the first frame to the "
             "last: decoding, detecting, tracking, and where there is an output drawing and encoding.\n"]
    return "\n".join(lines + rows(VIDEO_HEAD, [video_row(x) for x in r["rows"]])) + "\n"


def eval_table(r):
    lines = ["# gdrun eval beside pycocotools\n", f"{r['cpu']}, one core, {r['date']}, commit {r['commit']}; "
             f"pycocotools {r['pycocotools']}. {r['pictures']} pictures, {r['objects']} objects, {r['detections']} "
             f"detections; processor seconds of the best round. The 12 numbers differ by {r['difference']:.1e} at "
             "most.\n"]
    words = {"judging": "judging, arrays in memory", "files": "reading both files and judging"}
    return "\n".join(lines + rows(("what", "gdrun", "pycocotools", "faster"), [
        (words[x["what"]], f"{x['gdrun']:.2f}", f"{x['pycocotools']:.2f}", f"{x['pycocotools'] / x['gdrun']:.1f}")
        for x in r["rows"]])) + "\n"


def table(record):
    return {"cpu": cpu_table, "gpu": gpu_table, "video": video_table, "eval": eval_table}[record["kind"]](record)


def commit():
    """Of the tree, for a record."""
    text = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()
    return text or "unknown"


def load(name):
    with open(os.path.join(RESULTS, name + ".json"), encoding="utf-8") as f:
        return json.load(f)


def markers(name):
    return f"<!-- results {name} begin -->\n", f"<!-- results {name} end -->"


def section(record):
    """What README.md shows of a record: all but its headline."""
    return table(record).split("\n\n", 1)[1]


def with_table(page, name, record):
    """README.md with the table of a record between its markers, where it has them."""
    start, end = markers(name)
    if start not in page:
        return page
    before, rest = page.split(start)
    return before + start + section(record) + end + rest.split(end, 1)[1]


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def save(base, record):
    """BASE.json, and BASE.md beside it; README.md follows if it is one of bench/results."""
    write(base + ".json", json.dumps(record, indent=1) + "\n")
    write(base + ".md", table(record))
    if os.path.realpath(os.path.dirname(base) or ".") == os.path.realpath(RESULTS):
        main([])


def main(argv):
    stale, readme = [], os.path.join(ROOT, "README.md")
    with open(readme, encoding="utf-8") as f:
        page = f.read()
    now = page
    for path in sorted(glob.glob(RESULTS + "/*.json")):
        name = os.path.basename(path)[:-5]
        record = load(name)
        want, target = table(record), path[:-5] + ".md"
        have = open(target, encoding="utf-8").read() if os.path.exists(target) else None
        if have != want:
            stale.append(target)
            if "--check" not in argv:
                write(target, want)
        now = with_table(now, name, record)
    if now != page:
        stale.append(readme)
        if "--check" not in argv:
            write(readme, now)
    if "--check" in argv and stale:
        print("not as the records say:", *map(os.path.relpath, stale))
        return 7
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
