# sweep_test.py -- R3 for host calls: each call fails, once and from there on, in every command.
#
# inject.c is preloaded and makes one call of the program (or of a decoder process) fail. Each run
# must end with the right exit code and words, outputs must be the old or the new file, whole,
# and nothing else may be left behind. GD_LONG=1 tries every call; otherwise the first ones and
# then one in so many.
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from gd_cli import ASAN, CLEAN, DATA, GDCONVERT, GDRUN, check  # noqa: E402
import gd_cli  # noqa: E402

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inject.c")
LONG = bool(os.environ.get("GD_LONG"))
FIRST, THEN, BOTH = 120, 40, 30  # per command and kind, unless GD_LONG
OLD = b"what was there before"
if ASAN:
    print("skipped: the sanitizer brings its own allocator")
    sys.exit(77)

# Kind: the exit codes of a run that failed, and the words one of which stderr then holds. An
# input that cannot be read is 3 (pictures), 4 (weights) or 8 (annotations); an output that cannot be
# written, 9.
RULES = {
    "mem": ({6}, ("error[E6",)),
    "open": ({2, 3, 4, 8, 9}, ("error[E",)),
    "read": ({2, 3, 4, 8}, ("error[E",)),
    "write": ({9}, ("error[E9",)),
    "sync": ({9}, ("error[E9",)),
    "rename": ({9}, ("error[E9",)),
    "size": ({3, 6}, ("error[E",)),
    "map": ({3, 6}, ("error[E",)),
    "fork": ({3}, ("error[E310",)),
    "thread": (set(), ()),
    "socket": ({3}, ("error[E3",)),
    "stat": ({2, 3, 4, 8, 9}, ("error[E",)),
}
Command = collections.namedtuple("Command", "name args outputs")


def commands():
    t = ["--threads", "2"]
    return [
        Command("help", [GDRUN, "help"], ()),
        Command("config", [GDRUN, "detect", "--print-config", "--config", "../c.yaml"], ()),
        Command("info", [GDRUN, "info", "../cifar.gdw", "--json"] + t, ()),
        Command("classify", [GDRUN, "classify", "-m", "../cifar.gdw", "../tiny.png", "-o", "o.png",
                             "--json", "o.json", "-y"] + t, ("o.png", "o.json")),
        Command("detect", [GDRUN, "detect", "-m", "../nano.gdw", "../tiny.png", "--imgsz", "32",
                           "--conf", "0.001", "-o", "o.jpg", "--json", "o.json", "--csv", "-",
                           "-y"] + t, ("o.jpg", "o.json")),
        Command("eval", [GDRUN, "eval", "-m", "../nano.gdw", "--data", "../truth.json", "--images", "..", "--imgsz",
                         "32", "--json", "o.json", "--coco", "c.json", "-y"] + t, ("o.json", "c.json")),
        Command("judge", [GDRUN, "eval", "--detections", "../found.json", "--data", "../truth.json", "-o", "o.json",
                          "-y"], ("o.json",)),
        Command("convert", [GDCONVERT, DATA + "/resnet_cifar10/resnet20-12fca82f.th", "-o", "o.gdw",
                            "-y"], ("o.gdw",)),
        Command("inspect", [GDCONVERT, "--inspect", DATA + "/pth-cases/views.zip.pth", "--json"], ()),
    ]


def run(c, inject, folder, count=None):
    """Exit code, stdout, stderr and what then lies in the folder, {name: bytes}."""
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    for name in c.outputs:
        with open(os.path.join(folder, name), "wb") as f:
            f.write(OLD)
    env = dict(CLEAN, LD_PRELOAD=os.path.abspath("inject.so"), INJECT=inject)
    if count:
        env["INJECT_COUNT"] = os.path.abspath(count)
    try:
        p = subprocess.run(c.args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                           stdin=subprocess.DEVNULL, cwd=folder, timeout=60)
    except subprocess.TimeoutExpired:
        return "a hang", b"", "", {}
    held = {n: open(os.path.join(folder, n), "rb").read() for n in os.listdir(folder)}
    return p.returncode, p.stdout, p.stderr.decode("utf-8", "replace"), held


def whole(name, data, reference):
    if name.endswith(".json"):  # holds times: never equal, but complete
        try:
            return isinstance(json.loads(data), (dict, list))
        except ValueError:
            return False
    return data == reference.get(name)


def judge(c, kind, mode, got, good):
    """What is wrong with the run, or None."""
    rc, out, err, held = got
    codes, words = RULES.get(kind, (set(), ()))
    if not isinstance(rc, int) or rc < 0 or rc >= 70:
        return "it ended by a signal, a bug or not at all"
    if set(held) != set(c.outputs):
        return f"it leaves {sorted(held)}"
    for name, data in held.items():
        if data != OLD and not whole(name, data, good[3]):
            return f"{name} is torn"
        if rc == 0 and data == OLD:
            return f"success without {name}"
    if rc == 0:
        told = c.outputs or kind == "thread" or out == good[1]
        return None if told else "success, but another answer"
    if rc not in codes:
        return "the exit code is wrong"
    if not any(w in err for w in words):
        # Nobody can be told: stderr itself does not take a byte.
        if not (kind == "write" and mode == ":on"):
            return "it does not say why"
    return None


def numbers(count):
    if LONG or count <= FIRST + THEN:
        return list(range(1, count + 1))
    step = -(-(count - FIRST) // THEN)
    return list(range(1, FIRST + 1)) + list(range(FIRST + 1, count + 1, step))


local, folders = threading.local(), []


def folder():
    if not hasattr(local, "path"):
        local.path = tempfile.mkdtemp(dir=".", prefix="run")
    return local.path


def sweep(pool, c):
    start = time.time()
    good = run(c, "", folder(), "count")
    check(good[0] == 0, f"{c.name} without faults: {good[:3]}")
    if good[0]:
        return
    counts = {k: int(n) for k, n in (line.split() for line in open("count"))}
    # The first calls fail once, and from there on; of the rest every other one either way.
    jobs = [(k, at, mode) for k in RULES for n, at in enumerate(numbers(counts[k]))
            for way, mode in enumerate(("", ":on")) if LONG or n < BOTH or n % 2 == way]
    # Interrupted and partial transfers are no failures: the run must succeed.
    jobs += [(k, at, ":alternate") for k in ("few", "eintr") for at in (1, 2) if counts[k]]

    def one(job):
        k, at, mode = job
        got = run(c, f"{k}:{at}{mode}", folder())
        return job, got, judge(c, k, mode, got, good)
    codes = collections.Counter()
    wrong = collections.Counter()
    for job, got, trouble in pool.map(one, jobs):
        codes[(job[0], got[0])] += 1
        if trouble:
            wrong[trouble] += 1
            check(False, f"{c.name} {job[0]}:{job[1]}{job[2]}: {trouble}: {got[0]} {got[2][:300]}"
                  if wrong[trouble] <= 8 else f"{c.name} {job}")
    print(f"note: {c.name}: {len(jobs)} runs of {2 * sum(counts[k] for k in RULES)} possible,",
          f"{time.time() - start:.1f} s;", ", ".join(f"{k} -> {rc}: {n}" for (k, rc), n in
                                                    sorted(codes.items(), key=str)))


def prepare():
    box = {"image_id": 1, "category_id": 1, "bbox": [2, 2, 20, 20]}
    with open("truth.json", "w") as f:
        json.dump({"images": [{"id": 1, "file_name": "tiny.png", "width": 32, "height": 32}],
                   "categories": [{"id": 1, "name": "person"}], "annotations": [dict(box, id=1, iscrowd=0)]}, f)
    with open("found.json", "w") as f:
        json.dump([dict(box, score=0.5)], f)
    with open("c.yaml", "w") as f:
        f.write("conf: 0.3\nclasses: [a, b]\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", "inject.so", SOURCE],
                   check=True)


def swept():
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for c in commands():
            if not os.environ.get("GD_SWEEP") or c.name in os.environ["GD_SWEEP"].split(","):
                sweep(pool, c)


gd_cli.main(prepare, swept)
