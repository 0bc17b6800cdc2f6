# make_seeds.py -- writes the seeds of the checkpoint fuzzers: make_seeds.py FOLDER.
#
# One subfolder a target, in the form its target expects. Checkpoints come from PyTorch; where a
# target puts the first bytes itself, they are cut off here.
import io
import json
import os
import struct
import sys
import zipfile
from collections import OrderedDict

import torch

LEGACY_MARK = 15  # bytes of the first pickle


def objects():
    base = torch.arange(16, dtype=torch.float32)
    yield {"w": base, "t": base.view(4, 4).t(), "tail": base[3:7]}
    yield OrderedDict(a=torch.zeros(2, 3, dtype=torch.float16), b=torch.tensor(3))
    yield {"state_dict": {"module.w": torch.ones(2)}, "epoch": 3, "note": [1, (2.5, None), "x"]}
    yield torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    yield {"p": torch.nn.Parameter(torch.ones(3)), "s": {1, 2}, "b": b"x", "big": 1 << 80}


def without_checksums(data):
    """The same archive with CRC fields 0: a changed byte then reaches the pickle machine."""
    data = bytearray(data)
    for mark, at in ((b"PK\3\4", 14), (b"PK\1\2", 16), (b"PK\7\10", 4)):
        i = data.find(mark)
        while i >= 0:
            data[i + at:i + at + 4] = bytes(4)
            i = data.find(mark, i + 4)
    return bytes(data)


def header(tensors):
    text = json.dumps(tensors).encode()[1:]  # the target puts the brace
    return struct.pack("<H", len(text) + 1) + text


def main():
    out = sys.argv[1]
    for name in ("zip", "pickle", "legacy", "safetensors"):
        os.makedirs(os.path.join(out, name), exist_ok=True)

    def write(target, i, data):
        with open(os.path.join(out, target, "seed%d" % i), "wb") as f:
            f.write(data)

    for i, (obj, protocol) in enumerate((o, p) for p in (2, 4) for o in objects()):
        b = io.BytesIO()
        torch.save(obj, b, pickle_protocol=protocol)
        write("zip", i, without_checksums(b.getvalue())[4:])
        with zipfile.ZipFile(b) as z:
            write("pickle", i, z.read([n for n in z.namelist() if n.endswith("data.pkl")][0]))
        b = io.BytesIO()
        torch.save(obj, b, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
        if protocol == 2:
            write("legacy", i, b.getvalue()[LEGACY_MARK:])
    one = {"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}
    two = dict(one, b={"dtype": "BF16", "shape": [3], "data_offsets": [16, 22]},
               __metadata__={"format": "pt"})
    write("safetensors", 0, header(one) + bytes(16))
    write("safetensors", 1, header(two) + bytes(range(22)))


if __name__ == "__main__":
    main()
