# starve_test.py -- A7: each allocation fails, once and from there on: exit 6 or success, no crash.
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gd_cli import ASAN, CLEAN, GDRUN, PICTURES, check, lines, main  # noqa: E402

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "starve.c")
if ASAN:
    print("skipped: the sanitizer brings its own allocator")
    sys.exit(77)
MOST = 24  # failing runs of one command and kind; a release check may raise it


def starved(args, at, on):
    env = dict(CLEAN, LD_PRELOAD=os.path.abspath("starve.so"), STARVE_COUNT="count", STARVE_AT=str(at))
    if on:
        env["STARVE_ON"] = "1"
    p = subprocess.run([GDRUN] + args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                       stdin=subprocess.DEVNULL, timeout=120)
    return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


def sweep(args, output=None):
    if os.path.exists("count"):
        os.unlink("count")
    rc, want, err = starved(args, 0, False)
    check(rc == 0, f"{args}: {rc} {err}")
    if rc:
        return
    count = int(open("count").read())
    most = int(os.environ.get("GD_STARVE_MOST", MOST))
    step = max(1, -(-count // most))
    for on in (False, True):
        for at in range(1, count + 1, step):
            if output and os.path.exists(output):
                os.unlink(output)
            rc, out, err = starved(args, at, on)
            ok = rc == 6 and "error[E6" in err or rc == 0 and not on
            if rc in (1, 3) and "error[E6" in err or rc == 2 and "memory" in err:
                ok = True  # a picture failed for want of memory; the run went on
            after = " and all after" if on else ""
            check(ok, f"{args}: allocation {at} of {count}{after}: {rc} {err[:400]}")
            check(not output or not os.path.exists(output + ".part"), f"{output}.part is left")
            if rc and output and os.path.exists(output):
                check(lines(open(output).read())[-1].get("type") == "summary", f"{output} is torn")
    print(f"note: {args[0]}: {count} allocations, one in {step} failed")


def small():
    sweep(["version"])
    sweep(["detect", "--help"])
    sweep(["info", "cifar.gdw", "--json"])
    open("c.yaml", "w").write("conf: 0.3\nclasses: [a, b]\n")
    sweep(["detect", "--print-config", "--config", "c.yaml"])


def pictures():
    sweep(["classify", "-m", "cifar.gdw", "tiny.png", "--jsonl", "s.jsonl"], "s.jsonl")
    sweep(["detect", "-m", "nano.gdw", PICTURES[1], "--imgsz", "64", "--csv", "-", "-q"])


p = subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", "/dev/null", SOURCE],
                   stderr=subprocess.PIPE)
if p.returncode:
    print("skipped: cc cannot build the preloaded library:", p.stderr.decode()[:200])
    sys.exit(77)


def build():
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", "starve.so", SOURCE], check=True)


main(build, small, pictures)
