# tables_test.py -- tables come from records: committed ones are up to date, peers join row by row.
import copy
import os
import sys

ROOT = os.environ.get("GD_ROOT", os.getcwd())
sys.path.insert(0, os.path.join(ROOT, "bench"))
import gpu_peers  # noqa: E402
import report  # noqa: E402

failures = 0


def check(ok, what):
    global failures
    if not ok:
        failures += 1
        print("FAILED:", str(what)[:2000])


def times(ms):
    return {"runs": 9, "best": ms, "median": ms, "p90": ms, "p99": ms, "spread": 0.0, "img_per_s": 1e3 / ms}


CASE = {"model": "Net 224", "arch": "resnet50", "precisions": ["fp16", "fp32"], "batches": [1, 8]}
MINE = [{"model": "Net 224", "precision": p, "batch": b, "results": 5, "session_bytes": 40 << 20,
         "device_used_bytes": 700 << 20, "ms": {n: times(b * f) for n, f in
                                                (("device", 1.0), ("host", 2.0), ("file", 4.0))}}
        for p in ("fp16", "fp32") for b in (1, 8)]
PEER = [{"model": "Net 224", "precision": "fp16", "batch": 1, "mode": mode, "results": 5,
         "allocated_bytes": 99 << 20, "used_bytes": 900 << 20, "ms": {n: times(ms) for n in
                                                                      ("network", "device", "host")}}
        for mode, ms in (("eager", 9.0), ("nhwc graph", 5.0), ("nhwc", 7.0))]
PEER.append({"model": "Net 224", "precision": "fp16", "batch": 8, "mode": "eager", "error": "Out: memory\nmore"})
FACTS = {"kind": "gpu", "device": "NVIDIA X", "driver": "1.2", "date": "2026-01-02", "commit": "abc",
         "gdrun": "0.1.0", "torch": "2", "torchvision": "0", "cuda": "13", "cudnn": "9"}


def joins():
    mine = copy.deepcopy(MINE)
    mine[3] = {"model": "Net 224", "precision": "fp32", "batch": 8, "error": "no memory", "code": 601}
    joined, missing = gpu_peers.join([CASE], mine, PEER)
    check([(r["precision"], r["batch"]) for r in joined] == [("fp16", 1), ("fp16", 8), ("fp32", 1)], joined)
    first = joined[0]
    check(first["pytorch"]["mode"] == "nhwc graph" and abs(first["ratio"] - 2.5) < 1e-9 and
          len(first["pytorch_modes"]) == 3, first)
    check("ratio" not in joined[1] and "ratio" not in joined[2], joined)
    check(missing == ["PyTorch Net 224 fp16 batch 8 eager (Out: memory)",
                      "gdrun Net 224 fp32 batch 8 (no memory)"], missing)
    return {**FACTS, "rows": joined, "missing": missing,
            "cold": [{"model": "Net 224", "precision": "fp16", "ms": {"start": times(3), "total": times(44)}}]}


def merges(record):
    again = {**record, "rows": [{**record["rows"][0], "model": "Other"}], "cold": [], "missing": ["x Other y"]}
    both = gpu_peers.add(record, again, "Other")
    check([r["model"] for r in both["rows"]] == ["Net 224"] * 3 + ["Other"] and len(both["missing"]) == 3
          and len(both["cold"]) == 1, both)
    check(gpu_peers.add(both, again, "Other") == both, "a model measured again stands twice")
    check(gpu_peers.add(both, {**again, "commit": "new"}, "Other")["rows"] == again["rows"], "an old commit stays")
    check(gpu_peers.add({}, again, "Other") == again, "the first model")


def tables(record):
    text = report.table(record)
    check("| Net 224 | fp16 | 1 | 1.000 | 2.000 | 4.000 | 5.000 | 5.000 | nhwc graph | 2.50 | 500 | 40 | 99 "
          "| 700 | 900 |" in text, text)
    check("| Net 224 | fp32 | 1 | 1.000 | 2.000 | 4.000 | - | - | - | - | 500 | 40 | - | 700 | - |" in text, text)
    check("| Net 224 | fp16 | 3.0 | 44.0 |" in text and "Not measured: PyTorch Net 224" in text, text)
    for fact in ("NVIDIA X", "driver 1.2", "2026-01-02", "commit abc", "PyTorch 2", "cuDNN 9"):
        check(fact in text, fact)
    page = "# x\n\n<!-- results a begin -->\noutdated\n<!-- results a end -->\n\nend\n"
    now = report.with_table(page, "a", record)
    check("outdated" not in now and "| Net 224 | fp16 | 1 |" in now and now.endswith("<!-- results a end -->\n\nend\n")
          and report.with_table(now, "a", record) == now, now)
    check(report.with_table(page, "b", record) == page, "a record without markers changes the page")


def main():
    record = joins()
    merges(record)
    tables(record)
    check(report.main(["--check"]) == 0, "bench/report.py would change a table: run it")
    print("failed" if failures else "ok")
    sys.exit(1 if failures else 0)


main()
