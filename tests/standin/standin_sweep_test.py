# standin_sweep_test.py -- family G of the fault matrix on one GPU, without one: each call fails.
#
# The stand-in runtime takes the place of libcudart.so.13 and fails as told. Each run must end
# with the right exit code and words, call nothing after a fault, and leave no object alive.
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from gd_cli import ASAN, BUILD, CLEAN, GDRUN, check  # noqa: E402
import gd_cli  # noqa: E402

STANDIN = os.path.join(BUILD, "standin")
LONG = bool(os.environ.get("GD_LONG"))
FIRST, THEN = 30, 25  # calls that fail in a sweep: the first ones, and of the rest, unless GD_LONG
DETECT = ["detect", "-m", "nano.gdw", "tiny.png", "--imgsz", "32", "--json", "-"]
CLASSIFY = ["classify", "-m", "cifar.gdw", "tiny.png", "--json", "-"]
STICKY = (46, 214, 700, 710, 714, 715, 716, 717, 718, 719, 999)

if not os.path.exists(os.path.join(STANDIN, "libcudart.so.13")) or ASAN:
    print("skipped: needs the CUDA plugin with the shared runtime, and the stand-in")
    sys.exit(77)
needed = subprocess.run(["readelf", "-d", os.path.join(BUILD, "libgdrun_cuda.so")],
                        stdout=subprocess.PIPE, check=True).stdout
if b"libcudart.so.13" not in needed:
    print("skipped: the plugin holds the runtime itself")
    sys.exit(77)

Ran = collections.namedtuple("Ran", "rc out err report")
local = threading.local()


def run(args, program=GDRUN, device="cuda", path=STANDIN, **settings):
    """One run on the stand-in; settings become STANDIN_* variables."""
    if not hasattr(local, "report"):
        local.report = os.path.abspath(f"report{threading.get_ident()}")
    if os.path.exists(local.report):
        os.unlink(local.report)
    env = dict(CLEAN, LD_LIBRARY_PATH=path, STANDIN_REPORT=local.report)
    env.update({f"STANDIN_{k.upper()}": str(v) for k, v in settings.items()})
    p = subprocess.run([program, *args, "--device", device, "--threads", "1"], env=env,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=120, check=False)
    report = {}
    if os.path.exists(local.report):
        with open(local.report) as f:
            report = dict(line.split() for line in f)
    return Ran(p.returncode, p.stdout.decode("utf-8", "replace"),
               p.stderr.decode("utf-8", "replace"), report)


def live(ran):
    return {k: int(ran.report[k]) for k in ("memory", "host", "stream", "event", "graph", "exec")
            if int(ran.report.get(k, 0))}


def expect(ran, rc, *words, what):
    check(ran.rc == rc, f"{what}: exit {ran.rc}, wanted {rc}: {ran.err[:400]}")
    for word in words:
        check(re.search(word, ran.err), f"{what}: no '{word}' in {ran.err[:400]}")
    check(ran.rc < 0 or not re.search(r"0x[0-9a-f]{6}", ran.err), f"{what}: an address in {ran.err}")


def works():
    for args in (DETECT, CLASSIFY):
        ran = run(args)
        expect(ran, 0, what=args[0])
        check(int(ran.report.get("calls", 0)) > 30 and not live(ran), f"{args[0]}: {ran.report}")


def no_driver_no_device():  # G1
    for settings, code in (({"fail": "1,on", "error": 35}, "E504"), ({"devices": 0}, "E505"),
                           ({"fail": "1,on", "error": 100}, "E505"),
                           ({"fail": "1,on", "error": 800}, "E508"),
                           ({"fail": "1,on", "error": 3}, "E5")):
        expect(run(DETECT, **settings), 5, code, "cudaGetDeviceCount", what=settings)
        ran = run(DETECT, device="auto", **settings)
        expect(ran, 0, "cpu", what=f"auto, {settings}")
    expect(run(DETECT, device="cuda:3"), 5, "E506", "cuda:3|GPU 3", what="cuda:3")
    expect(run(DETECT, device="cuda:1", devices=2), 0, what="cuda:1")
    for name in ("cuda:", "cuda:-1", "cuda:9999999999", "cuda0", "gpu"):
        check(run(DETECT, device=name).rc in (2, 5), f"--device {name}")


def plugin_missing():  # G2
    os.makedirs("alone", exist_ok=True)
    shutil.copy(GDRUN, "alone/gdrun")
    shutil.copy(os.path.join(BUILD, "libgdrun.so.0"), "alone/") \
        if os.path.exists(os.path.join(BUILD, "libgdrun.so.0")) else None
    alone = os.path.abspath("alone/gdrun")
    expect(run(DETECT, program=alone), 5, "E502", "libgdrun_cuda.so", what="no plugin")
    expect(run(DETECT, program=alone, device="auto"), 0, what="auto without plugin")
    with open("alone/libgdrun_cuda.so", "w") as f:
        f.write("no library\n")
    expect(run(DETECT, program=alone), 5, "E502", "libgdrun_cuda.so", what="a plugin of nonsense")
    os.makedirs("broken", exist_ok=True)
    with open("broken/libcudart.so.13", "w") as f:
        f.write("no library\n")
    broken = os.path.abspath("broken")
    expect(run(DETECT, path=broken), 5, "E502", "libcudart.so.13", what="a runtime of nonsense")
    expect(run(DETECT, path=broken, device="cpu"), 0, what="cpu beside a runtime of nonsense")


def plugin_of_another_version():  # G2
    source = 'const char *const entry[3] = {0};\n' \
        'const void *gd_plugin_entry(const void *h) { (void)h; return %s; }\n'
    os.makedirs("other", exist_ok=True)
    shutil.copy(GDRUN, "other/gdrun")
    for name, value in (("refuses", "0"), ("old", "entry")):
        with open("other/x.c", "w") as f:
            f.write(source % value)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", "other/libgdrun_cuda.so", "other/x.c"],
                       check=True)
        ran = run(DETECT, program=os.path.abspath("other/gdrun"))
        expect(ran, 5, "E503", what=f"a plugin that {name}")


def old_gpu():  # G3
    ran = run(DETECT, sm=70)
    expect(ran, 5, "E507", "sm_70", "sm_75|sm_80|sm_90", what="sm_70")
    expect(run(DETECT, sm=70, device="auto"), 0, what="auto on sm_70")
    check(not live(ran), f"sm_70: {live(ran)} left")


def out_of_memory():  # G4
    whole = None
    for shift in range(14, 34, 2):
        ran = run(DETECT, memory=1 << shift)
        if ran.rc == 0:
            whole = shift
            break
        expect(ran, 6, "E601", r"\d+ bytes", "held", "free", what=f"{1 << shift} bytes")
        check(not live(ran), f"{1 << shift} bytes: {live(ran)} left")
    check(whole and whole > 14, f"no size of memory was too small, or all were: {whole}")


def sticky_errors():  # G6, G7, G13
    for code in STICKY:
        for call in ("__cudaLaunchKernel", "cudaStreamSynchronize", "cudaMemcpyAsync",
                     "cudaGraphLaunch"):
            ran = run(DETECT + ["tiny.png", "tiny.png"] * 2, fail="1,on", error=code, call=call)
            if ran.report.get("failed") == "-":
                check(ran.rc == 0, f"{code}, {call}: {ran.rc}")
                continue
            expect(ran, 5, r"E51[01]|E508", what=f"{code} at {call}")
            check(ran.report.get("after_fault") == "0",
                  f"{code} at {call}: {ran.report.get('after_fault')} calls after it")
            check("{" not in ran.out or '"detections": []' not in ran.out,
                  f"{code} at {call}: answers after the fault")
    ran = run(DETECT, fail="1,on", error=700, call="cudaStreamSynchronize")
    expect(ran, 5, "E510", "illegal", "kernel", what="a fault that surfaces later")


def numbers(count):
    if LONG or count <= FIRST + THEN:
        return list(range(1, count + 1))
    step = -(-(count - FIRST) // THEN)
    return list(range(1, FIRST + 1)) + list(range(FIRST + 1, count + 1, step))


# cudaError_t: exit codes, and words. Exit 1: other pictures were done before or after.
KINDS = {2: ({6}, r"E60[01]"), 1: ({5}, r"E512"), 700: ({5}, r"E510")}
# What is put away, or can be done without: its failure is not told.
QUIET = re.compile("Free|Destroy|HostAlloc|PointerGetAttributes|MemGetInfo|GetAttribute|SetDevice|GetVersion")


def judge(ran, code, mode, several, at_end):
    """What is wrong with a run in which a call failed, or None."""
    failed = ran.report.get("failed", "-")
    codes, words = KINDS[code]
    quiet = QUIET.search(failed) or (at_end and "Synchronize" in failed)
    if ran.rc < 0 or ran.rc >= 70 or not ran.report:
        return "it ended by a signal, a bug or not at all"
    if failed == "__cudaGetKernel":  # made by nvcc's own code, which hides why and goes on
        return None if ran.rc in (1, 5, 6) and re.search("E[56]", ran.err) else "it is not told"
    if code == 700 and ran.report["after_fault"] != "0":
        return f"{ran.report['after_fault']} calls after the fault"
    if ran.rc == 0:
        return None if failed == "-" or quiet else "success all the same"
    if ran.rc not in codes | ({1} if several else set()):
        return f"the exit code is not in {codes}"
    if not re.search(words, ran.err):
        return f"no {words}"
    kernel = re.search("Launch|Func|Occupancy", failed)  # the message names the kernel
    named = failed.strip("_") in ran.err or (kernel and re.search(r"\w+_\w+", ran.err))
    if not named and not quiet and code != 2:
        return "the call is not named"
    if code != 700 and mode == "once" and live(ran) and not quiet:
        return f"{live(ran)} are left"
    return None


def swept():
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for args in (CLASSIFY, DETECT + ["tiny.png", "tiny.png"]):
            calls = int(run(args).report["calls"])
            jobs = [(code, mode, n) for code in KINDS for mode in ("once", "on")
                    for n in numbers(calls)]

            def one(job):
                code, mode, n = job
                return run(args, fail=f"{n},{mode}", error=code)
            wrong, codes = collections.Counter(), collections.Counter()
            for (code, mode, n), ran in zip(jobs, pool.map(one, jobs)):
                trouble = judge(ran, code, mode, args is not CLASSIFY, n > calls - 40)
                codes[ran.rc] += 1
                if trouble:
                    wrong[trouble] += 1
                    if wrong[trouble] <= 4:
                        check(False, f"{args[0]}, call {n} ({ran.report.get('failed')}) {mode} with "
                              f"{code}: {trouble}: exit {ran.rc} {ran.err[:300]}")
                    else:
                        check(False, trouble)
            print(f"note: {args[0]}: {len(jobs)} runs of {6 * calls} possible; exit codes",
                  dict(codes))


gd_cli.main(works, no_driver_no_device, plugin_missing, plugin_of_another_version, old_gpu,
            out_of_memory, sticky_errors, swept)
