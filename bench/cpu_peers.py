# cpu_peers.py -- gdrun beside Debian's PyTorch on the CPU: both timed in one run, ratio printed.
"""cpu_peers.py [--build DIR] [--rounds N] [--only NAME] [-o bench/results/NAME]: seeded weights are
saved by torch.save and converted; each side runs in a process of its own, in turns, with two
threads. Writes NAME.json and NAME.md, and the table in README.md. YOLOX takes its weights from --yolox."""
import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile

import report

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PYTHON = "/usr/bin/python3"
# name, architecture, width, height, runs a round, limit of the ratio
ROWS = [("Faster R-CNN R50-FPN 800x1333", "fasterrcnn_resnet50_fpn", 1333, 800, 3, 0.6),
        ("YOLOX-nano 416", "yolox_nano", 640, 480, 40, 0.8),
        ("ResNet-50 224", "resnet50", 640, 480, 20, 0.8),
        ("ResNet-18 224", "resnet18", 640, 480, 40, 0.8)]

def output(*argv, **more):
    return subprocess.run([str(a) for a in argv], check=True, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **more}).stdout


def cpu_name():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown"


def measure(row, a, work):
    """Both sides in turns; the best round of each counts, since others only disturb."""
    name, arch, width, height, runs, limit = row
    pth = a.yolox if arch.startswith("yolox") else os.path.join(work, arch + ".pth")
    gdw = os.path.join(work, arch + ".gdw")
    if not arch.startswith("yolox"):
        output(PYTHON, os.path.join(ROOT, "tests/parity/seeded.py"), arch, pth)
    output(os.path.join(a.build, "gdconvert"), pth, "--arch", arch, "-o", gdw, "-y", "-q")
    ours, theirs = [], []
    for _ in range(a.rounds):
        ours.append(json.loads(output(os.path.join(a.build, "model_bench"), gdw, width, height,
                                      runs, 2)))
        theirs.append(json.loads(output(PYTHON, os.path.join(ROOT, "bench/peers/torch_cpu.py"),
                                        arch, pth, width, height, runs, 2)))
    best = lambda side: min(side, key=lambda r: r["median"])
    g, t = best(ours), best(theirs)
    result = {"model": name, "limit": limit, "ratio": g["median"] / t["median"], "gdrun": g,
              "pytorch": t, "rounds": {"gdrun": ours, "pytorch": theirs}}
    print(f"{name}: gdrun {g['median']:.1f} ms ({g['peak_mib']:.0f} MiB), PyTorch "
          f"{t['median']:.1f} ms ({t['peak_mib']:.0f} MiB), ratio {result['ratio']:.2f} "
          f"(at most {limit})", flush=True)
    return result


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--build", default=os.path.join(ROOT, "build/release"))
    p.add_argument("--yolox", default=os.path.join(ROOT, "../shared/data/yolox/yolox_nano.pth"))
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--only", default="")
    p.add_argument("-o", "--out")
    a = p.parse_args()
    with tempfile.TemporaryDirectory(prefix="gdrun-bench-") as work:
        rows = [measure(r, a, work) for r in ROWS if a.only.lower() in r[0].lower()]
    facts = {"kind": "cpu", "cpu": cpu_name(), "threads": 2, "date": datetime.date.today().isoformat(),
             "commit": output("git", "-C", ROOT, "rev-parse", "--short", "HEAD").strip(),
             "torch": rows[0]["pytorch"]["torch"],
             "torchvision": rows[0]["pytorch"]["torchvision"]}
    record = {**facts, "rows": rows}
    if a.out:
        report.save(a.out, record)
    print(report.table(record))
    sys.exit(0 if all(r["ratio"] <= r["limit"] for r in rows) else 7)


if __name__ == "__main__":
    main()
