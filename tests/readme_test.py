#!/usr/bin/python3
# readme_test.py -- README.md's C program compiles and runs; its examples print what it says they do.
"""readme_test.py [--update [TEXT]]: --update writes what the commands print into README.md, or what
those print that hold TEXT: 'help models' needs no files of examples."""
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("GD_BUILD", "build/ci"))
DATA = os.path.abspath(os.environ.get("GD_DATA", "../shared/data"))
VIDEO = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
IMAGES = "/usr/lib/python3/dist-packages/imageio/resources/images"
ENV = {**{k: v for k, v in os.environ.items() if not k.startswith(("GDRUN_", "OMP_"))},
       "PATH": f"{BUILD}:{os.environ['PATH']}", "OMP_WAIT_POLICY": "passive", "LC_ALL": "C.UTF-8"}
failures = 0


def check(ok, what):
    global failures
    if not ok:
        failures += 1
        print("FAILED:", str(what)[:3000])


def run(*args, **kw):
    p = subprocess.run(args, capture_output=True, text=True, check=False, env={**ENV, **kw}, timeout=300)
    return p.returncode, p.stdout, p.stderr


# ---- the C program -------------------------------------------------------------------------------

def write_safetensors(path, tensors):
    """name -> (shape, list of floats)"""
    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        raw = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def write_reddish(path):
    """A ResNet-20 for CIFAR that answers by red minus blue: class 1 above the middle, else class 2."""
    t = {}

    def conv(name, k, c):
        values = [0.0] * (k * c * 9)
        if name == "conv1":  # two channels carry the difference and its negative; relu keeps one
            for channel, sign in ((0, 1.0), (1, -1.0)):
                values[(channel * 3 + 0) * 9 + 4], values[(channel * 3 + 2) * 9 + 4] = sign, -sign
        t[name + ".weight"] = ([k, c, 3, 3], values)

    def norm(name, k):
        for what, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            t[f"{name}.{what}"] = ([k], [value] * k)

    conv("conv1", 16, 3)
    norm("bn1", 16)
    for stage in range(3):
        for block in range(3):
            width, path_ = 16 << stage, f"layer{stage + 1}.{block}."
            conv(path_ + "conv1", width, width // 2 if stage and not block else width)
            norm(path_ + "bn1", width)
            conv(path_ + "conv2", width, width)
            norm(path_ + "bn2", width)
    # Every block adds zero to what it carries; each widening pads a quarter of zeros in front.
    first, linear = 8 + 16, [0.0] * 640
    linear[1 * 64 + first] = linear[2 * 64 + first + 1] = 50.0
    t["linear.weight"], t["linear.bias"] = ([10, 64], linear), ([10], [0.0] * 10)
    write_safetensors(path, t)


def write_ppm(path, width, height, pixel):
    with open(path, "wb") as f:
        f.write(b"P6\n%d %d\n255\n" % (width, height) + bytes(pixel) * (width * height))


def example(text):
    program = re.search(r"<!-- example.c -->\n```c\n(.*?)```\n<!-- end -->", text, re.S).group(1)
    check(len(program.splitlines()) <= 42, f"the program has {len(program.splitlines())} lines")
    with open("example.c", "w") as f:
        f.write(program)
    with open(BUILD + "/CMakeCache.txt") as f:
        cache = dict(re.findall(r"^(\w+):\w+=(.*)$", f.read(), re.M))
    flags = ["-fsanitize=" + cache["GD_SANITIZE"]] if cache.get("GD_SANITIZE") else []
    rc, _, err = run(cache["CMAKE_C_COMPILER"], "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                     *flags, f"-I{ROOT}/engine", "example.c", "-o", "example", f"-L{BUILD}", "-lgdrun",
                     f"-Wl,-rpath,{BUILD}")
    check(rc == 0, f"the program does not compile: {err}")
    if rc:
        return
    write_reddish("reddish.safetensors")
    rc, _, err = run("gdconvert", "reddish.safetensors", "--arch", "resnet20_cifar", "-o", "reddish.gdw")
    check(rc == 0, f"gdconvert: {err}")
    write_ppm("red.ppm", 32, 32, (200, 90, 20))
    write_ppm("blue.ppm", 50, 31, (20, 90, 200))
    for picture, name in (("red.ppm", "automobile"), ("blue.ppm", "bird")):
        rc, out, err = run("./example", "reddish.gdw", picture)
        rows = [line.split() for line in out.splitlines()]
        check(rc == 0 and len(rows) == 5 and rows[0][0] == name and 0.9 < float(rows[0][1]) <= 1,
              f"{picture}: {rc} {out} {err}")
    for args in (("none.gdw", "red.ppm"), ("reddish.gdw", "none.ppm"), ("reddish.gdw", "example.c")):
        rc, out, err = run("./example", *args)
        check(rc == 1 and out == "" and err.strip(), f"{args}: {rc} {out} {err}")
    check(run("./example")[0] == 2, "no arguments")
    if os.path.exists(DATA + "/yolox/yolox_nano.pth"):
        run("gdconvert", DATA + "/yolox/yolox_nano.pth", "-o", "nano.gdw")
        from PIL import Image
        Image.open(DATA + "/images/dog.jpg").convert("RGB").save("dog.ppm")
        rc, out, err = run("./example", "nano.gdw", "dog.ppm")
        seen = run("gdrun", "detect", "-q", "-m", "nano.gdw", "--jsonl", "-", "dog.ppm")[1].splitlines()[1]
        want = [(d["name"], f"{d['conf']:.2f}", "%.1f" % d["box"][0]) for d in json.loads(seen)["detections"]]
        got = [(m.group(1).strip(), m.group(2), m.group(3))
               for m in re.finditer(r"^(.*?) +(\d\.\d\d)  \[([-\d.]+),", out, re.M)]
        check(rc == 0 and got == want and len(want) >= 2, f"{got}, gdrun: {want} {err}")
    print("done example")


# ---- the examples of the command line ------------------------------------------------------------

def prepare():
    """What the examples name: files of Debian's packages and public checkpoints. Else the reason."""
    files = [VIDEO, IMAGES + "/astronaut.png", IMAGES + "/chelsea.png", DATA + "/yolox/yolox_nano.pth",
             DATA + "/resnet_cifar10/resnet20-12fca82f.th", ROOT + "/weights/pretrained/pedestrian.gdw",
             DATA + "/bccd"]
    for path in files:
        if not os.path.exists(path):
            return f"no {path}"
    if not os.path.exists(BUILD + "/libgdrun_av.so"):
        return f"no {BUILD}/libgdrun_av.so"
    for tool in ("ffmpeg", "jq"):
        if not shutil.which(tool):
            return f"no {tool}"
    try:
        import torch
        import torchvision
    except ImportError as e:
        return str(e)
    for path in files[1:5]:
        shutil.copy(path, ".")
    os.symlink(VIDEO, "vtest.avi")
    os.symlink(DATA + "/bccd", "cells")
    os.symlink(ROOT + "/weights", "weights")
    os.symlink(ROOT + "/tools", "tools")
    os.mkdir("build")
    run("ffmpeg", "-nostdin", "-loglevel", "error", "-i", VIDEO, "-vf", r"select=eq(n\,700)", "-frames:v", "1",
        "build/vtest-700.png")
    torch.manual_seed(1)
    torch.save(torchvision.models.resnet18().state_dict(), "resnet18.pth")
    return None


NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def same(want, got):
    """Equal but for rates, times, memory, threads and why there is no GPU, and numbers within what
    another CPU may change."""
    def plain(s):
        s = re.sub(r"\(auto: [^)]*\)", "(auto)", s)
        # Of a pipeline's summary only the form: how long its stages take depends on the machine.
        s = re.sub(r"^gdrun: (latency|stages): .*", r"gdrun: \1", s, flags=re.M)
        s = re.sub(r"^gdrun: \w+ sets the pace.*", "gdrun: pace", s, flags=re.M)
        # Steps of training add up what another CPU rounds otherwise, and each has its speed.
        s = re.sub(r"^(gdrun: epoch \d+/\d+).*", r"\1", s, flags=re.M)
        s = re.sub(r"in [\d.]+ s, ", "in s, ", s)
        s = re.sub(r"[\d.]+ (ms|a second|MiB)", r"\1", s)
        return re.sub(r"\b\d+ threads?\b", "threads", s).rstrip()
    a, b = plain(want), plain(got)
    x, y = ([float(v) for v in NUMBER.findall(s)] for s in (a, b))
    return NUMBER.sub("#", a) == NUMBER.sub("#", b) and \
        all(abs(p - q) <= 0.02 * abs(p) + 0.1 for p, q in zip(x, y))


def consoles(text, update, only=""):
    def one(match):
        answer = ""
        for part in re.split(r"^\$ ", match.group(1), flags=re.M)[1:]:
            command, _, want = part.partition("\n")
            if only not in command:
                answer += "$ " + part
                continue
            # One stream, in the order a terminal shows it: messages come at once, results at exit.
            p = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env=ENV, timeout=300, check=False)
            got = "".join(line.rstrip() + "\n" for line in p.stdout.decode().splitlines())
            if not update:
                check(same(want, got), f"$ {command}\nREADME.md:\n{want}\nnow:\n{got}")
            answer += f"$ {command}\n{got}"
        return f"```console\n{answer}```"
    new = re.sub(r"```console\n(.*?)```", one, text, flags=re.S)
    print("done examples")
    return new


def main():
    update = "--update" in sys.argv[1:]
    only = sys.argv[2] if update and len(sys.argv) > 2 else ""
    for program in ("gdrun",) if only else ("gdrun", "gdconvert", "libgdrun.so"):
        if not os.path.exists(f"{BUILD}/{program}"):
            print(f"skipped: no {BUILD}/{program}")
            sys.exit(77)
    with open(ROOT + "/README.md") as f:
        text = f.read()
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        check(os.path.exists(f"{ROOT}/{link}"), f"README.md links to {link}, which is not there")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        reason = None
        if not only:
            example(text)
            reason = prepare()
        if reason:
            print("skipped examples:", reason)
        else:
            new = consoles(text, update, only)
            if update:
                with open(ROOT + "/README.md", "w") as f:
                    f.write(new)
        os.chdir("/")
    sys.exit(1 if failures else 77 if reason else 0)


main()
