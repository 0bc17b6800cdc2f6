# torch_live_test.py -- files that PyTorch writes now, described by gdconvert, against PyTorch.
#
# P8, P9 and P11 with types, views and nesting beyond the stored cases, in both formats and every
# pickle protocol, and a torchvision model; each tensor's bytes are compared by their hash.
import hashlib
import json
import os
import subprocess
import sys
import tempfile

try:
    import torch
    import torchvision
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

GDCONVERT = os.path.join(os.environ.get("GD_BUILD", "build/ci"), "gdconvert")
if not os.access(GDCONVERT, os.X_OK):
    print("skipped: gdconvert is not built")
    sys.exit(77)


class Holder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("kept", torch.arange(5))
        self.register_buffer("lost", torch.arange(6), persistent=False)
        self.one = torch.nn.Linear(3, 4)
        self.two = self.one  # the same module under two names


def raw(t):
    t = t.detach().contiguous()
    if t.numel() == 0:
        return b""
    return bytes(t.clone().storage().untyped()) if hasattr(t.storage(), "untyped") else \
        bytes(bytearray(t.view(-1).clone().storage()._untyped()))


def expected(prefix, state):
    return {prefix + k: (list(t.shape), str(t.dtype)[6:], hashlib.sha256(raw(t)).hexdigest())
            for k, t in state.items()}


def main():
    torch.manual_seed(1)
    base = torch.randn(4, 6, 5)
    types = {str(d): torch.randint(0, 2, (3, 4)).to(d) for d in (
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.uint8, torch.int8,
        torch.int16, torch.int32, torch.int64, torch.bool, torch.complex64, torch.complex128)}
    views = {"t": base.transpose(0, 2), "s": base[1:, ::2], "e": base[0, 0].expand(3, 5),
             "d": base.diagonal(), "c": base[None].to(memory_format=torch.channels_last),
             "z": base[:, :0], "n": base.sum()}
    module = Holder()
    model = torchvision.models.shufflenet_v2_x0_5(weights=None)
    cases = [
        ("types", types, expected("", types), ""),
        ("views", {"state_dict": {"module." + k: v for k, v in views.items()}, "epoch": 3},
         expected("state_dict.module.", views), "state_dict.module."),
        ("module", module, expected("", module.state_dict()), ""),
        ("model", {"model": model.state_dict(), "optimizer": {"lr": 0.1}},
         expected("model.", model.state_dict()), "model."),
    ]
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, obj, want, prefix in cases:
            for new in (True, False):
                for protocol in (2,) if obj is cases[3][1] else (2, 3, 4, 5):
                    path = os.path.join(folder, name + ".pth")
                    torch.save(obj, path, pickle_protocol=protocol,
                               _use_new_zipfile_serialization=new)
                    out = subprocess.run([GDCONVERT, path, "--inspect", "--json"],
                                         capture_output=True, check=False)
                    label = "%s protocol %d %s" % (name, protocol, "zip" if new else "legacy")
                    assert out.returncode == 0, (label, out.stderr)
                    got = json.loads(out.stdout)
                    assert got["state_dict_prefix"] == prefix, (label, got["state_dict_prefix"])
                    have = {t["name"]: (t["shape"], t["dtype"], t["sha256"])
                            for t in got["tensors"]}
                    assert have == want, (label, set(have) ^ set(want), [
                        (k, have[k], want[k]) for k in have if k in want and have[k] != want[k]][:3])
                    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
                    assert got["sha256"] == digest, label
                    count += len(want)
    print("%d tensors equal PyTorch's" % count)


if __name__ == "__main__":
    main()
