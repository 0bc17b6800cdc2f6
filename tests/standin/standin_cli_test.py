# standin_cli_test.py -- the command line on a GPU that is made up: devices, exit codes 5 and 6, batches.
"""A CUDA runtime of our own (tests/standin) stands in the place of NVIDIA's: kernels compute nothing, but
memory, graphs and failures are as on a GPU."""
import json
import os
import re
import sys

ROOT = os.environ.get("GD_ROOT", os.getcwd())
sys.path.insert(0, os.path.join(ROOT, "tests/cli"))
from gd_cli import ASAN, BUILD, DATA, PICTURES, check, lines, main, run  # noqa: E402

STANDIN = f"{BUILD}/standin"
if ASAN or not os.path.exists(f"{STANDIN}/libcudart.so.13") or not os.path.exists(f"{BUILD}/libgdrun_cuda.so"):
    print("skipped: no stand-in or no CUDA plugin in this build")
    sys.exit(77)
DOG = f"{DATA}/images/dog.jpg"


def gpu(*args, **env):
    """gdrun with the stand-in; keywords become STANDIN_ variables."""
    return run(*args, env={"LD_LIBRARY_PATH": STANDIN, **{f"STANDIN_{k}": str(v) for k, v in env.items()}})


def refused(code, args, **env):
    rc, out, err = gpu(*args, **env)
    check(rc == code // 100 and f"error[E{code}]" in err, f"{args} {env}: {rc} {err}")


def listed():
    rc, out, err = gpu("devices", "-o", "json", DEVICES=3, SM=86, MEMORY=8 << 30)
    told = json.loads(out)["cuda"]
    check(rc == 0 and [g["device"] for g in told["gpus"]] == ["cuda:0", "cuda:1", "cuda:2"], out)
    check(all(g["sm"] == 86 and g["memory_bytes"] == 8 << 30 for g in told["gpus"]), out)
    rc, out, err = gpu("devices")
    check(rc == 0 and re.search(r"^cuda:0  Stand-in 0, sm_90, .*: usable$", out, re.M), out)
    rc, out, err = gpu("doctor", "--device", "cuda")
    check(rc == 0 and "cuda:0: Stand-in 0" in out, out + err)
    rc, out, err = gpu("devices", SM=70)
    check(rc == 0 and "not usable: Stand-in 0 is sm_70" in out, out)


def no_device():
    """Each reason has its code; auto goes on with the CPU, cuda never does."""
    detect = ["detect", "-m", "nano.gdw", DOG]
    for code, words, env in ((505, "no GPU", {"DEVICES": 0}), (507, "GPU too old for this build", {"SM": 70}),
                             (508, "GPU not available", {"FAIL": "1,on", "ERROR": 46, "CALL": "cudaSetDevice"})):
        for command in (detect, ["classify", "-m", "cifar.gdw", "tiny.png"], ["bench", "nano.gdw"]):
            refused(code, command + ["--device", "cuda"], **env)
        rc, out, err = gpu(*detect, **env)
        check(rc == 0 and f"device: cpu (auto: {words})" in err and "dog" in out, f"{code}: {rc} {err}")
    refused(506, detect + ["--device", "cuda:1"])
    refused(506, ["devices", "--device", "cuda:9"], DEVICES=2)


def chosen():
    rc, out, err = gpu("detect", "-m", "nano.gdw", DOG, "--jsonl", "-", "--half")
    first = lines(out)[0]
    check(rc == 0 and "device: cuda:0 (auto), Stand-in 0, fp16" in err, err)
    check(first["device"] == "cuda:0" and first["precision"] == "fp16", first)
    rc, out, err = gpu("detect", "-m", "nano.gdw", DOG, "--jsonl", "-", "--device", "cuda:1", DEVICES=2)
    check(rc == 0 and lines(out)[0]["device"] == "cuda:1" and "device:" not in err, err)


def batches():
    """auto plans within the memory there is, up to 64; less when memory ends all the same; exit 6 at 1."""
    sources = PICTURES * 13
    args = ["detect", "-m", "nano.gdw", *sources, "--batch=auto", "--jsonl", "-"]
    rc, out, err = gpu(*args)
    check(rc == 0 and "batch: 64 (auto" in err and len(lines(out)) == 67, f"{rc} {err}")
    rc, out, err = gpu(*args, MEMORY=120 << 20)
    small = re.search(r"batch: (\d+) \(auto: plans ([\d.]+) MiB, cuda:0 has ([\d.]+) MiB", err)
    check(rc == 0 and small and 1 < int(small[1]) < 64 and float(small[2]) <= 0.8 * float(small[3]), err)
    # The first allocation of the first batch fails once: half as many, and every picture has its result.
    rc, out, err = gpu(*args, FAIL="1,once", CALL="cudaMalloc", ERROR=2)
    check(rc == 0 and len(lines(out)) == 67 and '"error"' not in out and "warning[W602]" in err
          and "a batch of 64: Stand-in 0: no memory for" in err and "going on with 32" in err, f"{rc} {err}")
    refused(603, ["detect", "-m", "nano.gdw", DOG, "--batch=auto"], MEMORY=4 << 20)
    refused(601, ["detect", "-m", "nano.gdw", DOG, "--device", "cuda"], FAIL="1,on", CALL="cudaMalloc", ERROR=2)
    refused(601, ["bench", "nano.gdw", DOG, "--device", "cuda"], FAIL="1,on", CALL="cudaMalloc", ERROR=2)


def benches():
    rc, out, err = gpu("bench", "nano.gdw", DOG, "--device", "cuda", "--precisions", "fp32,fp16", "--batch-sizes",
                       "1,4", "--iters", "3", "-o", "json")
    r = json.loads(out)
    check(rc == 0 and r["device"] == "cuda:0" and r["name"] == "Stand-in 0" and r["driver"], err)
    check([(x["precision"], x["batch"]) for x in r["rows"]] == [("fp32", 1), ("fp32", 4), ("fp16", 1), ("fp16", 4)],
          out)
    held = [x["session_bytes"] for x in r["rows"]]
    check(all(h > 1 << 20 for h in held) and held[1] > held[0] > held[2], held)
    check(all(x["device_used_bytes"] >= x["session_bytes"] for x in r["rows"]), out)
    rc, out, err = gpu("bench", "nano.gdw", DOG, "--device", "cuda", "--cold", "--iters", "2", "-o", "json")
    t = json.loads(out)
    check(rc == 0 and t["plugin"]["median"] > 0 and t["device"]["median"] > 0 and t["weights"]["median"] > 0, out)
    rc, out, err = gpu("bench", "nano.gdw", DOG, "--device", "cuda", "--batch-sizes", "1,64", "--iters", "3",
                       MEMORY=100 << 20)
    check(rc == 0 and "batch 64: not measured" in out, out + err)


def faults():
    """After a fault nothing on the GPU can be trusted: the run ends, with the code of the device."""
    for error in (46, 214, 700, 716, 719, 999):
        rc, out, err = gpu("detect", "-m", "nano.gdw", *PICTURES, "--device", "cuda", FAIL="1,on",
                           CALL="cudaStreamSynchronize", ERROR=error)
        check(rc == 5 and re.search(r"error\[E5(08|1[0-2])\]", err) and err.count("error[E") == 1,
              f"{error}: {rc} {err}")


def pinned():
    """Where pictures cannot be put into page-locked memory ordinary memory does."""
    for n in range(1, 5):
        rc, out, err = gpu("detect", "-m", "nano.gdw", *PICTURES, "--batch", "5", "--device", "cuda", "--jsonl",
                           "-", FAIL=f"{n},once", CALL="cudaHostAlloc", ERROR=2)
        check(rc == 0 and len(lines(out)) == 7 and "error" not in err, f"{n}: {rc} {err}")
    rc, out, err = gpu("bench", "nano.gdw", "--device", "cuda", "--iters", "3", "--batch-sizes", "1,2",
                       FAIL="1,once", CALL="cudaHostAlloc", ERROR=2)
    check(rc == 0 and "not measured" not in out, f"{rc} {out} {err}")
    refused(601, ["detect", "-m", "nano.gdw", DOG, "--device", "cuda"], FAIL="1,on", CALL="cudaHostAlloc", ERROR=2)


main(listed, no_device, chosen, batches, benches, faults, pinned)
