# gpu_peers.py -- gdrun beside PyTorch on a GPU: both timed in one call, ratios printed, record kept.
"""gpu_peers.py --picture STREET.jpg [--bin DIR] [--yolox yolox_nano.pth] [--only TEXT] [--quick | --full]
[-o bench/results/NAME [--merge]]: makes seeded weights (the YOLOX ones are given), converts them, runs `gdrun
bench` and bench/peers/torch_cuda.py on the same pictures, joins the rows by model, precision and batch,
and writes NAME.json and NAME.md after each model (bench/report.py then fills README.md). --merge keeps
the models that NAME.json has already, if commit and device are the same. --device cpu tries it out."""
import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile

import report

ROOT = report.ROOT
# name, architecture, width and height of the picture, batches, precisions, the network's size if it is not the
# model's own rule
CASES = [("Faster R-CNN R50-FPN 800x1333", "fasterrcnn_resnet50_fpn", 1333, 800, (1, 16),
          ("fp16", "tf32", "fp32")),
         ("ResNet-50 224", "resnet50", 256, 256, (1, 64, 256), ("fp16", "tf32", "fp32")),
         ("YOLOX-nano 416", "yolox_nano", 640, 480, (1, 16), ("fp16", "tf32", "fp32")),
         ("ResNet-18 224", "resnet18", 256, 256, (1, 64, 256), ("fp16", "tf32", "fp32")),
         ("DETR-R50 800x1066", "detr_resnet50", 1066, 800, (1, 16), ("fp16", "fp32")),
         ("RetinaNet R50-FPN 800x1333", "retinanet_resnet50_fpn", 1333, 800, (1, 16), ("fp16", "fp32")),
         ("SSD300-VGG16", "ssd300_vgg16", 500, 375, (1, 16), ("fp16", "fp32")),
         ("DeepLabV3-R50 512", "deeplabv3_resnet50", 512, 512, (1, 8), ("fp16", "fp32"), "512x512")]


def call(*argv, **kw):
    """stdout, or None when the program failed (its messages were shown)."""
    p = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, text=True, **kw)
    if p.returncode:
        print(f"{os.path.basename(str(argv[0]))} {argv[1]} ended with {p.returncode}", flush=True)
    return p.stdout if p.returncode == 0 else None


def make_picture(source, width, height, out):
    """The picture at one size; sizes decide what the networks see, the content what they find."""
    from PIL import Image
    Image.open(source).convert("RGB").resize((width, height), Image.BICUBIC).save(out, quality=92)


def prepare(a, case, work):
    """{"model", "arch", "weights", "picture", ...} of a case, its .gdw beside the weights."""
    name, arch, width, height, batches, precisions, *size = case
    made = {"model": name, "arch": arch, "batches": batches, "precisions": precisions, "size": size,
            "picture": os.path.join(work, f"{width}x{height}.jpg"),
            "weights": os.path.join(work, arch + ".pth"), "gdw": os.path.join(work, arch + ".gdw")}
    if not os.path.exists(made["picture"]):
        make_picture(a.picture, width, height, made["picture"])
    if arch.startswith("yolox"):
        made["weights"] = a.yolox
    elif not os.path.exists(made["weights"]):
        call(a.python, os.path.join(ROOT, "tests/parity/seeded.py"), arch, made["weights"], made["picture"])
    if not os.path.exists(made["gdw"]):
        call(os.path.join(a.bin, "gdconvert"), made["weights"], "--arch", arch, "-o", made["gdw"], "-y",
             "-q")
    return made


def ours(a, case):
    """The record of `gdrun bench`, and its rows under the model's name."""
    text = call(os.path.join(a.bin, "gdrun"), "bench", case["gdw"], case["picture"], "--device", a.device,
                "--precisions", ",".join(case["precisions"]), "--batch-sizes",
                ",".join(map(str, case["batches"])), "--iters", a.iters, "--max-time", f"{a.seconds}s",
                "--conf", "0.05", "-o", "json", "-q", *(["--imgsz", *case["size"]] if case["size"] else []))
    if text is None:
        return None, []
    r = json.loads(text)
    for row in r["rows"]:
        if "ms" in row:
            print(f"gdrun {case['model']} {row['precision']} b{row['batch']}: host "
                  f"{row['ms']['host']['median']:.3f} device {row['ms']['device']['median']:.3f} ms, "
                  f"{row['session_bytes'] / 2 ** 20:.0f} MiB, {row['results']} results", flush=True)
        else:
            print(f"gdrun {case['model']} {row['precision']} b{row['batch']}: {row['error']}", flush=True)
    return r, [dict(row, model=case["model"]) for row in r["rows"]]


def cold(a, case, precision):
    text = call(os.path.join(a.bin, "gdrun"), "bench", case["gdw"], case["picture"], "--device", a.device,
                "--precision", precision, "--cold", "--iters", "10", "--warmup", "1", "-o", "json", "-q")
    return {"model": case["model"], "precision": precision, "ms": json.loads(text)} if text else None


def theirs(a, case, work):
    path, out = os.path.join(work, "cases.json"), os.path.join(work, "torch.json")
    if os.path.exists(out):
        os.remove(out)
    with open(path, "w", encoding="utf-8") as f:
        json.dump([case], f)
    # Its stdout is for people; what it measured before it failed counts too.
    subprocess.run([a.python, os.path.join(ROOT, "bench/peers/torch_cuda.py"), path, out, "--device",
                    a.device, "--seconds", str(a.seconds), *(["--full"] if a.full else []),
                    *(["--quick"] if a.quick else [])], check=False)
    if not os.path.exists(out):
        return {"rows": []}
    with open(out, encoding="utf-8") as f:
        return json.load(f)


def join(cases, mine, peer):
    """One row for each model, precision and batch; PyTorch's is its fastest, host to host."""
    joined, missing = [], []
    for case in cases:
        for precision in case["precisions"]:
            for batch in case["batches"]:
                at = lambda rows: [r for r in rows if (r["model"], r["precision"], r["batch"]) ==
                                   (case["model"], precision, batch)]
                row = {"model": case["model"], "precision": precision, "batch": batch}
                good = [r for r in at(mine) if "ms" in r]
                tried = sorted((r for r in at(peer) if "ms" in r), key=lambda r: r["ms"]["host"]["median"])
                where = f"{case['model']} {precision} batch {batch}"
                missing += [f"gdrun {where} ({r['error']})" for r in at(mine) if "ms" not in r]
                missing += [f"PyTorch {where} {r['mode']} ({r['error'].splitlines()[0]})"
                            for r in at(peer) if "ms" not in r]
                if good:
                    row["gdrun"] = good[0]
                if tried:
                    row["pytorch"], row["pytorch_modes"] = tried[0], tried
                if good and tried:
                    row["ratio"] = (tried[0]["ms"]["host"]["median"] /
                                    good[0]["ms"]["host"]["median"])
                if good or tried:
                    joined.append(row)
    return joined, missing


def earlier(a):
    """What --merge goes on from."""
    if a.merge and a.out and os.path.exists(a.out + ".json"):
        with open(a.out + ".json", encoding="utf-8") as f:
            return json.load(f)
    return {}


def add(record, more, model):
    """The record with one model measured anew; what another commit or device gave is dropped."""
    if any(record.get(k) != more[k] for k in ("commit", "device", "gdrun")):
        return more
    merged = dict(more)
    for key in ("rows", "cold"):
        merged[key] = [x for x in record[key] if x["model"] != model] + more[key]
    merged["missing"] = [x for x in record["missing"] if model not in x] + more["missing"]
    for key in ("torch", "torchvision", "cuda", "cudnn"):
        if more[key] == "-":
            merged[key] = record[key]
    return merged


def show(row):
    if "ratio" in row:
        g, t = row["gdrun"], row["pytorch"]
        print(f"{row['model']} {row['precision']} b{row['batch']}: {row['ratio']:.2f} times as fast as "
              f"PyTorch ({t['mode']}), {g['session_bytes'] / 2 ** 20:.0f} of "
              f"{t['allocated_bytes'] / 2 ** 20:.0f} MiB", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--bin", default=os.path.join(ROOT, "build/release"))
    p.add_argument("--picture", required=True)
    p.add_argument("--yolox", default="")
    p.add_argument("--python", default=sys.executable)
    p.add_argument("--only", default="")
    p.add_argument("--device", default="cuda")
    p.add_argument("--iters", type=int, default=200)
    p.add_argument("--seconds", type=float, default=2.0)
    p.add_argument("--batches", default="", help="instead of each model's own: 1,16")
    p.add_argument("--precisions", default="", help="instead of all: fp16,fp32")
    p.add_argument("--quick", action="store_true", help="no mode of PyTorch that compiles")
    p.add_argument("--full", action="store_true", help="every mode of PyTorch")
    p.add_argument("--no-torch", action="store_true")
    p.add_argument("--no-cold", action="store_true")
    p.add_argument("--merge", action="store_true")
    p.add_argument("--commit", default="")
    p.add_argument("--work", help="folder for weights and pictures, kept")
    p.add_argument("-o", "--out")
    a = p.parse_args()
    temporary = None if a.work else tempfile.TemporaryDirectory(prefix="gdrun-bench-")
    work = a.work or temporary.name
    os.makedirs(work, exist_ok=True)
    chosen = [c for c in CASES if a.only.lower() in c[0].lower() and (a.yolox or "yolox" not in c[1])]
    cases = [prepare(a, c, work) for c in chosen]
    for case in cases:
        case["batches"] = [int(n) for n in a.batches.split(",")] if a.batches else list(case["batches"])
        case["precisions"] = a.precisions.split(",") if a.precisions else list(case["precisions"])
    record = {}
    for case in cases:
        r, mine = ours(a, case)
        start = None if a.no_cold else cold(a, case, case["precisions"][0])
        peer = {"rows": []} if a.no_torch else theirs(a, case, work)
        joined, missing = join([case], mine, peer["rows"])
        if a.quick:
            missing.append(f"PyTorch {case['model']} in modes that compile (left out)")
        record = add(record or earlier(a), {
            "kind": "gpu", "device": (r or {}).get("name") or peer.get("device", "unknown"),
            "driver": (r or {}).get("driver") or "unknown", "date": datetime.date.today().isoformat(),
            "commit": a.commit or report.commit(), "gdrun": (r or {}).get("gdrun", "unknown"),
            **{k: peer.get(k, "-") for k in ("torch", "torchvision", "cuda", "cudnn")}, "rows": joined,
            "cold": [start] if start else [], "missing": missing}, case["model"])
        if a.out:
            report.save(a.out, record)
        for row in joined:
            show(row)
    if record:
        print(report.table(record))
    if temporary:
        temporary.cleanup()


if __name__ == "__main__":
    main()
