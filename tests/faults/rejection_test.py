# rejection_test.py -- R5: damaged weights, pictures and configurations cost a refusal little.
#
# Each file of a corpus is cut, overwritten and given huge numbers. A refusal takes under a second
# of CPU time, less than 64 MiB above the size of the file, and the right exit code.
import glob
import io
import os
import random
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from gd_cli import ASAN, CLEAN, DATA, GDCONVERT, GDRUN, check  # noqa: E402
import gd_cli  # noqa: E402

MUTANTS = 400 if os.environ.get("GD_LONG") else 8  # of each file
MIB = 1 << 20
HUGE = [b"\xff" * 4, b"\xff\xff\xff\x7f", b"\xff" * 8, b"\0" * 8, b"\xff" * 7 + b"\x7f",
        struct.pack("<Q", 1 << 40), struct.pack(">I", 1 << 30), b"99999999999", b"\x80\x80\x80\x80"]


def mutants(data, seed):
    """The file itself, then damaged: mostly near its ends, where headers and directories are."""
    rng = random.Random(seed)
    yield data
    for i in range(MUTANTS):
        kind, n = i % 4, len(data)
        at = rng.randrange(max(1, min(n, 400)))
        if i % 8 >= 4:
            at = max(0, n - 1 - at)
        if kind == 0:
            yield data[:rng.randrange(max(1, n))]
        elif kind == 1:
            yield data[:at] + rng.choice(HUGE) + data[at + 8:]
        elif kind == 2:
            b = bytearray(data)
            for _ in range(4):
                if b:
                    b[rng.randrange(len(b))] = rng.randrange(256)
            yield bytes(b)
        else:
            yield data[:at] + rng.choice(HUGE) * 2 + data[at:]


def cost(args):
    """Exit code, stderr, CPU seconds and peak memory in bytes, decoder processes included."""
    p = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, env=CLEAN)
    err = p.stderr.read().decode("utf-8", "replace")
    _, status, use = os.wait4(p.pid, 0)
    p.returncode = status
    rc = os.waitstatus_to_exitcode(status)
    return rc, err, use.ru_utime + use.ru_stime, use.ru_maxrss * 1024


def family(name, files, command, code):
    """files: (name, bytes); the first one is sound and says what a run costs in any case."""
    refused = most_cpu = most_memory = 0
    base = None
    for index, (label, data) in enumerate(files):
        for m, mutant in enumerate(mutants(data, index)):
            path = "bad" + os.path.splitext(label)[1]
            with open(path, "wb") as f:
                f.write(mutant)
            rc, err, cpu, memory = cost(command(path))
            if base is None:
                base = memory
                check(rc == 0, f"{name}: the sound file is refused: {rc} {err}")
            if rc == 0:
                continue
            refused += 1
            more = memory - base - len(mutant)
            most_cpu, most_memory = max(cpu, most_cpu), max(more, most_memory)
            ok = rc == code and f"error[E{code}" in err
            check(ok, f"{name} {label}, mutant {m}: exit code {rc}: {err[:300]}")
            if not ASAN:
                check(cpu < 1, f"{name} {label}, mutant {m}: {cpu} s")
                check(more < 64 * MIB, f"{name} {label}, mutant {m}: {more / MIB:.0f} MiB")
    check(refused > len(files), f"{name}: only {refused} refusals")
    print(f"note: {name}: {refused} refusals, at most {most_cpu:.2f} s and "
          f"{most_memory / MIB:.1f} MiB above the file")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def checkpoints():
    paths = [DATA + "/pth-cases/views.zip.pth"] + sorted(glob.glob(DATA + "/pth-cases/*.pth"))
    files = [(os.path.basename(p), read(p)) for p in paths]
    text = b'{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"__metadata__":{"k":"v"}}'
    files.append(("two.safetensors", struct.pack("<Q", len(text)) + text + bytes(16)))
    index = b'{"metadata":{"total_size":16},"weight_map":{"a":"two.safetensors"}}'
    files.append(("model.safetensors.index.json", index))
    family("checkpoints", files, lambda p: [GDCONVERT, "--inspect", p, "--json"], 4)


def weights():
    family("gdw", [("cifar.gdw", read("cifar.gdw"))] * 4, lambda p: [GDRUN, "info", p, "--json"], 4)


def pictures():
    from PIL import Image
    import numpy as np
    rng = np.random.default_rng(3)
    im = Image.fromarray(rng.integers(0, 255, (40, 56, 3), dtype=np.uint8))
    files = []
    for name, mode, how in (("a.png", "RGB", {}), ("b.png", "P", {}), ("c.jpg", "RGB", {}),
                            ("d.jpg", "RGB", {"progressive": True}), ("e.jpg", "CMYK", {}),
                            ("f.bmp", "RGB", {}), ("g.bmp", "P", {}), ("h.tga", "RGB", {}),
                            ("i.tga", "L", {"compression": "tga_rle"}), ("j.ppm", "RGB", {}),
                            ("k.png", "RGBA", {}), ("l.gif", "P", {}), ("m.webp", "RGB", {})):
        b = io.BytesIO()
        try:
            im.convert(mode).save(b, {"jpg": "JPEG", "ppm": "PPM"}.get(name[2:], name[2:].upper()), **how)
        except (OSError, KeyError) as e:
            print("note: PIL does not write", name, e)
            continue
        files.append((name, b.getvalue()))
    # A header of 65,500 x 65,500 in a few bytes.
    huge = bytearray(files[2][1])
    at = huge.find(b"\xff\xc0") + 5
    huge[at:at + 4] = struct.pack(">HH", 65500, 65500)
    files.append(("huge.jpg", bytes(huge)))
    family("pictures", files, lambda p: [GDRUN, "classify", "-m", "cifar.gdw", p, "--threads", "1"], 3)


def configurations():
    files = [("a.yaml", b"conf: 0.3\nclasses: [a, b]\ndetect:\n  iou: 0.5\n"),
             ("b.yaml", b"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n"),
             ("c.yaml", b"[" * 100000), ("d.yaml", b"x" * (4 * MIB)), ("e.yaml", b"? " * 50000),
             ("f.yaml", b"conf: " + b"9" * 100000), ("g.yaml", b"- " * 100000 + b"a\n")]
    family("configurations", files, lambda p: [GDRUN, "detect", "--print-config", "--config", p], 2)


gd_cli.main(checkpoints, weights, pictures, configurations)
