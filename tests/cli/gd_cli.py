# gd_cli.py -- what the tests of the command line share: models made once, runs, checks.
import io
import json
import os
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("GD_BUILD", "build/ci"))
DATA = os.path.abspath(os.environ.get("GD_DATA", "../shared/data"))
GDRUN, GDCONVERT = os.path.join(BUILD, "gdrun"), os.path.join(BUILD, "gdconvert")
for need in (GDRUN, GDCONVERT, DATA + "/yolox/yolox_nano.pth", DATA + "/images/dog.jpg"):
    if not os.path.exists(need):
        print(f"skipped: {need} is not there")
        sys.exit(77)
with open(os.path.join(BUILD, "CMakeCache.txt")) as cache:
    ASAN = "GD_SANITIZE:STRING=address" in cache.read()
# Waiting threads sleep: tests run beside each other and must not burn each other's time.
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("GDRUN_", "LC_", "LANG", "OMP_"))}
CLEAN["OMP_WAIT_POLICY"] = "passive"
PICTURES = [f"{DATA}/images/{n}.jpg" for n in ("dog", "eagle", "giraffe", "horses", "person")]
failures = 0


def check(ok, what):
    global failures
    if not ok:
        failures += 1
        print("FAILED:", str(what)[:1000])


def run(*args, env=None, **kw):
    """Exit code (negative: the signal that killed it), stdout, stderr."""
    kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("stdout", subprocess.PIPE)
    p = subprocess.run([GDRUN] + list(args), stderr=subprocess.PIPE, env=dict(CLEAN, **(env or {})),
                       timeout=300, **kw)
    out = p.stdout.decode("utf-8", "replace") if p.stdout is not None else ""
    return p.returncode, out, p.stderr.decode("utf-8", "replace")


def detect(*args, **kw):
    return run("detect", "-m", "nano.gdw", *args, **kw)


def classify(*args, **kw):
    return run("classify", "-m", "cifar.gdw", *args, **kw)


def lines(text):
    return [json.loads(t) for t in text.splitlines()]


def many_pictures(folder, count):
    """A folder of `count` names of tiny.png; made once."""
    if not os.path.isdir(folder):
        os.mkdir(folder)
        for i in range(count):
            os.link("tiny.png", f"{folder}/{i:04d}.png")


def main(*parts):
    """Runs the parts (or those named as arguments) in an empty folder with nano.gdw, cifar.gdw
    and tiny.png, a picture of 32 x 32."""
    from PIL import Image
    tiny = b"P6\n32 32\n255\n" + bytes((7 * i * i + i // 96) % 256 for i in range(3 * 32 * 32))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for out, source in (("nano", "yolox/yolox_nano.pth"),
                            ("cifar", "resnet_cifar10/resnet20-12fca82f.th")):
            p = subprocess.run([GDCONVERT, f"{DATA}/{source}", "-o", f"{out}.gdw"],
                               stderr=subprocess.PIPE, env=CLEAN)
            if p.returncode:
                print("FAILED: gdconvert", p.stderr.decode())
                sys.exit(1)
        Image.open(io.BytesIO(tiny)).save("tiny.png")
        for part in parts:
            if sys.argv[1:] and part.__name__ not in sys.argv[1:]:
                continue
            before, start = failures, time.time()
            part()
            print("ok" if failures == before else "FAILED", part.__name__,
                  f"{time.time() - start:.1f} s")
        os.chdir("/")
    sys.exit(1 if failures else 0)
