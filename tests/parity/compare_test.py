# compare_test.py -- `gdrun compare` holds every layer of the original, finds a wrong weight.
import json
import os
import re
import struct
import subprocess
import sys

from detector_parity import save, seeded
from parity import (BUILD, ROOT, SANITIZED, convert, gdrun, np, pictures, run, seed_norms,
                    strip, torch, torchvision, workspace)

FIRST_GENERATION = ((r"(inner|layer)_blocks\.(\d)\.0\b", r"\1_blocks.\2"),
                    (r"rpn\.head\.conv\.0\.0\b", "rpn.head.conv"))


def rows(text):
    """[(ok, layer name)] of the table, without the line of totals."""
    found = re.findall(r"^(ok  |FAIL) .* (\S+)$", text, re.M)
    return [(verdict == "ok  ", name) for verdict, name in found]


def header_of(dump):
    """The table of a safetensors file, and where its data begin."""
    with open(dump, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        return json.loads(f.read(size)), 8 + size


def layers_of(dump):
    """Names of the dump's layers as gdrun calls them."""
    names = list(header_of(dump)[0])
    for pattern, to in FIRST_GENERATION:
        names = [re.sub(pattern, to, n) for n in names]
    return [n for n in names if n not in ("pixels", "input")]


def dump_of(arch, pth, picture, folder):
    out = os.path.join(folder, arch + ".safetensors")
    run("/usr/bin/python3", os.path.join(ROOT, "tools/dump_layers.py"), "--arch", arch,
        "--weights", pth, "--picture", picture, "-o", out)
    return out


def check_equal(arch, gdw, dump, unheld):
    """All layers agree; unfused none of the original is passed over but `unheld`."""
    unfused = rows(gdrun("compare", "-m", gdw, dump).decode())
    fused = rows(gdrun("compare", "-m", gdw, dump, "--fused").decode())
    missing = [n for n in layers_of(dump) if n not in {name for _, name in unfused}]
    print(f"{arch}: {len(unfused)} layers unfused, {len(fused)} fused, not held: {missing}")
    return (set(missing) == set(unheld) and unfused[0][1] == "input" and
            all(ok for ok, _ in unfused + fused) and 10 < len(fused) < len(unfused))


def check_wrong(arch, gdw, dump, want, want_fused):
    """Exit 7 at the layer whose weight was changed, the first that fails."""
    good = True
    for more, layer in (([], want), (["--fused"], want_fused)):
        p = subprocess.run([os.path.join(BUILD, "gdrun"), "compare", "-m", gdw, dump, *more],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        failed = [name for ok, name in rows(p.stdout) if not ok]
        print(f"{arch}: a wrong weight is found at {failed}, exit {p.returncode}", *more)
        good &= p.returncode == 7 and failed == [layer]
    return good


def shift(dump, name, by):
    """Adds to every value of one tensor of the dump."""
    table, start = header_of(dump)
    first, last = table[name]["data_offsets"]
    a = np.memmap(dump, "<f4", "r+", start + first, ((last - first) // 4,))
    a += by
    a.flush()


def spoil(state, key):
    """A copy in which the weights of one layer are a twentieth larger."""
    changed = {k: v.clone() for k, v in state.items()}
    changed[key] *= 1.05
    return changed


def check_resnet(folder, picture):
    torch.manual_seed(5)
    model = torchvision.models.resnet18().eval()
    seed_norms(model, 5)
    good, bad = os.path.join(folder, "resnet18.pth"), os.path.join(folder, "bad.pth")
    torch.save(model.state_dict(), good)
    dump = dump_of("resnet18", good, picture, folder)
    gdw = convert(good, os.path.join(folder, "resnet18.gdw"), "--arch", "resnet18")
    ok = check_equal("resnet18", gdw, dump, ())
    for key, want, want_fused in (
            ("layer2.0.conv2.weight", "layer2.0.conv2", "layer2.0.relu#2"),
            ("layer3.0.downsample.1.running_var", "layer3.0.downsample.1",
             "layer3.0.downsample.1"),
            ("fc.weight", "fc", "fc")):
        torch.save(spoil(model.state_dict(), key), bad)
        convert(bad, gdw, "--arch", "resnet18")
        ok &= check_wrong(f"resnet18 {key}", gdw, dump, want, want_fused)
    return ok


def check_detector(folder, picture):
    arch, key = "fasterrcnn_resnet18_fpn", "roi_heads.box_head.fc7.weight"
    # The activation of the shared head is a module of its own only in newer generations.
    head_relu = ["rpn.head.conv.0.1"] + [f"rpn.head.conv.0.1#{i}" for i in range(2, 6)]
    model = seeded("resnet18", 21, 3, picture)
    pth, gdw = save(model, "resnet18", 21, folder)
    dump = dump_of(arch, pth, picture, folder)
    ok = check_equal(arch, gdw, dump, head_relu)
    save(model, "resnet18", 21, folder, state=spoil(model.state_dict(), key))
    # Fused, fc7 ends in an activation that is no module of the original.
    ok &= check_wrong(f"{arch} {key}", gdw, dump, "roi_heads.box_head.fc7",
                      "roi_heads.box_predictor.cls_score")
    shift(dump, "rpn.proposals", 5)
    return check_wrong(f"{arch} proposals", gdw, dump, "rpn.proposals", "rpn.proposals") and ok


with workspace() as folder:
    picture = pictures(folder, 5, strip)[0]
    ok = check_resnet(folder, picture)
    if not SANITIZED:
        ok = check_detector(folder, picture) and ok
sys.exit(0 if ok else 1)
