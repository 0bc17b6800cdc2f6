# device_test.py -- --device, devices and doctor where there is no GPU: no plugin, no driver, wrong ones.
import ctypes
import json
import os
import shutil
import subprocess

from gd_cli import BUILD, CLEAN, DATA, GDRUN, check, detect, lines, main, run

DOG = f"{DATA}/images/dog.jpg"
PLUGIN = f"{BUILD}/libgdrun_cuda.so"


def gpu_here():
    try:
        return ctypes.CDLL("libcuda.so.1").cuInit(0) == 0
    except OSError:
        return False


def alone(*args, plugin=None, env=None):
    """Runs a copy of the program in a folder of its own, with or without a file as its plugin."""
    shutil.rmtree("alone", ignore_errors=True)
    os.mkdir("alone")
    shutil.copy(GDRUN, "alone/gdrun")
    if plugin:
        shutil.copy(plugin, "alone/libgdrun_cuda.so")
    p = subprocess.run(["alone/gdrun", *args], env=dict(CLEAN, **(env or {})), timeout=120,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def stands_for_no_gpu(code, words, **kw):
    """auto goes to the CPU and says why; cuda is exit 5 with the code, in every command."""
    rc, out, err = alone("detect", "-m", "nano.gdw", DOG, "--json", "-", **kw)
    check(rc == 0 and f"device: cpu (auto: {words})" in err and '"device":"cpu"' in out, (rc, out, err))
    for args in (["detect", "-m", "nano.gdw", DOG, "--device", "cuda"], ["devices", "--device", "cuda"],
                 ["classify", "-m", "cifar.gdw", "tiny.png", "--device", "cuda:0"],
                 ["bench", "nano.gdw", "--device", "cuda", "--iters", "1"],
                 ["doctor", "--device", "cuda:3"],
                 ["doctor", "-m", "nano.gdw", "--device", "cuda"]):
        rc, out, err = alone(*args, **kw)
        check(rc == 5 and f"error[E{code}]" in err, f"{args}: {rc} {err}")
    rc, out, err = alone("detect", "-m", "nano.gdw", DOG, env={"GDRUN_DEVICE": "cuda"}, **
                         {k: v for k, v in kw.items() if k != "env"})
    check(rc == 5 and f"error[E{code}]" in err, f"GDRUN_DEVICE: {rc} {err}")
    for flag in ("--half", "--fp16", "--precision=tf32"):
        rc, out, err = alone("detect", "-m", "nano.gdw", flag, DOG, **kw)
        check(rc == 2 and "error[E210]" in err and f"(E{code})" in err and not out, f"{flag}: {rc} {err}")
    rc, out, err = alone("devices", "-o", "json", **kw)
    told = json.loads(out)
    check(rc == 0 and told["cuda"]["gpus"] == [] and told["cuda"]["error"]["code"] == code
          and told["cpu"]["threads"] >= 1 and told["cpu"]["memory_bytes"] > 0, out)
    for args in (["devices"], ["doctor"]):
        rc, out, err = alone(*args, **kw)
        check(rc == 0 and f"(E{code})" in out, f"{args}: {rc} {out}")


def no_plugin():
    stands_for_no_gpu(502, "no CUDA plugin")


def damaged_plugin():
    with open("damaged.so", "wb") as f:
        f.write(b"\x7fELF and no more")
    stands_for_no_gpu(502, "no CUDA plugin", plugin="damaged.so")


def foreign_plugin():
    """Another version of gdrun's plugin refuses the host, or has another version text."""
    for text in ("const void *gd_plugin_entry(const void *host) { (void)host; return 0; }",
                 "const void *gd_plugin_entry(const void *host) {"
                 "    static struct { int abi; const char *name, *version; void *rest[8]; } p;"
                 "    p.abi = *(const int *)host, p.name = \"cuda\", p.version = \"9.9.9\";"
                 "    return &p; }"):
        with open("foreign.c", "w") as f:
            f.write(text)
        subprocess.run(["cc", "-shared", "-fPIC", "foreign.c", "-o", "foreign.so"], check=True)
        stands_for_no_gpu(503, "CUDA plugin of another version", plugin="foreign.so")


def no_driver():
    if not os.path.exists(PLUGIN) or gpu_here() or os.path.exists("/proc/driver/nvidia/version"):
        print("not run: no_driver needs the plugin and a machine without an NVIDIA driver")
        return
    stands_for_no_gpu(504, "no usable NVIDIA driver", plugin=PLUGIN)
    rc, out, err = run("devices")
    check(rc == 0 and "plugin " in out and "built for sm_" in out, out)
    # The plugin stands beside the program, by whatever name it was started and wherever.
    for name in ("gdrun", "./gdrun", "/nowhere/gdrun", ""):
        p = subprocess.run([name, "devices"], executable=GDRUN, env=CLEAN, cwd="/", stdout=subprocess.PIPE)
        check(f"plugin {PLUGIN}".encode() in p.stdout, f"started as '{name}': {p.stdout}")


def spellings():
    for device in ("cuda:", "cuda:x", "cuda:-1", "cuda:0x1", "cuda:99999"):
        rc, out, err = detect(DOG, "--device", device)
        check(rc in (2, 5) and ("error[E501]" in err or "error[E204]" in err), f"{device}: {rc} {err}")
    rc, out, err = detect(DOG, "--device", "cpu", "-v")
    check(rc == 0 and "device: cpu, " in err and "auto" not in err, err)
    rc, out, err = detect(DOG, "--device", "cpu")
    check(rc == 0 and "device:" not in err, err)


def header():
    rc, out, err = detect(DOG, "--jsonl", "-", "--device", "cpu")
    first = lines(out)[0]
    check(rc == 0 and first["device"] == "cpu" and first["precision"] == "fp32", first)


main(no_plugin, damaged_plugin, foreign_plugin, no_driver, spellings, header)
