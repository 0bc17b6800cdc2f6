# failing_test.py -- every way a run of detect or classify can fail, and its exit code.
import json
import os
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_cli import (ASAN, CLEAN, DATA, GDCONVERT, GDRUN, PICTURES, check, classify, detect, lines,
                    main, many_pictures, run)  # noqa: E402


def exit_codes():
    good = PICTURES[1]
    half = open(good, "rb").read()
    open("bad.jpg", "wb").write(half[:len(half) // 2])
    open("text.jpg", "w").write("not a picture")
    open("cut.gdw", "wb").write(open("nano.gdw", "rb").read()[:100000])
    flipped = bytearray(open("nano.gdw", "rb").read())
    flipped[len(flipped) // 2] ^= 1
    open("flipped.gdw", "wb").write(flipped)
    table = [
        ([good, "bad.jpg", "missing.jpg"], 1), (["bad.jpg"], 3), (["missing.jpg"], 3),
        (["text.jpg"], 3), (["*.nothing"], 3), (["@missing"], 3), (["rtsp://host/s"], 3),
        ([good, "/nowhere/x.jpg", "*.gif", "@missing"], 1),
        ([good, "--classes", "unicorn"], 2), ([good, "--conf-class", "dog=2"], 2),
        ([good, "--conf-class", "dog"], 2), ([good, "--fail-on", "unicorn"], 2),
        ([good, "--json", "-", "--csv", "-"], 2), ([good, "--json", "x", "--csv", "x"], 2),
        ([good, good, "-o", "one.jpg"], 2), ([good, "-o", "one.mp4"], 2), (["-", "-"], 2),
        ([good, "--csv", "/nowhere/x.csv"], 9), ([good, "-o", "/dev/null/x.jpg"], 9),
        ([good, "--csv", "/dev/full"], 9), ([good, "--json", "."], 9),
    ]
    for args, want in table:
        rc, out, err = detect(*args)
        check(rc == want and (err.count("error[E") >= 1), f"{args}: {rc}, wanted {want}: {err}")
    for model in ("cut.gdw", "flipped.gdw", "text.jpg", "missing.gdw", "/dev/zero", ".", "cifar.gdw"):
        rc, out, err = run("detect", "-m", model, good)
        check(rc == 4 and "error[E4" in err, f"model {model}: {rc} {err}")
    rc, out, err = run("classify", "-m", "nano.gdw", good)
    check(rc == 4 and "gdrun detect" in err, f"classify with a detector: {err}")
    rc, out, err = detect(good, "bad.jpg", "--jsonl", "e.jsonl")
    check(lines(open("e.jsonl").read())[-1]["errors"][0]["source"] == "bad.jpg", "errors in JSON")
    rc, out, err = detect("bad.jpg", "--allow-truncated")
    check(rc == 0 and "warning[W360]" in err, f"--allow-truncated: {rc} {err}")
    check(detect("bad.jpg", "--allow-truncated", "--strict")[0] == 3, "--strict")
    rc, out, err = run("doctor", "-m", "nano.gdw")
    check(rc == 0 and "every byte verified" in out and "model run" in out, f"doctor: {out} {err}")
    check(run("doctor", "-m", "cut.gdw")[0] == 4, "doctor with a broken model")


def not_a_number():
    """A weight that is NaN: 7 under --check-numerics; never a silent result."""
    import numpy as np
    header, blob, at = {}, b"", 0
    source = subprocess.run([GDCONVERT, "--inspect", DATA + "/resnet_cifar10/resnet20-12fca82f.th",
                             "--json"], stdout=subprocess.PIPE, env=CLEAN).stdout
    for t in json.loads(source)["tensors"]:
        a = np.ones(t["shape"], np.float32) * 0.01
        if t["name"].endswith("linear.weight"):
            a.flat[0] = np.nan
        header[t["name"].split("module.")[-1]] = {
            "dtype": "F32", "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
        blob, at = blob + a.tobytes(), at + a.nbytes
    text = json.dumps(header).encode()
    with open("nan.safetensors", "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + blob)
    p = subprocess.run([GDCONVERT, "nan.safetensors", "-o", "nan.gdw"], stderr=subprocess.PIPE, env=CLEAN)
    check(p.returncode == 0, f"converting NaN weights: {p.stderr}")
    rc, out, err = run("classify", "-m", "nan.gdw", "tiny.png", "--check-numerics")
    check(rc == 7 and "error[E7" in err, f"--check-numerics: {rc} {err}")
    rc, out, err = run("classify", "-m", "nan.gdw", "tiny.png", env={"GDRUN_CHECK_NUMERICS": "1"})
    check(rc == 7, f"GDRUN_CHECK_NUMERICS: {rc} {err}")
    rc, out, err = run("classify", "-m", "nan.gdw", "tiny.png", "--strict")
    check(rc == 4 and "linear.weight" in err, f"--strict: {rc} {err}")
    rc, out, err = run("classify", "-m", "nan.gdw", "tiny.png", "--jsonl", "-")
    check(rc != 0 and '"conf"' not in out, f"NaN passed as a result: {rc} {out} {err}")


def ten_thousand():
    """I14: one bad picture among 10,000 fails alone."""
    n = 1000 if ASAN else 10000
    many_pictures("crowd", n)
    os.unlink("crowd/0500.png")
    open("crowd/0500.png", "wb").write(b"\x89PNG\r\n\x1a\n")
    rc, out, err = classify("crowd", "--jsonl", "many.jsonl", "--batch", "16")
    rows = lines(open("many.jsonl").read())
    check(rc == 1 and err.count("error[") == 1 and "0500.png" in err and rows[-1]["failed"] == 1 and
          rows[-1]["frames"] == n - 1 and rows[-1]["errors"][0]["source"].endswith("0500.png") and
          sum("classes" in r for r in rows[1:-1]) == n - 1, f"many: {rc} {err} {rows[-1]}")


def signals():
    """SIGINT and SIGTERM: outputs are completed first."""
    many_pictures("many", 1000)
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        name = f"sig{code}.jsonl"
        p = subprocess.Popen([GDRUN, "classify", "-m", "cifar.gdw"] + ["many"] * 200 +
                             ["--jsonl", name, "-q"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=CLEAN)
        time.sleep(2 if not ASAN else 6)
        p.send_signal(number)
        err = p.communicate(timeout=60)[1]
        check(p.returncode == code, f"signal {number}: {p.returncode} {err}")
        rows = lines(open(name).read()) if os.path.exists(name) else [{}]
        check(rows[-1].get("type") == "summary" and rows[-1].get("interrupted"), f"{name}: {rows[-1]}")
    p = subprocess.Popen([GDRUN, "detect", "-m", "nano.gdw", "-", "--jsonl", "wait.jsonl"],
                         stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=CLEAN)
    p.stdin.write(b"\xff\xd8")
    p.stdin.flush()
    time.sleep(1 if not ASAN else 3)
    p.send_signal(signal.SIGINT)
    try:
        p.wait(timeout=20)
    except subprocess.TimeoutExpired:
        p.kill()
    check(p.returncode == 130 and b"error" not in p.stderr.read(), f"waiting for stdin: {p.returncode}")
    check(os.path.exists("wait.jsonl"), "the output was not completed")


def limits():
    """A6, A8: starved, it answers with fewer threads or with words; never with a crash."""
    def limit(which, value):
        return lambda: resource.setrlimit(which, (value, value))
    cases = [(resource.RLIMIT_NOFILE, 8), (resource.RLIMIT_STACK, (1024 if ASAN else 64) << 10),
             (resource.RLIMIT_FSIZE, 0)]
    if not ASAN:
        # Stacks so small that no library could run on them, so this fails on every machine.
        cases += [(resource.RLIMIT_STACK, kib << 10) for kib in (20, 32, 48)]
        cases += [(resource.RLIMIT_AS, mib << 20) for mib in (32, 64, 96, 128, 192, 256, 512)]
    for which, value in cases:
        rc, out, err = detect(PICTURES[1], "-q", "--threads", "2", "--csv", "lim.csv", "-y",
                              preexec_fn=limit(which, value))
        words = "error[" in err or "cannot" in err or "error while loading" in err
        check(rc == 0 or (0 < rc < 128 and words), f"limit {which}={value}: {rc} {err}")
    if os.getuid() == 0:
        work = os.getcwd()
        os.chmod(work, 0o755)

        def nobody():
            resource.setrlimit(resource.RLIMIT_NPROC, (3, 3))
            os.setgid(65534)
            os.setuid(65534)
        probe = subprocess.run([GDRUN, "version"], preexec_fn=lambda: os.setuid(65534), env=CLEAN,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) \
            if os.access(GDRUN, os.X_OK) else None
        if probe and probe.returncode == 0:
            rc, out, err = classify("tiny.png", "--threads", "8", preexec_fn=nobody)
            check(rc in (0, 3) and ("W253" in err or "error[" in err), f"few threads: {rc} {err}")


main(exit_codes, not_a_number, ten_thousand, signals, limits)
