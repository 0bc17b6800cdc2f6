# op_bridge.py -- lets a Python test run one operator of the library through build/op_run.
import os
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.environ.get("GD_ROOT", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("GD_BUILD", os.path.join(ROOT, "build", "ci"))
DATA = os.environ.get("GD_DATA", os.path.join(ROOT, "..", "shared", "data"))
PROGRAM = os.path.join(BUILD, "op_run")


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def need(*modules):
    """Imports modules by name, or skips the test with the reason."""
    found = []
    for name in modules:
        try:
            found.append(__import__(name))
        except ImportError:
            skip(f"python3 has no {name}")
    if not os.path.exists(PROGRAM):
        skip(f"{PROGRAM} is not built")
    return found


def run(op, inputs, row=None, **attr):
    """Outputs of one operator as a list of arrays; None among the inputs is an absent one."""
    text = " ".join(f"{k}={','.join(repr(float(x)) for x in np.atleast_1d(v))}" for k, v in attr.items())
    with tempfile.TemporaryDirectory() as d:
        paths = []
        for i, x in enumerate(inputs):
            paths.append("-" if x is None else f"{d}/in{i}.npy")
            if x is not None:
                np.save(paths[-1], np.ascontiguousarray(x))
        choice = ["--row", row] if row else []
        p = subprocess.run([PROGRAM, *choice, op, text, f"{d}/out", *paths],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if p.returncode:
            raise RuntimeError(f"{op}: {p.stderr.strip()}")
        out = []
        while os.path.exists(f"{d}/out.{len(out)}.npy"):
            out.append(np.load(f"{d}/out.{len(out)}.npy"))
        return out


class Checks:
    """Counts checks; finish() ends the program with the verdict."""

    def __init__(self):
        self.n = self.failed = 0

    def ok(self, good, what):
        self.n += 1
        if not good:
            self.failed += 1
            print("FAIL", what)

    def finish(self):
        print(f"{self.n} checks, {self.failed} failed")
        sys.exit(1 if self.failed or not self.n else 0)
