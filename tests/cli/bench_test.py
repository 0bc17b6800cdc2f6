# bench_test.py -- gdrun bench and --batch auto on the CPU: rows, forms, ends of memory, cold starts.
import csv
import glob
import io
import json
import re
import resource
import signal
import subprocess
import time

from gd_cli import ASAN, CLEAN, DATA, GDRUN, PICTURES, check, detect, lines, main, run

DOG = f"{DATA}/images/dog.jpg"
SHORT = ["--device", "cpu", "--threads", "2", "--warmup", "1"]


def bench(*args, **kw):
    return run("bench", *args, *SHORT, **kw)


def forms():
    rc, out, err = bench("nano.gdw", DOG, "--iters", "5", "--batch-sizes", "1,2", "-o", "json")
    check(rc == 0, err)
    r = json.loads(out)
    check(r["device"] == "cpu" and r["threads"] == 2 and r["architecture"] == "yolox_nano"
          and r["picture"] == {"file": DOG, "width": 768, "height": 576}
          and re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$", r["date"]) and r["gdrun"], out)
    check([(x["precision"], x["batch"]) for x in r["rows"]] == [("fp32", 1), ("fp32", 2)], out)
    for row in r["rows"]:
        check(row["results"] == 3 and row["session_bytes"] > 1 << 20 and row["process_bytes"] > 1 << 20, row)
        for name in ("device", "host", "file"):
            t = row["ms"][name]
            check(t["runs"] == 5 and 0 < t["best"] <= t["median"] <= t["p90"] <= t["p99"], t)
            check(abs(t["img_per_s"] * t["median"] / 1e3 / row["batch"] - 1) < 1e-3, t)
        check(row["ms"]["device"]["best"] <= row["ms"]["host"]["best"], row)
    check(r["rows"][1]["session_bytes"] > r["rows"][0]["session_bytes"], "memory does not grow with batch")
    rc, out, err = bench("-m", "nano.gdw", "--iters", "3", "--batch-sizes=1", "-o", "csv")
    table = list(csv.DictReader(io.StringIO(out)))
    check(rc == 0 and [t["time"] for t in table] == ["device", "host", "file"], out)
    check(all(int(t["runs"]) == 3 and float(t["median_ms"]) > 0 for t in table), out)
    rc, out, err = bench("cifar.gdw", "tiny.png", "--iters", "3", "--precisions", "fp32")
    check(rc == 0 and out.count("| fp32 |") == 18 and "| host to host |" in out
          and "most throughput, host to host: fp32, batch " in out, out)
    check(not glob.glob("/tmp/gdrun-bench-*"), "a picture that was made is left behind")


def wrong():
    rc, out, err = bench("nano.gdw", DOG, "--precisions", "fp32,fp16")
    check(rc == 2 and "error[E210]" in err and not out, err)
    for args, code, what in ((["none.gdw"], 4, "E400"), (["nano.gdw", "none.jpg"], 3, "none.jpg"),
                             (["nano.gdw", "nano.gdw"], 3, "E301"), ([DOG], 4, "E45")):
        rc, out, err = bench(*args, "--iters", "1")
        check(rc == code and what in err and not out, f"{args}: {rc} {err}")
    rc, out, err = bench("none.gdw", "--cold", "--iters", "2")
    check(rc == 4 and err.count("error[E400]") == 1 and not out, f"cold: {rc} {err}")


def time_limit():
    start = time.time()
    rc, out, err = bench("nano.gdw", "--iters", "1000000", "--max-time", "50ms", "--batch-sizes", "1",
                         "-o", "json")
    check(rc == 0 and time.time() - start < 20, f"{rc} {time.time() - start} s")
    check(3 <= json.loads(out)["rows"][0]["ms"]["host"]["runs"] < 10000, out)
    p = subprocess.Popen([GDRUN, "bench", "nano.gdw", *SHORT, "--iters", "100000", "--max-time", "100s",
                          "-o", "json"], env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(3)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=60)
    check(p.returncode == 130 and len(json.loads(out)["rows"]) >= 1, f"SIGINT: {p.returncode} {out} {err}")


def cold():
    rc, out, err = bench("nano.gdw", DOG, "--cold", "--iters", "3", "-o", "json")
    t = json.loads(out)
    check(rc == 0 and list(t) == ["start", "decoder", "model", "plugin", "device", "decode", "plan",
                                  "weights", "capture", "run", "rest", "total"], out + err)
    check(all(x["runs"] == 3 for x in t.values()), out)
    parts = sum(x["median"] for k, x in t.items() if k != "total")
    check(0.5 < parts / t["total"]["median"] < 1.5 and t["plan"]["median"] > 0 and t["run"]["median"] > 0
          and t["device"]["median"] < 1, out)
    rc, out, err = bench("nano.gdw", "--cold", "--iters", "1", "-o", "csv")
    check(rc == 0 and out.startswith("stage,") and "\ntotal,1," in out, out + err)
    rc, out, err = bench("nano.gdw", "--cold", "--iters", "1", "--imgsz", "64")
    check(rc == 0 and "| total |" in out, out + err)


def limit(megabytes):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20,) * 2)


def end_of_memory():
    """Batches that have no room are left out; when none has, it is exit 6."""
    if ASAN:
        print("not run under AddressSanitizer: it takes address space itself")
        return
    rc, out, err = bench("nano.gdw", "--iters", "1", "--batch-sizes", "1,512,1024", "-o", "json",
                         preexec_fn=limit(900))
    rows = json.loads(out)["rows"]
    check(rc == 0 and [r["batch"] for r in rows] == [1, 512] and "error" in rows[1]
          and "error" not in rows[0], f"{rc} {out} {err}")
    rc, out, err = bench("nano.gdw", "--iters", "1", "--batch-sizes", "1,512,1024", preexec_fn=limit(900))
    check(rc == 0 and "fp32, batch 512: not measured: no memory" in out, f"{rc} {out} {err}")
    rc, out, err = bench("nano.gdw", "--iters", "1", "--batch-sizes", "512", preexec_fn=limit(900))
    check(rc == 6 and "error[E600]" in err and not out, f"{rc} {out} {err}")


def batch_auto():
    want = lines(detect(*PICTURES, "--jsonl", "-", "--device", "cpu")[1])
    sources = (PICTURES * 5)[:20]
    rc, out, err = detect(*sources, "--batch", "auto", "--jsonl", "-", "--device", "cpu")
    got = lines(out)
    check(rc == 0 and re.search(r"batch: 16 \(auto: plans [\d.]+ MiB, cpu has [\d.]+ MiB free\)", err), err)
    check([r["source"] for r in got[1:-1]] == sources, "order")
    for a, b in zip(want[1:-1] * 4, got[1:-1]):
        check([d["name"] for d in a["detections"]] == [d["name"] for d in b["detections"]], (a, b))
    rc, out, err = detect(*PICTURES, "--batch=auto", "--device", "cpu")
    check(rc == 0 and "batch: 8 (auto" in err, err)
    rc, out, err = detect(DOG, "--batch=auto", "--device", "cpu")
    check(rc == 0 and "batch: 1 (auto" in err, err)
    rc, out, err = detect("none.jpg", DOG, "nano.gdw", "--batch=auto", "--device", "cpu", "--json", "-")
    check(rc == 1 and "batch: 4 (auto" in err and out.count('"type":"error"') == 2
          and out.count('"detections":[{') == 1, f"{rc} {out} {err}")
    rc, out, err = run("info", "nano.gdw", "--batch", "auto")
    check(rc == 0 and "batch 16" in out, out + err)


def memory_cap():
    """A cap on the device's memory: auto takes less, then one picture is too much."""
    sources = (PICTURES * 4)[:16]
    rc, out, err = detect(*sources, "--batch=auto", "--device", "cpu", "--device-mem-cap", "40MiB")
    check(rc == 0 and re.search(r"batch: [24] \(auto: plans [\d.]+ MiB, cpu has 40.0 MiB free\)", err), err)
    rc, out, err = detect(DOG, "--batch=auto", "--device", "cpu", env={"GDRUN_DEVICE_MEM_CAP": "4MiB"})
    check(rc == 6 and "error[E603]" in err and "768 x 576" in err, f"{rc} {err}")
    rc, out, err = detect(DOG, "--device", "cpu", "--device-mem-cap", "2MiB")
    check(rc == 6 and "error[E600]" in err, f"{rc} {err}")
    rc, out, err = bench("nano.gdw", "--iters", "1", "--batch-sizes", "1,64", "--device-mem-cap=30MiB")
    check(rc == 0 and "fp32, batch 64: not measured: no memory" in out, f"{rc} {out} {err}")


def batch_halved():
    """The plan promises room that a limit on address space takes away: fewer at a time."""
    if ASAN:
        return
    rc, out, err = detect(*(PICTURES * 4)[:16], "--batch", "auto", "--imgsz", "1024", "--jsonl", "-",
                          "--device", "cpu", "--threads", "1", preexec_fn=limit(450))
    got = lines(out)
    sizes = re.findall(r"warning\[W602\]:.*batch of (\d+): no memory for \d+ .*; going on with (\d+)", err)
    check(rc == 0 and sizes and sizes[0][0] == "16" and len(got) == 18
          and all("error" not in r for r in got), f"{rc} {err} {sizes} {out[:500]}")


main(forms, wrong, time_limit, cold, end_of_memory, batch_auto, memory_cap, batch_halved)
