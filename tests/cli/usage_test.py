# usage_test.py -- the command line without a model: flags, messages, streams, limits, completions.
import os
import pty
import re
import resource
import shutil
import subprocess
import sys
import tempfile

GDRUN = os.path.join(os.environ.get("GD_BUILD", "build/ci"), "gdrun")
if not os.path.exists(GDRUN):
    print("skipped: gdrun was not built")
    sys.exit(77)
GDRUN = os.path.abspath(GDRUN)
ROOT = os.environ.get("GD_ROOT", os.getcwd())
ASAN = b"__asan_init" in open(GDRUN, "rb").read()
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("GDRUN_", "LC_", "LANG"))}
failures = 0


def run(args, env=None, program=GDRUN, **kw):
    """Exit code (negative: the signal that killed it), stdout, stderr."""
    kw.setdefault("stdin", subprocess.DEVNULL)
    p = subprocess.run([program] + args, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       env=dict(CLEAN, **(env or {})), timeout=60, **kw)
    return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


def check(ok, what):
    global failures
    if not ok:
        failures += 1
        print("FAILED:", str(what)[:1000])


def refused(args, code, *words):
    rc, out, err = run(args)
    for w in words + (f"error[E{code}]",):
        if rc != int(str(code)[0]) or w not in err or out:
            check(False, f"{args}: rc {rc}, stderr {err!r}, wanted {w!r}")
            return


def flag_variants():
    """A1: hundreds of wrong values; each names the flag and what it takes."""
    unit = ["nan", "-1", "2", "1e400", "0x", "", "inf", "1,5", " 0.5", "0.5 ", "0x1p-1", "+-1",
            "1e", ".", "--", "٠.٥", "0.5f", "1.0001", "-0.1", "1e-", "%n%s", "\x1b[31m", "0.5\n"]
    whole = ["99999999999999999999", "-1", "1.5", "1e3", "0x10", "", " 1", "1 ", "one", "١", "1_0",
             "nan", "2147483648000", "-9223372036854775809", "1;2", "\t1", "1k"]
    extent = ["0", "7", "33", "1e9", "640x", "x640", "640x33", "-640", "640X640", "640x640x3", "",
              "99999999999", "8224", "31", "640,640", "640 x 640", "0x280", "32.0"]
    choice = ["", "gpu", "CPU", "cuda:", "cpu ", "cpu,cuda", "0", "auto|cpu"]
    listed = ["", ",", "a,", ",a", "a,,b"]
    table = [("detect", f, v) for f in ("conf", "iou") for v in unit]
    table += [("detect", "confidence", v) for v in unit]
    table += [(c, "batch", v) for c in ("detect", "classify", "info") for v in whole + ["0", "1025"]]
    table += [("detect", "max-det", v) for v in whole + ["1000001"]]
    table += [("detect", "line-width", v) for v in whole + ["0", "101"]]
    table += [("classify", "top-k", v) for v in whole + ["0", "65537"]]
    table += [("detect", "threads", v) for v in whole + ["1025"]]
    table += [("detect", "font-scale", v) for v in unit if v not in ("2", "1.0001")]
    table += [(c, "imgsz", v) for c in ("detect", "classify") for v in extent]
    table += [("doctor", "device", v) for v in choice] + [("detect", "device", v) for v in choice]
    table += [("detect", "precision", v) for v in ("fp64", "", "FP32", "half")]
    table += [("detect", "log-level", v) for v in ("", "loud", "ERROR")]
    table += [("detect", "classes", v) for v in listed] + [("detect", "conf-class", v) for v in listed]
    names = {"confidence": "conf"}
    n = 0
    for command, flag, value in table:
        for args in ([f"--{flag}={value}"], [f"--{flag}", value]):
            if len(args) == 2 and value.startswith("--"):
                continue
            refused([command] + args, 204, f"--{names.get(flag, flag)} takes ")
            n += 1
    for command in ("detect", "classify", "info", "doctor"):
        for flag in ("cnof", "mod", "models", "no-such", "", "conf conf", "CONF", "cońf", "\x1b[2J"):
            refused([command, f"--{flag}"] if flag else [command, "--=3"], 201, "unknown flag '--")
            n += 1
    for flag in ("conf", "iou", "imgsz", "model", "classes", "batch", "output", "json"):
        refused(["detect", f"--{flag}"], 202, f"--{flag} lacks its value")
        refused(["detect", f"--{flag}", "--quiet"], 202, f"--{flag} lacks its value")
        n += 2
    for flag, value in (("conf", "0.5"), ("model", "a"), ("batch", "1"), ("json", "-"), ("imgsz", "64")):
        refused(["detect", f"--{flag}", value, f"--{flag}", value], 203, f"--{flag} is given more")
        n += 1
    check(n >= 500, f"only {n} variants were tried")


def messages():
    refused(["detect", "--cnof", "1"], 201, "did you mean --conf?")
    refused(["detct"], 205, "did you mean 'detect'?")
    refused([], 205, "no command was given")
    refused(["\x1b[31mred\n"], 205, "\\x1b[31mred\\n")
    refused(["completion", "tcsh"], 207, "bash, zsh, fish")
    refused(["detect", "x.jpg"], 207, "no model was given")
    refused(["help", "E999"], 205)
    refused(["info", "/nonexistent.gdw"], 400, "/nonexistent.gdw")
    refused(["info", "/dev/zero"], 400)
    refused(["info", "/"], 400)
    for flag in ("--half", "--fp16", "--int8", "--amp", "--precision=tf32"):
        refused(["detect", "-m", "x.gdw", "--device", "cpu", flag, "x.jpg"], 210, "fp32")
    refused(["bench"], 207, "one model")
    refused(["bench", "a.gdw", "b.jpg", "c.jpg"], 207, "one model")
    refused(["bench", "a.gdw", "--cold", "--precisions", "fp32"], 209, "--precision,")
    for items in ("0", "1,x", "1025", "1.5"):
        refused(["bench", "a.gdw", "--batch-sizes", items], 204, "--batch-sizes takes whole numbers")
    for items in ("fp64", "fp32,int8", "FP16"):
        refused(["bench", "a.gdw", "--precisions", items], 204, "--precisions takes fp32, tf32")
    for code in ("E201", "e501", "W250", "901"):
        rc, out, err = run(["help", code])
        check(rc == 0 and len(out) > 60 and not err, f"help {code}")
    rc, out, err = run(["--log-json", "detect", "--conf", "9"])
    check(rc == 2 and err.startswith('{"level":"error","code":"E204"'), f"log-json: {err}")
    rc, out, err = run(["-q", "detect", "--help"])
    check(rc == 0 and "--conf SCORE" in out and "--arch" not in out, "detect --help")
    check("--epochs" not in out and "--tracker" not in out, "help lists what does not exist")
    # Counts that torchvision and YOLOX state for their models, the frozen norms' factors included.
    rc, out, err = run(["help", "models"])
    for line in (r"resnet18 +classify +1000 +11\.69 M +short 256, crop 224x224 +resnet +torchvision",
                 r"resnet50 +classify +1000 +25\.56 M ",
                 r"fasterrcnn_resnet50_fpn +detect +90 +41\.81 M +short 800, long 1333 +faster_rcnn_r50 +t",
                 r"retinanet_resnet50_fpn_v2 +detect +90 +38\.20 M ",
                 r"yolox_nano +detect +80 +0\.91 M +letterbox 416x416 ",
                 r"resnet20_cifar +classify +10 +0\.27 M +stretch 32x32 "):
        check(rc == 0 and re.search("(?m)^" + line, out), f"help models: no {line} in {out} {err}")
    check(max(map(len, out.splitlines())) <= 132, "help models: too wide")
    # One table: the line of models.def, the test it names, and what both programs print.
    listed = [line.split() for line in out.splitlines()[1:]]
    check(out == run(["--list"], program=os.path.join(os.path.dirname(GDRUN), "gdconvert"))[1], "gdconvert --list")
    with open(ROOT + "/layers/models/models.def") as f:
        table = re.findall(r"^GD_MODEL\((\w+)(?:, (\w+))?\)$", f.read(), re.M)
    for (arch, test), shown in zip(table, listed):
        check(arch == shown[0] and (test or "none") in shown, f"models.def: {arch}, {test}; shown: {shown}")
        check(not test or os.path.exists(f"{ROOT}/tests/parity/{test}_parity_test.py"), f"{arch}: no test {test}")
    check(len(table) == len(listed), f"{len(table)} models, {len(listed)} shown")
    rc, out, err = run(["bench", "--help"])
    check("--batch-sizes" in out and "--cold-from" not in out, "bench --help")
    check("cold-from" not in run(["help", "--man", "gdrun"])[1] + run(["completion", "bash"])[1],
          "a flag for the program itself is shown")
    refused(["bench", "--cold-fron=1", "a.gdw"], 201)
    check("--cold-from" not in run(["bench", "--cold-fron=1", "a.gdw"])[2], "a hidden flag is hinted at")
    for command in ("detect", "classify", "info", "doctor", "completion", "help", "version", "bench",
                    "devices", "eval"):
        rc, out, err = run(["help", command])
        check(rc == 0 and not err and out == run([command, "--help"])[1], f"help {command}")
        check(max(map(len, out.splitlines())) <= 80, f"help {command} is wider than 80 columns")


def streams():
    """A4, A5: stdout full, closed or gone; descriptors closed at the start."""
    with open("/dev/full", "w") as full:
        p = subprocess.run([GDRUN, "help"], stdout=full, stderr=subprocess.PIPE, env=CLEAN)
    check(p.returncode == 9 and p.stderr.count(b"error[E901]") == 1, f"/dev/full: {p}")
    r, w = os.pipe()
    os.close(r)
    p = subprocess.run([GDRUN, "help"], stdout=w, stderr=subprocess.PIPE, env=CLEAN)
    os.close(w)
    check(p.returncode == 9 and p.stderr == b"", f"closed pipe: {p}")
    for closed in ("0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"):
        want = 9 if "1>&-" in closed else 0
        rc = subprocess.run(["bash", "-c", f'"$0" version {closed}', GDRUN], env=CLEAN,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        check(rc == want, f"version {closed}: {rc}")
    rc = subprocess.run(["bash", "-c", '"$0" version | head -c 0; exit ${PIPESTATUS[0]}', GDRUN],
                        env=CLEAN, stdout=subprocess.DEVNULL).returncode
    check(rc in (0, 9), f"version | head: {rc}")


def limits():
    """A6: starved of descriptors, stack and address space it answers or fails with words."""
    def limit(which, value):
        return lambda: resource.setrlimit(which, (value, value))
    for which, value in ((resource.RLIMIT_NOFILE, 8), (resource.RLIMIT_NPROC, 1),
                         (resource.RLIMIT_STACK, 1 << 18), (resource.RLIMIT_FSIZE, 0)):
        rc, out, err = run(["version"], preexec_fn=limit(which, value))
        check(rc == 0 and out, f"version under limit {which}={value}: {rc} {err}")
        rc, out, err = run(["detect", "--conf", "7"], preexec_fn=limit(which, value))
        check(rc == 2 and "E204" in err, f"usage under limit {which}={value}: {rc} {err}")
    rc, out, err = run(["doctor"], preexec_fn=limit(resource.RLIMIT_NOFILE, 8))
    check(rc in (0, 7) and out, f"doctor with 8 descriptors: {rc} {err}")
    with tempfile.NamedTemporaryFile() as f:
        p = subprocess.run([GDRUN, "help"], stdout=f, stderr=subprocess.PIPE, env=CLEAN,
                           preexec_fn=limit(resource.RLIMIT_FSIZE, 100))
        check(p.returncode == 9 and b"E901" in p.stderr, f"file size limit: {p}")


def environment():
    """A9, A15: locales, junk, unknown variables, the order of origins."""
    for name in ("de_DE.UTF-8", "de_DE", "C", "tr_TR.UTF-8", "C.UTF-8", "nonsense"):
        env = {"LC_ALL": name, "LANG": name, "TZ": ":/nonsense", "TERM": "dumb"}
        rc, out, err = run(["detect", "--print-config", "--conf", "0.25"], env)
        check(rc == 0 and "conf: 0.25" in out and "0,25" not in out, f"locale {name}: {out} {err}")
        rc, out, err = run(["detect", "--conf", "0,25"], env)
        check(rc == 2, f"locale {name} accepts a comma")
    rc, out, err = run(["version"], {"GDRUN_TYPO": "1", "GDRUN_OTHER\x1b": "2"})
    check(rc == 0 and "warning[W250]" in err and "repeated 1 times more" in err and "\x1b" not in err,
          f"unknown variable: {err!r}")
    rc, out, err = run(["version"], {"GDRUN_THREADS": "lots", "GDRUN_DEVICE": "toaster"})
    check(rc == 0 and "W251" in err and "GDRUN_DEVICE" in err, f"junk: {err}")
    rc, out, err = run(["version"], {"GDRUN_CACHE_DIR": "/x", "GDRUN_MODEL_DIR": "/y"})
    check(rc == 0 and not err, f"known variables: {err}")
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "c.yaml")
        with open(path, "w") as f:
            f.write("threads: 3\ndetect:\n  conf: 0.125\n")
        show = lambda args, env: run(["detect", "--print-config"] + args, env)[1]
        base = {"GDRUN_CONFIG": path}
        check("threads: 3  # config file" in show([], base), "config file")
        check("threads: 5  # environment" in show([], dict(base, GDRUN_THREADS="5")), "environment")
        check("threads: 7  # flag" in show(["--threads", "7"], dict(base, GDRUN_THREADS="5")), "flag")
        check("conf: 0.125" in show([], base), "section")
        check("threads: 0  # built-in" in show([], {}), "built-in")
        with open(path + "2", "w") as f:
            f.write(show(["--iou", "0.5"], {}))
        rc, out, err = run(["detect", "--print-config", "--config", path + "2"])
        check(rc == 0 and "iou: 0.5  # config file" in out, f"printed config is a config: {err}")
        os.chmod(path, 0o666)
        rc, out, err = run(["detect", "--print-config", "--config", path])
        check(rc == 0 and "W252" in err and "threads: 0" in out, f"writable config: {err}")
        os.chmod(path, 0o600)
        with open(path, "w") as f:
            f.write("conf: &a 0.5\niou: *a\n")
        refused(["detect", "--config", path], 206, "anchors")
        refused(["detect", "--config", path + ".missing"], 206)
        refused(["detect", "--config", "/dev/zero"], 206)
        refused(["detect", "--config", d], 206)


def terminal():
    """Colour only on a terminal, and never under NO_COLOR."""
    def on_pty(env):
        master, slave = pty.openpty()
        p = subprocess.Popen([GDRUN, "detct"], stderr=slave, stdout=slave, stdin=subprocess.DEVNULL,
                             env=dict(CLEAN, TERM="xterm", **env))
        p.wait()
        os.close(slave)
        text = os.read(master, 65536)
        os.close(master)
        return text
    check(b"\x1b[1;31m" in on_pty({}), "no colour on a terminal")
    check(b"\x1b" not in on_pty({"NO_COLOR": "1"}), "colour under NO_COLOR")
    check("\x1b" not in run(["detct"])[2], "colour in a file")


def documents():
    """Completions parse and complete; the manual pages render without a warning."""
    for shell in ("bash", "zsh", "fish"):
        rc, out, err = run(["completion", shell])
        check(rc == 0 and "detect" in out and "--arch" in out.replace("-l arch", "--arch"), shell)
        if shutil.which(shell):
            p = subprocess.run([shell, "-n"], input=out.encode(), stderr=subprocess.PIPE)
            check(p.returncode == 0 and not p.stderr, f"{shell} -n: {p.stderr}")
        else:
            print(f"note: {shell} is not installed, its completion was not parsed")
    ask = ('source <("$0" completion bash); COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]}-1));'
           '_gdrun; echo "${COMPREPLY[@]}"')
    for line, want in (("gdrun det", "detect"), ("gdrun detect --con", "--conf --conf-class --config"),
                       ("gdrun detect --device cp", "cpu"), ("gdconvert --ar", "--arch"),
                       ("gdrun completion z", "zsh"), ("gdrun help cl", "classify"), ("gdrun help mo", "models")):
        p = subprocess.run(["bash", "-c", ask, GDRUN, line], stdout=subprocess.PIPE, env=CLEAN)
        check(p.stdout.decode().strip() == want, f"completing '{line}': {p.stdout}")
    for page in ("gdrun", "gdconvert"):
        rc, out, err = run(["help", "--man", page])
        check(rc == 0 and out.startswith(".TH ") and "\\-\\-conf" in out or page != "gdrun", page)
        tool = shutil.which("mandoc") or shutil.which("groff")
        if not tool:
            print("note: neither mandoc nor groff is installed, the pages were not rendered")
            continue
        args = ["-T", "lint", "-W", "warning"] if tool.endswith("mandoc") else \
            ["-man", "-Tascii", "-ww", "-z"]
        p = subprocess.run([tool] + args, input=out.encode(), stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
        # The pages bear no date, so that equal sources give equal pages.
        said = [t for t in p.stderr.splitlines() + p.stdout.splitlines() if b"missing date" not in t]
        check(not said, f"{page}: {said}")


for part in (flag_variants, messages, streams, limits, environment, terminal, documents):
    before = failures
    part()
    print("ok" if failures == before else "FAILED", part.__name__)
sys.exit(1 if failures else 0)
