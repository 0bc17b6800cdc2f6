# network.py -- runs the network of a .gdw file on preprocessed inputs by build/network_run.
import os
import tempfile

from parity import BUILD, np, run, skip

PROGRAM = os.path.join(BUILD, "network_run")
if not os.path.exists(PROGRAM):
    skip(f"{PROGRAM} is not built")


def outputs(model, image, nodes, fused=False):
    """Outputs of the named nodes for `image`, f32 [B, H, W, 3]: maps as [B, H, W, C]."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = os.path.join(folder, "in.npy"), os.path.join(folder, "out")
        np.save(source, np.ascontiguousarray(image, dtype=np.float32))
        run(PROGRAM, *(["--fused"] if fused else []), model, source, out, *nodes)
        return [np.load(f"{out}.{node}.npy") for node in nodes]
