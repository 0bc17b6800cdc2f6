# train_test.py -- gdrun train: a classifier and a detector learn, stop, go on; every exit code.
import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_cli import DATA, GDRUN, check, main, run  # noqa: E402

GDCONVERT = os.path.join(os.path.dirname(GDRUN), "gdconvert")
COLOURS = {"blue": (40, 60, 220), "green": (40, 200, 60), "red": (220, 50, 40)}


def png(path, pixel, side=32):
    rows = b"".join(b"\0" + bytes(v for x in range(side) for v in pixel(x, y)) for y in range(side))
    chunk = lambda kind, data: (struct.pack(">I", len(data)) + kind + data  # noqa: E731
                                + struct.pack(">I", zlib.crc32(kind + data)))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def need():
    """base.gdw, a ResNet-20 with a fresh head of three classes; colours/: pictures of three colours."""
    if os.path.exists("base.gdw"):
        return
    for part, n in (("train", 8), ("val", 4)):
        for name, colour in COLOURS.items():
            os.makedirs(f"colours/{part}/{name}", exist_ok=True)
            for i in range(n):
                png(f"colours/{part}/{name}/{i}.png",
                    lambda x, y: [max(0, min(255, v + (x * 7 + y * 13 + i * 29) % 61 - 30)) for v in colour])
    open("names.txt", "w").write("".join(f"{c}\n" for c in sorted(COLOURS)))
    p = subprocess.run([GDCONVERT, f"{DATA}/resnet_cifar10/resnet20-12fca82f.th", "--arch", "resnet20_cifar",
                        "--num-classes", "3", "--reset-head", "--names", "names.txt", "-o", "base.gdw", "-y"],
                       capture_output=True, text=True)
    check(p.returncode == 0, p.stderr)


BASE = ["--data", "colours", "--device", "cpu", "--batch", "6", "--lr", "0.01", "--flip", "0.5", "--workers", "2",
        "--seed", "5"]


def train(out, *more, **kw):
    need()
    shape = [] if "--schedule" in more else ["--schedule", "constant"]
    return run("train", *BASE, *shape, "--out", out, *more, **kw)


def weights(path):
    """Every byte of the tensors; the metadata before them hold no time."""
    return open(path, "rb").read()


def log(out):
    return [json.loads(line) for line in open(f"{out}/log.jsonl")]


def learns():
    """The loss falls, the best model names the colours, and each epoch is judged and logged."""
    rc, _, err = train("run", "-m", "base.gdw", "--epochs", "5")
    check(rc == 0, f"{rc} {err}")
    steps = [line for line in log("run") if line["type"] == "step"]
    epochs = [line for line in log("run") if line["type"] == "epoch"]
    check(len(steps) == 20 and [s["step"] for s in steps] == list(range(1, 21)), f"{len(steps)} steps")
    check(steps[-1]["loss"] < steps[0]["loss"] / 2, f"{steps[0]['loss']} {steps[-1]['loss']}")
    check(len(epochs) == 5 and os.path.exists("run/best.gdw"), epochs)
    rc, out, err = run("classify", "-m", "run/best.gdw", "--device", "cpu",
                       *[f"colours/val/{c}/0.png" for c in sorted(COLOURS)], "--jsonl", "-")
    check(rc == 0, err)
    got = [json.loads(line) for line in out.splitlines() if '"frame"' in line or '"classes"' in line]
    check(all(c in json.dumps(g) for c, g in zip(sorted(COLOURS), got)), out[:400])
    check(any(f.startswith("events.out.tfevents") for f in os.listdir("run")), os.listdir("run"))


def goes_on():
    """Two runs have the same bytes; so has one that was stopped and resumed, in an epoch and behind one."""
    for out in ("whole", "again"):
        rc, _, err = train(out, "-m", "base.gdw", "--epochs", "3", "--val", "none", "--ema", "0.9", "--accum", "2",
                           "--schedule", "cosine")
        check(rc == 0, err)
    check(weights("whole/last.gdw") == weights("again/last.gdw"), "two runs differ")
    for name, stop in (("in", "3"), ("behind", "2")):
        rc, _, err = train(name, "-m", "base.gdw", "--epochs", "3", "--val", "none", "--ema", "0.9", "--accum", "2",
                           "--max-steps", stop, "--schedule", "cosine")
        check(rc == 0, err)
        rc, _, err = train(name, "--resume", "--epochs", "3", "--val", "none", "--ema", "0.9", "--accum", "2",
                           "--schedule", "cosine")
        check(rc == 0 and "resumed" in err, err)
        check(weights(f"{name}/last.gdw") == weights("whole/last.gdw"), f"resumed {name} an epoch: differs")
    steps = [line["step"] for line in log("in") if line["type"] == "step"]
    check(steps == sorted(set(steps)), f"every step stands in the log once: {steps}")


def canvas():
    """What was learnt at another size is run, and judged, at that size."""
    rc, _, err = train("wide", "-m", "base.gdw", "--epochs", "1", "--imgsz", "64x32")
    check(rc == 0, err)
    rc, out, err = run("info", "wide/last.gdw", "--json")
    check(rc == 0 and json.loads(out)["metadata"]["input.size"] == "32x64", out[:800])
    base = json.loads(run("info", "base.gdw", "--json")[1])
    check(json.loads(out)["parameters"] == base["parameters"], "training state counts as parameters")


def falls_back():
    """A damaged last.gdw gives way to the checkpoint before it."""
    rc, _, err = train("hurt", "-m", "base.gdw", "--epochs", "2", "--val", "none")
    check(rc == 0, err)
    data = bytearray(open("hurt/last.gdw", "rb").read())
    data[len(data) // 2] ^= 1
    open("hurt/last.gdw", "wb").write(data)
    rc, _, err = train("hurt", "--resume", "--epochs", "2", "--val", "none")
    check(rc == 0 and "W987" in err, f"{rc} {err}")
    rc, _, err = train("well", "-m", "base.gdw", "--epochs", "2", "--val", "none")
    check(weights("hurt/last.gdw") == weights("well/last.gdw"), "what was lost is not learnt again")
    check(weights("hurt/previous.gdw") == weights("well/previous.gdw"), "the whole one was pushed out")


def refuses():
    """Exit codes 2, 4, 8 and 9, and what each says."""
    rc, _, err = train("run2")
    check(rc == 2 and "E207" in err, f"{rc} {err}")
    rc, _, err = train("run2", "-m", "base.gdw", "--schedule", "sometimes")
    check(rc == 2 and "--schedule" in err, f"{rc} {err}")
    for text in ("step:0", "step:99999999999999999999", "constant:5", "cosine:0.1:x", "multistep:-1"):
        rc, _, err = train("run2", "-m", "base.gdw", "--schedule", text)
        check(rc == 2, f"{text}: {rc} {err}")
    rc, _, err = train("run2", "-m", "base.gdw", "--val", "nowhere")
    check(rc == 8 and not os.path.exists("run2/last.gdw"), f"{rc} {err}")
    rc, _, err = train("run2", "-m", "missing.gdw")
    check(rc == 4, f"{rc} {err}")
    rc, _, err = train("none", "--resume")
    check(rc in (3, 4, 9), f"{rc} {err}")
    rc, _, err = run("train", "-m", "base.gdw", "--data", "nowhere", "--device", "cpu", "--out", "run2")
    check(rc in (3, 8), f"{rc} {err}")
    open("file", "w").write("x")
    rc, _, err = train("file", "-m", "base.gdw")
    check(rc == 9 and "E986" in err, f"{rc} {err}")
    rc, _, err = train("set", "-m", "base.gdw", "--epochs", "1", "--val", "none")
    check(rc == 0, err)
    rc, _, err = train("set", "-m", "base.gdw", "--epochs", "1", "--val", "none")
    check(rc == 9 and "holds a run already" in err, f"{rc} {err}")
    rc, _, err = train("set", "--resume", "--epochs", "1", "--val", "none", "--momentum", "0.5")
    check(rc == 4 and "E481" in err and "momentum" in err, f"{rc} {err}")


def diverges():
    """An absurd rate: the run stops at that step, names its pictures, and ends with 8."""
    need()
    wild = [a if a != "0.01" else "100" for a in BASE]
    rc, _, err = run("train", *wild, "--out", "wild", "-m", "base.gdw", "--epochs", "20", "--val", "none",
                     "--weight-decay", "1")
    check(rc == 8 and "E820" in err, f"{rc} {err}")
    dump = json.load(open("wild/nan_dump.json"))
    check(len(dump["images"]) == 6 and all(i.endswith(".png") for i in dump["images"]), dump)


def stops():
    """SIGTERM and SIGUSR1: a checkpoint first, then the code of the signal, and the run goes on from it."""
    need()
    for number in (signal.SIGTERM, signal.SIGUSR1):
        p = subprocess.Popen([GDRUN, "train", *BASE, "-m", "base.gdw", "--out", f"stop{number}", "--epochs", "500",
                              "--val", "none", "--schedule", "constant"], stderr=subprocess.PIPE, text=True)
        for _ in range(300):
            time.sleep(0.1)
            if os.path.exists(f"stop{number}/log.jsonl") and len(log(f"stop{number}")) > 3:
                break
        p.send_signal(number)
        _, err = p.communicate(timeout=60)
        check(p.returncode == 143, f"{p.returncode} {err}")
        rc, _, err = train(f"stop{number}", "--resume", "--epochs", "500", "--val", "none", "--max-steps", "1")
        check(rc == 0 and "resumed" in err, err)


def one_trainer():
    """A second trainer in the same folder is refused."""
    need()
    p = subprocess.Popen([GDRUN, "train", *BASE, "-m", "base.gdw", "--out", "busy", "--epochs", "500", "--val",
                          "none"], stderr=subprocess.DEVNULL)
    for _ in range(300):
        time.sleep(0.1)
        if os.path.exists("busy/log.jsonl"):
            break
    rc, _, err = train("busy", "-m", "base.gdw", "-y")
    p.send_signal(signal.SIGINT)
    check(rc == 9 and "E985" in err, f"{rc} {err}")
    check(p.wait(timeout=60) == 130, p.returncode)


if __name__ == "__main__":
    if not os.path.isdir(f"{DATA}/resnet_cifar10"):
        print(f"skipped: {DATA}/resnet_cifar10 is not here")
        sys.exit(77)
    main(learns, goes_on, canvas, falls_back, refuses, diverges, stops, one_trainer)
